package integration

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOrderlyClose(t *testing.T) {
	overAll(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "6120-4.4-1")
		s := p.session(t)
		inbox := s.Messages(t.Context())
		require.NoError(t, s.Close(), "the server has closed its side too")
		assert.NoError(t, ended(t, s))
		_, open := <-inbox
		assert.False(t, open)
		assert.ErrorIs(t, s.Send(within(t), &stanza.Presence{}), xmpp.ErrClosed)
	})
}

// TestServerIsKilled holds promise 1 of the design when the server goes without a word: nothing outlives the session.
func TestServerIsKilled(t *testing.T) {
	onOwnOverAll(t, servers.Config{}, func(t *testing.T, p *place) {
		alice, bob := p.session(t), p.session(t)
		xmpp.OnGet(bob, func(ctx context.Context, _ *stanza.IQ, _ Version) (any, error) {
			<-ctx.Done() // an answer that never comes
			return nil, ctx.Err()
		})
		inbox := alice.Messages(t.Context())
		asked := make(chan error, 1)
		go func() {
			_, err := xmpp.Get[Version](within(t), alice, bob.JID(), Version{})
			asked <- err
		}()
		require.NoError(t, ping(t, alice, p))
		p.kill(t)
		err := ended(t, alice)
		require.Error(t, err)
		t.Log(err)
		assert.Error(t, next(t, asked))
		_, open := <-inbox
		assert.False(t, open)
		assert.Error(t, alice.Send(within(t), &stanza.Presence{}))
		assert.Error(t, ended(t, bob))
		p.restart(t)
		assert.NoError(t, ping(t, p.session(t), p), "and it serves again")
	})
}

// TestServerEndsInOrder ends the server as an operator would. Real ones do not always get their last words out.
func TestServerEndsInOrder(t *testing.T) {
	onOwnOverAll(t, servers.Config{}, func(t *testing.T, p *place) {
		s := p.session(t)
		if p.inside != nil {
			require.NoError(t, p.inside.Close())
			assert.ErrorIs(t, ended(t, s), xmpp.SystemShutdown)
			return
		}
		require.NoError(t, p.real.Terminate())
		err := ended(t, s)
		require.Error(t, err)
		assert.NotErrorIs(t, err, xmpp.ErrPeerSilent)
		t.Log(err)
		var stream *xmpp.StreamError
		if errors.As(err, &stream) {
			assert.Equal(t, xmpp.SystemShutdown, stream.Condition)
		}
	})
}

// TestSilentServerIsNoticed freezes the server: no FIN, no answer (SECURITY S20). The time is exact in xmpp, in a bubble
// (TestSecurityS20FrozenNetwork); here it has what a busy machine takes on top.
func TestSilentServerIsNoticed(t *testing.T) {
	onOwnOverAll(t, servers.Config{}, func(t *testing.T, p *place) {
		user, password := p.account(t)
		o := p.options(password)
		o.Keepalive, o.DeadAfter = time.Second, 4*time.Second // more than a busy machine takes for an answer
		s := p.login(t, p.jid(user), o)
		require.NoError(t, ping(t, s, p))
		p.freeze(t)
		begin := time.Now()
		assert.Error(t, ping(t, s, p), "a call that waits gets the cause")
		assert.ErrorIs(t, ended(t, s), xmpp.ErrPeerSilent)
		took := time.Since(begin)
		t.Logf("noticed after %v", took.Round(time.Millisecond))
		assert.Less(t, took, o.Keepalive+o.DeadAfter+4*time.Second)

		_, err := xmpp.Dial(within(t), p.jid(user), o)
		assert.Error(t, err, "a step of a login has its deadline too")
		p.thaw(t)
		assert.NoError(t, ping(t, p.session(t), p))
	})
}

// waits returns how long the client waits before its next attempt, once it does.
func waits(t *testing.T, states <-chan xmpp.State) time.Duration {
	t.Helper()
	for {
		if st := next(t, states); st.Err != nil {
			return st.Retry
		}
	}
}

// TestClientComesBack kills the server under a Client, and lets it return.
func TestClientComesBack(t *testing.T) {
	onOwnOverAll(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "stream-reconnect")
		user, password := p.account(t)
		o, down := p.options(password), atomic.Bool{}
		o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if down.Load() { // in process the server is always there
				return nil, syscall.ECONNREFUSED
			}
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
		c := xmpp.NewClient(p.jid(user), o)
		c.Online = available
		inbox := c.Messages(t.Context())
		bot := keep(t, c)
		first := next(t, bot.online)
		require.NoError(t, ping(t, first, p), "<enabled/> has arrived: else a server may keep what is sent for a stream that nobody resumes")

		states := c.State(within(t))
		down.Store(true)
		p.kill(t)
		// RFC 6120 §3.3: the first attempt comes within a second, and each wait is about twice the one before.
		for _, atLeast := range []time.Duration{0, time.Second, 2 * time.Second} {
			retry := waits(t, states)
			assert.GreaterOrEqual(t, retry, atLeast)
			assert.LessOrEqual(t, retry, max(2*atLeast, time.Second))
		}
		p.restart(t)
		down.Store(false)
		c.Wake()
		if p.inside == nil { // in process the accounts and the suspended stream are still there, and it's resumed
			<-first.Done()
			assert.NotSame(t, first, next(t, bot.online))
		}
		alice := p.session(t)
		require.NoError(t, alice.Send(within(t), &stanza.Message{To: p.jid(user), Type: stanza.Chat, Body: "welcome back"}))
		assert.Equal(t, "welcome back", next(t, inbox).Body, "the channel has outlived the session")
		bot.end(t)
	})
}
