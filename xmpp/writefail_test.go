package xmpp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

var errBrokenPipe = errors.New("broken pipe")

// A oneWay is a connection whose writing side breaks on demand, as when the other side has closed it and what it said
// before is still to be read.
type oneWay struct {
	net.Conn
	broken atomic.Bool
}

func (c *oneWay) Write(p []byte) (int, error) {
	if c.broken.Load() {
		return 0, errBrokenPipe
	}
	return c.Conn.Write(p)
}

// openOneWay is open with a connection that can't be written to any more.
func openOneWay(t *testing.T, o *xmpp.Options) (*xmpp.Session, *peer) {
	ours, theirs := net.Pipe()
	conn := &oneWay{Conn: ours}
	s, p := openOn(t, conn, theirs, o, bindFeature)
	conn.broken.Store(true)
	return s, p
}

// A write that fails says that it's unknown what has left, and the session ends with it when the server says no more.
func TestWriteFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := openOneWay(t, nil)
		start := time.Now()
		err := s.Send(t.Context(), &stanza.Message{To: romeo, Body: "lost?"})
		require.ErrorIs(t, err, xmpp.ErrUnknownDelivery)
		require.ErrorIs(t, err, errBrokenPipe)
		require.Zero(t, time.Since(start))

		err = s.Send(t.Context(), &stanza.Message{To: romeo, Body: "lost"}) // waits for the verdict
		require.NotErrorIs(t, err, xmpp.ErrUnknownDelivery, "nothing of it was sent")
		require.ErrorIs(t, err, errBrokenPipe)
		require.ErrorIs(t, s.Err(), errBrokenPipe)
		require.Equal(t, time.Second, time.Since(start))
	})
}

// What the server said before it closed says more than the failed write: a conflict does not look like a lost network,
// or else two programs that share a resource would throw each other out for ever.
func TestLastWordsAreReadAfterAFailedWrite(t *testing.T) {
	for _, paused := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s, p := openOneWay(t, &xmpp.Options{Limits: xmpp.Limits{LaneSoft: 1}})
			if paused { // the reader waits for a slow consumer
				s.Messages(t.Context())
				p.say(chatOf("one"))
				synctest.Wait()
			}
			require.ErrorIs(t, s.Send(t.Context(), &stanza.Presence{}), xmpp.ErrUnknownDelivery)
			p.say(streamConflict)
			<-s.Done()
			require.ErrorIs(t, s.Err(), xmpp.Conflict)
		})
	}
}

// Wake leaves it the time for that.
func TestLastWordsAreReadAlthoughWakeIsCalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		conns := make(chan *oneWay, 10)
		o := f.options()
		o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			ours, err := f.dial(ctx, network, addr)
			conn := &oneWay{Conn: ours}
			conns <- conn
			return conn, err
		}
		r := run(t, xmpp.NewClient(juliet, o))
		p, conn := <-f.peers, <-conns
		synctest.Wait()
		conn.broken.Store(true)
		require.ErrorIs(t, r.Send(t.Context(), &stanza.Presence{}), xmpp.ErrUnknownDelivery)
		r.Wake()
		synctest.Wait()
		p.say(streamConflict)
		require.ErrorIs(t, <-r.err, xmpp.Conflict)
	})
}

// A program is not slow for what is read for their sake although the lane is full: it's the connection that has failed.
func TestLastWordsAreNotTheSlowConsumersFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openOneWay(t, &xmpp.Options{Limits: xmpp.Limits{LaneSoft: 1, LaneHard: 4000}})
		inbox := s.Messages(t.Context())
		p.say(chatOf("one"))
		synctest.Wait()
		require.ErrorIs(t, s.Send(t.Context(), &stanza.Presence{}), xmpp.ErrUnknownDelivery)
		for range 100 {
			_, _ = io.WriteString(p.conn, chatOf("more"))
		}
		<-s.Done()
		require.ErrorIs(t, s.Err(), errBrokenPipe)
		require.NotErrorIs(t, s.Err(), xmpp.ErrSlowConsumer)
		require.Equal(t, "one", (<-inbox).Body)
	})
}
