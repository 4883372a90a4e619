package presence_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/presence"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// calls are those that send, each as long as ctx lasts.
var calls = map[string]func(context.Context, *xmpptest.Server, *presence.Keeper) error{
	"Set": func(ctx context.Context, _ *xmpptest.Server, k *presence.Keeper) error {
		return k.Set(ctx, &stanza.Presence{Status: "second"})
	},
	"Direct": func(ctx context.Context, srv *xmpptest.Server, k *presence.Keeper) error {
		return k.Direct(ctx, srv.JID("dave"))
	},
	"Undirect": func(ctx context.Context, srv *xmpptest.Server, k *presence.Keeper) error {
		return k.Undirect(ctx, srv.JID("carol"))
	},
	"Active": func(ctx context.Context, _ *xmpptest.Server, k *presence.Keeper) error { return k.Active(ctx) },
	"Mirror": func(ctx context.Context, _ *xmpptest.Server, k *presence.Keeper) error {
		return k.Mirror(ctx, time.Minute, func(context.Context) (*stanza.Presence, error) { return &stanza.Presence{Status: "m"}, nil })
	},
}

// whileAnotherSends calls f with a Keeper of which another call has been sending, and is for as long as the server takes
// nothing.
func whileAnotherSends(t *testing.T, f func(t *testing.T, srv *xmpptest.Server, k *presence.Keeper)) {
	inBubble(t, func(t *testing.T, srv *xmpptest.Server, alice *xmpp.Session, _ func() string) {
		k := keep(t, alice, &presence.Options{Idle: time.Minute})
		require.NoError(t, k.Direct(t.Context(), srv.JID("carol")))
		elapse(time.Minute)
		synctest.Wait() // away, so that Active has something to say
		freeze(t, srv, alice)
		first := make(chan error, 1)
		go func() { first <- k.Set(context.Background(), &stanza.Presence{Show: stanza.DoNotDisturb}) }()
		synctest.Wait()
		f(t, srv, k)
		assert.Empty(t, first, "it is still being sent")
		srv.Thaw()
		assert.NoError(t, <-first)
	})
}

// TestWhoWaitsForAnotherToSend holds that a call which waits for another to have sent waits no longer than its ctx.
func TestWhoWaitsForAnotherToSend(t *testing.T) {
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			whileAnotherSends(t, func(t *testing.T, srv *xmpptest.Server, k *presence.Keeper) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				begin := time.Now()
				err := call(ctx, srv, k)
				assert.Equal(t, time.Second, time.Since(begin))
				if name == "Mirror" {
					assert.NoError(t, err, "its end is no error")
				} else {
					assert.ErrorIs(t, err, context.DeadlineExceeded)
				}
			})
		})
	}
}

// TestCloseWhileAnotherSends holds that a call which waits for another to have sent waits no longer than the keeping goes on.
func TestCloseWhileAnotherSends(t *testing.T) {
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			whileAnotherSends(t, func(t *testing.T, srv *xmpptest.Server, k *presence.Keeper) {
				begin := time.Now()
				time.AfterFunc(time.Second, k.Close)
				err := call(context.Background(), srv, k)
				assert.Equal(t, time.Second, time.Since(begin))
				if name == "Mirror" {
					assert.NoError(t, err, "its end is no error")
				} else {
					assert.ErrorContains(t, err, "closed")
				}
			})
		})
	}
}
