package xmpp_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An ending is a way in which a session ends.
type ending struct {
	name string
	end  func(s *xmpp.Session, p *peer)
	err  error         // what Err is; nil after an end of our own
	call error         // what pending calls return
	last time.Duration // how long who is in the middle of writing may go on, so that the server hears our reason
}

// closeTimeout is for how long what is still to be said is written when the server has closed its side (RFC 6120 §4.4).
const closeTimeout = 3 * time.Second

const streamConflict = `<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>` + streamClose

var endings = []ending{
	{"server closes", func(_ *xmpp.Session, p *peer) { p.say(streamClose) }, xmpp.ErrPeerClosed, xmpp.ErrPeerClosed, closeTimeout},
	{"stream error", func(_ *xmpp.Session, p *peer) { p.say(streamConflict) }, xmpp.Conflict, xmpp.Conflict, closeTimeout},
	{"broken XML", func(_ *xmpp.Session, p *peer) { p.say("<a></b>") }, xmpp.NotWellFormed, xmpp.NotWellFormed, time.Second},
	{"cut", func(_ *xmpp.Session, p *peer) { p.conn.Close() }, io.ErrUnexpectedEOF, io.ErrUnexpectedEOF, 0},
	{"Close", func(s *xmpp.Session, _ *peer) { s.Close() }, nil, xmpp.ErrClosed, 0},
	{"Shutdown", func(s *xmpp.Session, _ *peer) { _ = s.Shutdown(context.Background()) }, nil, xmpp.ErrClosed, 0},
}

// forEachEnding runs f in a bubble for each way in which a session can end.
func forEachEnding(t *testing.T, f func(t *testing.T, e ending)) {
	for _, e := range endings {
		t.Run(e.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, e) })
		})
	}
}

// pendingCalls are calls that nobody answers.
var pendingCalls = []struct {
	name string
	call func(ctx context.Context, s *xmpp.Session) error
}{
	{"Do", func(ctx context.Context, s *xmpp.Session) error {
		_, err := s.Do(ctx, &stanza.IQ{Type: stanza.Get, To: romeo, Payload: stanza.Payload(version{})})
		return err
	}},
	{"Get", func(ctx context.Context, s *xmpp.Session) error {
		_, err := xmpp.Get[version](ctx, s, romeo, version{})
		return err
	}},
	{"Set", func(ctx context.Context, s *xmpp.Session) error { return xmpp.Set(ctx, s, romeo, version{}) }},
	{"Deliver", func(ctx context.Context, s *xmpp.Session) error {
		return s.Deliver(ctx, &stanza.Message{To: romeo, Body: "is it known?"})
	}},
	{"Messages", func(ctx context.Context, s *xmpp.Session) error { return afterwards(s, s.Messages(ctx)) }},
	{"Presences", func(ctx context.Context, s *xmpp.Session) error { return afterwards(s, s.Presences(ctx)) }},
	{"IQs", func(ctx context.Context, s *xmpp.Session) error { return afterwards(s, s.IQs(ctx)) }},
	{"Done", func(ctx context.Context, s *xmpp.Session) error { <-s.Done(); return errEnded }},
}

// errEnded is what the calls return that only tell that there is an end.
var errEnded = errors.New("ended")

// afterwards waits for the end of a channel; Err stands by then.
func afterwards[T any](s *xmpp.Session, ch <-chan T) error {
	for range ch {
	}
	return errEnded
}

// Promise 1: no call outlives its session. In a bubble, at once means that no time passes.
func TestNoCallOutlivesItsSession(t *testing.T) {
	forEachEnding(t, func(t *testing.T, e ending) {
		s, p := openManaged(t, nil)
		results := make([]chan error, len(pendingCalls))
		for i, c := range pendingCalls {
			results[i] = make(chan error, 1)
			go func() { results[i] <- c.call(context.Background(), s) }()
		}
		synctest.Wait()
		for i, c := range pendingCalls {
			require.Empty(t, results[i], "%s returned before the end", c.name)
		}
		require.NoError(t, s.Err())

		start := time.Now()
		e.end(s, p)
		synctest.Wait()
		require.Zero(t, time.Since(start), "the end took time")
		for i, c := range pendingCalls {
			require.NotEmpty(t, results[i], "%s did not return", c.name)
			if err := <-results[i]; !errors.Is(err, errEnded) {
				assert.ErrorIs(t, err, e.call, c.name)
			}
		}
		requireEnd(t, s, e)
	})
}

// requireEnd checks what an ended session says.
func requireEnd(t *testing.T, s *xmpp.Session, e ending) {
	t.Helper()
	select {
	case <-s.Done():
	default:
		require.Fail(t, "Done is open")
	}
	if e.err == nil {
		require.NoError(t, s.Err())
		require.NoError(t, s.Close(), "Close of a closed session")
	} else {
		require.ErrorIs(t, s.Err(), e.err)
		require.ErrorIs(t, s.Close(), e.err, "Close says what the session ended with")
	}
}

// Calls that begin after the end return at once, with the cause.
func TestCallsAfterTheEnd(t *testing.T) {
	forEachEnding(t, func(t *testing.T, e ending) {
		s, p := open(t, nil)
		e.end(s, p)
		synctest.Wait()
		start := time.Now()
		for _, c := range pendingCalls {
			if err := c.call(context.Background(), s); !errors.Is(err, errEnded) {
				assert.ErrorIs(t, err, e.call, c.name)
			}
		}
		assert.ErrorIs(t, s.Send(context.Background(), &stanza.Presence{}), e.call, "Send")
		require.Zero(t, time.Since(start))
		requireEnd(t, s, e)
	})
}

