package integration

import (
	"context"
	"regexp"
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRosterPushes changes a roster in one session and sees it in another, and in one that comes later with what it had kept.
func TestRosterPushes(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "roster-get roster-set roster-push")
		user, password := p.account(t)
		o := p.options(password)
		o.Store = xmpp.FileStore(t.TempDir())
		mine, other := openRoster(t, p.login(t, p.jid(user), o)), openRoster(t, p.login(t, p.jid(user), p.options(password)))
		changes := other.Changes(t.Context())
		bob := jid.MustParse("bob@elsewhere.test")
		require.NoError(t, mine.Set(within(t), roster.Item{JID: bob, Name: "Bob <&>", Groups: []string{"Friends"}}))
		c := next(t, changes)
		assert.Equal(t, roster.Item{JID: bob, Name: "Bob <&>", Groups: []string{"Friends"}, Subscription: roster.None}, c.New)
		require.NoError(t, mine.Fetch(within(t)))
		got, _ := mine.Get(bob)
		assert.Equal(t, c.New, got)
		mine.Close()

		require.NoError(t, other.Remove(within(t), bob))
		assert.True(t, next(t, changes).Removed())
		late := p.login(t, p.jid(user), o)
		fresh := openRoster(t, late)
		for _, ok := fresh.Get(bob); ok; _, ok = fresh.Get(bob) { // the removal may come as a push
			next(t, fresh.Changes(t.Context()))
		}
		if late.Features().Has(ns.RosterVer) {
			t.Attr("conformance", "roster-version")
			versions(t, p, p.jid(user), o, fresh)
		}
	})
}

// versions holds that a client which has kept the roster says so with its version, is sent nothing of what it has, and is sent
// what has changed since.
func versions(t *testing.T, p *place, account jid.JID, o *xmpp.Options, r *roster.Roster) {
	stays := roster.Item{JID: jid.MustParse("stays@elsewhere.test"), Name: "Stays"}
	changes := r.Changes(t.Context())
	require.NoError(t, r.Set(within(t), stays))
	next(t, changes)
	version := r.Version()
	require.NotEmpty(t, version)
	r.Close()

	var wire tape
	traced := *o
	traced.Trace = wire.trace()
	again := openRoster(t, p.login(t, account, &traced))
	it, _ := again.Get(stays.JID)
	assert.Equal(t, stays.Name, it.Name, "as it was kept")
	assert.Equal(t, version, again.Version())
	sent, received, _ := wire.read()
	assert.Regexp(t, `<query xmlns=['"]jabber:iq:roster['"] ver=['"]`+regexp.QuoteMeta(version)+`['"]`, sent)
	assert.NotContains(t, received, stays.JID.String(), "not sent again")

	changes = again.Changes(t.Context())
	require.NoError(t, again.Remove(within(t), stays.JID))
	next(t, changes)
	assert.NotEqual(t, version, again.Version())
	again.Close()
	assert.Zero(t, openRoster(t, p.login(t, account, o)).Len())
}

// TestSubscriptions goes through RFC 6121 §3: a request, its approval, the contact's presence, and both ways to end it.
func TestSubscriptions(t *testing.T) {
	overAll(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "0479-im")
		t.Attr("conformance", "presence-sub-request presence-sub-approval presence-sub-cancel presence-sub-unsubscribe presence-notype presence-unavailable stanza-kind-presence")
		as, bs := p.session(t), p.session(t)
		alice, bob := openRoster(t, as), openRoster(t, bs)
		requests := make(chan roster.Request, 4)
		require.NoError(t, bob.HandleRequests(within(t), roster.Ask, func(_ context.Context, rq roster.Request) error {
			requests <- rq
			return nil
		}))
		ended := make(chan stanza.PresenceType, 4)
		for _, s := range []*xmpp.Session{as, bs} {
			xmpp.OnPresence(s, func(_ context.Context, p *stanza.Presence) error { ended <- p.Type; return nil }, stanza.Unsubscribe, stanza.Unsubscribed)
			require.NoError(t, s.Send(within(t), &stanza.Presence{Status: "here"}))
		}
		a, b := as.JID().Bare(), bs.JID().Bare()
		states, seen := alice.Changes(t.Context()), alice.Watch(t.Context(), b)
		become := func(want roster.Subscription) {
			for it, _ := alice.Get(b); it.Subscription != want; it, _ = alice.Get(b) {
				next(t, states)
			}
		}
		for _, end := range []func() error{
			func() error { return bob.Cancel(within(t), a) },
			func() error { return alice.Unsubscribe(within(t), b) },
		} {
			require.NoError(t, alice.Subscribe(within(t), bs.JID()))
			require.Equal(t, a, next(t, requests).From)
			require.NoError(t, bob.Approve(within(t), a))
			become(roster.To)
			for st := next(t, seen); !st.Available(); st = next(t, seen) {
			}
			assert.Equal(t, "here", alice.Best(b).Status)
			require.NoError(t, bs.Send(within(t), &stanza.Presence{Type: stanza.Unavailable}))
			for st := next(t, seen); st.Available(); st = next(t, seen) {
			}
			require.NoError(t, bs.Send(within(t), &stanza.Presence{Status: "here"}))
			for st := next(t, seen); !st.Available(); st = next(t, seen) {
			}
			require.NoError(t, end())
			become(roster.None)
			next(t, ended)
			assert.Nil(t, alice.Best(b))
		}
	})
}

// TestPreApproval approves before it's asked for, where the server announces that it can (RFC 6121 §3.4).
func TestPreApproval(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		as, bs := p.session(t), p.session(t)
		alice, bob := openRoster(t, as), openRoster(t, bs)
		if !bs.Features().Has(ns.PreApproval) {
			assert.ErrorIs(t, bob.PreApprove(within(t), as.JID()), roster.ErrNoPreApproval)
			return
		}
		t.Attr("conformance", "presence-sub-preapproval")
		changes := alice.Changes(t.Context())
		require.NoError(t, bob.PreApprove(within(t), as.JID()))
		require.NoError(t, ping(t, bs, p), "the server has handled what came before")
		require.NoError(t, alice.Subscribe(within(t), bs.JID()))
		for next(t, changes).New.Subscription != roster.To {
		}
	})
}
