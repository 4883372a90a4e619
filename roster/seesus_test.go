package roster

import (
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/stretchr/testify/assert"
)

// TestSeesUs holds who may see our presence: subscribers and our own account, from whichever resource, and nobody else.
func TestSeesUs(t *testing.T) {
	r, _ := asked(t, Item{JID: jid.MustParse("from@x.test"), Subscription: From}, Item{JID: jid.MustParse("both@x.test"), Subscription: Both},
		Item{JID: jid.MustParse("to@x.test"), Subscription: To}, Item{JID: jid.MustParse("none@x.test"), Subscription: None},
		Item{JID: jid.MustParse("none@x.test/full"), Subscription: From})
	r.account = jid.MustParse("own@x.test")
	for who, want := range map[string]bool{
		"from@x.test": true, "from@x.test/a": true, "both@x.test/b": true, "to@x.test": false, "none@x.test/c": false, "none@x.test/full": true,
		"own@x.test": true, "own@x.test/d": true, "stranger@x.test": false, "x.test": false,
	} {
		assert.Equal(t, want, r.SeesUs(jid.MustParse(who)), who)
	}
	assert.False(t, r.SeesUs(jid.JID{}))
}
