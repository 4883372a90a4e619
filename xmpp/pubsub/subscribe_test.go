package pubsub_test

import (
	"context"
	"strings"
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/pubsub"
	"github.com/stretchr/testify/require"
)

// A subscriber hears of everything that becomes of a node, in order, and of nothing once the subscription has ended.
func TestSubscriber(t *testing.T) {
	alice, bob := pair(t, serve(t))
	available(t, alice, bob)
	ctx := within(t)
	_, err := pubsub.Create(ctx, alice, service, node, form.Of(pubsub.NotifyConfig, true))
	require.NoError(t, err)
	events := pubsub.Events[note](t.Context(), bob, service, node)
	sub, err := pubsub.Subscribe(ctx, bob, service, node, own, form.Of(pubsub.SubDeliver, true))
	require.NoError(t, err)
	require.Equal(t, pubsub.Subscription{Node: node, JID: bob.JID().Bare(), State: pubsub.Subscribed, Options: true}, sub)
	list, err := pubsub.Subscriptions(ctx, bob, service, "")
	require.NoError(t, err)
	require.Len(t, list, 1)

	_, err = pubsub.Publish(ctx, alice, service, node, "1", note{Text: "one"})
	require.NoError(t, err)
	ev := next(t, events)
	require.Equal(t, pubsub.Published, ev.Kind)
	require.Equal(t, service, ev.Service)
	require.Equal(t, "one", ev.Items[0].Payload.Text)
	require.True(t, ev.Stamp.IsZero())
	require.NoError(t, pubsub.Retract(ctx, alice, service, node, "1"))
	require.Equal(t, []string{"1"}, next(t, events).Retracted)
	require.NoError(t, pubsub.Configure(ctx, alice, service, node, form.Of(pubsub.Title, "New")))
	ev = next(t, events)
	require.Equal(t, pubsub.Configured, ev.Kind)
	require.Equal(t, "New", ev.Config.Value(pubsub.Title))
	require.NoError(t, pubsub.Purge(ctx, alice, service, node))
	require.Equal(t, pubsub.Purged, next(t, events).Kind)

	o, err := pubsub.SubscriptionOptions(ctx, bob, service, sub)
	require.NoError(t, err)
	require.Equal(t, "1", o.Value(pubsub.SubDeliver))
	require.NoError(t, pubsub.SetSubscriptionOptions(ctx, bob, service, sub, form.Of(pubsub.SubDeliver, false)))
	_, err = pubsub.Publish(ctx, alice, service, node, "2", note{Text: "unheard"})
	require.NoError(t, err)
	require.NoError(t, pubsub.SetSubscriptionOptions(ctx, bob, service, sub, form.Of(pubsub.SubDeliver, true)))
	o, err = pubsub.DefaultSubscriptionOptions(ctx, bob, service, node)
	require.NoError(t, err)
	require.Equal(t, "1", o.Value(pubsub.SubDeliver))

	require.NoError(t, pubsub.SetSubscribers(ctx, alice, service, node, pubsub.Subscription{JID: sub.JID, State: pubsub.None}))
	ev = next(t, events)
	require.Equal(t, pubsub.SubscriptionChanged, ev.Kind)
	require.Equal(t, pubsub.None, ev.Subscription.State)
	require.ErrorIs(t, pubsub.Unsubscribe(ctx, bob, service, sub), pubsub.NotSubscribed)
	_, err = pubsub.Subscribe(ctx, bob, service, node, own)
	require.NoError(t, err)
	subs, err := pubsub.Subscribers(ctx, alice, service, node)
	require.NoError(t, err)
	require.Equal(t, sub.JID, subs[0].JID)
	require.NoError(t, pubsub.Delete(ctx, alice, service, node, "xmpp:other.example?;node=new"))
	ev = next(t, events)
	require.Equal(t, pubsub.Deleted, ev.Kind)
	require.Equal(t, "xmpp:other.example?;node=new", ev.URI)
	_, err = pubsub.Subscribe(ctx, bob, service, node, alice.JID().Bare())
	require.ErrorIs(t, err, pubsub.InvalidJID)
}

// An owner decides who may subscribe.
func TestRequests(t *testing.T) {
	alice, bob := pair(t, serve(t))
	available(t, alice, bob)
	ctx := within(t)
	_, err := pubsub.Create(ctx, alice, service, node, form.Of(pubsub.AccessModel, pubsub.Authorize))
	require.NoError(t, err)
	requests := make(chan pubsub.Request, 1)
	remove := pubsub.OnRequest(alice, service, func(_ context.Context, r pubsub.Request) (bool, error) {
		requests <- r
		return true, nil
	})
	events := pubsub.Events[note](t.Context(), bob, service, node)
	sub, err := pubsub.Subscribe(ctx, bob, service, node, own)
	require.NoError(t, err)
	require.Equal(t, pubsub.Pending, sub.State)
	r := next(t, requests)
	require.Equal(t, node, r.Node)
	require.Equal(t, bob.JID().Bare(), r.Who)
	require.Equal(t, pubsub.Subscribed, next(t, events).Subscription.State)

	require.NoError(t, pubsub.Decide(ctx, alice, r, false))
	require.Equal(t, pubsub.None, next(t, events).Subscription.State)

	remove()
	inbox := alice.Messages(t.Context())
	remove = pubsub.OnRequest(alice, service, func(_ context.Context, r pubsub.Request) (bool, error) {
		return false, stanza.InternalServerError
	})
	defer remove()
	_, err = pubsub.Subscribe(ctx, bob, service, node, own)
	require.NoError(t, err)
	next(t, inbox)
	subs, err := pubsub.Subscribers(ctx, alice, service, node)
	require.NoError(t, err)
	require.Equal(t, pubsub.Pending, subs[0].State, "one that could not be decided stays")
}

// The requests that wait at our nodes are sent again, node by node.
func TestAskPending(t *testing.T) {
	srv := serve(t)
	s := srv.Session(t, "alice", nil)
	const step = "<iq type='result' id='${id}'><command xmlns='http://jabber.org/protocol/commands' sessionid='s1' node='http://jabber.org/protocol/pubsub#get-pending' status='executing'>" +
		"<x xmlns='jabber:x:data' type='form'><field type='list-single' var='pubsub#node'><option><value>a</value></option><option><value>b</value></option></field></x></command></iq>"
	const done = "<iq type='result' id='${id}'><command xmlns='http://jabber.org/protocol/commands' sessionid='s1' node='http://jabber.org/protocol/pubsub#get-pending' status='completed'/></iq>"
	more := strings.Replace(step, "</field>", "<option><value>c</value></option></field>", 1) // a service that comes to no end
	for _, answer := range []string{step, done, more, done} {
		srv.ReplaceReply("alice", answer)
	}
	nodes, err := pubsub.AskPending(within(t), s, own)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, nodes)
	require.Len(t, said(srv, "alice", "sessionid='s1'"), 2)
	require.Len(t, said(srv, "alice", "<value>b</value>"), 1)
	_, err = pubsub.AskPending(within(t), s, own)
	require.ErrorIs(t, err, stanza.ServiceUnavailable)
	srv.ReplaceReply("alice", "<iq type='result' id='${id}'/>")
	_, err = pubsub.AskPending(within(t), s, own)
	require.Error(t, err)
}
