package xmpp_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// clientCalls are calls that wait while a client has no session.
var clientCalls = map[string]func(ctx context.Context, c *xmpp.Client) error{
	"Send":    func(ctx context.Context, c *xmpp.Client) error { return c.Send(ctx, &stanza.Presence{}) },
	"Deliver": func(ctx context.Context, c *xmpp.Client) error { return c.Deliver(ctx, &stanza.Presence{}) },
	"Do": func(ctx context.Context, c *xmpp.Client) error {
		_, err := c.Do(ctx, &stanza.IQ{Type: stanza.Get, Payload: stanza.Payload(version{})})
		return err
	},
	"Session": func(ctx context.Context, c *xmpp.Client) error {
		_, err := c.Session(ctx)
		return err
	},
	"Set": func(ctx context.Context, c *xmpp.Client) error { return xmpp.Set(ctx, c, romeo, version{}) },
}

// clientChannels are channels that end with Run.
var clientChannels = map[string]func(ctx context.Context, c *xmpp.Client){
	"Messages": func(ctx context.Context, c *xmpp.Client) {
		for range c.Messages(ctx) {
		}
	},
	"Presences": func(ctx context.Context, c *xmpp.Client) {
		for range c.Presences(ctx) {
		}
	},
}

// Promise 1, for a Client: no call outlives Run, none that begins later waits, and all say what Run has said. Channels
// close, and those that are opened later are closed. In a bubble, at once means that no time passes.
func TestClientCallsAfterRun(t *testing.T) {
	errOnline := errors.New("no good")
	for _, c := range []struct {
		name     string
		password string
		online   func(s *xmpp.Session, stop func()) error
		want     error // of Run; nil: none, and of the calls ErrClosed
	}{
		{"a wrong password", "guess", nil, sasl.NotAuthorized},
		{"Online fails", "", func(*xmpp.Session, func()) error { return errOnline }, errOnline},
		{"its context is done", "", func(_ *xmpp.Session, stop func()) error { stop(); return nil }, nil},
		{"the session is closed", "", func(s *xmpp.Session, _ func()) error { go s.Close(); return nil }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
				o := srv.Options("alice")
				if c.password != "" {
					o.Password = c.password
				}
				bot := xmpp.NewClient(srv.JID("alice"), o)
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				bot.Online = func(_ context.Context, s *xmpp.Session) error { return c.online(s, stop) }
				early, channels := make(chan error, len(clientCalls)), make(chan struct{}, len(clientChannels))
				if c.password != "" { // there is never a session to have it
					for _, call := range clientCalls {
						go func() { early <- call(context.Background(), bot) }()
					}
				}
				for _, open := range clientChannels {
					go func() { open(context.Background(), bot); channels <- struct{}{} }()
				}
				synctest.Wait()
				require.Empty(t, early, "before Run, calls wait for it")
				require.Empty(t, channels)

				err := bot.Run(ctx)
				want := c.want
				if want == nil {
					require.NoError(t, err)
					want = xmpp.ErrClosed
				}
				synctest.Wait()
				start := time.Now()
				if c.password != "" {
					require.Len(t, early, len(clientCalls), "what waited has returned")
					for range clientCalls {
						assert.ErrorIs(t, <-early, want)
					}
				}
				require.Len(t, channels, len(clientChannels))
				for name, call := range clientCalls {
					assert.ErrorIs(t, call(context.Background(), bot), want, name)
				}
				for _, open := range clientChannels {
					open(context.Background(), bot)
				}
				require.Zero(t, time.Since(start))
			})
		})
	}
}

// A client whose Run is called again is as good as new.
func TestClientRunsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		bot := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
		for range 2 {
			r := run(t, bot)
			synctest.Wait()
			inbox := bot.Messages(t.Context())
			require.NoError(t, bot.Send(t.Context(), &stanza.Message{To: bot.JID(), Body: "a note to myself"}))
			require.Equal(t, "a note to myself", (<-inbox).Body)
			r.stop()
			require.NoError(t, <-r.err)
			_, open := <-inbox
			require.False(t, open)
			require.ErrorIs(t, bot.Send(t.Context(), &stanza.Presence{}), xmpp.ErrClosed)
		}
	})
}

// A session that its program closes while it is suspended is not resumed, and Run returns as after any Close: at once
// when it waits for its next attempt, and when the connection stands if it's at one.
func TestClientCloseWhileSuspended(t *testing.T) {
	t.Run("between attempts", func(t *testing.T) {
		perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
			a := enter(t, srv, "alice")
			srv.DropConns()
			down := a.become(xmpp.Suspended)
			start := time.Now()
			require.NoError(t, down.Session.Close())
			a.become(xmpp.Offline)
			require.Zero(t, time.Since(start))
			require.EqualValues(t, 1, srv.Stats().Conns)
		})
	})
	t.Run("during one", func(t *testing.T) {
		perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
			a := enter(t, srv, "alice")
			srv.DropConns()
			down := a.become(xmpp.Suspended)
			srv.Freeze()
			elapse(2 * time.Second)
			require.NoError(t, down.Session.Close())
			srv.Thaw()
			a.become(xmpp.Offline)
			synctest.Wait()
			require.Empty(t, srv.Managed("alice"), "the server has seen the end of the stream")
		})
	})
}
