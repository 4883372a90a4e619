package roster

import (
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
)

// TestLateNews holds that what an earlier session had received is not news: a push, presence, a request and its end.
func TestLateNews(t *testing.T) {
	bob := Item{JID: bobsJID, Subscription: Both}
	news := map[string]func(r *Roster){
		"push":          func(r *Roster) { r.take(nil, push{Item{JID: bobsJID, Name: "late", Subscription: To}, "late", true}) },
		"removal":       func(r *Roster) { r.take(nil, push{item: Item{JID: bobsJID, Subscription: remove}}) },
		"presence":      func(r *Roster) { r.hear(t, stanza.Available, "bob@canto.test/desk") },
		"bob goes":      func(r *Roster) { r.hear(t, stanza.Unavailable, "bob@canto.test/phone") },
		"a request":     func(r *Roster) { r.hear(t, stanza.Subscribe, "dave@canto.test") },
		"taken back":    func(r *Roster) { r.hear(t, stanza.Unsubscribe, "carol@canto.test") },
		"presence of a": func(r *Roster) { r.hear(t, stanza.PresenceError, "bob@canto.test") },
	}
	look := func(r *Roster) []any {
		it, _ := r.Get(bobsJID)
		return []any{it, r.Version(), r.Resources(bobsJID), r.Status(bobsJID), r.Requests()}
	}
	for name, comes := range news {
		t.Run(name, func(t *testing.T) {
			r, _ := asked(t, bob)
			r.hear(t, stanza.Available, "bob@canto.test/phone")
			r.hear(t, stanza.Subscribe, "carol@canto.test")
			before := look(r)
			r.session = new(xmpp.Session)
			comes(r)
			assert.Equal(t, before, look(r), "of the session before")
			r.session = nil
			comes(r)
			assert.NotEqual(t, before, look(r), "of the present one")
			r.cache.wait()
		})
	}
}

// TestNewSession holds what a fresh session begins without: who was available, who had asked, and sets whose push has not come.
func TestNewSession(t *testing.T) {
	r, _ := asked(t, Item{JID: bobsJID, Subscription: Both})
	seen := r.Watch(t.Context())
	r.hear(t, stanza.Available, "bob@canto.test/phone")
	<-seen
	r.hear(t, stanza.Subscribe, "carol@canto.test")
	r.agreed(r.ask(Item{JID: bobsJID, Name: "never pushed"}))
	for range r.All() {
	}
	r.adopt(new(xmpp.Session), jid.JID{})
	assert.Equal(t, Status{Contact: bobsJID}, r.Status(bobsJID))
	assert.False(t, (<-seen).Available())
	assert.Empty(t, r.Requests())
	for it := range r.All() {
		assert.Empty(t, it.Name)
	}
	assert.Equal(t, jid.JID{}, r.account, "that of the session")
}

// TestEchoesOfTheSessionBefore holds that no push of a session is taken for that of a set which had changed nothing in the session
// before: one that has our words back as they were stands for our set.
func TestEchoesOfTheSessionBefore(t *testing.T) {
	bob := Item{JID: bobsJID, Name: "Bob", Subscription: None}
	r, _ := asked(t, bob)
	r.agreed(r.ask(bob)) // a server may push this, or not
	s := new(xmpp.Session)
	r.adopt(s, jid.JID{})
	r.agreed(r.ask(Item{JID: bobsJID, Name: "Robert"}))
	it, _ := r.Get(bobsJID)
	assert.Equal(t, "Robert", it.Name)
	r.take(s, push{item: bob})
	it, _ = r.Get(bobsJID)
	assert.Equal(t, "Bob", it.Name, "the server has altered our words to what they were")
	r.cache.wait()
}

// TestEndOfASession holds that with the session's end nobody is known to be available, and that the end of an earlier one, of
// which a Client may hear late, is none.
func TestEndOfASession(t *testing.T) {
	for _, client := range []bool{true, false} {
		r, _ := asked(t, Item{JID: bobsJID, Subscription: Both})
		r.client = client
		s := new(xmpp.Session)
		r.adopt(s, jid.JID{})
		r.see(s, &stanza.Presence{From: jid.MustParse("bob@canto.test/phone")})
		if client {
			r.end(new(xmpp.Session))
			assert.NotNil(t, r.Best(bobsJID))
		}
		changes := r.Changes(t.Context())
		r.end(s)
		assert.Nil(t, r.Best(bobsJID))
		select {
		case _, open := <-changes:
			assert.False(t, open || client, "the roster of a session ends with it")
		default:
			assert.True(t, client, "that of a Client goes on")
		}
		r.Close()
	}
}
