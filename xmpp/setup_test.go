package xmpp_test

import (
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// closers are the ways to end a session.
var closers = map[string]func(s *xmpp.Session) error{
	"Close":    (*xmpp.Session).Close,
	"Shutdown": func(s *xmpp.Session) error { return s.Shutdown(context.Background()) },
	"Close of another goroutine": func(s *xmpp.Session) error {
		closed := make(chan error)
		go func() { closed <- s.Close() }()
		return <-closed
	},
}

// A session may be closed in Setup, before anything is read: that returns at once, the stream is ended in order, and Dial
// says that there is no session, and why.
func TestCloseInSetup(t *testing.T) {
	for name, end := range closers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var early *xmpp.Session
				var inbox <-chan *stanza.Message
				o := inClear(&xmpp.Options{Setup: func(s *xmpp.Session) {
					early, inbox = s, s.Messages(t.Context())
					start := time.Now()
					require.NoError(t, end(s))
					require.NoError(t, s.Close(), "again")
					require.Zero(t, time.Since(start))
				}})
				ours, theirs := net.Pipe()
				p := newPeer(t, theirs)
				go func() {
					if p.login(bindFeature+smFeature) == nil {
						p.listen()
					}
				}()
				s, err := xmpp.NewSession(t.Context(), ours, juliet, o)
				require.Nil(t, s)
				require.ErrorIs(t, err, xmpp.ErrClosed)
				var dial *xmpp.DialError
				require.ErrorAs(t, err, &dial)
				require.ErrorContains(t, err, "closed in Options.Setup")
				<-early.Done()
				require.NoError(t, early.Err())
				_, open := <-inbox
				require.False(t, open)
				<-p.ended
				require.ErrorIs(t, p.err, io.EOF, "the server has seen the end of the stream")
				p.hearNothing()
				require.Zero(t, goroutines(t))
			})
		})
	}
}

// A server that does not answer is waited for as long as any Close waits.
func TestCloseInSetupOfASilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		p := newPeer(t, theirs)
		go func() { _ = p.login(bindFeature) }()
		o := inClear(&xmpp.Options{CloseTimeout: 3 * time.Second, Setup: func(s *xmpp.Session) { _ = s.Close() }})
		start := time.Now()
		_, err := xmpp.NewSession(t.Context(), ours, juliet, o)
		require.ErrorIs(t, err, xmpp.ErrClosed)
		require.LessOrEqual(t, time.Since(start), 6*time.Second+slice, "to write our end, and for the server's")
	})
}

// To a Client, a session that is closed in Setup is one that the program has closed.
func TestClientCloseInSetup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		o := srv.Options("alice")
		o.Setup = func(s *xmpp.Session) { _ = s.Close() }
		bot := xmpp.NewClient(srv.JID("alice"), o)
		bot.Online = func(context.Context, *xmpp.Session) error {
			t.Error("there is no session to be online with")
			return nil
		}
		require.NoError(t, <-run(t, bot).err)
		require.EqualValues(t, 1, srv.Stats().Conns)
	})
}
