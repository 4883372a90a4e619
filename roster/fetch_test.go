package roster_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A fetching is a fetch that the server has not answered yet.
type fetching struct {
	*testing.T
	srv   *xmpptest.Server
	alice party
	id    string     // of the request
	done  chan error // what Fetch returns
}

// duringAFetch begins one and calls f, in a bubble.
func duringAFetch(t *testing.T, f func(fetching)) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		fe := fetching{T: t, srv: srv, alice: newParty(t, srv, "alice"), done: make(chan error, 1)}
		fe.says("<iq type='set' id='before'>" + queryOf("<item jid='old@canto.test' subscription='both'/>") + "</iq>")
		remove := srv.Intercept(func(_ jid.JID, xml string) bool {
			e, err := stanza.ParseElement(xml)
			assert.NoError(t, err)
			if !rosterIQ("get")(e) {
				return false
			}
			fe.id = e.Attr("id")
			return true
		})
		defer remove()
		go func() { fe.done <- fe.alice.Fetch(t.Context()) }()
		synctest.Wait()
		require.NotEmpty(t, fe.id)
		f(fe)
	})
}

// says has the server say something, and waits until it has had its effect.
func (f fetching) says(xml string) {
	f.Helper()
	require.NoError(f, f.srv.Inject("alice", xml))
	synctest.Wait()
}

func (f fetching) answers(items string) {
	f.Helper()
	f.says(fmt.Sprintf("<iq type='result' id='%s'>%s</iq>", f.id, queryOf(items)))
	require.NoError(f, <-f.done)
}

// TestPresenceDuringAFetch holds that whatever arrives while a fetch is under way is judged by the roster which that brings, in
// the order in which it has arrived.
func TestPresenceDuringAFetch(t *testing.T) {
	duringAFetch(t, func(f fetching) {
		f.says("<presence from='new@canto.test/phone'/>")
		f.says("<iq type='set' id='p1'>" + queryOf("<item jid='newer@canto.test' subscription='to'/>") + "</iq>" +
			"<presence from='newer@canto.test/phone'/><presence from='old@canto.test/phone'/>" +
			"<presence from='twice@canto.test/phone'/><presence from='twice@canto.test/phone' type='unavailable'/>")
		f.says("<presence from='old@canto.test' type='subscribe'/>" +
			"<presence from='back@canto.test' type='subscribe'/><presence from='back@canto.test' type='unsubscribe'/>")
		assert.Nil(t, f.alice.Best(f.srv.JID("old")), "nothing is judged by what may be out of date")
		f.answers("<item jid='new@canto.test' subscription='to'/><item jid='twice@canto.test' subscription='to'/>")
		for who, want := range map[string]bool{"new": true, "newer": true, "old": false, "twice": false} {
			assert.Equal(t, want, f.alice.Status(f.srv.JID(who)).Available(), who)
		}
		var asked []jid.JID
		for _, rq := range f.alice.Requests() {
			asked = append(asked, rq.From)
		}
		assert.Equal(t, []jid.JID{f.srv.JID("old")}, asked, "whose subscription is gone and who asks again; back has taken it back")
	})
}

// TestFetchThatFails holds that what waits for a fetch waits no longer when that has failed.
func TestFetchThatFails(t *testing.T) {
	online := "<presence from='old@canto.test/phone'/>"
	for name, c := range map[string]struct {
		end  func(f fetching)
		want error
	}{
		"an error": {func(f fetching) {
			f.says(fmt.Sprintf("<iq type='error' id='%s'><error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>", f.id))
		}, stanza.ResourceConstraint},
		"no answer for a minute": {func(fetching) { elapse(time.Minute) }, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			duringAFetch(t, func(f fetching) {
				f.says(online)
				c.end(f)
				assert.ErrorIs(t, <-f.done, c.want)
				synctest.Wait()
				assert.NotNil(t, f.alice.Best(f.srv.JID("old")))
				assert.Equal(t, 1, f.alice.Len(), "as it was")
			})
		})
	}
	t.Run("the roster is closed", func(t *testing.T) {
		duringAFetch(t, func(f fetching) {
			f.says(online)
			messages := f.alice.s.Messages(f.Context())
			f.alice.Close()
			f.says("<message from='x@y.test'/>")
			next(f, messages)
			f.answers("")
			assert.Equal(f, 1, f.alice.Len(), "nothing more becomes of it")
		})
	})
	t.Run("the session ends", func(t *testing.T) {
		duringAFetch(t, func(f fetching) {
			f.says(online)
			f.srv.CloseStream("alice", "")
			assert.Error(t, <-f.done)
			synctest.Wait()
			assert.ErrorIs(t, f.alice.Fetch(f.Context()), roster.ErrClosed)
		})
	})
}

