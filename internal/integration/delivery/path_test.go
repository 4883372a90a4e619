package delivery

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A fault is what happens to a connection once so many bytes of one direction have reached their reader.
type fault struct {
	kind  string // cut, silent, late; empty: nothing happens
	down  bool   // counted from server to client; else from client to server
	after int64  // bytes
	both  bool   // silent, late: neither direction carries anything any more; else only the one that is counted does not
	keep  int    // cut: how many bytes under way in the other direction arrive all the same
}

// The kinds of fault.
const (
	cut    = "cut"    // both sides see the end of the connection; what was under way is lost
	silent = "silent" // nobody is told, and nothing arrives any more
	late   = "late"   // likewise, until a newer connection has been made: then what the client had said arrives after all
)

// A path is a connection in memory. Unlike a net.Pipe it holds what is under way, and loses it when it's cut.
type path struct {
	told func(kind string) // called when the fault happens, without mu

	mu       sync.Mutex // protects what follows
	fault    fault
	up, down way
	happened bool
	since    time.Time // when it happened
}

// A way is one direction of a path. The path's mu protects it.
type way struct {
	under    []byte        // way
	passed   int64         // bytes that have reached the reader
	blocked  bool          // nothing arrives
	broken   error         // what the reader gets once nothing is under way
	shut     bool          // the writer has closed
	left     bool          // the reader has closed
	changed  chan struct{} // closed when any of this changes; nil when nobody waits
	deadline time.Time     // of the reader
}

func newPath(f fault, told func(kind string)) *path { return &path{fault: f, told: told} }

// An end is one side of a path.
type end struct {
	p       *path
	in, out *way
}

func (p *path) client() net.Conn { return &end{p, &p.down, &p.up} }
func (p *path) server() net.Conn { return &end{p, &p.up, &p.down} }

func (w *way) tell() {
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}

// Read implements net.Conn.
func (e *end) Read(b []byte) (int, error) {
	for {
		e.p.mu.Lock()
		n, err := e.in.take(b, e.p.limit(e.in))
		if n > 0 || err != nil || len(b) == 0 {
			happens, kind := n > 0 && e.p.strike(e.in), e.p.fault.kind
			e.p.mu.Unlock()
			if happens {
				e.p.told(kind)
			}
			return n, err
		}
		if e.in.changed == nil {
			e.in.changed = make(chan struct{})
		}
		changed, deadline := e.in.changed, e.in.deadline
		e.p.mu.Unlock()
		wait(changed, deadline)
	}
}

// wait waits for changed, up to the deadline.
func wait(changed <-chan struct{}, deadline time.Time) {
	if deadline.IsZero() {
		<-changed
		return
	}
	t := time.NewTimer(time.Until(deadline))
	defer t.Stop()
	select {
	case <-changed:
	case <-t.C:
	}
}

// take moves what has arrived into b, at most limit bytes; 0 and nil: the reader must wait.
func (w *way) take(b []byte, limit int64) (int, error) {
	switch {
	case w.left:
		return 0, net.ErrClosed
	case !w.deadline.IsZero() && !time.Now().Before(w.deadline):
		return 0, os.ErrDeadlineExceeded
	case w.blocked:
		return 0, nil
	case len(w.under) > 0:
		n := copy(b, w.under[:min(int64(len(w.under)), limit)])
		w.under = w.under[n:]
		w.passed += int64(n)
		return n, nil
	case w.broken != nil:
		return 0, w.broken
	case w.shut:
		return 0, io.EOF
	}
	return 0, nil
}

// limit is how many bytes may pass on w before the fault.
func (p *path) limit(w *way) int64 {
	if !p.happened && p.fault.kind != "" && p.fault.down == (w == &p.down) {
		return p.fault.after - w.passed
	}
	return 1 << 40
}

// strike brings the fault if w has come to its place. mu is held.
func (p *path) strike(w *way) bool {
	if p.happened || p.limit(w) > 0 {
		return false
	}
	p.happened, p.since = true, time.Now()
	other := &p.up
	if w == other {
		other = &p.down
	}
	switch {
	case p.fault.kind == cut:
		w.under, other.under = nil, other.under[:min(len(other.under), p.fault.keep)]
		w.broken, other.broken = syscall.ECONNRESET, io.EOF
	case p.fault.both:
		w.blocked, other.blocked = true, true
	default:
		w.blocked = true
	}
	w.tell()
	other.tell()
	return true
}

// hold lets nothing arrive any more.
func (p *path) hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.up.blocked, p.down.blocked = true, true
}

// sever ends the connection for both sides; what was under way is lost.
func (p *path) sever() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range []*way{&p.up, &p.down} {
		w.under, w.broken, w.blocked = nil, syscall.ECONNRESET, false
		w.tell()
	}
}

// bury ends a path that has been silent for too long, as keepalive probes do, and reports whether it has.
func (p *path) bury() bool {
	p.mu.Lock()
	old := p.happened && time.Since(p.since) >= stale
	p.mu.Unlock()
	if old {
		p.sever()
	}
	return old
}

// stale is after how long a system gives up to deliver what was written to a connection that is closed.
const stale = 2 * time.Minute

// release lets arrive what a late path has held up. Where that is the client's present connection after all, it will be cut.
func (p *path) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.happened && p.fault.kind == late && time.Since(p.since) < stale {
		p.up.blocked, p.down.blocked, p.happened = false, false, false
		p.fault = fault{kind: cut, after: p.up.passed + 1000}
		p.up.tell()
		p.down.tell()
	}
}

// Write implements net.Conn. It never waits: what the writer may have under way is bounded by the test.
func (e *end) Write(b []byte) (int, error) {
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	switch {
	case e.out.shut:
		return 0, net.ErrClosed
	case e.out.broken != nil || e.out.left:
		return 0, syscall.EPIPE
	}
	e.out.under = append(e.out.under, b...)
	e.out.tell()
	return len(b), nil
}

// Close implements net.Conn.
func (e *end) Close() error {
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	e.out.shut, e.in.left = true, true
	e.out.tell()
	e.in.tell()
	return nil
}

// CloseWrite says that nothing more comes.
func (e *end) CloseWrite() error {
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	e.out.shut = true
	e.out.tell()
	return nil
}

// SetReadDeadline implements net.Conn.
func (e *end) SetReadDeadline(t time.Time) error {
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	e.in.deadline = t
	e.in.tell()
	return nil
}

// SetWriteDeadline implements net.Conn: no write waits.
func (e *end) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline implements net.Conn.
func (e *end) SetDeadline(t time.Time) error { return e.SetReadDeadline(t) }

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "memory" }

// LocalAddr implements net.Conn.
func (e *end) LocalAddr() net.Addr { return memoryAddr{} }

// RemoteAddr implements net.Conn.
func (e *end) RemoteAddr() net.Addr { return memoryAddr{} }
