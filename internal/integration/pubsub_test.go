package integration

import (
	"context"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/pubsub"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A memo is what is published in these tests.
type memo struct {
	XMLName xml.Name `xml:"urn:canto:test:memo memo"`
	Text    string   `xml:"text"`
}

const memoNode = "urn:canto:test:memo"

var ownAccount jid.JID

// friends are two accounts that see each other's presence, and have sent theirs.
func friends(t *testing.T, p *place) (alice, bob *xmpp.Session) {
	t.Helper()
	alice, bob = p.session(t), p.session(t)
	a, b := openRoster(t, alice), openRoster(t, bob)
	changes := a.Changes(t.Context())
	for _, r := range []*roster.Roster{a, b} {
		require.NoError(t, r.HandleRequests(within(t), roster.AcceptMutual, nil))
	}
	for _, s := range []*xmpp.Session{alice, bob} {
		unlike(s) // before the first presence, so that what is declared later is told
		require.NoError(t, s.Send(within(t), &stanza.Presence{}))
		require.NoError(t, ping(t, s, p))
	}
	require.NoError(t, a.Subscribe(within(t), bob.JID().Bare()))
	until(t, changes, a, bob, roster.Both)
	return alice, bob
}

// hear takes events until one has that text, which has to come.
func hear(t *testing.T, events <-chan pubsub.Event[memo], text string) pubsub.Event[memo] {
	t.Helper()
	for {
		if ev := next(t, events); len(ev.Items) > 0 && ev.Items[0].Payload.Text == text {
			return ev
		}
	}
}

// reach publishes until it's heard: a server that has not seen our capabilities before asks for them first, and tells us of nothing
// meanwhile. ejabberd does not even send the last item once it knows them.
func reach(t *testing.T, events <-chan pubsub.Event[memo], say func(text string)) pubsub.Event[memo] {
	t.Helper()
	deadline := within(t).Done()
	for i := 0; ; i++ {
		say(fmt.Sprint("try ", i))
		select {
		case ev := <-events:
			return ev
		case <-time.After(300 * time.Millisecond):
		case <-deadline:
			t.Fatal("nothing comes")
		}
	}
}

// TestPersonalEventing: what we publish contacts hear of, as do our other clients, once they're there and as it changes, until
// it's retracted; they can read it, and strangers can't.
func TestPersonalEventing(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "0479-events")
		alice, bob := friends(t, p)
		stranger := p.session(t)
		ctx := within(t)
		events := pubsub.PersonalEvents[memo](t.Context(), bob, memoNode) // says so with presence of its own
		ours := pubsub.Events[memo](t.Context(), alice, ownAccount, memoNode)
		say := func(text string) {
			id, err := pubsub.Publish(ctx, alice, ownAccount, memoNode, "current", memo{Text: text})
			require.NoError(t, err)
			require.Equal(t, "current", id)
		}
		assert.Equal(t, alice.JID().Bare(), reach(t, events, say).Service)
		assert.Equal(t, alice.JID().Bare(), reach(t, ours, say).Service)
		say("after")
		hear(t, events, "after")
		hear(t, ours, "after")

		at := alice.JID().Bare()
		item, err := pubsub.Get[memo](ctx, bob, at, memoNode, "current")
		require.NoError(t, err)
		assert.Equal(t, "after", item.Payload.Text)
		_, err = pubsub.Latest[memo](ctx, stranger, at, memoNode)
		var refused *stanza.Error
		require.ErrorAs(t, err, &refused)
		t.Logf("a stranger reads: %v", err)
		_, err = pubsub.Publish(ctx, bob, at, memoNode, "current", memo{})
		require.ErrorIs(t, err, stanza.Forbidden)
		_, err = pubsub.Get[memo](ctx, bob, at, memoNode, "none")
		assert.ErrorIs(t, err, stanza.ItemNotFound)
		_, err = pubsub.Latest[memo](ctx, alice, ownAccount, "no such node")
		assert.ErrorIs(t, err, stanza.ItemNotFound)

		require.NoError(t, pubsub.Retract(ctx, alice, ownAccount, memoNode, "current"))
		if p.name != "ejabberd" { // 23.01 tells nobody of what is retracted at an account; 24 does
			for ev := next(t, events); len(ev.Retracted) == 0; ev = next(t, events) {
				assert.Equal(t, "after", ev.Items[0].Payload.Text, "ejabberd tells some things twice")
			}
		}
		require.NoError(t, pubsub.Delete(ctx, alice, ownAccount, memoNode, ""))
	})
}

