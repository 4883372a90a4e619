package xmpp

import (
	"crypto/tls"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// atOnce is closed: a writer that may leave from the beginning.
var atOnce = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// A ConnectionState says what was negotiated for a session.
type ConnectionState struct {
	JID            jid.JID             // the full JID bound to the session
	Addr           string              // the server's host:port, or the remote address of a given net.Conn
	DirectTLS      bool                // TLS from the first byte (XEP-0368), not STARTTLS
	TLS            tls.ConnectionState // of the connection, with the chains that were verified; Version is 0 when there is no TLS
	Mechanism      string              // the SASL mechanism that authenticated us
	ChannelBinding string              // the type of the channel binding that it used, like "tls-exporter"; "" for none
	StreamID       string              // the server's id of the stream (RFC 6120 §4.7.3)
	Mechanisms     []string            // what the server offered, in its order
	Inlined        []string            // which of Options.Inline were enabled with the binding, by namespace
}

// Features are the stream features that the server announced after authentication (RFC 6120 §4.3), by element name.
type Features []xml.Name

// Has reports whether a feature of that namespace was announced.
func (f Features) Has(space string) bool {
	for _, name := range f {
		if name.Space == space {
			return true
		}
	}
	return false
}

// A link is a negotiated connection: where bytes become elements and the other way.
type link struct {
	wire     *wire
	conn     net.Conn // TLS on the wire, or the wire
	in       *meter
	dec      *xmltext.Decoder
	stanzas  *stanza.Decoder
	gone     chan struct{} // closed when its reader has ended
	state    ConnectionState
	features stream.Features
	resumed  *stream.Resumption // the server's answer when the stream was resumed
	refused  *stream.Failed     // and when it was not, and a new one bound
	carried  bool               // conn is a carrier
	managed  *stream.Bound      // what became of stream management where it was asked for with the binding (XEP-0386); nil: it was not
}

// part closes the connection in order: TLS's own end first (RFC 6120 §4.4), waiting for nobody. A carrier's own end takes two,
// and a moment.
func (l *link) part() {
	l.wire.patience(atOnce)
	if l.wire.atomic { // its writer is another goroutine
		l.wire.quiet(lastWords)
	}
	if c, ok := l.wire.Conn.(carrier); ok {
		c.Finish(lastWords)
		return
	}
	_ = l.conn.Close()
}

// partTogether is part once the server has ended TLS too.
//
// RFC 6120 §4.4: who closes the stream sends TLS's close_notify and waits for the one that answers it. A server that
// does not send one is waited for no longer than lastWords, or until somebody closes the connection.
func (l *link) partTogether() {
	if c, ok := l.conn.(*tls.Conn); ok {
		l.wire.patience(atOnce)
		if c.CloseWrite() == nil && c.SetReadDeadline(time.Now().Add(lastWords)) == nil {
			_, _ = io.Copy(io.Discard, c)
		}
	}
	l.part()
}

// A meter is the reading side of the connection. It notices silence, so that the layers above see either bytes or an
// error that ends the connection.
type meter struct {
	conn net.Conn

	deadline time.Time // negotiation: when the present step must be over; zero: none
	secret   bool      // SASL content is on its way: not for the trace
	veil     veil      // between us and the trace

	watch  *watchdog    // of a session; nil during the negotiation
	before func() error // what its reader does before each read; nil during the negotiation

	mu     sync.Mutex // protects what follows, and the setting of read deadlines
	failed error      // a write failed: what is there is still read, and nothing waited for
	end    time.Time  // for how long
}

// lastWords is how long what the server has sent may take to be read after a write to it has failed.
const lastWords = time.Second

// hurry is told that a write failed with err, which Read will return unless it finds a better reason.
func (m *meter) hurry(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failed, m.end = err, time.Now().Add(lastWords)
	if m.conn.SetReadDeadline(m.end) != nil {
		m.conn.Close()
	}
}

// expect makes a Read that waits ask its watchdog at t: the server owes an answer, and a reader that had gone to wait for
// longer would notice late that none comes.
func (m *meter) expect(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failed == nil {
		_ = m.conn.SetReadDeadline(t)
	}
}

// look makes a Read that waits ask its watchdog now.
func (m *meter) look() { m.expect(time.Now()) }

// failure is the error of the write that failed, if one did.
func (m *meter) failure() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failed
}

// wait sets the deadline of the next read, and returns it. What the watchdog says is asked for under mu: look and expect set a deadline for what
// it was told before.
func (m *meter) wait() (until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	until = m.deadline
	switch {
	case m.failed != nil:
		until = m.end
	case m.watch != nil:
		until = m.watch.until()
	}
	_ = m.conn.SetReadDeadline(until) // a conn without deadlines is read all the same
	return until
}

// Read reads from the connection; see meter.
func (m *meter) Read(p []byte) (int, error) {
	if m.before != nil {
		if err := m.before(); err != nil {
			return 0, err
		}
	}
	for {
		until, began := m.wait(), time.Now()
		n, err := m.conn.Read(p)
		if n > 0 {
			if !m.secret {
				m.veil.received(p[:n])
			}
			if m.watch != nil {
				m.watch.arrived()
			}
			return n, nil
		}
		switch {
		case err == nil:
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return 0, err
		case m.failure() != nil:
			return 0, m.failure()
		case m.watch == nil:
			return 0, ErrPeerSilent
		case m.watch.overslept(began, until):
		default:
			if err := m.watch.silent(); err != nil {
				return 0, err
			}
		}
	}
}
