package roster

import (
	"slices"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/stretchr/testify/assert"
)

var bobsJID = jid.MustParse("bob@canto.test")

// bobAs is bob with a name; "-" is his removal.
func bobAs(name string) Item {
	if name == "-" {
		return Item{JID: bobsJID, Subscription: remove}
	}
	return Item{JID: bobsJID, Name: name, Subscription: None}
}

// TestReadYourWrites holds what Get says while the pushes of our sets are late: "ask x" begins a set, "ok" is the answer to the
// oldest that has none, "no" its refusal, "push x" what the server pushes, "from x" the same of a subscriber, "fetch x" what it
// answers to a fetch.
func TestReadYourWrites(t *testing.T) {
	type step struct{ do, name, shows string }
	for title, steps := range map[string][]step{
		"an earlier set's push comes while the next is asked for": {
			{"ask", "1", "-"}, {"ok", "", "1"}, {"ask", "2", "1"}, {"push", "1", "1"}, {"ok", "", "2"}, {"push", "2", "2"}, {"push", "x", "x"}},
		"an earlier set's push comes after the next": {
			{"ask", "1", "-"}, {"ok", "", "1"}, {"ask", "2", "1"}, {"ok", "", "2"}, {"push", "1", "2"}, {"push", "2", "2"}, {"push", "x", "x"}},
		"there and back": {
			{"ask", "1", "-"}, {"ok", "", "1"}, {"ask", "2", "1"}, {"ok", "", "2"}, {"ask", "1", "2"}, {"ok", "", "1"},
			{"push", "1", "1"}, {"push", "2", "1"}, {"push", "1", "1"}, {"push", "x", "x"}},
		"removed and there again": {
			{"push", "1", "1"}, {"ask", "-", "1"}, {"ok", "", "-"}, {"ask", "2", "-"}, {"ok", "", "2"}, {"push", "-", "2"}, {"push", "2", "2"}},
		"the push comes before the answer": {
			{"ask", "1", "-"}, {"push", "1", "1"}, {"push", "x", "x"}, {"ok", "", "x"}},
		"the push comes before the answer, and another is asked for": {
			{"ask", "1", "-"}, {"push", "1", "1"}, {"ask", "2", "1"}, {"ok", "", "1"}, {"ok", "", "2"}, {"push", "2", "2"}, {"push", "x", "x"}},
		"a server that alters the words": {
			{"ask", "1", "-"}, {"ok", "", "1"}, {"push", "one", "one"}},
		"altered together with the subscription": {
			{"ask", "1", "-"}, {"ok", "", "1"}, {"from", "one", "one"}},
		"one without a name is removed after a set that changes nothing": {
			{"push", "", ""}, {"ask", "", ""}, {"ok", "", ""}, {"ask", "-", ""}, {"ok", "", "-"}, {"push", "-", "-"}},
		"altered again": {
			{"ask", "1", "-"}, {"ok", "", "1"}, {"push", "one", "one"}, {"ask", "1", "one"}, {"ok", "", "1"}, {"push", "one", "one"}},
		"altered again, after a set that changes nothing": {
			{"push", "one", "one"}, {"ask", "one", "one"}, {"ok", "", "one"}, {"ask", "1", "one"}, {"ok", "", "1"}, {"push", "one", "1"}, {"push", "one", "one"}},
		"two sets that change nothing, and another": {
			{"push", "1", "1"}, {"ask", "1", "1"}, {"ok", "", "1"}, {"ask", "1", "1"}, {"ok", "", "1"}, {"ask", "2", "1"}, {"ok", "", "2"},
			{"push", "1", "2"}, {"push", "1", "2"}, {"push", "2", "2"}},
		"there and back, after a set that changes nothing": {
			{"push", "1", "1"}, {"ask", "1", "1"}, {"ok", "", "1"}, {"ask", "2", "1"}, {"ok", "", "2"}, {"ask", "1", "2"}, {"ok", "", "1"},
			{"push", "1", "1"}, {"push", "2", "1"}, {"push", "1", "1"}},
		"altered, where sets that change nothing have no push": {
			{"push", "1", "1"}, {"ask", "1", "1"}, {"ok", "", "1"}, {"ask", "2", "1"}, {"ok", "", "2"}, {"push", "two", "two"},
			{"ask", "2", "two"}, {"ok", "", "2"}, {"push", "two", "two"}},
		"a set that changes nothing, and another": {
			{"push", "1", "1"}, {"ask", "1", "1"}, {"ok", "", "1"}, {"ask", "2", "1"}, {"ok", "", "2"}, {"push", "1", "2"}, {"push", "2", "2"}},
		"a server that pushes no set which changes nothing": {
			{"push", "1", "1"}, {"ask", "1", "1"}, {"ok", "", "1"}, {"push", "x", "x"}},
		"a set that changes nothing is over with its answer": {
			{"push", "1", "1"}, {"ask", "1", "1"}, {"ok", "", "1"}},
		"a set that changes nothing and has no push, then a removal": {
			{"push", "1", "1"}, {"ask", "1", "1"}, {"ask", "-", "1"}, {"ok", "", "1"}, {"ok", "", "-"}, {"push", "-", "-"}},
		"refused, and nothing of it stays": {
			{"push", "1", "1"}, {"ask", "2", "1"}, {"no", "", "1"}},
		"one of two is refused": {
			{"ask", "1", "-"}, {"ask", "2", "-"}, {"no", "", "-"}, {"ok", "", "2"}, {"push", "2", "2"}},
		"a contact without a name": {
			{"ask", "", "-"}, {"ok", "", ""}, {"push", "", ""}},
		"the push of a set comes with a subscription": {
			{"ask", "1", "-"}, {"ok", "", "1"}, {"from", "1", "1"}},
		"approved meanwhile": {
			{"ask", "1", "-"}, {"ok", "", "1"}, {"approved", "", "1"}, {"push", "1", "1"}, {"push", "x", "x"}},
		"subscribed meanwhile": {
			{"ask", "1", "-"}, {"ok", "", "1"}, {"from", "", "1"}, {"from", "1", "1"}, {"from", "x", "x"}},
		"subscribed meanwhile, after a set that changes nothing": {
			{"push", "1", "1"}, {"ask", "1", "1"}, {"ok", "", "1"}, {"from", "1", "1"}, {"ask", "2", "1"}, {"ok", "", "2"},
			{"from", "1", "2"}, {"from", "2", "2"}},
		"there and back, subscribed meanwhile": {
			{"push", "1", "1"}, {"ask", "2", "1"}, {"ok", "", "2"}, {"ask", "1", "2"}, {"ok", "", "1"},
			{"from", "1", "1"}, {"from", "2", "1"}, {"from", "1", "1"}},
		"one that is not there is removed, then one without a name is added": {
			{"ask", "-", "-"}, {"ok", "", "-"}, {"ask", "", "-"}, {"ok", "", ""}, {"push", "", ""}},
		"two sets and one push": {
			{"ask", "1", "-"}, {"ok", "", "1"}, {"ask", "2", "1"}, {"ok", "", "2"}, {"push", "2", "2"}},
		"a set, a removal and one push": {
			{"push", "", ""}, {"ask", "1", ""}, {"ok", "", "1"}, {"ask", "-", "1"}, {"ok", "", "-"}, {"push", "-", "-"}},
		"altered to what they were, of a subscriber": {
			{"from", "1", "1"}, {"ask", "2", "1"}, {"ok", "", "2"}, {"from", "1", "1"}},
		"a server that alters the words of a subscriber": {
			{"from", "", ""}, {"ask", "1", ""}, {"ok", "", "1"}, {"from", "one", "one"}},
		"a subscriber is removed meanwhile": {
			{"from", "", ""}, {"ask", "1", ""}, {"ok", "", "1"}, {"push", "-", "-"}},
		"what a fetch brings has what was agreed to": {
			{"ask", "1", "-"}, {"ok", "", "1"}, {"fetch", "x", "x"}},
		"and not what is still asked for": {
			{"ask", "1", "-"}, {"fetch", "x", "x"}, {"ok", "", "1"}, {"push", "1", "1"}},
		"refused": {
			{"push", "1", "1"}, {"ask", "2", "1"}, {"no", "", "1"}, {"push", "x", "x"}},
		"a subscription that was asked for before": {
			{"ask", "1", "-"}, {"ok", "", "1"}, {"asked for", "", "1"}, {"push", "1", "1"}, {"push", "x", "x"}},
	} {
		t.Run(title, func(t *testing.T) {
			r := local(t, 0)
			var asked []*set
			for _, s := range steps {
				switch s.do {
				case "ask":
					asked = append(asked, r.ask(bobAs(s.name)))
				case "ok":
					r.agreed(asked[0])
					asked = asked[1:]
				case "no":
					r.refused(asked[0])
					asked = asked[1:]
				case "push":
					r.take(nil, push{item: bobAs(s.name)})
				case "from":
					r.take(nil, push{item: Item{JID: bobsJID, Name: s.name, Subscription: From}})
				case "approved":
					r.take(nil, push{item: Item{JID: bobsJID, Subscription: None, Approved: true}})
				case "fetch":
					r.replace(payload{items: []Item{bobAs(s.name)}})
				case "asked for":
					r.take(nil, push{item: Item{JID: bobsJID, Subscription: None, Ask: true}})
				}
				it, ok := r.Get(bobsJID)
				if !ok {
					it.Name = "-"
				}
				assert.Equal(t, s.shows, it.Name, "%s %s", s.do, s.name)
			}
			assert.Empty(t, r.ours, "every push has come")
			r.cache.wait()
		})
	}
}

