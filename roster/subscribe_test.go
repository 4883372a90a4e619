package roster_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A party is an account with an open roster that is available.
type party struct {
	*roster.Roster
	s       *xmpp.Session
	changes <-chan roster.Change
	told    chan stanza.PresenceType // subscription stanzas that have arrived
}

func newParty(t *testing.T, srv *xmpptest.Server, user string) party {
	t.Helper()
	s := srv.Session(t, user, nil)
	r := open(t, s)
	p := party{r, s, r.Changes(t.Context()), make(chan stanza.PresenceType, 100)}
	xmpp.OnPresence(s, func(_ context.Context, st *stanza.Presence) error { p.told <- st.Type; return nil },
		stanza.Subscribe, stanza.Subscribed, stanza.Unsubscribe, stanza.Unsubscribed)
	require.NoError(t, s.Send(soon(t), &stanza.Presence{Status: "hello from " + user}))
	return p
}

// becomes waits until the contact is in that state.
func (p party) becomes(t *testing.T, contact party, want roster.State) {
	t.Helper()
	who := contact.s.JID().Bare()
	for p.State(who) != want {
		next(t, p.changes)
	}
}

// hears waits for a subscription stanza of that type.
func (p party) hears(t *testing.T, typ stanza.PresenceType) {
	t.Helper()
	for next(t, p.told) != typ {
	}
}

func TestSubscribeApproveCancel(t *testing.T) {
	t.Attr("conformance", "presence-sub-request presence-sub-approval presence-sub-cancel presence-sub-unsubscribe 6121-2.2-3 6121-3.1-1 6121-3.1.1-2")
	srv := xmpptest.NewServer(t)
	alice, bob := newParty(t, srv, "alice"), newParty(t, srv, "bob")
	requests := make(chan roster.Request, 1)
	require.NoError(t, bob.HandleRequests(soon(t), roster.Ask, func(_ context.Context, rq roster.Request) error {
		requests <- rq
		return nil
	}))
	require.NoError(t, alice.Subscribe(soon(t), bob.s.JID()))
	rq := next(t, requests)
	assert.Equal(t, srv.JID("alice"), rq.From)
	assert.Equal(t, stanza.Subscribe, rq.Presence.Type)
	assert.NotEmpty(t, rq.Presence.ID, "RFC 6121 §3.1.1")
	alice.becomes(t, bob, roster.State{Subscription: roster.None, PendingOut: true})
	assert.Equal(t, roster.State{Subscription: roster.None, PendingIn: true}, bob.State(srv.JID("alice")))
	assert.Len(t, bob.Requests(), 1)

	require.NoError(t, bob.Approve(soon(t), rq.From))
	alice.becomes(t, bob, roster.State{Subscription: roster.To})
	bob.becomes(t, alice, roster.State{Subscription: roster.From})
	assert.Empty(t, bob.Requests())
	best, err := alice.Wait(soon(t), srv.JID("bob"))
	require.NoError(t, err)
	assert.Equal(t, "hello from bob", best.Status)

	require.NoError(t, bob.Cancel(soon(t), rq.From))
	alice.becomes(t, bob, roster.State{Subscription: roster.None})
	assert.Nil(t, alice.Best(srv.JID("bob")), "RFC 6121 §3.3.3: nothing is known any more")
	bob.becomes(t, alice, roster.State{Subscription: roster.None})

	bob.hears(t, stanza.Subscribe)

	require.NoError(t, alice.Subscribe(soon(t), bob.s.JID()))
	require.NoError(t, bob.Deny(soon(t), next(t, requests).From))
	alice.hears(t, stanza.Unsubscribed) // that of Cancel
	alice.hears(t, stanza.Unsubscribed)
	alice.becomes(t, bob, roster.State{Subscription: roster.None})
	bob.hears(t, stanza.Subscribe)

	require.NoError(t, alice.Subscribe(soon(t), bob.s.JID()))
	next(t, requests)
	require.NoError(t, alice.Unsubscribe(soon(t), bob.s.JID()))
	bob.hears(t, stanza.Unsubscribe)
	assert.Empty(t, bob.Requests(), "taken back")
	require.NoError(t, alice.Subscribe(soon(t), bob.s.JID()))
	next(t, requests)
	assert.Len(t, bob.Requests(), 1, "asked again")
}

