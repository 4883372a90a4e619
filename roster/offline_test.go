package roster_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// calls are those that need the server.
var calls = map[string]func(context.Context, *roster.Roster, jid.JID) error{
	"Fetch": func(ctx context.Context, r *roster.Roster, _ jid.JID) error { return r.Fetch(ctx) },
	"Set": func(ctx context.Context, r *roster.Roster, who jid.JID) error {
		return r.Set(ctx, roster.Item{JID: who})
	},
	"Update": func(ctx context.Context, r *roster.Roster, who jid.JID) error {
		return r.Update(ctx, who, func(*roster.Item) {})
	},
	"Remove": func(ctx context.Context, r *roster.Roster, who jid.JID) error { return r.Remove(ctx, who) },
	"Subscribe": func(ctx context.Context, r *roster.Roster, who jid.JID) error {
		return r.Subscribe(ctx, who)
	},
	"Unsubscribe": func(ctx context.Context, r *roster.Roster, who jid.JID) error { return r.Unsubscribe(ctx, who) },
	"Approve":     func(ctx context.Context, r *roster.Roster, who jid.JID) error { return r.Approve(ctx, who) },
	"PreApprove":  func(ctx context.Context, r *roster.Roster, who jid.JID) error { return r.PreApprove(ctx, who) },
	"Deny":        func(ctx context.Context, r *roster.Roster, who jid.JID) error { return r.Deny(ctx, who) },
	"Cancel":      func(ctx context.Context, r *roster.Roster, who jid.JID) error { return r.Cancel(ctx, who) },
}

// TestOffline holds that on a Client that has no session every call waits for one, until its ctx is done, and that none waits
// after Run. It is so before the first session, and between two.
func TestOffline(t *testing.T) {
	errEnough, errDown := errors.New("waited long enough"), errors.New("the network is down")
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
				var down atomic.Bool
				o := srv.Options("alice")
				for _, friend := range []string{"bob", "carol"} {
					srv.Password(friend) // makes the account
					require.NoError(t, srv.Befriend("alice", friend))
				}
				dial := o.Dial
				o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
					if down.Load() {
						return nil, errDown
					}
					return dial(ctx, network, addr)
				}
				c := xmpp.NewClient(srv.JID("alice"), o)
				r := open(t, c)
				waits := func(who jid.JID) <-chan error {
					ctx, cancel := context.WithCancelCause(t.Context())
					impatient, patient := make(chan error, 1), make(chan error, 1)
					go func() { impatient <- call(ctx, r, who) }()
					go func() { patient <- call(t.Context(), r, who) }()
					synctest.Wait()
					assert.Empty(t, impatient)
					cancel(errEnough)
					assert.ErrorIs(t, <-impatient, errEnough)
					synctest.Wait()
					assert.Empty(t, patient)
					return patient
				}
				first := waits(srv.JID("bob"))
				ctx, stop := context.WithCancel(t.Context())
				ran := make(chan error, 1)
				go func() { ran <- c.Run(ctx) }()
				assert.NoError(t, <-first)

				down.Store(true)
				states := c.State(t.Context())
				srv.CloseStream("alice", "system-shutdown")
				for st := range states {
					if st.Kind == xmpp.Offline {
						break
					}
				}
				second := waits(srv.JID("carol"))
				down.Store(false)
				assert.NoError(t, <-second)
				stop()
				require.NoError(t, <-ran)
				assert.ErrorIs(t, call(t.Context(), r, srv.JID("bob")), xmpp.ErrClosed, "Run has returned")
			})
		})
	}
}

// TestFetchBeforeItsOnline holds that a capability which begins with a session after the roster may ask for that: the Client is
// not online yet, and waits for it.
func TestFetchBeforeItsOnline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		c := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
		r := open(t, c)
		fetched := make(chan error, 1)
		_, err := xmpp.OnSession(t.Context(), c, func(ctx context.Context, _ *xmpp.Session) (func(), error) {
			fetched <- r.Fetch(ctx)
			return nil, nil
		})
		require.NoError(t, err)
		run(t, c)
		assert.NoError(t, <-fetched)
	})
}
