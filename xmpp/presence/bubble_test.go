package presence_test

import (
	"context"
	"fmt"
	"strings"
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

// inBubble runs f with a server in memory, alice's session, and what bob, who is subscribed to her, sees of her.
func inBubble(t *testing.T, f func(t *testing.T, srv *xmpptest.Server, alice *xmpp.Session, seen func() string)) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		alice, bob := srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
		require.NoError(t, srv.Befriend("alice", "bob"))
		seen := watch(bob, srv.JID("alice"))
		require.NoError(t, bob.Send(t.Context(), &stanza.Presence{}))
		synctest.Wait()
		f(t, srv, alice, seen)
	})
}

// watch notes the presence that s receives from an account. seen returns the next one, or "nothing" when no more has come; it's
// for a bubble.
func watch(s *xmpp.Session, from jid.JID) (seen func() string) {
	saw := make(chan string, 100)
	xmpp.OnPresence(s, func(_ context.Context, p *stanza.Presence) error {
		if p.From.Bare() == from {
			saw <- fmt.Sprintf("%s/%s/%s/%d", p.Type, p.Show, p.Status, p.Priority)
		}
		return nil
	})
	return func() string {
		synctest.Wait()
		select {
		case s := <-saw:
			return s
		default:
			return "nothing"
		}
	}
}

// freeze has the server take nothing any more, and fills what s has waiting, so that whoever sends has to wait; it's for a
// bubble, whose time goes on a little.
func freeze(t *testing.T, srv *xmpptest.Server, s *xmpp.Session) {
	t.Helper()
	srv.Freeze()
	m := &stanza.Message{To: srv.JID("nobody"), Body: strings.Repeat("x", 200<<10)} // less than the server's limit (XEP-0478)
	for range 1000 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		err := s.Send(ctx, m)
		cancel()
		if err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			return
		}
	}
	t.Fatal("the server has taken all of it")
}

// keep is a Keeper for the test.
func keep(t *testing.T, e xmpp.Endpoint, o *presence.Options) *presence.Keeper {
	t.Helper()
	k, err := presence.Keep(t.Context(), e, o)
	require.NoError(t, err)
	t.Cleanup(k.Close)
	return k
}

// client is alice's Client, running, and its sessions as they are made.
func client(t *testing.T, srv *xmpptest.Server) (c *xmpp.Client, sessions <-chan *xmpp.Session, stop func()) {
	c = xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
	online := make(chan *xmpp.Session, 10)
	c.Online = func(_ context.Context, s *xmpp.Session) error { online <- s; return nil }
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	return c, online, func() {
		cancel()
		assert.NoError(t, <-done)
	}
}
