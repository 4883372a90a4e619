package integration

import (
	"fmt"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/xmpp/muc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRoomHistoryWithTopics: the topic was changed between what was said, and servers differ in whether their history tells that; all of it is
// history all the same, and what was had does not come again.
func TestRoomHistoryWithTopics(t *testing.T) {
	each(t, servers.Config{Resume: time.Second}, func(t *testing.T, p *place) {
		at := p.room()
		alice, _ := p.enter(t, at, "alice", nil)
		bob, _ := p.enter(t, at, "bob", nil)
		heard := bob.Messages(t.Context())
		var want []string
		for i := range 3 {
			body := fmt.Sprint("line ", i)
			require.NoError(t, alice.Say(within(t), body))
			require.Equal(t, body, next(t, heard).Body)
			require.NoError(t, alice.SetTopic(within(t), fmt.Sprint("topic ", i)))
			want = append(want, body)
		}
		carol, _ := p.enter(t, at, "carol", &muc.Options{History: -1})
		told := carol.Messages(t.Context())
		for _, body := range want {
			m := next(t, told)
			assert.Equal(t, body, m.Body)
			assert.True(t, m.History, body)
		}
	})
}
