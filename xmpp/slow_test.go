package xmpp_test

import (
	"context"
	"io"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// A flood is a server that has n messages to say, and says them as fast as it's listened to.
type flood struct {
	said atomic.Int64
	done chan struct{}
}

func (p *peer) flood(n int) *flood {
	f := &flood{done: make(chan struct{})}
	go func() {
		defer close(f.done)
		for i := range n {
			if _, err := io.WriteString(p.conn, chatOf(strconv.Itoa(i))); err != nil {
				return
			}
			f.said.Add(1)
		}
	}()
	return f
}

// settled is how many were taken once nothing moves any more.
func (f *flood) settled() int {
	synctest.Wait()
	return int(f.said.Load())
}

// lot is more messages than the limits of these tests let through.
const lot = 500

// Promise 4: past LaneSoft the socket is not read, and when the consumer goes on, so does the reader. Nothing is lost.
func TestSlowConsumerStopsTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{Keepalive: -1, Limits: xmpp.Limits{LaneSoft: 8 << 10}})
		inbox := s.Messages(t.Context())
		f := p.flood(lot)
		taken := f.settled()
		require.Greater(t, taken, 5)
		require.Less(t, taken, 100, "8 KiB and what the decoder holds")
		elapse(time.Hour)
		require.Equal(t, taken, f.settled(), "nothing more is read, however long it takes")
		require.NoError(t, s.Err(), "and nothing is hung")

		for i := range lot {
			require.Equal(t, strconv.Itoa(i), (<-inbox).Body)
		}
		<-f.done
	})
}

// A Do that waits is answered all the same: the reader reads on until it has the answer.
func TestSlowConsumerDoesNotStopAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{Limits: xmpp.Limits{LaneSoft: 8 << 10}})
		inbox := s.Messages(t.Context())
		f := p.flood(lot)
		require.Less(t, f.settled(), lot)

		answered := make(chan error, 1)
		go func() { answered <- xmpp.Set(t.Context(), s, romeo, version{}) }()
		require.Equal(t, lot, f.settled(), "the reader goes on for the Do's sake")
		p.say(`<iq type='result' id='%s' from='%s'/>`, p.hearIQ().ID, romeo)
		require.NoError(t, <-answered)

		synctest.Wait()
		again := p.flood(lot)
		require.Less(t, again.settled(), 100, "and stops again behind the answer")
		for i := range 2 * lot {
			require.Equal(t, strconv.Itoa(i%lot), (<-inbox).Body)
		}
	})
}

// Past LaneHard the session ends and says why, to both sides; what came before can still be taken.
func TestSlowConsumerEndsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const hard = 64 << 10
		s, p := open(t, &xmpp.Options{Limits: xmpp.Limits{LaneSoft: 8 << 10, LaneHard: hard}})
		inbox := s.Messages(t.Context())
		answered := make(chan error, 1)
		go func() { answered <- xmpp.Set(t.Context(), s, romeo, version{}) }()
		p.hearIQ()
		f := p.flood(lot)
		<-s.Done()
		require.ErrorIs(t, s.Err(), xmpp.ErrSlowConsumer)
		require.ErrorIs(t, <-answered, xmpp.ErrSlowConsumer)
		<-f.done

		got := 0
		for m := range inbox {
			require.Equal(t, strconv.Itoa(got), m.Body)
			got++
		}
		require.Greater(t, got*600, hard, "what each counts for is less than 600 bytes and more than 512")
		require.LessOrEqual(t, (got-1)*512, hard)

		require.Equal(t, "error", p.hear().Name().Local)
		<-p.ended
		require.ErrorIs(t, p.err, io.EOF, "the stream was closed after its error")
	})
}

// The server hears the condition.
func TestSlowConsumerTellsTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{Limits: xmpp.Limits{LaneSoft: 1, LaneHard: 1}})
		s.Messages(t.Context())
		p.say(chatOf("too much"))
		require.Contains(t, p.hear().String(), "<resource-constraint")
		<-s.Done()
	})
}

// A consumer that never reads does not keep a session from being closed, in order and at once.
func TestCloseWithAConsumerThatNeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{Limits: xmpp.Limits{LaneSoft: 8 << 10}})
		inbox, requests := s.Messages(t.Context()), s.IQs(t.Context())
		f := p.flood(lot)
		require.Less(t, f.settled(), lot)
		start := time.Now()
		require.NoError(t, s.Close())
		require.Zero(t, time.Since(start))
		<-p.ended
		require.ErrorIs(t, p.err, io.EOF)
		_, ok := <-inbox
		require.False(t, ok)
		_, ok = <-requests
		require.False(t, ok)
	})
}

// Nor does a handler that never returns: the server's side of the end is read all the same.
func TestCloseWithAHandlerThatNeverReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{Limits: xmpp.Limits{LaneSoft: 1}})
		hang := make(chan struct{})
		xmpp.OnMessage(s, func(context.Context, *stanza.Message) error { <-hang; return nil })
		p.say(chatOf("hang"))
		synctest.Wait()
		start := time.Now()
		require.NoError(t, s.Close())
		require.Zero(t, time.Since(start))
		close(hang)
		require.Zero(t, goroutines(t))
	})
}

// A handler that is slow holds up the other handlers of its session, and only of its session.
func TestSlowHandlerIsItsSessionsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s1, p1 := open(t, nil)
		s2, p2 := open(t, nil)
		hang := make(chan struct{})
		defer close(hang)
		xmpp.OnMessage(s1, func(context.Context, *stanza.Message) error { <-hang; return nil })
		inbox := s2.Messages(t.Context())
		p1.say(chatOf("hang"))
		p2.say(chatOf("go on"))
		require.Equal(t, "go on", (<-inbox).Body)
	})
}
