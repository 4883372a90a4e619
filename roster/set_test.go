package roster

import (
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
// oldest that has none, "no" its refusal, "push x" what the server pushes.
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
		"a set that changes nothing, and another": {
			{"push", "1", "1"}, {"ask", "1", "1"}, {"ok", "", "1"}, {"ask", "2", "1"}, {"ok", "", "2"}, {"push", "1", "2"}, {"push", "2", "2"}},
		"a server that pushes no set which changes nothing": {
			{"push", "1", "1"}, {"ask", "1", "1"}, {"ok", "", "1"}, {"push", "x", "x"}},
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
