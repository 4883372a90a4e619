package pubsub_test

import (
	"context"
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/pubsub"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// Contacts hear of what is published, and of what was published last once they're there, for they have said that they want to.
func TestPersonalEvents(t *testing.T) {
	alice, bob := pair(t, serve(t))
	ctx := within(t)
	publish := func(text string) {
		_, err := pubsub.Publish(ctx, alice, own, node, "current", note{Text: text})
		require.NoError(t, err)
	}
	publish("before")
	events := pubsub.PersonalEvents[note](t.Context(), bob, node)
	heard := make(chan pubsub.Event[stanza.Element], 10)
	remove := pubsub.OnPersonal(bob, node, func(_ context.Context, ev pubsub.Event[stanza.Element]) error {
		heard <- ev
		return nil
	})
	available(t, alice, bob)
	ev := next(t, events)
	require.Equal(t, alice.JID().Bare(), ev.Service)
	require.Equal(t, "before", ev.Items[0].Payload.Text)
	require.False(t, ev.Stamp.IsZero(), "it was published earlier")
	require.True(t, next(t, heard).Items[0].Payload.Is("urn:example:note", "note"))
	publish("after")
	require.Equal(t, "after", next(t, events).Items[0].Payload.Text)
	next(t, heard)
	remove()
	publish("more")
	require.Equal(t, "more", next(t, events).Items[0].Payload.Text)
	require.Empty(t, heard)
}

// What another client of ours publishes we hear of, and what we publish ourselves; a payload of another type is left out.
func TestOwnEvents(t *testing.T) {
	srv := serve(t)
	here, there := srv.Session(t, "alice/here", nil), srv.Session(t, "alice/there", nil)
	ctx := within(t)
	events := pubsub.Events[note](t.Context(), here, own, node)
	available(t, here, there)
	_, err := pubsub.Publish(ctx, there, own, node, "1", note{Text: "one"})
	require.NoError(t, err)
	require.Equal(t, "one", next(t, events).Items[0].Payload.Text)
	_, err = pubsub.Publish(ctx, there, own, node, "2", stanza.Payload(struct {
		XMLName struct{} `xml:"urn:other other"`
	}{}))
	require.NoError(t, err)
	_, err = pubsub.Publish(ctx, there, own, "another node", "3", note{})
	require.NoError(t, err)
	_, err = pubsub.Publish(ctx, here, own, node, "4", note{Text: "four"})
	require.NoError(t, err)
	require.Equal(t, "four", next(t, events).Items[0].Payload.Text)
}

// A Client hears of what was published last in each of its sessions, and its channel outlives them.
func TestEventsOfAClient(t *testing.T) {
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Without: []string{"sm"}})
	alice := srv.Session(t, "alice", nil)
	require.NoError(t, srv.AddUser("bob", "secret"))
	require.NoError(t, srv.Befriend("alice", "bob"))
	available(t, alice)
	ctx := within(t)
	_, err := pubsub.Publish(ctx, alice, own, node, "1", note{Text: "one"})
	require.NoError(t, err)
	bot := xmpp.NewClient(srv.JID("bob"), srv.Options("bob"))
	bot.Online = func(ctx context.Context, s *xmpp.Session) error { return s.Send(ctx, &stanza.Presence{}) }
	events := pubsub.PersonalEvents[note](t.Context(), bot, node)
	run, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- bot.Run(run) }()
	require.Equal(t, "one", next(t, events).Items[0].Payload.Text)
	srv.DropConns()
	alice = srv.Session(t, "alice", nil)
	require.Equal(t, "one", next(t, events).Items[0].Payload.Text)
	_, err = pubsub.Publish(ctx, alice, own, node, "2", note{Text: "two"})
	require.NoError(t, err)
	require.Equal(t, "two", next(t, events).Items[0].Payload.Text)
	stop()
	next(t, ended)
	_, open := <-events
	require.False(t, open)
}

// What can't be decoded in an event leaves the rest of it standing: what was taken away with it is told.
func TestRetractedBesideTheOdd(t *testing.T) {
	srv := serve(t)
	s := srv.Session(t, "alice", nil)
	events := pubsub.Events[note](t.Context(), s, own, node)
	heard := make(chan pubsub.Event[note], 1)
	pubsub.OnEvent(s, own, node, func(_ context.Context, ev pubsub.Event[note]) error {
		heard <- ev
		return nil
	})
	require.NoError(t, srv.Inject("alice", "<message from='alice@canto.test'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='"+node+
		"'><item id='1'><other xmlns='urn:other'/></item><retract id='2'/></items></event></message>"))
	for _, ev := range []pubsub.Event[note]{next(t, events), next(t, heard)} {
		require.Empty(t, ev.Items)
		require.Equal(t, []string{"2"}, ev.Retracted)
	}
}

// A channel ends with its ctx and with the session.
func TestEventsEnd(t *testing.T) {
	srv := serve(t)
	s := srv.Session(t, "alice", nil)
	ctx, cancel := context.WithCancel(t.Context())
	one, two := pubsub.Events[note](ctx, s, own, node), pubsub.PersonalEvents[note](t.Context(), s, node)
	cancel()
	_, open := <-one
	require.False(t, open)
	require.NoError(t, s.Close())
	_, open = <-two
	require.False(t, open)
	_, open = <-pubsub.Events[note](t.Context(), struct{ xmpp.Endpoint }{s}, own, node)
	require.False(t, open, "no endpoint that has messages")
}
