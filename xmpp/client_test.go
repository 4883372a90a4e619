package xmpp_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// A field is a network on which a client finds a server, unless it's told not to. The test plays the servers.
type field struct {
	t        *testing.T
	peers    chan *peer  // the servers that the client has logged in at
	attempts []time.Time // when it tried
	features string
	deaf     bool                    // they read nothing after the login, until the test listens
	refuse   func(attempt int) error // from 1; nil: never
}

var errNoRoute = errors.New("no route to host")

func newField(t *testing.T) *field {
	return &field{t: t, peers: make(chan *peer, 100), features: bindFeature}
}

func (f *field) options() *xmpp.Options {
	return &xmpp.Options{Addr: "field:5222", Dial: f.dial, AllowPlaintext: true, Keepalive: -1}
}

func (f *field) dial(context.Context, string, string) (net.Conn, error) {
	f.attempts = append(f.attempts, time.Now())
	if f.refuse != nil {
		if err := f.refuse(len(f.attempts)); err != nil {
			return nil, err
		}
	}
	ours, theirs := net.Pipe()
	p := newPeer(f.t, theirs)
	go func() {
		if p.login(f.features) == nil {
			if !f.deaf {
				p.listen()
			}
			f.peers <- p
		}
	}()
	return ours, nil
}

// A running is a client whose Run is under way.
type running struct {
	*xmpp.Client
	stop context.CancelFunc
	err  chan error // what Run returns
}

// run starts a client, which ends with the test.
func run(t *testing.T, c *xmpp.Client) running {
	ctx, cancel := context.WithCancel(t.Context())
	r := running{c, cancel, make(chan error, 1)}
	done := make(chan struct{})
	go func() {
		r.err <- c.Run(ctx)
		close(done)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return r
}

// RFC 6120 §3.3: attempts come at growing distances with chance in them, at most a minute, for as long as it takes; a
// session that has lasted makes the next one come soon.
func TestClientBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const failures = 12
		f := newField(t)
		f.refuse = func(attempt int) error {
			if attempt <= failures {
				return errNoRoute
			}
			return nil
		}
		r := run(t, xmpp.NewClient(juliet, f.options()))
		p := <-f.peers
		longest := []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60}
		for i, most := range longest {
			d := f.attempts[i+1].Sub(f.attempts[i])
			require.LessOrEqual(t, d, most*time.Second, "pause %d", i)
			if i > 0 {
				require.GreaterOrEqual(t, d, most*time.Second/2, "pause %d", i)
			}
		}
		elapse(time.Minute)
		start := time.Now()
		p.conn.Close()
		<-f.peers
		require.LessOrEqual(t, time.Since(start), time.Second)

		r.stop()
		require.NoError(t, <-r.err)
	})
}

// A server that throws us out at once does not make us hurry.
func TestClientBacksOffFromShortSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		run(t, xmpp.NewClient(juliet, f.options()))
		var start time.Time
		for range 8 {
			p := <-f.peers
			start = time.Now()
			p.conn.Close()
		}
		<-f.peers
		require.GreaterOrEqual(t, time.Since(start), 30*time.Second)
	})
}

// The states that a client goes through, as a program sees them.
func TestClientState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		f.refuse = func(attempt int) error {
			if attempt == 2 {
				return errNoRoute
			}
			return nil
		}
		c := xmpp.NewClient(juliet, f.options())
		ctx, cancel := context.WithCancel(t.Context())
		states := c.State(ctx)
		st := <-states
		require.Equal(t, xmpp.State{Kind: xmpp.Offline}, st, "it begins with the present one")
		require.Equal(t, juliet, c.JID(), "the address that it was made for")

		r := run(t, c)
		st = <-states
		require.Equal(t, xmpp.Online, st.Kind)
		require.Equal(t, balcony, st.Session.JID())
		require.Equal(t, balcony, c.JID())
		require.Equal(t, "online as juliet@example.net/balcony", st.String())

		(<-f.peers).say(streamClose)
		st = <-states
		require.Equal(t, xmpp.Offline, st.Kind)
		require.ErrorIs(t, st.Err, xmpp.ErrPeerClosed)
		require.Nil(t, st.Session)
		first := st.Retry
		require.LessOrEqual(t, first, time.Second)

		st = <-states
		require.Equal(t, xmpp.Offline, st.Kind)
		require.ErrorIs(t, st.Err, errNoRoute)
		require.GreaterOrEqual(t, st.Retry, time.Second)
		require.Contains(t, st.String(), "next attempt in ")
		require.Equal(t, xmpp.Online, (<-states).Kind)

		r.stop()
		require.NoError(t, <-r.err)
		require.Equal(t, xmpp.State{Kind: xmpp.Offline}, <-states)
		cancel()
		_, ok := <-states
		require.False(t, ok)
	})
}

