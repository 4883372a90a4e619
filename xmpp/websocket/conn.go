package websocket

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/xmpp"
	"github.com/coder/websocket"
)

// A conn is one connection: a stream of RFC 6120 to the session, messages to the server.
type conn struct {
	net.Conn // the session's end of the pipe from the pump
	ws       *websocket.Conn
	under    net.Conn // what to close so that nothing waits any more
	state    tls.ConnectionState
	unbound  bool
	url      address
	opening  atomic.Bool // our <open/> is out, and not answered yet
	pump     *pump

	write  sync.Mutex // protects framer; one writer at a time
	framer stream.Framer

	mu       sync.Mutex // protects what follows
	deadline time.Time  // of writes
	due      time.Time  // when the write under way has to be over; what is late stays; zero: there is none
}

func newConn(ws *websocket.Conn, under net.Conn, state tls.ConnectionState, unbound bool, url string, o *xmpp.Options) *conn {
	if t, ok := under.(*tls.Conn); ok {
		under = t.NetConn() // TLS waits for a peer to take its last word
	}
	near, far := net.Pipe()
	c := &conn{Conn: near, ws: ws, under: under, state: state, unbound: unbound, url: address(url)}
	ws.SetReadLimit(-1) // the pump has limits of its own, so that the stream can be told
	c.pump = newPump(c, far, o.Limits)
	go c.pump.run()
	return c
}

// Read reads what the server's messages come to in a stream. An error that the stream is to be ended with is a *stream.Error
// or a *xmltext.SyntaxError.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	switch {
	case err != io.EOF:
		return n, err
	case c.late(): // the connection was given up for that
		return n, xmpp.ErrPeerSilent
	}
	return n, cmp.Or(c.pump.over(), err)
}

// Write sends what b holds, whole headers, elements and ends of a stream, one message each.
func (c *conn) Write(b []byte) (int, error) {
	c.write.Lock()
	defer c.write.Unlock()
	ctx, cancel := c.begin()
	defer cancel()
	for f, err := range c.framer.Frames(b) {
		if err != nil {
			return 0, err
		}
		if err := c.ws.Write(ctx, websocket.MessageText, c.document(f)); err != nil {
			if ctx.Err() != nil {
				err = os.ErrDeadlineExceeded
			}
			return 0, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due = time.Time{}
	return len(b), nil
}

// document is the message for a frame.
func (c *conn) document(f stream.Frame) []byte {
	switch f.Kind {
	case stream.FrameOpen: // RFC 7395 §3.7: a restart is one more <open/>, without a <close/>
		c.opening.Store(true)
		return f.Header.AppendOpen(nil)
	case stream.FrameClose:
		return []byte(stream.CloseFrame)
	}
	return f.XML
}

// begin notes that a write begins, and returns the context for it.
func (c *conn) begin() (context.Context, context.CancelFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due = c.deadline
	if c.deadline.IsZero() {
		return context.Background(), func() {}
	}
	return context.WithDeadline(context.Background(), c.deadline)
}

// late reports whether a write has not been over in time.
func (c *conn) late() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.due.IsZero() && !time.Now().Before(c.due)
}

// SetWriteDeadline bounds writes that begin after it. One that is late ends the connection.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	return nil
}

// SetDeadline sets both deadlines.
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// Close cuts the connection.
func (c *conn) Close() error {
	c.Conn.Close()
	return c.under.Close()
}

// Finish runs the closing handshake (RFC 7395 §3.6, RFC 6455 §7.1.2), for at most d, and closes the connection.
func (c *conn) Finish(d time.Duration) {
	c.Conn.Close() // nobody reads any more
	t := time.AfterFunc(d, func() { c.under.Close() })
	defer t.Stop()
	_ = c.ws.Close(websocket.StatusNormalClosure, "") // to a server that may have gone
	c.under.Close()
}

// ConnectionState returns that of the TLS connection; Version is 0 over ws:.
func (c *conn) ConnectionState() tls.ConnectionState { return c.state }

// Unbound reports whether no login can be bound to that.
func (c *conn) Unbound() bool { return c.unbound }

// LocalAddr returns the address of our end.
func (c *conn) LocalAddr() net.Addr { return c.under.LocalAddr() }

// RemoteAddr returns the URL.
func (c *conn) RemoteAddr() net.Addr { return c.url }

// An address is the URL of an endpoint.
type address string

func (address) Network() string  { return "websocket" }
func (a address) String() string { return string(a) }