// TestSetShows holds what Get and All show of a Set that has succeeded, whatever the caller does with its item later, and
// that one which has failed leaves nothing behind.
func TestSetShows(t *testing.T) {
	carol := Item{JID: jid.MustParse("carol@canto.test"), Subscription: Both}
	r, o := asked(t, carol)
	for range r.All() {
	}
	o.err = errDisk
	assert.ErrorIs(t, r.Set(t.Context(), bobAs("Bob")), errDisk)
	assert.ErrorIs(t, r.Remove(t.Context(), carol.JID), errDisk)
	assert.Empty(t, r.ours)
	assert.Equal(t, []Item{carol}, slices.Collect(r.All()))

	o.err = nil
	groups := []string{"a"}
	assert.NoError(t, r.Set(t.Context(), Item{JID: bobsJID, Groups: groups, Subscription: Both, Ask: true}))
	assert.NoError(t, r.Set(t.Context(), Item{JID: carol.JID, Name: "Carol"}))
	groups[0] = "b"
	bob := Item{JID: bobsJID, Groups: []string{"a"}, Subscription: None}
	assert.Equal(t, []Item{bob, {JID: carol.JID, Name: "Carol", Subscription: Both}}, slices.Collect(r.All()))
	assert.NoError(t, r.Remove(t.Context(), carol.JID))
	assert.Equal(t, []Item{bob}, slices.Collect(r.All()))
	before := o.asked
	assert.ErrorIs(t, r.Set(t.Context(), Item{}), errNoAddress)
	assert.ErrorContains(t, r.Set(t.Context(), bobAs("\x00")), "roster: ")
	assert.Equal(t, before, o.asked, "the server is not asked")
}
