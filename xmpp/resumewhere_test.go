package xmpp_test

import (
	"context"
	"math"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// elsewhere is where a server wants to be met again.
const elsewhere = "192.0.2.7:5299"

// A switchboard connects to the server of the test, or, at some addresses, to others.
type switchboard struct {
	usual  func(ctx context.Context, network, addr string) (net.Conn, error)
	others map[string]func(ctx context.Context, network, addr string) (net.Conn, error)

	mu     sync.Mutex // protects called
	called []string
}

func (b *switchboard) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	b.mu.Lock()
	b.called = append(b.called, addr)
	b.mu.Unlock()
	if other := b.others[addr]; other != nil {
		return other(ctx, network, addr)
	}
	return b.usual(ctx, network, addr)
}

// since returns what was called since the last time.
func (b *switchboard) since() (list []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	list, b.called = b.called, nil
	return list
}

// TestResumeAtLocation: the next connection is made where <enabled/> says (XEP-0198 §3), and where it can't be had there, or
// is somebody else's, at the usual place. The certificate is checked against the domain of the account wherever it is (S10).
func TestResumeAtLocation(t *testing.T) {
	down := func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }
	for name, tt := range map[string]struct {
		there func(t *testing.T) func(context.Context, string, string) (net.Conn, error)
		falls bool
	}{
		"there":      {there: func(*testing.T) func(context.Context, string, string) (net.Conn, error) { return nil }},
		"not there":  {there: func(*testing.T) func(context.Context, string, string) (net.Conn, error) { return down }, falls: true},
		"somebody's": {there: strangersServer, falls: true},
	} {
		t.Run(name, func(t *testing.T) {
			perform(t, xmpptest.Options{SM: xmpptest.SM{Location: elsewhere}}, func(t *testing.T, srv *xmpptest.Server) {
				o := srv.Options("alice")
				b := &switchboard{usual: o.Dial, others: map[string]func(context.Context, string, string) (net.Conn, error){elsewhere: tt.there(t)}}
				o.Dial = b.dial
				a := enterWith(t, srv, "alice", o)
				usual := b.since()
				require.NotContains(t, usual, elsewhere)
				srv.DropConns()
				a.become(xmpp.Suspended, xmpp.Resumed)
				want := []string{elsewhere}
				if tt.falls {
					want = append(want, usual...)
				}
				require.Equal(t, want, slices.Compact(b.since()))
			})
		})
	}
}

// TestSuccessorResumesAtLocation: it's in what the process before has left.
func TestSuccessorResumesAtLocation(t *testing.T) {
	perform(t, xmpptest.Options{SM: xmpptest.SM{Location: elsewhere}}, func(t *testing.T, srv *xmpptest.Server) {
		store := claimed(t, srv)
		o := srv.Options("alice")
		b := &switchboard{usual: o.Dial}
		o.Dial, o.Store = b.dial, store
		run(t, xmpp.NewClient(srv.JID("alice/bot"), o))
		elapse(time.Second)
		require.Equal(t, []string{elsewhere}, b.since())
	})
}

// strangersServer is one that says it's ours, with a good certificate of another domain. Nobody logs in there.
func strangersServer(t *testing.T) func(context.Context, string, string) (net.Conn, error) {
	theirs, err := xmpptest.Certificate(xmpptest.CertSpec{Domains: []string{"stranger.example"}})
	require.NoError(t, err)
	other := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Certificate: &theirs})
	t.Cleanup(func() {
		require.NotZero(t, other.Stats().TLSFailures)
		require.Zero(t, other.Stats().Logins+other.Stats().LoginFailures)
	})
	return other.Options("alice").Dial
}

// TestSecurityS17CountsWrap: the counters of both sides go over 2³² (XEP-0198 §4), in a stream that an earlier process began.
func TestSecurityS17CountsWrap(t *testing.T) {
	o := xmpptest.Options{SM: xmpptest.SM{RequestEvery: -1, Start: math.MaxUint32 - 1}}
	perform(t, o, func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.AddUser("bob", "x"))
		store := xmpp.FileStore(t.TempDir())
		srv.FaultSM(xmpptest.SMFaults{Silent: true}) // or the client would learn that the server did not begin with 0
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		require.NoError(t, one.Detach(t.Context()))
		p, version := leftWith(t, store)
		p.Handled += math.MaxUint32 - 1
		p.Acked += math.MaxUint32 - 1
		leave(t, store, p, version)
		srv.FaultSM(xmpptest.SMFaults{})
		two := hire(t, srv, store, xmpp.Resumed)
		for _, body := range []string{"1", "2", "3", "4"} {
			require.NoError(t, <-two.deliver("bob", body))
			say(t, srv, body)
			synctest.Wait()
			srv.DropConns()
			two.become(xmpp.Suspended, xmpp.Resumed)
			synctest.Wait()
		}
		require.Equal(t, []string{"1", "2", "3", "4"}, two.seen())
		require.Equal(t, []string{"1", "2", "3", "4"}, kept(srv, "bob"))
		m := srv.Managed("alice")[0]
		require.Less(t, m.Acked, uint32(100))
		require.Less(t, m.In, uint32(100))
		require.Zero(t, m.Resent)
		require.EqualValues(t, 1, srv.Stats().Binds)
	})
}
