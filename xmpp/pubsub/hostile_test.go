package pubsub_test

import (
	"context"
	"strings"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/pubsub"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// An event counts as the word of who has sent it and of nobody else: none of what others say is taken for our own account's, for a
// contact's, or for a service's; what stands inside something else is none at all. The session goes on.
func TestSecurityS05EventsOfOthers(t *testing.T) {
	srv := serve(t)
	s := srv.Session(t, "alice/x", nil)
	me := s.JID().Bare().String()
	event := func(attrs, node, text string) string {
		return "<message " + attrs + " to='" + me + "/x'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='" + node +
			"'><item id='1'><note xmlns='urn:example:note'><text>" + text + "</text></note></item></items></event></message>"
	}
	type heard struct{ who, by, text string }
	got := make(chan heard, 100)
	listen := func(who string) func(context.Context, pubsub.Event[note]) error {
		return func(_ context.Context, ev pubsub.Event[note]) error {
			got <- heard{who, ev.Service.String(), ev.Items[0].Payload.Text}
			return nil
		}
	}
	pubsub.OnEvent(s, own, node, listen("own"))
	pubsub.OnEvent(s, service, node, listen("service"))
	pubsub.OnPersonal(s, node, listen("personal"))
	for _, attrs := range []string{
		"from='mallory@evil.example/x'", "from='evil.example'", "from='" + me + "/other'", "from='" + me + "/x'", "from='canto.test'",
		"from='alice@canto.test.evil.example/x'", "from='pubsub.canto.test/x'", "from='x@pubsub.canto.test/x'", "from='" + me + "' type='error'",
		"from='rooms.canto.test'",
	} {
		require.NoError(t, srv.Inject("alice", event(attrs, node, "forged")))
	}
	wrapped := "<message from='" + me + "' to='" + me + "/x'><wrap xmlns='urn:w'>" +
		strings.TrimSuffix(strings.SplitAfterN(event("from='"+me+"'", node, "forged"), ">", 2)[1], "</message>") + "</wrap></message>"
	require.NoError(t, srv.Inject("alice", wrapped))
	require.NoError(t, srv.Inject("alice", event("from='mallory@evil.example'", node, "of herself")))
	require.NoError(t, srv.Inject("alice", event("from='"+me+"'", "other", "of another node")))
	require.NoError(t, srv.Inject("alice", event("from='"+me+"'", node, "ours")))
	require.NoError(t, srv.Inject("alice", event("from='pubsub.canto.test'", node, "the service's")))
	require.NoError(t, srv.Inject("alice", event("", node, "ours without from")))
	for _, want := range []heard{
		{"personal", "mallory@evil.example", "of herself"},
		{"own", me, "ours"}, {"personal", me, "ours"},
		{"service", "pubsub.canto.test", "the service's"},
		{"own", me, "ours without from"}, {"personal", me, "ours without from"},
	} {
		require.Equal(t, want, next(t, got))
	}
	require.NoError(t, s.Send(within(t), &stanza.Presence{}))
}

// A request to subscribe that others forge in the service's name is not answered.
func TestSecurityS05ForgedRequests(t *testing.T) {
	srv := serve(t)
	s := srv.Session(t, "alice/x", nil)
	asked := make(chan pubsub.Request, 10)
	pubsub.OnRequest(s, service, func(_ context.Context, r pubsub.Request) (bool, error) {
		asked <- r
		return true, nil
	})
	request := func(attrs, formType, who string) string {
		field := func(name, value string) string {
			return "<field var='" + name + "'><value>" + value + "</value></field>"
		}
		return "<message " + attrs + " to='alice@canto.test/x'><x xmlns='jabber:x:data' type='form'><field var='FORM_TYPE' type='hidden'><value>" + formType +
			"</value></field>" + field("pubsub#node", "n") + field("pubsub#subscriber_jid", who) + field("pubsub#allow", "0") + "</x></message>"
	}
	const formType = "http://jabber.org/protocol/pubsub#subscribe_authorization"
	for _, xml := range []string{
		request("from='evil.example'", formType, "m@evil.example"), request("from='pubsub.canto.test/x'", formType, "m@evil.example"),
		request("from='pubsub.canto.test' type='error'", formType, "m@evil.example"), request("from='pubsub.canto.test'", "urn:x", "m@evil.example"),
		request("from='pubsub.canto.test'", formType, "@"), request("from='pubsub.canto.test'", formType, "good@example.com"),
	} {
		require.NoError(t, srv.Inject("alice", xml))
	}
	require.Equal(t, "good@example.com", next(t, asked).Who.String())
	require.Eventually(t, func() bool { return len(said(srv, "alice", "pubsub#allow")) == 1 }, waitFor, tick)
	require.Len(t, said(srv, "alice", "<message"), 1)
}

// What is private does not leave us where the server would not keep it so, nor go to a node that others can read: that is closed first.
func TestSecurityS06PrivateData(t *testing.T) {
	const secret = "the password is Calliope"
	publish := func(s xmpp.Endpoint, fields ...form.Field) error {
		_, err := pubsub.PublishPrivate(within(t), s, node, "1", note{Text: secret}, fields...)
		return err
	}
	t.Run("a server that does not say that it heeds options", func(t *testing.T) {
		srv := serve(t)
		s := srv.Session(t, "alice", nil)
		const info = "<iq type='result' id='${id}' from='${to}'><query xmlns='http://jabber.org/protocol/disco#info'><feature var='http://jabber.org/protocol/pubsub#publish'/></query></iq>"
		srv.ReplaceReply("alice", info)
		srv.ReplaceReply("alice", info)
		require.ErrorIs(t, publish(s), pubsub.ErrNoOptions)
		srv.ReplaceReply("alice", "<iq type='error' id='${id}' from='${to}'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
		srv.ReplaceReply("alice", info)
		require.ErrorIs(t, publish(s), pubsub.ErrNoOptions)
		require.Empty(t, said(srv, "alice", secret))
		require.NoError(t, publish(s), "it's asked again")
	})
	t.Run("no server for it at all", func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Without: []string{"pep"}})
		require.ErrorIs(t, publish(srv.Session(t, "alice", nil)), pubsub.ErrNoOptions)
		require.Empty(t, said(srv, "alice", secret))
	})
	t.Run("an access model of another kind", func(t *testing.T) {
		srv := serve(t)
		require.ErrorContains(t, publish(srv.Session(t, "alice", nil), form.Of(pubsub.AccessModel, pubsub.Open)), "whitelist")
		require.Empty(t, said(srv, "alice", secret))
	})
	t.Run("a node that is open", func(t *testing.T) {
		srv := serve(t)
		alice, bob := pair(t, srv)
		ctx := within(t)
		heard := make(chan string, 10)
		pubsub.OnPersonal(bob, node, func(_ context.Context, ev pubsub.Event[note]) error {
			heard <- ev.Items[0].Payload.Text
			return nil
		})
		inbox := bob.Messages(t.Context(), stanza.Chat)
		available(t, alice, bob)
		_, err := pubsub.Publish(ctx, alice, own, node, "0", note{Text: "for all"}, form.Of(pubsub.AccessModel, pubsub.Open))
		require.NoError(t, err)
		require.Equal(t, "for all", next(t, heard))
		_, err = pubsub.Subscribe(ctx, bob, alice.JID().Bare(), node, jid.JID{})
		require.NoError(t, err)
		require.NoError(t, publish(alice))
		_, err = pubsub.PublishPrivate(ctx, alice, node, "2", note{Text: secret})
		require.NoError(t, err)
		f, err := pubsub.Config(ctx, alice, own, node)
		require.NoError(t, err)
		require.Equal(t, pubsub.Whitelist, f.Value(pubsub.AccessModel))
		for _, err := range pubsub.Items[note](ctx, bob, alice.JID().Bare(), node, nil) {
			require.ErrorIs(t, err, pubsub.ClosedNode)
		}
		for _, xml := range said(srv, "alice", secret) {
			require.Contains(t, xml, "whitelist", "each time with what it needs")
		}
		require.NoError(t, alice.Send(ctx, &stanza.Message{To: bob.JID(), Type: stanza.Chat, Body: "later"}))
		next(t, inbox)
		for len(heard) > 0 {
			require.Equal(t, "for all", next(t, heard), "nobody has heard the rest")
		}
	})
	t.Run("a node whose subscribers nobody knows", func(t *testing.T) {
		srv := serve(t)
		s := srv.Session(t, "alice", nil)
		_, err := pubsub.Publish(within(t), s, own, node, "0", note{}, form.Of(pubsub.AccessModel, pubsub.Open))
		require.NoError(t, err)
		unsupported := refusal("<feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>")
		srv.Intercept(func(_ jid.JID, xml string) bool {
			if strings.Contains(xml, "<subscriptions ") {
				srv.ReplaceReply("alice", unsupported)
			}
			return false
		})
		for range 2 {
			require.ErrorIs(t, publish(s), pubsub.ErrSubscribers)
		}
		f, err := pubsub.Config(within(t), s, own, node)
		require.NoError(t, err)
		require.Equal(t, pubsub.Open, f.Value(pubsub.AccessModel), "or the next one would find it closed")
		require.NoError(t, pubsub.Delete(within(t), s, own, node, ""))
		require.NoError(t, publish(s))
		require.NoError(t, pubsub.Configure(within(t), s, own, node, form.Of(pubsub.PersistItems, false)))
		require.NoError(t, publish(s), "it was closed all the time")
	})
	t.Run("an option that the server knows as one of the node's alone", func(t *testing.T) {
		srv := serve(t)
		s := srv.Session(t, "alice", nil)
		require.NoError(t, publishTo(within(t), s, "some other node"))
		unknown := refusal("<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>")
		for _, before := range []string{"no such node", "an open one"} {
			srv.ReplaceReply("alice", unknown)
			require.NoError(t, publish(s, form.Of(pubsub.MaxItems, "max")), before)
			f, err := pubsub.Config(within(t), s, own, node)
			require.NoError(t, err)
			require.Equal(t, pubsub.Whitelist, f.Value(pubsub.AccessModel))
			require.Equal(t, "max", f.Value(pubsub.MaxItems))
			require.NoError(t, pubsub.Configure(within(t), s, own, node, form.Of(pubsub.AccessModel, pubsub.Open)))
		}
		require.Len(t, said(srv, "alice", secret), 4)
		for _, xml := range said(srv, "alice", secret) {
			require.Contains(t, xml, "whitelist")
		}
		// What can't be made ready is not published, and a refusal for good is none of an option.
		srv.ReplaceReply("alice", unknown)
		srv.ReplaceReply("alice", refusal("<not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"))
		err := publish(s)
		require.ErrorIs(t, err, stanza.ResourceConstraint)
		require.ErrorIs(t, err, stanza.NotAllowed)
		srv.ReplaceReply("alice", refusal("<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"))
		require.ErrorIs(t, publish(s), stanza.Forbidden)
		require.Len(t, said(srv, "alice", secret), 6)
	})
	t.Run("a node that can't be closed", func(t *testing.T) {
		srv := serve(t)
		s := srv.Session(t, "alice", nil)
		_, err := pubsub.Publish(within(t), s, own, node, "0", note{}, form.Of(pubsub.AccessModel, pubsub.Open))
		require.NoError(t, err)
		require.NoError(t, publishTo(within(t), s, "some other node"))
		srv.ReplaceReply("alice", refusal("<conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><precondition-not-met xmlns='http://jabber.org/protocol/pubsub#errors'/>"))
		srv.ReplaceReply("alice", refusal("<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"))
		err = publish(s)
		require.ErrorIs(t, err, pubsub.PreconditionNotMet)
		require.ErrorIs(t, err, stanza.Forbidden)
		require.Len(t, said(srv, "alice", secret), 1, "it was tried once, and not again in the open")
	})
}