// TestOneFetchAtATime holds that a second Fetch asks when the first one has its answer, so that what it brings is newer.
func TestOneFetchAtATime(t *testing.T) {
	duringAFetch(t, func(f fetching) {
		second := make(chan error, 1)
		go func() { second <- f.alice.Fetch(f.Context()) }()
		synctest.Wait()
		before := len(fetches(f.T, f.srv))
		f.answers("")
		assert.Len(f, fetches(f.T, f.srv), before+1)
		f.alice.Close()
		require.NoError(f, f.alice.s.Close())
		assert.Error(f, <-second)
	})
}

// TestFetchThatWaitsHeedsItsContext holds that a Fetch which waits for another waits no longer than its ctx, asks nothing then, and that
// what has arrived goes on waiting for the first.
func TestFetchThatWaitsHeedsItsContext(t *testing.T) {
	duringAFetch(t, func(f fetching) {
		before := len(fetches(f.T, f.srv))
		ctx, cancel := context.WithTimeout(f.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		assert.ErrorIs(f, f.alice.Fetch(ctx), context.DeadlineExceeded)
		assert.Equal(f, time.Second, time.Since(begin))
		assert.Len(f, fetches(f.T, f.srv), before)
		f.says("<presence from='new@canto.test/phone'/>")
		assert.Nil(f, f.alice.Best(f.srv.JID("new")))
		f.answers("<item jid='new@canto.test' subscription='to'/>")
		assert.NotNil(f, f.alice.Best(f.srv.JID("new")))
	})
}

// TestFetchOfAClosedRoster holds that a Fetch which waits for another asks no more when the roster is closed.
func TestFetchOfAClosedRoster(t *testing.T) {
	duringAFetch(t, func(f fetching) {
		second := make(chan error, 1)
		go func() { second <- f.alice.Fetch(f.Context()) }()
		synctest.Wait()
		before := len(fetches(f.T, f.srv))
		f.alice.Close()
		assert.ErrorIs(f, <-second, roster.ErrClosed)
		f.answers("")
		assert.Len(f, fetches(f.T, f.srv), before)
	})
}

// elapse lets the time of the bubble go on; outside of a bubble (testing/synctest) a test must not call it.
func elapse(d time.Duration) { <-time.After(d) }

// TestFetchOfAlteredWords holds that what a server has altered in a set, without the push that RFC 6121 §2.3.2 asks for, shows after
// Fetch: the whole roster is asked for, though a version of it is known (§2.6.2).
func TestFetchOfAlteredWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		alice, bob := newParty(t, srv, "alice"), srv.JID("bob")
		require.NoError(t, srv.Inject("alice", "<iq type='set' id='p'>"+queryOf("<item jid='bob@canto.test' name='Bob'/>")+"</iq>"))
		synctest.Wait()
		require.NotEmpty(t, alice.Version())
		remove := srv.Intercept(func(_ jid.JID, xml string) bool {
			e, err := stanza.ParseElement(xml)
			assert.NoError(t, err)
			payload := ""
			switch {
			case rosterIQ("set")(e): // to "Bob", as before
			case rosterIQ("get")(e) && e.Child("jabber:iq:roster", "query").Attr("ver") == "":
				payload = queryOf("<item jid='bob@canto.test' name='Bob'/>")
			case rosterIQ("get")(e): // nothing has changed
			default:
				return false
			}
			assert.NoError(t, srv.Inject("alice", fmt.Sprintf("<iq type='result' id='%s'>%s</iq>", e.Attr("id"), payload)))
			return true
		})
		defer remove()
		require.NoError(t, alice.Set(t.Context(), roster.Item{JID: bob, Name: "Bob "}))
		it, _ := alice.Get(bob)
		assert.Equal(t, "Bob ", it.Name, "as asked for, until the push")
		require.NoError(t, alice.Fetch(t.Context()))
		it, _ = alice.Get(bob)
		assert.Equal(t, "Bob", it.Name)
	})
}