// TestPolicies holds what becomes of a request by itself, and of one that waited already.
func TestPolicies(t *testing.T) {
	for _, c := range []struct {
		policy     roster.Policy
		alice, bob roster.State
	}{
		{roster.AcceptAll, roster.State{Subscription: roster.To}, roster.State{Subscription: roster.From}},
		{roster.AcceptMutual, roster.State{Subscription: roster.Both}, roster.State{Subscription: roster.Both}},
		{roster.Refuse, roster.State{Subscription: roster.None}, roster.State{Subscription: roster.None}},
	} {
		for _, late := range []bool{false, true} {
			t.Run(string(c.policy), func(t *testing.T) {
				srv := xmpptest.NewServer(t)
				alice, bob := newParty(t, srv, "alice"), newParty(t, srv, "bob")
				require.NoError(t, alice.HandleRequests(soon(t), roster.AcceptMutual, nil))
				if !late {
					require.NoError(t, bob.HandleRequests(soon(t), c.policy, nil))
				}
				require.NoError(t, alice.Subscribe(soon(t), bob.s.JID()))
				if late {
					for len(bob.Requests()) == 0 {
						said(t, srv, bob, "bob", "")
					}
					require.NoError(t, bob.HandleRequests(soon(t), c.policy, nil))
				}
				want := stanza.Subscribed
				if c.policy == roster.Refuse {
					want = stanza.Unsubscribed
				}
				alice.hears(t, want)
				alice.becomes(t, bob, c.alice)
				bob.becomes(t, alice, c.bob)
				assert.Empty(t, bob.Requests())
			})
		}
	}
}

// TestRequestHandlerFails holds that a request stays when its handler fails, and comes again in the next session.
func TestRequestHandlerFails(t *testing.T) {
	srv := xmpptest.NewServer(t)
	alice, bob := newParty(t, srv, "alice"), newParty(t, srv, "bob")
	told := make(chan roster.Request, 2)
	tell := func(_ context.Context, rq roster.Request) error { told <- rq; return errors.New("not now") }
	require.NoError(t, bob.HandleRequests(soon(t), roster.AcceptAll, tell))
	require.NoError(t, alice.Subscribe(soon(t), bob.s.JID()))
	next(t, told)
	assert.Len(t, bob.Requests(), 1)
	assert.Error(t, bob.HandleRequests(soon(t), roster.AcceptAll, tell))
	require.NoError(t, bob.s.Close())

	s := srv.Session(t, "bob", nil)
	r := open(t, s)
	require.NoError(t, r.HandleRequests(soon(t), roster.AcceptAll, nil))
	require.NoError(t, s.Send(soon(t), &stanza.Presence{}))
	alice.becomes(t, bob, roster.State{Subscription: roster.To})
}

func TestPreApproval(t *testing.T) {
	t.Attr("conformance", "presence-sub-preapproval 6121-3.4-1 6121-3.4.1-1 6121-3.4.1-2")
	srv := xmpptest.NewServer(t)
	alice, bob := newParty(t, srv, "alice"), newParty(t, srv, "bob")
	require.NoError(t, bob.PreApprove(soon(t), alice.s.JID()))
	it := next(t, bob.changes).New
	assert.True(t, it.Approved)
	require.NoError(t, alice.Subscribe(soon(t), bob.s.JID()))
	alice.becomes(t, bob, roster.State{Subscription: roster.To})
	bob.becomes(t, alice, roster.State{Subscription: roster.From})

	hide := func(e xmpptest.Exchange) string {
		return strings.ReplaceAll(e.XML, "urn:xmpp:features:pre-approval", "urn:x")
	}
	srv = xmpptest.NewServerWith(t, &xmpptest.Options{Tamper: hide})
	alice = newParty(t, srv, "alice")
	for _, approve := range []func(context.Context) error{
		func(ctx context.Context) error { return alice.PreApprove(ctx, srv.JID("bob")) },
		func(ctx context.Context) error { return alice.Approve(ctx, srv.JID("bob")) },
	} {
		assert.ErrorIs(t, approve(soon(t)), roster.ErrNoPreApproval)
	}
	for _, e := range srv.Transcript("alice") {
		assert.NotContains(t, e.XML, "subscribed", "RFC 6121 §3.4.1: a client must not try")
	}
}
