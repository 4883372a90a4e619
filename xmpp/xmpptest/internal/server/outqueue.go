package server

import (
	"net"
	"sync"
	"time"
)

// An outQueue holds what a connection has to say. Whoever speaks appends and goes on; one goroutine writes.
type outQueue struct {
	limit int // bytes that may wait

	mu       sync.Mutex // protects what follows
	changed  *sync.Cond // of mu: any of it changed
	conn     net.Conn   // where to write
	buf      []byte     // waits to be written
	spare    []byte     // memory to go on with
	writing  bool
	finished bool // nothing is added any more
	dead     bool // nothing is written any more
}

func newOutQueue(c net.Conn, limit int) *outQueue {
	q := &outQueue{conn: c, limit: limit}
	q.changed = sync.NewCond(&q.mu)
	return q
}

// add calls f to append to what waits. It reports false when too much waits already; then f was not called.
func (q *outQueue) add(f func(dst []byte) []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.finished || q.dead {
		return true
	}
	if len(q.buf) > q.limit {
		return false
	}
	q.buf = f(q.buf)
	q.changed.Broadcast()
	return true
}

// finish adds the last words; what comes later is dropped. It reports whether it was the first to do so.
func (q *outQueue) finish(last string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.finished || q.dead {
		return false
	}
	q.buf = append(q.buf, last...)
	q.finished = true
	q.changed.Broadcast()
	return true
}

// isFinished reports whether the last words were said.
func (q *outQueue) isFinished() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.finished
}

// kill drops what waits and ends the writer.
func (q *outQueue) kill() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dead = true
	q.changed.Broadcast()
}

// flush waits until everything has been written; false means that it never will.
func (q *outQueue) flush() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for (len(q.buf) > 0 || q.writing) && !q.dead {
		q.changed.Wait()
	}
	return !q.dead
}

// use makes the writer write to another connection from now on (TLS on top of the one before). Nothing may wait.
func (q *outQueue) use(c net.Conn) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.conn = c
}

// closeWrite tells the other side that nothing more comes, while it can still be heard: with TLS's close_notify (RFC 6120
// §4.4) and TCP's FIN. False means that only closing the connection can tell.
func (q *outQueue) closeWrite() bool {
	q.mu.Lock()
	conn := q.conn
	q.mu.Unlock()
	half, ok := conn.(interface{ CloseWrite() error })
	// An error means that the other side is gone already, and then there is nobody to tell.
	return ok && half.CloseWrite() == nil
}

// run writes until the last words are out (true) or the connection is dead (false).
func (q *outQueue) run() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		for len(q.buf) == 0 && !q.finished && !q.dead {
			q.changed.Wait()
		}
		switch {
		case q.dead:
			return false
		case len(q.buf) == 0:
			return true
		}
		q.write()
	}
}

// write writes what waits. q.mu is held, but not while it writes.
func (q *outQueue) write() {
	b, conn := q.buf, q.conn
	if q.finished { // a client that doesn't read must not hold the last goodbye up for ever
		// A connection that takes no deadline is one that is closed, and then the write fails at once.
		_ = conn.SetWriteDeadline(time.Now().Add(closeGrace))
	}
	q.buf, q.spare, q.writing = q.spare[:0], nil, true
	q.mu.Unlock()
	_, err := conn.Write(b)
	q.mu.Lock()
	q.writing = false
	if cap(b) <= 1<<16 {
		q.spare = b[:0]
	}
	if err != nil {
		q.dead = true
	}
	q.changed.Broadcast()
}