func refusal(conditions string) string {
	return "<iq type='error' id='${id}'><error type='cancel'>" + conditions + "</error></iq>"
}

func publishTo(ctx context.Context, s xmpp.Endpoint, node string) error {
	_, err := pubsub.PublishPrivate(ctx, s, node, "", note{})
	return err
}

// What is public is not put where it was private before, and is kept.
func TestPublishPublic(t *testing.T) {
	srv := serve(t)
	alice, bob := pair(t, srv)
	ctx := within(t)
	_, err := pubsub.PublishPublic(ctx, alice, node, "1", note{Text: "for all"})
	require.NoError(t, err)
	got, err := pubsub.Get[note](ctx, bob, alice.JID().Bare(), node, "1")
	require.NoError(t, err)
	require.Equal(t, "for all", got.Payload.Text)
	// A server that does not know one of the options: the node is made with it, and one that is there stays as it is.
	srv.ReplaceReply("alice", refusal("<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"))
	_, err = pubsub.PublishPublic(ctx, alice, "new", "1", note{})
	require.NoError(t, err)
	f, err := pubsub.Config(ctx, alice, own, "new")
	require.NoError(t, err)
	require.Equal(t, "never", f.Value(pubsub.SendLast))
	require.NoError(t, publishTo(ctx, alice, "diary"))
	srv.ReplaceReply("alice", refusal("<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"))
	_, err = pubsub.PublishPublic(ctx, alice, "diary", "1", note{})
	require.ErrorIs(t, err, pubsub.PreconditionNotMet)
	_, err = pubsub.PublishPublic(ctx, alice, "diary", "1", note{})
	require.ErrorIs(t, err, pubsub.PreconditionNotMet)
	_, err = pubsub.Latest[note](ctx, bob, alice.JID().Bare(), "diary")
	require.ErrorIs(t, err, pubsub.ClosedNode)
}
