package roster

import (
	"slices"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/stretchr/testify/assert"
)

// TestWhatIsAChange holds that items which differ in any part differ, but for the order of groups (RFC 6121 §2.1.2.6).
func TestWhatIsAChange(t *testing.T) {
	different := []Item{
		{}, {JID: bobsJID}, {JID: jid.MustParse("bob@canto.test/phone")}, {Name: "Bob"}, {Name: "bob"}, {Groups: []string{"a"}},
		{Groups: []string{"a", "b"}}, {Groups: []string{"a", "c"}}, {Subscription: To}, {Subscription: From}, {Ask: true}, {Approved: true},
	}
	for i, a := range different {
		for j, b := range different {
			assert.Equal(t, i == j, a.equal(b), "%v, %v", a, b)
		}
	}
	groups := []string{"c", "a", "b"}
	assert.True(t, Item{Groups: groups}.equal(Item{Groups: []string{"a", "b", "c"}}))
	assert.Equal(t, []string{"c", "a", "b"}, groups, "and they are left in their order")
}

// TestItem holds what an item says of itself.
func TestItem(t *testing.T) {
	for _, c := range []struct {
		sub          Subscription
		sees, seenBy bool
	}{{None, false, false}, {To, false, true}, {From, true, false}, {Both, true, true}, {"", false, false}} {
		it := Item{Subscription: c.sub}
		assert.Equal(t, []bool{c.sees, c.seenBy}, []bool{it.SeesUs(), it.SeenByUs()}, c.sub)
	}
	a, b := Item{JID: bobsJID, Subscription: None}, Item{JID: bobsJID, Name: "B\n", Groups: []string{"x y", "z"}, Subscription: To, Ask: true, Approved: true}
	lines := []string{
		a.String(), b.String(), Change{New: a}.String(), Change{Old: a}.String(), Change{Old: a, New: b}.String(),
	}
	const one, two = `"bob@canto.test", subscription none`, `"bob@canto.test" named "B\n" in "x y" "z", subscription to, asked, approved`
	assert.Equal(t, []string{one, two, "added " + one, "removed " + one, "changed " + one + " to " + two}, lines)
	assert.Equal(t, []jid.JID{bobsJID, bobsJID}, []jid.JID{Change{New: a}.JID(), Change{Old: a}.JID()})
	assert.True(t, slices.Contains(b.Groups, "z") && b.In("z") && !b.In("y"))
}
