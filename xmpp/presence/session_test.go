package presence_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/presence"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDirectedEndsWithTheSession holds that nobody is told any more who was told in a session that has ended, and that what
// the old one had received has no say in the new one.
func TestDirectedEndsWithTheSession(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *xmpptest.Server, _ *xmpp.Session, seen func() string) {
		carol, dave := srv.JID("carol"), srv.JID("dave")
		c, sessions, stop := client(t, srv)
		defer stop()
		busy, free := make(chan struct{}), make(chan struct{})
		removeBusy := xmpp.OnMessage(c, func(context.Context, *stanza.Message) error { close(busy); <-free; return nil })
		k := keep(t, c, nil)
		<-sessions
		synctest.Wait()
		require.NoError(t, k.Direct(t.Context(), dave))
		require.NoError(t, k.Direct(t.Context(), carol))
		assert.Equal(t, []jid.JID{carol, dave}, k.Directed(), "in order")

		require.NoError(t, srv.Inject("alice", "<message from='x@y.test'/><presence from='dave@canto.test' type='unavailable'/>"))
		<-busy
		removeBusy()
		srv.CloseStream("alice", "system-shutdown")
		<-sessions
		assert.Empty(t, k.Directed(), "a new session")
		require.NoError(t, k.Direct(t.Context(), dave))
		close(free)
		synctest.Wait()
		assert.Equal(t, []jid.JID{dave}, k.Directed(), "he has gone from the session before, which has ended by now, too")
		require.NoError(t, k.Set(t.Context(), &stanza.Presence{Status: "still there"}))
		for s := seen(); s != "//still there/0"; s = seen() {
			require.NotEqual(t, "nothing", s)
		}

		k.Close()
		srv.CloseStream("alice", "system-shutdown")
		<-sessions
		for s := seen(); s != "nothing"; s = seen() {
			assert.NotContains(t, s, "still", "a Keeper that is closed says nothing in later sessions")
		}
	})
}

// TestNoSession holds that without a session calls note what is to be said, and say nothing.
func TestNoSession(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *xmpptest.Server, alice *xmpp.Session, _ func() string) {
		carol := srv.JID("carol")
		k := keep(t, alice, nil)
		require.NoError(t, k.Direct(t.Context(), carol))
		require.NoError(t, alice.Close())
		synctest.Wait()
		assert.Empty(t, k.Directed())
		require.NoError(t, k.Set(t.Context(), &stanza.Presence{Status: "later"}))
		require.NoError(t, k.Direct(t.Context(), carol))
		assert.Empty(t, k.Directed())
		require.NoError(t, k.Undirect(t.Context(), carol))
		assert.Equal(t, "later", k.Current().Status)
	})
}

// TestWhoHasGone holds whose presence takes whom off the list: RFC 6121 §4.5.4, what the bare address says holds for all.
func TestWhoHasGone(t *testing.T) {
	phone, desk, other := jid.MustParse("carol@canto.test/phone"), jid.MustParse("carol@canto.test/desk"), jid.MustParse("dave@canto.test/x")
	for _, c := range []struct {
		from string
		stay []jid.JID
	}{
		{phone.String(), []jid.JID{phone.Bare(), desk, other}},
		{phone.Bare().String(), []jid.JID{other}},
		{"dave@canto.test", []jid.JID{phone.Bare(), desk, phone}},
		{"dave@canto.test/y", []jid.JID{phone.Bare(), desk, phone, other}},
	} {
		t.Run(c.from, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *xmpptest.Server, alice *xmpp.Session, _ func() string) {
				k := keep(t, alice, nil)
				for _, to := range []jid.JID{other, phone, desk, phone.Bare()} {
					require.NoError(t, k.Direct(t.Context(), to))
				}
				require.NoError(t, srv.Inject("alice", "<presence type='unavailable' from='"+c.from+"'/>"))
				synctest.Wait()
				assert.Equal(t, c.stay, k.Directed())
			})
		})
	}
}

// TestBroadcastHasNoAddress holds that what was set is said to all, whatever address stands in it.
func TestBroadcastHasNoAddress(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *xmpptest.Server, alice *xmpp.Session, seen func() string) {
		k := keep(t, alice, &presence.Options{Presence: &stanza.Presence{To: srv.JID("eve"), Status: "hi"}})
		assert.Equal(t, "//hi/0", seen())
		assert.True(t, k.Current().To.IsZero())
	})
}
