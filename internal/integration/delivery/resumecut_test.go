package delivery

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// A steady network does to each connection what it's told just before.
type steady struct {
	mu   sync.Mutex // protects what follows
	next fault
	byte int64
}

func (s *steady) set(f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next, s.byte = f, f.after
}

// last is where the connection was to be lost.
func (s *steady) last() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byte
}

func (s *steady) plan(client string, _ int) fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.next
	if client != names[0] {
		return fault{}
	}
	s.next = fault{}
	return f
}

// TestResumeCutAtEveryByte cuts a resumption at each byte that either side says of it, with messages of both sides
// unacknowledged and on their way, up to where what was lost has been sent again. The same with a network that falls silent
// there, and with one that brings the client's part of it after the next resumption.
func TestResumeCutAtEveryByte(t *testing.T) {
	for _, down := range []bool{false, true} {
		for _, kind := range []string{cut, silent, late} {
			step := int64(1)
			if kind != cut && *longFlag == 1 {
				step = 7 // the parts of the short run that repeat what the cuts show
			}
			t.Run(fmt.Sprintf("%s/down=%v", kind, down), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { everyByte(t, kind, down, step) })
			})
		}
	}
}

// everyByte loses the connection of the first client with messages under way, and then one attempt to resume at each byte.
func everyByte(t *testing.T, kind string, down bool, step int64) {
	var net steady
	w := newWorld(t, quietly(xmpptest.SM{}), 0, net.plan, nil)
	ctx := within(t, 100*24*time.Hour)
	a, b := w.parties[0], w.parties[1]
	a.start(t)
	b.start(t)
	var why ends
	a.whenever(ctx, func(st xmpp.State) {
		switch st.Kind {
		case xmpp.Resumed:
			w.net.release(a.name)
		case xmpp.Online:
			why.next(t, st.Session, net.last())
		}
	})
	synctest.Wait()
	at, rounds, missed := int64(1), 0, 0
	for ; ; rounds++ {
		before := w.net.faults()
		net.set(fault{kind: kind, down: down, after: at, both: true})
		exchange(ctx, w, a, b, rounds)
		require.True(t, w.book.settled(ctx), "round %d, byte %d", rounds, at)
		a.deliver(ctx, key{a.name + ">" + b.name, 10*rounds + 4}, b.addr) // or nothing but silence came of the resumption
		if w.net.faults() > before {
			at, missed = at+step, 0
		} else if missed++; missed == 3 { // a connection that was lost in another way, on which it was to be, is no end
			break // all of the resumption was done before
		}
	}
	net.set(fault{})
	t.Logf("%d bytes, %d attempts", at, rounds)
	require.Greater(t, at, int64(1000))
	w.balance(t, uint64(at))
	require.EqualValues(t, 1+why.overtaken+why.young, a.epoch.Load(), "all others were resumed")
	if kind == silent || kind == cut && !down {
		require.EqualValues(t, 1, a.epoch.Load())
	}
}

// ends counts why streams were not resumed. There are two reasons. Where <resume/> came late, the server ended the stream in
// favour of a connection that was no more; so it does where the connection was cut behind <resume/> and its server was slower
// to see to that than the next one's. The session that is begun then may be lost before it can be resumed.
type ends struct {
	last             *xmpp.Session
	overtaken, young int
}

// next is told of each session that was begun.
func (e *ends) next(t *testing.T, s *xmpp.Session, at int64) {
	before := e.last
	if e.last = s; before == nil {
		return
	}
	err := before.Err()
	t.Logf("byte %d: not resumed: %v", at, err)
	switch {
	case errors.Is(err, xmpp.Conflict):
		e.overtaken++
	case e.young < e.overtaken && (errors.Is(err, syscall.ECONNRESET)): // one that was suspended ends with the server's refusal
		e.young++
	default:
		t.Errorf("byte %d: the session was not resumed: %v", at, err)
	}
}

// exchange cuts a's connection while messages are under way in both directions, and has more sent while it's down.
func exchange(ctx context.Context, w *world, a, b *party, round int) {
	say := func(p, q *party, n int) {
		p.send(ctx, key{p.name + ">" + q.name, 10*round + n}, q.addr)
	}
	w.net.hold(a.name)
	for n := range 2 {
		say(a, b, n)
		say(b, a, n)
	}
	synctest.Wait()
	w.net.drop(a.name)
	for n := 2; n < 4; n++ {
		say(a, b, n)
		say(b, a, n)
	}
	synctest.Wait()
}
