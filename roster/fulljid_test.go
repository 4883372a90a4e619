package roster

import (
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/assert"
)

// TestItemWithAFullAddress holds whose presence is void when an item with a full address goes: that resource's, unless the
// contact is in the roster by the bare address too.
func TestItemWithAFullAddress(t *testing.T) {
	phone, desk := jid.MustParse("bob@canto.test/phone"), jid.MustParse("bob@canto.test/desk")
	both := []jid.JID{phone, desk}
	for _, c := range []struct {
		name  string
		items []jid.JID
		seen  []jid.JID
		goes  jid.JID
		stay  int
	}{
		{"the bare one stays", []jid.JID{bobsJID, phone}, both, phone, 2},
		{"another full one stays", []jid.JID{desk, phone}, both, phone, 1},
		{"a full one that's not there", []jid.JID{bobsJID, phone}, both, jid.MustParse("bob@canto.test/car"), 2},
		{"the bare one goes", []jid.JID{bobsJID}, both, bobsJID, 0},
		{"nobody was seen", []jid.JID{phone}, nil, phone, 0},
		{"the only one goes", []jid.JID{phone}, []jid.JID{phone}, phone, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := local(t, 0)
			r.account = jid.MustParse("alice@canto.test")
			for _, who := range c.items {
				r.take(nil, push{item: Item{JID: who, Subscription: Both}})
			}
			for _, from := range c.seen {
				r.see(nil, &stanza.Presence{From: from})
			}
			assert.Len(t, r.Resources(bobsJID), len(c.seen))
			r.take(nil, push{item: Item{JID: c.goes, Subscription: remove}})
			assert.Len(t, r.Resources(bobsJID), c.stay)
			assert.Equal(t, c.stay > 0, r.present[bobsJID] != nil, "nothing is held of who is not seen")
			r.cache.wait()
		})
	}
}
