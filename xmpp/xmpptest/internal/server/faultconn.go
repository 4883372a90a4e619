package server

import (
	"errors"
	"net"
	"sync"
	"time"
)

// errCut is what the server itself sees when a cut that a test asked for has come.
var errCut = errors.New("connection cut on demand")

// A faultConn is a network that obeys: it counts, delays, freezes and cuts. It lies under TLS, so it counts what is on the wire.
type faultConn struct {
	net.Conn
	onRead, onWrite func(n int) // counters of the server

	mu       sync.Mutex // protects what follows
	read     int64      // bytes received so far
	written  int64      // bytes sent so far
	cutRead  int64      // close once so many bytes were received; negative: never
	cutWrite int64
	chunk    int           // largest piece written at once; 0: no limit
	delay    time.Duration // how late what is written arrives
	late     *delayLine    // once there was a delay
	frozen   chan struct{} // open while the connection is frozen; nil otherwise
	closed   chan struct{} // closed by Close
	once     sync.Once
}

func newFaultConn(c net.Conn, f netFaults, onRead, onWrite func(int)) *faultConn {
	fc := &faultConn{
		Conn: c, onRead: onRead, onWrite: onWrite,
		cutRead: f.cutRead, cutWrite: f.cutWrite, chunk: f.chunk, delay: f.delay,
		closed: make(chan struct{}),
	}
	if f.frozen {
		fc.frozen = make(chan struct{})
	}
	return fc
}

// Read reads up to the byte where the connection is to be cut.
func (c *faultConn) Read(p []byte) (int, error) {
	if !c.awaitThaw() {
		return 0, net.ErrClosed
	}
	c.mu.Lock()
	if c.cutRead >= 0 && int64(len(p)) > c.cutRead-c.read {
		p = p[:max(0, c.cutRead-c.read)]
	}
	c.mu.Unlock()
	if len(p) == 0 {
		c.Close()
		return 0, errCut
	}
	n, err := c.Conn.Read(p)
	if !c.awaitThaw() { // frozen while it waited: what came stays unseen until the thaw
		return 0, net.ErrClosed
	}
	c.mu.Lock()
	if c.cutRead >= 0 { // the cut may have been asked for while Read waited: what came behind it is lost
		n = int(min(int64(n), max(0, c.cutRead-c.read)))
	}
	c.read += int64(n)
	cut := c.cutRead >= 0 && c.read >= c.cutRead
	c.mu.Unlock()
	c.onRead(n)
	if cut {
		c.Close()
	}
	return n, err
}

// Write sends up to the byte where the connection is to be cut, in pieces and late where that was asked for.
func (c *faultConn) Write(p []byte) (int, error) {
	sent := 0
	for sent < len(p) {
		if !c.awaitThaw() {
			return sent, net.ErrClosed
		}
		piece, cut := c.nextPiece(p[sent:])
		n, err := c.pass(piece)
		sent += n
		c.mu.Lock()
		c.written += int64(n)
		c.mu.Unlock()
		c.onWrite(n)
		if err != nil {
			return sent, err
		}
		if cut {
			c.Close()
			return sent, errCut
		}
	}
	return sent, nil
}

// nextPiece says how much of p goes out now, and whether the connection is cut behind it.
func (c *faultConn) nextPiece(p []byte) (piece []byte, cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chunk > 0 && len(p) > c.chunk {
		p = p[:c.chunk]
	}
	if c.cutWrite >= 0 && c.written+int64(len(p)) >= c.cutWrite {
		return p[:max(0, c.cutWrite-c.written)], true
	}
	return p, false
}

// pass hands a piece to the network, through the delay line once there was a delay: what is late stays in order.
func (c *faultConn) pass(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c.mu.Lock()
	if c.isClosed() { // Close waits for the delay line that it sees: none may start behind its back
		c.mu.Unlock()
		return 0, net.ErrClosed
	}
	if c.delay > 0 && c.late == nil {
		c.late = newDelayLine(c.Conn, c.closed)
	}
	line, delay := c.late, c.delay
	c.mu.Unlock()
	if line == nil {
		return c.Conn.Write(p)
	}
	return line.write(p, delay)
}

// awaitThaw waits until the connection is not frozen; false means that it was closed.
func (c *faultConn) awaitThaw() bool {
	for {
		c.mu.Lock()
		frozen := c.frozen
		c.mu.Unlock()
		if frozen == nil {
			return true
		}
		select {
		case <-frozen:
		case <-c.closed:
			return false
		}
	}
}

func (c *faultConn) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

func (c *faultConn) freeze() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frozen == nil {
		c.frozen = make(chan struct{})
	}
}

func (c *faultConn) thaw() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frozen != nil {
		close(c.frozen)
		c.frozen = nil
	}
}

func (c *faultConn) setDelay(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.delay = d
}

// cutAfter arms a cut so many bytes from now; negative leaves that direction alone.
func (c *faultConn) cutAfter(read, write int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if read >= 0 {
		c.cutRead = c.read + read
	}
	if write >= 0 {
		c.cutWrite = c.written + write
	}
}

// Close closes the connection at once; nothing that waits in it goes out any more.
func (c *faultConn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		close(c.closed)
		err = c.Conn.Close()
		c.mu.Lock()
		line := c.late
		c.mu.Unlock()
		if line != nil {
			<-line.done
		}
	})
	return err
}

// drained waits until what is late has gone out.
func (c *faultConn) drained() {
	c.mu.Lock()
	line := c.late
	c.mu.Unlock()
	if line != nil {
		line.wait()
	}
}

// reset closes a TCP connection with RST instead of FIN.
func (c *faultConn) reset() {
	if t, ok := c.Conn.(*net.TCPConn); ok {
		// An error here means that the connection is gone already, which is what was asked for.
		_ = t.SetLinger(0)
	}
	c.Close()
}

// CloseWrite closes one direction, where the network can; TLS and the server's goodbye use it.
func (c *faultConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