// TestPrivateData: what is for nobody else's eyes nobody else gets, also at a node that was open before and has subscribers; where the server
// does not say who they are (ejabberd, which goes on telling them) nothing is published there.
func TestPrivateData(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "0479-private-pubsub")
		alice, bob := friends(t, p)
		ctx := within(t)
		_, err := pubsub.Publish(ctx, alice, ownAccount, memoNode, "1", memo{Text: "for all"}, form.Of(pubsub.AccessModel, pubsub.Open))
		require.NoError(t, err)
		_, err = pubsub.Latest[memo](ctx, bob, alice.JID().Bare(), memoNode)
		require.NoError(t, err)
		_, err = pubsub.Subscribe(ctx, bob, alice.JID().Bare(), memoNode, jid.JID{})
		require.NoError(t, err)
		inbox := bob.Messages(t.Context())
		many := form.Of(pubsub.MaxItems, "max")
		if strings.HasPrefix(p.name, "ejabberd") {
			_, err = pubsub.PublishPrivate(ctx, alice, memoNode, "1", memo{Text: "secret"})
			require.ErrorIs(t, err, pubsub.ErrSubscribers)
			require.NoError(t, pubsub.Delete(ctx, alice, ownAccount, memoNode, ""))
		}
		for _, node := range []string{memoNode, "urn:canto:test:diary"} {
			for i := range 3 {
				_, err = pubsub.PublishPrivate(ctx, alice, node, fmt.Sprint(i), memo{Text: "secret"}, many)
				require.NoError(t, err)
			}
			f, err := pubsub.Config(ctx, alice, ownAccount, node)
			require.NoError(t, err)
			assert.Equal(t, pubsub.Whitelist, f.Value(pubsub.AccessModel))
			persists, err := form.Get[bool](f.Fields, pubsub.PersistItems)
			require.NoError(t, err)
			assert.True(t, persists)
			_, err = pubsub.Latest[memo](ctx, bob, alice.JID().Bare(), node)
			require.Error(t, err)
			t.Logf("a contact reads: %v", err)
			n := 0
			for item, err := range pubsub.Items[memo](ctx, alice, ownAccount, node, nil) {
				require.NoError(t, err)
				assert.Equal(t, "secret", item.Payload.Text)
				n++
			}
			assert.Equal(t, 3, n)
		}
		require.NoError(t, alice.Send(ctx, &stanza.Message{To: bob.JID(), Type: stanza.Chat, Body: "the end"}))
		for m := next(t, inbox); m.Body != "the end"; m = next(t, inbox) {
			raw, err := stanza.Append(nil, m)
			require.NoError(t, err)
			require.NotContains(t, string(raw), "secret")
		}
		_, err = pubsub.PublishPublic(ctx, alice, memoNode, "3", memo{Text: "for all"})
		require.ErrorIs(t, err, pubsub.PreconditionNotMet)
		require.ErrorIs(t, err, stanza.Conflict)
		_, err = pubsub.PublishPublic(ctx, alice, "urn:canto:test:key", "1", memo{Text: "for all"})
		require.NoError(t, err)
		_, err = pubsub.Get[memo](ctx, bob, alice.JID().Bare(), "urn:canto:test:key", "1")
		require.NoError(t, err)
	})
}

// serviceOf is where nodes can be made, and an owner who may.
func serviceOf(t *testing.T, p *place) (at jid.JID, owner *xmpp.Session) {
	if p.name == "prosody" { // of which the administrator alone may
		return jid.MustParse(servers.PubSubDomain), p.login(t, p.jid("admin"), p.options(p.real.Account(t, "admin")))
	}
	return jid.MustParse("pubsub." + p.domain), p.session(t)
}