// A Send that waits, for the server to take its bytes or for room behind those of others, returns with the session, too.
func TestNoSendOutlivesItsSession(t *testing.T) {
	forEachEnding(t, func(t *testing.T, e ending) {
		s, p := openDeaf(t, &xmpp.Options{Limits: xmpp.Limits{SendBytes: 1}, CloseTimeout: closeTimeout}, bindFeature)
		results := make(chan error, 4)
		for range cap(results) {
			go func() { results <- s.Send(context.Background(), &stanza.Message{To: romeo, Body: "is anybody there?"}) }()
			synctest.Wait() // one writes, one has joined it, two wait for room
		}
		require.Len(t, results, 1, "those that neither wait nor write")
		require.NoError(t, <-results)
		start := time.Now()
		e.end(s, p)
		elapse(e.last)
		synctest.Wait()
		require.Len(t, results, 3)
		waited, wrote := 0, 0
		for range 3 {
			err := <-results
			switch {
			case errors.Is(err, xmpp.ErrUnknownDelivery): // a part of it may have left
				wrote++
			case assert.ErrorIs(t, err, e.call):
				waited++
			}
		}
		assert.Equal(t, 2, waited)
		assert.Equal(t, 1, wrote)
		if own := e.err == nil; own {
			// The server takes nothing, not even our farewell: that's what the close timeout is for.
			require.Equal(t, 3*time.Second, time.Since(start))
		} else {
			require.Equal(t, e.last, time.Since(start))
		}
		requireEnd(t, s, e)
	})
}

// What was received before the end can be taken after it; then the channel closes.
func TestChannelsCloseAfterWhatTheyHold(t *testing.T) {
	for _, e := range endings[:4] {
		t.Run(e.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := open(t, nil)
				inbox := s.Messages(t.Context())
				for _, body := range []string{"one", "two", "three"} {
					p.say(chatOf(body))
				}
				e.end(s, p)
				synctest.Wait()
				require.ErrorIs(t, s.Err(), e.err)
				var got []string
				for m := range inbox {
					got = append(got, m.Body)
				}
				require.Equal(t, []string{"one", "two", "three"}, got)
				_, ok := <-s.Messages(t.Context())
				require.False(t, ok, "a channel that is opened afterwards is closed")
			})
		})
	}
}

// Close hands over nothing more of what waits.
func TestCloseDropsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		inbox := s.Messages(t.Context())
		p.say(chatOf("one") + chatOf("two"))
		require.Equal(t, "one", (<-inbox).Body)
		synctest.Wait()
		require.NoError(t, s.Close())
		synctest.Wait()
		_, ok := <-inbox
		require.False(t, ok)
		require.ErrorIs(t, p.err, io.EOF, "the server has seen the end of the stream")
	})
}

// Shutdown waits until what was received is handed over, and its handlers may still send.
func TestShutdownFinishesWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		const backlog = 50
		handled := 0
		xmpp.OnMessage(s, func(ctx context.Context, m *stanza.Message) error {
			elapse(time.Second) // a slow handler, in the bubble's time
			handled++
			return s.Send(ctx, m.Reply(m.Body))
		})
		for range backlog {
			p.say(chatOf("work"))
		}
		synctest.Wait()
		start := time.Now()
		require.NoError(t, s.Shutdown(t.Context()))
		require.Equal(t, backlog*time.Second, time.Since(start))
		require.Equal(t, backlog, handled)
		<-p.ended
		require.Len(t, p.heard, backlog, "every reply came before the end of the stream")
		require.ErrorIs(t, p.err, io.EOF)
		require.NoError(t, s.Err())
	})
}

// Shutdown heeds its ctx: the connection is closed as it is.
func TestShutdownHeedsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		inbox := s.Messages(t.Context()) // nobody takes what comes
		p.say(chatOf("one"))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, s.Shutdown(ctx), context.DeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(start))
		requireEnd(t, s, ending{})
		_, ok := <-inbox
		require.False(t, ok)
		<-p.ended
	})
}

// Close waits for the server's side for CloseTimeout and no longer.
func TestCloseDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openDeaf(t, nil, bindFeature)
		heard := make(chan struct{})
		go func() { _, _ = io.Copy(io.Discard, p.conn); close(heard) }()
		start := time.Now()
		require.NoError(t, s.Close())
		require.Equal(t, 5*time.Second, time.Since(start))
		<-heard
	})
}

// Close may be called from everywhere: several goroutines, and a handler.
func TestCloseFromEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		closed := make(chan error, 9)
		xmpp.OnMessage(s, func(context.Context, *stanza.Message) error {
			for range 8 {
				go func() { closed <- s.Close() }()
			}
			closed <- s.Close()
			return nil
		})
		p.say(chatOf("enough"))
		for range 9 {
			require.NoError(t, <-closed)
		}
		requireEnd(t, s, ending{})
	})
}

// A handler's ctx ends with Close, so that a handler that heeds it does not hold the session up.
func TestCloseEndsTheContextOfHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		ended := make(chan error, 1)
		xmpp.OnMessage(s, func(ctx context.Context, _ *stanza.Message) error {
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return nil
		})
		p.say(chatOf("wait"))
		synctest.Wait()
		require.NoError(t, s.Close())
		require.ErrorIs(t, <-ended, xmpp.ErrClosed)
	})
}

// A channel ends with its own ctx, and the session goes on.
func TestChannelEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		first, second := s.Messages(ctx), s.Messages(t.Context())
		p.say(chatOf("one"))
		synctest.Wait() // the first reader, who takes nothing, holds the second up
		require.Empty(t, second)
		cancel()
		require.Equal(t, "one", (<-second).Body)
		_, ok := <-first
		require.False(t, ok)
	})
}
