package integration

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// openRoster opens the live roster of a session.
func openRoster(t *testing.T, s *xmpp.Session) *roster.Roster {
	t.Helper()
	r, err := roster.Open(within(t), s)
	require.NoError(t, err)
	t.Cleanup(r.Close)
	return r
}

// TestRosterFollows has a second client of the account change the roster a thousand times at random: the live roster is what
// a fresh fetch gives, and so is the one of the client that made the changes.
func TestRosterFollows(t *testing.T) {
	const operations = 1000
	overAll(t, servers.Config{}, func(t *testing.T, p *place) {
		user, password := p.account(t)
		login := func() *xmpp.Session { return p.login(t, p.jid(user), p.options(password)) }
		live, author := openRoster(t, login()), openRoster(t, login())
		changes := live.Changes(t.Context())
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 0))
		begin := time.Now()
		for range operations {
			require.NoError(t, operate(t, p, author, random))
		}
		took := time.Since(begin)
		last := p.jid("last")
		require.NoError(t, author.Set(within(t), roster.Item{JID: last, Name: "after all others"}))
		for next(t, changes).JID() != last {
		}
		fresh := openRoster(t, login())
		assert.Equal(t, items(fresh), items(live))
		assert.Equal(t, items(fresh), items(author))
		assert.Equal(t, fresh.Version(), live.Version())
		t.Logf("%d operations in %v, %d contacts, version %q", operations, took.Round(time.Millisecond), live.Len(), live.Version())
	})
}

// operate does one thing to the roster.
func operate(t *testing.T, p *place, r *roster.Roster, random *rand.Rand) error {
	who := p.jid(fmt.Sprintf("contact%d", random.IntN(40)))
	switch random.IntN(10) {
	case 0, 1:
		if err := r.Remove(within(t), who); !errors.Is(err, stanza.ItemNotFound) {
			return err
		}
		return nil
	case 2:
		return r.Subscribe(within(t), p.jid("nobody").Bare())
	case 3:
		return r.Unsubscribe(within(t), p.jid("nobody").Bare())
	}
	it := roster.Item{JID: who, Name: fmt.Sprintf("name <%d> & \"'é🙂", random.IntN(5))}
	for _, g := range []string{"Friends", "Work & <co>", "家族"} {
		if random.IntN(2) == 0 {
			it.Groups = append(it.Groups, g)
		}
	}
	return r.Set(within(t), it)
}

// items are the contacts of a roster with their groups in order.
func items(r *roster.Roster) []roster.Item {
	list := slices.Collect(r.All())
	for i := range list {
		if list[i].Groups = slices.Sorted(slices.Values(list[i].Groups)); list[i].Groups == nil {
			list[i].Groups = []string{}
		}
	}
	return list
}

// TestSubscriptionHandshake holds that a request, its approval and its end mean the same on every server (RFC 6121 §3).
func TestSubscriptionHandshake(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		a, b := p.session(t), p.session(t)
		alice, bob := openRoster(t, a), openRoster(t, b)
		aliceSees, bobSees := alice.Changes(t.Context()), bob.Changes(t.Context())
		require.NoError(t, alice.HandleRequests(within(t), roster.AcceptAll, nil))
		require.NoError(t, bob.HandleRequests(within(t), roster.AcceptMutual, nil))
		require.NoError(t, a.Send(within(t), &stanza.Presence{}))
		require.NoError(t, b.Send(within(t), &stanza.Presence{Show: stanza.Away, Status: "here"}))
		require.NoError(t, ping(t, b, p), "the server has handled what came before")

		require.NoError(t, alice.Subscribe(within(t), b.JID()))
		until(t, aliceSees, alice, b, roster.Both)
		until(t, bobSees, bob, a, roster.Both)
		best, err := alice.Wait(within(t), b.JID())
		require.NoError(t, err)
		assert.Equal(t, "here", best.Status)
		assert.Equal(t, b.JID(), best.From)

		require.NoError(t, bob.Remove(within(t), a.JID().Bare()))
		until(t, aliceSees, alice, b, roster.None)
		assert.Nil(t, alice.Best(b.JID()))
	})
}

// until waits for a subscription.
func until(t *testing.T, changes <-chan roster.Change, r *roster.Roster, contact *xmpp.Session, want roster.Subscription) {
	t.Helper()
	for r.State(contact.JID().Bare()) != (roster.State{Subscription: want}) {
		next(t, changes)
	}
}
