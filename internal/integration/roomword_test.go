package integration

import (
	"fmt"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
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

// TestRoomModeration: where there is an archive to name messages, a moderator takes one back, and all are told (XEP-0425).
func TestRoomModeration(t *testing.T) {
	each(t, servers.Config{Archive: true}, func(t *testing.T, p *place) {
		at := p.room()
		alice, _ := p.enter(t, at, "alice", nil)
		bob, _ := p.enter(t, at, "bob", nil)
		events := bob.Events(t.Context())
		m, err := bob.Deliver(within(t), &stanza.Message{Body: "bad"})
		require.NoError(t, err)
		err = alice.Moderate(within(t), m.StanzaID, "indecent")
		if !p.roomsHave(t, "moderation") {
			var refused *stanza.Error
			require.ErrorAs(t, err, &refused)
			return
		}
		require.NoError(t, err)
		took := happens[muc.Moderated](t, events)
		assert.Equal(t, m.StanzaID, took.StanzaID)
		assert.Equal(t, "indecent", took.Reason)
	})
}

// TestRoomSelfPing: a room that is asked again and again keeps us where we are; one that does not know of us says so in a way that tells (XEP-0410).
func TestRoomSelfPing(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		at := p.room()
		alice, s := p.enter(t, at, "alice", &muc.Options{PingAfter: 50 * time.Millisecond})
		events := alice.Events(t.Context())
		happens[muc.Topic](t, events)
		ask := func(e xmpp.Endpoint) error {
			_, err := e.Do(within(t), &stanza.IQ{Type: stanza.Get, To: as(at, "alice"), Payload: element(t, "<ping xmlns='urn:xmpp:ping'/>")})
			return err
		}
		for range 20 {
			if err := ask(s); err != nil {
				require.ErrorIs(t, err, stanza.ServiceUnavailable, "from ourselves")
			}
		}
		require.True(t, alice.Joined())
		select {
		case ev := <-events:
			t.Fatalf("%+v", ev)
		default:
		}
		err := ask(p.session(t))
		require.ErrorIs(t, err, stanza.NotAcceptable)
	})
}
