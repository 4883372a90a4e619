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
	for _, c := range []struct {
		name  string
		items []jid.JID
		goes  jid.JID
		stay  int
	}{
		{"the bare one stays", []jid.JID{bobsJID, phone}, phone, 2},
		{"another full one stays", []jid.JID{desk, phone}, phone, 1},
		{"a full one that's not there", []jid.JID{bobsJID, phone}, jid.MustParse("bob@canto.test/car"), 2},
		{"the bare one goes", []jid.JID{bobsJID}, bobsJID, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := local(t, 0)
			r.account = jid.MustParse("alice@canto.test")
			for _, who := range c.items {
				r.take(nil, push{item: Item{JID: who, Subscription: Both}})
			}
			for _, from := range []jid.JID{phone, desk} {
				r.see(nil, &stanza.Presence{From: from})
			}
			assert.Len(t, r.Resources(bobsJID), 2)
			r.take(nil, push{item: Item{JID: c.goes, Subscription: remove}})
			assert.Len(t, r.Resources(bobsJID), c.stay)
			r.cache.wait()
		})
	}
}