// TestPubSubService is the life of a node at a service: made, subscribed to, published at, configured, paged through and deleted.
func TestPubSubService(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		at, alice := serviceOf(t, p)
		bob := p.session(t)
		for _, s := range []*xmpp.Session{alice, bob} {
			require.NoError(t, s.Send(within(t), &stanza.Presence{}))
		}
		ctx := within(t)
		node := "news of " + alice.JID().Resourcepart()
		name, err := pubsub.Create(ctx, alice, at, node, form.Of(pubsub.MaxItems, 30), form.Of(pubsub.AccessModel, pubsub.Open))
		require.NoError(t, err)
		require.Equal(t, node, name)
		_, err = pubsub.Create(ctx, alice, at, node)
		require.ErrorIs(t, err, stanza.Conflict)
		events := pubsub.Events[memo](t.Context(), bob, at, node)
		sub, err := pubsub.Subscribe(ctx, bob, at, node, ownAccount)
		require.NoError(t, err)
		assert.Equal(t, pubsub.Subscribed, sub.State)
		assert.Equal(t, bob.JID().Bare(), sub.JID)
		subs, err := pubsub.Subscriptions(ctx, bob, at, "")
		require.NoError(t, err)
		require.Len(t, subs, 1)
		assert.Equal(t, node, subs[0].Node)

		for i := range 25 {
			_, err = pubsub.Publish(ctx, alice, at, node, fmt.Sprintf("%02d", i), memo{Text: fmt.Sprint(i)})
			require.NoError(t, err)
			assert.Equal(t, fmt.Sprint(i), next(t, events).Items[0].Payload.Text)
		}
		for name, q := range map[string]*pubsub.Query{"all": nil, "by page": {Page: 10}} {
			found := map[string]bool{}
			var order []string
			for item, err := range pubsub.Items[memo](ctx, bob, at, node, q) {
				require.NoError(t, err, name)
				assert.False(t, found[item.ID], "twice")
				found[item.ID] = true
				order = append(order, item.ID)
			}
			t.Logf("%s: %s", name, strings.Join(order, " "))
			assert.Len(t, found, 25, name)
		}
		last, err := pubsub.Latest[memo](ctx, bob, at, node)
		require.NoError(t, err)
		assert.Equal(t, "24", last.Payload.Text)
		_, err = pubsub.Publish(ctx, bob, at, node, "", memo{})
		require.ErrorIs(t, err, stanza.Forbidden)

		f, err := pubsub.Config(ctx, alice, at, node)
		require.NoError(t, err)
		require.NoError(t, form.Set(f.Fields, pubsub.MaxItems, "40"))
		if f.Field(pubsub.NotifyDelete) != nil { // without it, Prosody tells of it, and ejabberd has it off
			require.NoError(t, form.Set(f.Fields, pubsub.NotifyDelete, true))
		}
		answer, err := f.Submit()
		require.NoError(t, err)
		require.NoError(t, pubsub.Configure(ctx, alice, at, node, answer.Fields...))
		require.NoError(t, pubsub.Configure(ctx, alice, at, node, form.Of(pubsub.DeliverPayload, true)))
		f, err = pubsub.Config(ctx, alice, at, node)
		require.NoError(t, err)
		assert.Equal(t, "40", f.Value(pubsub.MaxItems), "what is not named stays")

		affiliates, err := pubsub.Affiliates(ctx, alice, at, node)
		require.NoError(t, err)
		assert.Equal(t, []pubsub.Affiliate{{Node: node, JID: alice.JID().Bare(), Affiliation: pubsub.Owner}}, affiliates)
		require.NoError(t, pubsub.SetAffiliates(ctx, alice, at, node, pubsub.Affiliate{JID: bob.JID(), Affiliation: pubsub.Publisher}))
		mine, err := pubsub.Affiliations(ctx, bob, at, "")
		if strings.HasPrefix(p.name, "prosody") {
			require.ErrorIs(t, err, stanza.ServiceUnavailable, "neither version tells anybody but owners")
		} else {
			require.NoError(t, err)
			assert.Contains(t, mine, pubsub.Affiliate{Node: node, JID: bob.JID().Bare(), Affiliation: pubsub.Publisher})
		}
		id, err := pubsub.Publish(ctx, bob, at, node, "", memo{Text: "bob's"})
		require.NoError(t, err)
		assert.NotEmpty(t, id)
		assert.Equal(t, id, next(t, events).Items[0].ID)

		require.NoError(t, pubsub.Retract(ctx, alice, at, node, id))
		assert.Equal(t, []string{id}, next(t, events).Retracted)
		require.NoError(t, pubsub.Purge(ctx, alice, at, node))
		assert.Equal(t, pubsub.Purged, next(t, events).Kind)
		others, err := pubsub.Subscribers(ctx, alice, at, node)
		require.NoError(t, err)
		require.NotEmpty(t, others)
		require.NoError(t, pubsub.Delete(ctx, alice, at, node, ""))
		assert.Equal(t, pubsub.Deleted, next(t, events).Kind)
		require.ErrorIs(t, pubsub.Unsubscribe(ctx, bob, at, sub), stanza.ItemNotFound)
	})
}

// TestEventsAcrossSessions: a Client hears in each of its sessions what was published last, and what comes then.
func TestEventsAcrossSessions(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		user, password := p.account(t)
		author := p.login(t, p.jid(user), p.options(password))
		// ejabberd 24 tells nobody of what is published by one who is not available.
		require.NoError(t, author.Send(within(t), &stanza.Presence{}))
		bot := xmpp.NewClient(p.jid(user), p.options(password))
		online := make(chan *xmpp.Session, 10)
		bot.Online = func(ctx context.Context, s *xmpp.Session) error {
			online <- s
			return s.Send(ctx, &stanza.Presence{})
		}
		events := make(chan pubsub.Event[memo], 10)
		pubsub.OnEvent(bot, ownAccount, memoNode, func(_ context.Context, ev pubsub.Event[memo]) error {
			events <- ev
			return nil
		})
		ctx, stop := context.WithCancel(t.Context())
		run := make(chan error, 1)
		defer stop()
		say := func(text string) {
			_, err := pubsub.Publish(within(t), author, ownAccount, memoNode, "1", memo{Text: text})
			require.NoError(t, err)
		}
		for round := range 3 {
			go func() { run <- bot.Run(ctx) }()
			s := next(t, online)
			if round == 0 {
				reach(t, events, say)
			} else {
				t.Logf("stamped %v", hear(t, events, "last").Stamp)
			}
			say("next")
			hear(t, events, "next")
			say("last")
			hear(t, events, "last")
			require.NoError(t, s.Close())
			require.NoError(t, next(t, run))
		}
	})
}
