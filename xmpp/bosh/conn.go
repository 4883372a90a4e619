package bosh

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/xmpp"
)

// A conn is one session of XEP-0124: a stream of RFC 6120 to the one above it, requests and responses to the server.
type conn struct {
	net.Conn          // the near end of the pipe, from which the stream is read
	far      net.Conn // where answers are handed over
	web      *http.Client
	url      string
	header   http.Header // of every request
	start    opening
	local    net.Addr
	state    tls.ConnectionState
	limits   xmltext.Limits
	most     int           // bytes of a response
	reserve  int           // bytes of answers that may wait to be handed over when something is said
	patience time.Duration // how long there may be trouble before the session is given up

	write  sync.Mutex // one writer at a time; it protects framer
	framer stream.Framer

	ctx    context.Context // of all requests but the first
	cancel context.CancelCauseFunc

	mu       sync.Mutex // protects what follows
	changed  *sync.Cond // of mu: the queue, done, or the time
	deadline time.Time  // of writes
	due      time.Time  // when the write under way has to be over; what is late stays; zero: there is none
	queue    []item     // written, and not asked yet
	book     book
	restarts bool // unless it says that it can't: older ones say nothing (XEP-0206 §4)
	flying   map[uint64]*flight
	greeting stream.Header // of the server's stream, as far as it's known
	opening  bool          // a header of ours is out that has no answer yet
	opened   bool          // there was one
	handing  bool          // somebody hands over
	verdict  *body         // the terminal answer that says why
	trouble  time.Time     // since when nothing has got through; zero: it does
	alarm    *time.Timer   // for the next thing that time brings
	left     bool          // the server has answered the end of the session
	why      error         // nothing more is handed over, nor asked; io.EOF: the stream has ended
}

func newConn(t *http.Transport, url string, o *xmpp.Options) *conn {
	near, far := net.Pipe()
	c := &conn{
		Conn: near, far: far, url: url,
		web:     &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		limits:  xmltext.Limits{StanzaBytes: o.Limits.AnswerBytes, Depth: o.Limits.Depth, Attrs: o.Limits.Attributes, NameBytes: o.Limits.NameBytes},
		most:    o.Limits.AnswerBytes + o.Limits.LaneSoft,
		reserve: o.Limits.LaneSoft, patience: o.DeadAfter,
		flying: make(map[uint64]*flight),
	}
	c.changed = sync.NewCond(&c.mu)
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	return c
}

// created takes over what the answer to the creation of a session grants.
func (c *conn) created(rid uint64, a *body, wait time.Duration) error {
	if a.again || a.end && a.why != SeeOtherURI {
		return &Error{Condition: cmp.Or(a.why, UndefinedCondition)}
	}
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.book = book{next: rid, over: a.end}
	if !a.end { // else its reader learns where to go
		var err error
		if c.book.terms, err = a.attrs.terms(wait); err != nil {
			return err
		}
	}
	c.greeting = stream.Header{Version: cmp.Or(a.attrs.version, "1.0"), From: a.attrs.from, Lang: a.attrs.lang, Content: ns.Client}
	if a.attrs.authid != a.attrs.sid { // which is nobody's business
		c.greeting.ID = a.attrs.authid
	}
	c.restarts = a.attrs.restart != "false" && a.attrs.restart != "0"
	if a.end {
		c.verdict = a
	}
	c.book.ask(now, forData)
	c.book.answer(now, rid, a)
	return nil
}

// Read reads what the server's answers come to in a stream. An error that the stream is to be ended with is a *stream.Error or a
// *xmltext.SyntaxError.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != io.EOF {
		return n, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.due.IsZero() && !time.Now().Before(c.due) { // the session was given up for that
		return n, xmpp.ErrPeerSilent
	}
	return n, cmp.Or(c.why, err)
}

// Write takes b, whole headers, elements and ends of a stream, and returns once all of it is on its way.
func (c *conn) Write(b []byte) (int, error) {
	c.write.Lock()
	defer c.write.Unlock()
	var items []item
	for f, err := range c.framer.Frames(b) {
		if err != nil {
			return 0, err
		}
		items = append(items, itemOf(f))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due = c.deadline
	for _, i := range items {
		if err := c.add(i); err != nil {
			return 0, err
		}
	}
	if err := c.drained(); err != nil {
		return 0, err
	}
	c.due = time.Time{}
	return len(b), nil
}

// add puts something into the queue. mu is held.
func (c *conn) add(i item) error {
	switch {
	case c.why != nil:
		return c.closed()
	case i.fresh && !c.opened: // the session began with it
		c.opened, c.opening = true, true
		go func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.handOver()
		}()
		return nil
	case i.fresh && !c.restarts:
		c.end(errNoRestart)
		return errNoRestart
	case i.fresh:
		c.opening = true
	}
	c.queue = append(c.queue, i)
	return nil
}

// drained waits until the queue is empty. mu is held.
func (c *conn) drained() error {
	c.step()
	if len(c.queue) > 0 && !c.due.IsZero() {
		t := time.AfterFunc(time.Until(c.due), c.changed.Broadcast)
		defer t.Stop()
	}
	for len(c.queue) > 0 && c.why == nil {
		if !c.due.IsZero() && !time.Now().Before(c.due) {
			return os.ErrDeadlineExceeded
		}
		c.changed.Wait()
	}
	if c.why != nil {
		return c.closed()
	}
	return nil
}

// closed is the error for what comes too late. mu is held.
func (c *conn) closed() error {
	if errors.Is(c.why, io.EOF) {
		return errNotTheEnd
	}
	return c.why
}

// SetWriteDeadline bounds writes that begin after it. One that is late ends the session.
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

// Close gives the session up without a word: the server will notice that nobody asks any more (XEP-0124 §10).
func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end(net.ErrClosed)
	return c.Conn.Close()
}

// Finish waits, for at most d, until the server has answered the end of the session, if that was said, and gives up what is left.
func (c *conn) Finish(d time.Duration) {
	c.Conn.Close() // nobody reads any more
	c.mu.Lock()
	defer c.mu.Unlock()
	end := time.Now().Add(d)
	t := time.AfterFunc(d, c.changed.Broadcast)
	defer t.Stop()
	for c.book.over && !c.left && c.why == nil && time.Now().Before(end) {
		c.changed.Wait()
	}
	c.end(net.ErrClosed)
}

// end ends it all, for a reason; the first one counts. mu is held.
func (c *conn) end(why error) {
	if c.why == nil {
		c.why = why
		c.cancel(why)
		c.far.Close()
		c.queue = nil
		if c.alarm != nil {
			c.alarm.Stop()
		}
		c.changed.Broadcast()
	}
	if len(c.flying) == 0 {
		c.web.CloseIdleConnections()
	}
}

// ConnectionState returns that of the TLS connection over which the session was created; Version is 0 over http:.
func (c *conn) ConnectionState() tls.ConnectionState { return c.state }

// Unbound reports that there is no channel to bind a login to: the requests of a session may go over any number of connections,
// and end at a connection manager that need not be the server.
func (c *conn) Unbound() bool { return true }

// LocalAddr returns the address of our end of the first connection.
func (c *conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the URL.
func (c *conn) RemoteAddr() net.Addr { return address(c.url) }

// An address is the URL of an endpoint.
type address string

func (address) Network() string  { return "bosh" }
func (a address) String() string { return string(a) }
