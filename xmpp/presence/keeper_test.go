package presence_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/presence"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestIdle(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *xmpptest.Server, alice *xmpp.Session, seen func() string) {
		k := keep(t, alice, &presence.Options{
			Presence: &stanza.Presence{Status: "hi", Priority: 5}, Idle: 10 * time.Minute,
		})
		assert.Equal(t, "//hi/5", seen())
		elapse(9 * time.Minute)
		require.NoError(t, k.Active(t.Context()))
		elapse(9 * time.Minute)
		assert.Equal(t, "nothing", seen(), "active all the time")
		elapse(time.Minute)
		assert.Equal(t, "/away/hi/5", seen(), "ten minutes of nothing")
		assert.Equal(t, stanza.Away, k.Current().Show)
		elapse(time.Hour)
		assert.Equal(t, "nothing", seen(), "once")
		require.NoError(t, k.Active(t.Context()))
		assert.Equal(t, "//hi/5", seen())

		require.NoError(t, k.Set(t.Context(), &stanza.Presence{Show: stanza.DoNotDisturb}))
		assert.Equal(t, "/dnd//0", seen())
		elapse(time.Hour)
		assert.Equal(t, stanza.DoNotDisturb, k.Current().Show, "who is busy is not away")
	})
}

func TestSet(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *xmpptest.Server, alice *xmpp.Session, seen func() string) {
		k := keep(t, alice, nil)
		assert.Equal(t, "///0", seen())
		require.NoError(t, k.Set(t.Context(), &stanza.Presence{Type: stanza.Unavailable, Show: stanza.Away, Priority: 3, Status: "bye"}))
		assert.Equal(t, "unavailable//bye/0", seen(), "RFC 6121 §4.5.1: neither show nor priority")
		assert.ErrorContains(t, k.Set(t.Context(), &stanza.Presence{Type: stanza.Subscribe}), "subscribe")
		k.Close()
		require.NoError(t, k.Set(t.Context(), &stanza.Presence{}))
		assert.Equal(t, "nothing", seen(), "closed")
	})
}

// TestKeepTypes holds that Keep takes the types that Set takes, and sends nothing of any other.
func TestKeepTypes(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *xmpptest.Server, alice *xmpp.Session, seen func() string) {
		for _, typ := range []stanza.PresenceType{stanza.Subscribe, stanza.Unsubscribed, stanza.Probe, stanza.PresenceError} {
			for _, o := range []presence.Options{{Presence: &stanza.Presence{Type: typ}}, {Away: &stanza.Presence{Type: typ}}} {
				o.Idle = time.Hour
				_, err := presence.Keep(t.Context(), alice, &o)
				assert.ErrorContains(t, err, string(typ))
				assert.Equal(t, "nothing", seen())
			}
		}
		k, err := presence.Keep(t.Context(), alice, &presence.Options{Presence: &stanza.Presence{Type: stanza.Unavailable}})
		require.NoError(t, err)
		k.Close()
	})
}

// TestDirected holds RFC 6121 §4.6: who was told is told of changes, and that we're gone.
func TestDirected(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *xmpptest.Server, alice *xmpp.Session, seen func() string) {
		carol := srv.Session(t, "carol/phone", nil)
		sees := watch(carol, srv.JID("alice"))
		require.NoError(t, carol.Send(t.Context(), &stanza.Presence{}))
		k := keep(t, alice, nil)
		assert.Equal(t, "nothing", sees(), "she is not subscribed")
		require.NoError(t, k.Direct(t.Context(), carol.JID()))
		assert.Equal(t, "///0", sees())
		assert.Equal(t, []jid.JID{carol.JID()}, k.Directed())
		require.NoError(t, k.Set(t.Context(), &stanza.Presence{Show: stanza.Away}))
		assert.Equal(t, "/away//0", sees(), "the server does not broadcast to her: §4.6.3")
		require.NoError(t, k.Undirect(t.Context(), carol.JID()))
		assert.Equal(t, "unavailable///0", sees())
		require.NoError(t, k.Undirect(t.Context(), carol.JID()))
		assert.Equal(t, "nothing", sees(), "once")

		require.NoError(t, k.Direct(t.Context(), carol.JID()))
		sees()
		require.NoError(t, k.Set(t.Context(), &stanza.Presence{Type: stanza.Unavailable}))
		assert.Equal(t, "unavailable///0", sees(), "from the server")
		assert.Equal(t, "nothing", sees(), "and not from us as well")
		assert.Empty(t, k.Directed())
		require.NoError(t, k.Direct(t.Context(), carol.JID()))
		assert.Empty(t, k.Directed(), "we're not there")

		require.NoError(t, k.Set(t.Context(), &stanza.Presence{}))
		for _, gone := range []string{
			"<presence type='unavailable' from='carol@canto.test/phone'/>",
			"<presence type='unavailable' from='carol@canto.test'/>",
			"<presence type='error' from='carol@canto.test/phone'/>",
		} {
			require.NoError(t, k.Direct(t.Context(), carol.JID()))
			require.NoError(t, srv.Inject("alice", gone))
			synctest.Wait()
			assert.Empty(t, k.Directed(), gone)
		}
	})
}

// TestFreshSession holds that a Client says what was set again, as initial presence, and nothing when it's resumed.
func TestFreshSession(t *testing.T) {
	srv := xmpptest.NewServer(t)
	c := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
	k := keep(t, c, nil)
	require.NoError(t, k.Set(t.Context(), &stanza.Presence{Status: "set before there is a session"}))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	said := func() (n int) {
		for _, e := range srv.Transcript("alice") {
			el, err := stanza.ParseElement(e.XML)
			require.NoError(t, err)
			if el.Name().Local == "presence" && el.Child("", "status").Text() == "set before there is a session" {
				n++
			}
		}
		return n
	}
	states := c.State(ctx)
	reach := func(kind xmpp.StateKind) {
		for st := range states {
			if st.Kind == kind {
				_, err := xmpp.Get[stanza.Element](ctx, c, srv.Domain(), ping{})
				require.NoError(t, err)
				return
			}
		}
	}
	reach(xmpp.Online)
	assert.Equal(t, 1, said())
	srv.DropConns()
	reach(xmpp.Resumed)
	assert.Equal(t, 1, said())
	srv.CloseStream("alice", "system-shutdown")
	reach(xmpp.Online)
	assert.Equal(t, 2, said())
	stop()
	require.NoError(t, <-done)
}

type ping struct {
	XMLName struct{} `xml:"urn:xmpp:ping ping"`
}
