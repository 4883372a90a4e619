package xmpp_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// A bot that is started again when the server has forgotten its stream gets what comes in the new one.
func TestInheritedStreamThatIsNotResumed(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := &hooked{Store: xmpp.FileStore(t.TempDir())}
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		require.NoError(t, one.Detach(t.Context()))
		synctest.Wait() // the server has noticed
		require.Equal(t, 1, srv.ExpireSuspended("alice"))
		two := hire(t, srv, store, xmpp.Online)
		say(t, srv, "hello")
		elapse(time.Second)
		require.Contains(t, two.seen(), "hello")
		require.NoError(t, two.Detach(t.Context()))
		elapse(time.Minute)
		require.Zero(t, goroutines(t), "the session that was not resumed has gone, too")
	})
}

// What was in hand for a channel that its program gave up just before it left the stream is the successor's.
func TestGivenUpAndDetached(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := xmpp.FileStore(t.TempDir())
		one := hire(t, srv, store, xmpp.Online)
		s, err := one.Session(t.Context())
		require.NoError(t, err)
		ctx, giveUp := context.WithCancel(t.Context())
		s.Messages(ctx)
		xmpp.OnMessage(s, func(_ context.Context, m *stanza.Message) error {
			if m.Body == "slow" {
				elapse(3 * time.Second)
			}
			return nil
		})
		say(t, srv, "in hand")
		synctest.Wait()
		giveUp()
		elapse(4 * time.Second)
		say(t, srv, "slow")
		synctest.Wait()
		require.NoError(t, one.Detach(t.Context()))
		two := hire(t, srv, store, xmpp.Resumed)
		elapse(time.Second)
		require.Equal(t, []string{"in hand"}, two.seen())
		require.NoError(t, two.Detach(t.Context()))
	})
}

// A capability that comes while the client has not yet resumed the stream of another process begins with it once, and one that has
// gone by then does not.
func TestCapabilityOfAnInheritedStream(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		o := srv.Options("alice")
		o.Store = xmpp.FileStore(t.TempDir())
		one := hire(t, srv, o.Store, xmpp.Online)
		require.NoError(t, one.Detach(t.Context()))
		usual, reachable := o.Dial, make(chan struct{})
		o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			<-reachable
			return usual(ctx, network, addr)
		}
		two := xmpp.NewClient(srv.JID("alice/bot"), o)
		begun := make(diary, 10)
		register := func(name string) (remove func()) {
			remove, err := xmpp.OnSession(t.Context(), two, func(context.Context, *xmpp.Session) (func(), error) { begun <- name; return nil, nil })
			require.NoError(t, err)
			return remove
		}
		register("before")
		remove := register("gone")
		run(t, two)
		elapse(time.Second)
		register("meanwhile")
		remove()
		close(reachable)
		elapse(time.Second)
		require.Equal(t, []string{"before", "meanwhile"}, begun.read())
	})
}
