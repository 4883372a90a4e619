package xmpp

import (
	"errors"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// writeSlice is how long one attempt to write may block before the wire looks whether its caller still wants to wait.
const writeSlice = 50 * time.Millisecond

// A wire is the lowest layer of a session: a net.Conn whose writes a caller can walk away from.
//
// A blocked write cannot be abandoned on a *tls.Conn (a timeout in the middle of a record breaks the connection for
// ever), and yet a context must bound the call it was given to. So TLS stands on the wire: what a peer that has stopped
// taking bytes leaves unwritten is kept here, TLS is told that the write succeeded, and a goroutine carries the rest on
// until the peer moves again or deadAfter has passed. That goroutine exists only while a write is stalled and its
// caller has left; in all other cases writers write in the goroutine that called them.
type wire struct {
	net.Conn
	deadAfter time.Duration
	atomic    bool // a write may not be cut in slices: Conn is a *tls.Conn of the user's, or a carrier

	mu       sync.Mutex
	leave    <-chan struct{} // the present writer walks away when this is closed; nil: never
	rest     []byte          // what stalled writes left, in order; owned by the drainer while draining
	draining bool
	drained  func()        // called, without mu, once the rest has been written or has failed
	rested   chan struct{} // closed then; nil when nobody waits for that
	err      error         // why the drainer gave up; sticky
}

// newWire returns the wire on conn; a peer that takes no byte for deadAfter is held to be dead.
func newWire(conn net.Conn, deadAfter time.Duration) *wire {
	_, isTLS := conn.(tlsConn)
	_, isCarrier := conn.(carrier)
	return &wire{Conn: conn, deadAfter: deadAfter, atomic: isTLS || isCarrier}
}

// patience sets the channel whose closing lets the next writes walk away; nil means that they wait.
func (w *wire) patience(leave <-chan struct{}) {
	w.mu.Lock()
	w.leave = leave
	w.mu.Unlock()
}

// drains reports whether bytes of earlier writes still wait for the peer. It's what stalled is asked after: most writes need
// no f, and no memory for one.
func (w *wire) drains() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.draining
}

// stalled reports whether bytes of earlier writes still wait for the peer. If so, f is called when they have left.
func (w *wire) stalled(f func()) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.draining {
		w.drained = f
	}
	return w.draining
}

// quiet waits until nothing of earlier writes waits for the peer, for at most d.
func (w *wire) quiet(d time.Duration) {
	w.mu.Lock()
	if !w.draining {
		w.mu.Unlock()
		return
	}
	if w.rested == nil {
		w.rested = make(chan struct{})
	}
	rested := w.rested
	w.mu.Unlock()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-rested:
	case <-t.C:
	}
}

// failure is why the drainer gave up, if it did.
func (w *wire) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Write writes p whole, or keeps what the peer did not take and goes on with it in the background (see wire).
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return 0, w.err
	}
	if w.draining || w.atomic {
		w.keep(p)
		return len(p), nil
	}
	leave := w.leave
	w.mu.Unlock()
	rest, err := w.push(p, leave)
	w.mu.Lock()
	if err != nil {
		return len(p) - len(rest), err
	}
	if len(rest) > 0 {
		w.keep(rest)
	}
	return len(p), nil
}

// push writes p in slices until it's through, fails, or leave is closed; it returns what is left of p.
func (w *wire) push(p []byte, leave <-chan struct{}) ([]byte, error) {
	last := time.Now()
	for {
		// A conn without deadlines is written to all the same: such a write just can't be walked away from.
		_ = w.Conn.SetWriteDeadline(time.Now().Add(writeSlice))
		n, err := w.Conn.Write(p)
		p = p[n:]
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return p, err
		}
		now := time.Now()
		if n > 0 {
			last = now
		}
		if now.Sub(last) >= w.deadAfter {
			return p, ErrPeerSilent
		}
		select {
		case <-leave:
			return p, nil
		default:
		}
	}
}

// keep appends p to the rest and sees to it that a drainer is at work. mu is held.
func (w *wire) keep(p []byte) {
	w.rest = append(w.rest, p...)
	if !w.draining {
		w.draining = true
		go w.drain()
	}
}

// drain writes the rest until there is none.
func (w *wire) drain() {
	w.mu.Lock()
	for len(w.rest) > 0 && w.err == nil {
		p := w.rest
		w.rest = nil
		w.mu.Unlock()
		err := w.drainOne(p)
		w.mu.Lock()
		w.err = err
	}
	w.draining, w.rest = false, nil
	f := w.drained
	w.drained = nil
	if w.rested != nil {
		close(w.rested)
		w.rested = nil
	}
	w.mu.Unlock()
	if f != nil {
		f()
	}
}

// tlsPiece is how much of a *tls.Conn of the user's is written under one deadline: TLS takes no more into one record.
const tlsPiece = 16 << 10

// drainOne writes p. What is atomic can't be taken up where a deadline has cut it, so it has one that ends the connection; TLS has it
// anew for each piece, as a peer that takes a little at a time is not dead. A carrier gets what belongs together in one.
func (w *wire) drainOne(p []byte) error {
	if !w.atomic {
		_, err := w.push(p, nil)
		return err
	}
	piece := len(p)
	if _, isTLS := w.Conn.(tlsConn); isTLS {
		piece = tlsPiece
	}
	for part := range slices.Chunk(p, piece) {
		_ = w.Conn.SetWriteDeadline(time.Now().Add(w.deadAfter))
		if _, err := w.Conn.Write(part); errors.Is(err, os.ErrDeadlineExceeded) {
			return ErrPeerSilent
		} else if err != nil {
			return err
		}
	}
	return nil
}

// SetWriteDeadline does nothing: the wire keeps its own. crypto/tls calls it when it closes.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline sets the read deadline only, for the same reason.
func (w *wire) SetDeadline(t time.Time) error { return w.Conn.SetReadDeadline(t) }