// A reader of states that falls behind misses the oldest, never the newest, and holds nobody up.
func TestClientStateOfASlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		f.refuse = func(int) error { return errNoRoute }
		c := xmpp.NewClient(juliet, f.options())
		states := c.State(t.Context())
		r := run(t, c)
		elapse(2 * time.Hour)
		r.stop()
		require.NoError(t, <-r.err)
		require.Greater(t, len(f.attempts), 100)
		n := len(states)
		require.Equal(t, 32, n)
		var last xmpp.State
		for range n {
			last = <-states
		}
		require.Equal(t, xmpp.State{Kind: xmpp.Offline}, last)
	})
}

// Send and Do wait for a session, for as long as their ctx allows.
func TestClientWaitsForASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		c := xmpp.NewClient(juliet, f.options())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, c.Send(ctx, &stanza.Presence{}), context.DeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(start))
		_, err := c.Do(ctx, &stanza.IQ{Type: stanza.Get, Payload: stanza.Payload(version{})})
		require.ErrorIs(t, err, context.DeadlineExceeded)

		sent, asked := make(chan error, 1), make(chan error, 1)
		go func() { sent <- c.Send(t.Context(), &stanza.Message{To: romeo, Body: "patience"}) }()
		go func() { asked <- xmpp.Set(t.Context(), c, romeo, version{}) }()
		elapse(time.Hour)
		require.Empty(t, sent)
		require.Empty(t, asked)

		run(t, c)
		p := <-f.peers
		require.NoError(t, <-sent)
		for range 2 {
			if iq, ok := p.hearStanza().(*stanza.IQ); ok {
				p.say(`<iq type='result' id='%s' from='%s'/>`, iq.ID, romeo)
			}
		}
		require.NoError(t, <-asked)
	})
}

// A Do whose session ends returns the cause: the request may have been carried out.
func TestClientDoEndsWithItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		c := xmpp.NewClient(juliet, f.options())
		run(t, c)
		p := <-f.peers
		asked := make(chan error, 1)
		go func() { asked <- xmpp.Set(t.Context(), c, romeo, version{}) }()
		p.hearIQ()
		p.say(streamClose)
		require.ErrorIs(t, <-asked, xmpp.ErrPeerClosed)
		(<-f.peers).hearNothing()
	})
}

// Handlers and channels outlive sessions; what one session received comes before what the next one did.
func TestClientHandlersOutliveSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		c := xmpp.NewClient(juliet, f.options())
		d := make(diary, 100)
		slow := make(chan struct{})
		xmpp.OnMessage(c, func(_ context.Context, m *stanza.Message) error {
			if m.ID == "1" {
				<-slow
			}
			d <- "handler " + m.ID
			return nil
		})
		xmpp.OnGet(c, func(context.Context, *stanza.IQ, version) (any, error) { return version{Name: "bot"}, nil })
		inbox := c.Messages(t.Context())
		c.Online = func(ctx context.Context, s *xmpp.Session) error {
			xmpp.OnMessage(s, d.message("session", nil))
			return s.Send(ctx, &stanza.Presence{})
		}
		r := run(t, c)
		p := <-f.peers
		require.Equal(t, "presence", p.hear().Name().Local)
		p.say(`<message id='1'/><message id='2'/>`)
		p.say(streamClose)
		p = <-f.peers
		require.Equal(t, "presence", p.hear().Name().Local)
		p.say(`<message id='3'/>` + requestOf("q", "get", versionQuery))
		synctest.Wait()
		require.Empty(t, d.read(), "what the second session received waits for the first one's")
		close(slow)
		for _, id := range []string{"1", "2", "3"} {
			require.Equal(t, id, (<-inbox).ID)
		}
		require.Equal(t, []string{"handler 1", "session 1", "handler 2", "session 2", "handler 3", "session 3"}, d.read())
		require.Equal(t, "q", p.hearIQ().ID)

		r.stop()
		require.NoError(t, <-r.err)
		_, ok := <-inbox
		require.False(t, ok, "a channel closes when Run returns")
	})
}

// The end of ctx ends Run in order, with nil.
func TestClientEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		c := xmpp.NewClient(juliet, f.options())
		r := run(t, c)
		p := <-f.peers
		synctest.Wait()
		require.ErrorContains(t, c.Run(t.Context()), "running already")
		r.stop()
		require.NoError(t, <-r.err)
		<-p.ended
		require.ErrorContains(t, p.err, "EOF", "the stream was closed")
		require.Zero(t, goroutines(t))
	})
}

// So does it while there is no session.
func TestClientEndsWithItsContextWhileOffline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		f.refuse = func(int) error { return errNoRoute }
		r := run(t, xmpp.NewClient(juliet, f.options()))
		elapse(10 * time.Minute)
		start := time.Now()
		r.stop()
		require.NoError(t, <-r.err)
		require.Zero(t, time.Since(start))
		require.Zero(t, goroutines(t))
	})
}

// A session that the program closes ends Run as well, and Run may be called again.
func TestClientEndsWithClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		c := xmpp.NewClient(juliet, f.options())
		c.Online = func(_ context.Context, s *xmpp.Session) error { return s.Close() }
		for range 2 {
			require.NoError(t, <-run(t, c).err)
		}
		require.Len(t, f.attempts, 2)
	})
}
