package relay

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// Stats is what a connection has carried.
type Stats struct {
	Up, Down int64 // bytes passed on
	Flights  int   // how often the client spoke after the server had, its first word counted: round trips, about
	Open     bool
	Cut      bool // ended by the relay
}

// A conn is one connection through the relay.
type conn struct {
	relay  *Relay
	client *net.TCPConn
	faults Faults
	done   chan struct{} // closed when the connection was cut or has ended

	mu     sync.Mutex // protects what follows
	server *net.TCPConn
	stats  Stats
	last   Direction
	spoke  bool
	open   bool
}

// Conns returns what each connection has carried, in the order they were accepted.
func (r *Relay) Conns() []Stats {
	conns := r.snapshot()
	all := make([]Stats, len(conns))
	for i, c := range conns {
		c.mu.Lock()
		all[i], all[i].Open = c.stats, c.open
		c.mu.Unlock()
	}
	return all
}

// attach gives the connection its other side, and takes it away again when the connection was cut meanwhile.
func (c *conn) attach(server *net.TCPConn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.open {
		server.Close()
		return false
	}
	c.server = server
	return true
}

// cut ends the connection by the relay's will. It reports false when that had ended before.
func (c *conn) cut() bool { return c.end(true) }

// finish ends the connection after its lanes.
func (c *conn) finish() { c.end(false) }

func (c *conn) end(cut bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.open {
		return false
	}
	c.open, c.stats.Cut = false, cut
	close(c.done)
	for _, side := range []*net.TCPConn{c.client, c.server} {
		if side == nil {
			continue
		}
		if cut && c.faults.Reset {
			_ = side.SetLinger(0) // Close then resets
		}
		side.Close()
	}
	return true
}

// lane carries one direction until it ends or the connection is cut.
func (c *conn) lane(d Direction) {
	from, to, f := c.client, c.server, c.faults.Up
	if d == Down {
		from, to, f = c.server, c.client, c.faults.Down
	}
	l := lane{Lane: f, conn: c, dir: d, to: to}
	if c.faults.Seed != 0 {
		l.sizes = rand.New(rand.NewPCG(c.faults.Seed, uint64(len(d.String()))))
	}
	buf := make([]byte, 32<<10)
	for l.due() {
		n, err := from.Read(buf)
		if !l.pass(buf[:n]) {
			return
		}
		if errors.Is(err, io.EOF) {
			if c.relay.wait(c, false) { // the end of a stream is said no earlier than the rest of it
				_ = to.CloseWrite() // the other side may have gone first
			}
			return
		}
		if err != nil {
			c.cut()
			return
		}
	}
}

// A lane is one direction at work.
type lane struct {
	Lane
	conn   *conn
	dir    Direction
	to     *net.TCPConn
	sizes  *rand.Rand // of the pieces; nil = all alike
	passed int64
	silent bool // the Stall position was reached once
}

// due cuts the connection when the lane has reached its Cut position, and tells whether it goes on.
func (l *lane) due() bool {
	if n, ok := l.Cut.bytes(); ok && l.passed >= n {
		if l.conn.cut() {
			l.conn.relay.reached.Add(1)
		}
		return false
	}
	return true
}

// pass passes b on in pieces, and tells whether the lane goes on.
func (l *lane) pass(b []byte) bool {
	for len(b) > 0 {
		if !l.hold() {
			return false
		}
		n := l.piece(len(b))
		if !l.write(b[:n]) || !l.due() {
			return false
		}
		b = b[n:]
	}
	return true
}

// hold waits while the lane is to be silent.
func (l *lane) hold() bool {
	now := false
	if n, ok := l.Stall.bytes(); ok && l.passed >= n && !l.silent {
		l.silent, now = true, true
	}
	return l.conn.relay.wait(l.conn, now)
}

// piece is how many of the next n bytes may be passed at once.
func (l *lane) piece(n int) int {
	if l.Chunk > 0 {
		size := l.Chunk
		if l.sizes != nil {
			size = 1 + l.sizes.IntN(l.Chunk)
		}
		n = min(n, size)
	}
	if at, ok := l.Cut.bytes(); ok {
		n = int(min(int64(n), at-l.passed))
	}
	if at, ok := l.Stall.bytes(); ok && !l.silent {
		n = int(min(int64(n), at-l.passed))
	}
	return n
}

func (l *lane) write(b []byte) bool {
	if l.Delay > 0 && !l.pause() {
		return false
	}
	if tap := l.conn.faults.Tap; tap != nil {
		tap(l.dir, b)
	}
	l.conn.count(l.dir, len(b)) // before the write: who has read the bytes finds them counted
	if _, err := l.to.Write(b); err != nil {
		l.conn.cut()
		return false
	}
	l.passed += int64(len(b))
	return true
}

func (l *lane) pause() bool {
	t := time.NewTimer(l.Delay)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-l.conn.done:
		return false
	}
}

func (c *conn) count(d Direction, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d == Down {
		c.stats.Down += int64(n)
	} else {
		c.stats.Up += int64(n)
		if !c.spoke || c.last == Down {
			c.stats.Flights++
		}
	}
	c.spoke, c.last = true, d
}
