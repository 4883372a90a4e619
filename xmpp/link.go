package xmpp

import (
	"crypto/tls"
	"encoding/xml"
	"errors"
	"net"
	"os"
	"time"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// never is closed: a writer that may leave from the beginning.
var never = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// A ConnectionState says what was negotiated for a session.
type ConnectionState struct {
	JID            jid.JID             // the full JID bound to the session
	Addr           string              // the server's host:port, or the remote address of a given net.Conn
	DirectTLS      bool                // TLS from the first byte (XEP-0368), not STARTTLS
	TLS            tls.ConnectionState // of the connection; Version is 0 when there is no TLS
	Mechanism      string              // the SASL mechanism that authenticated us
	ChannelBinding string              // the type of the channel binding that it used, like "tls-exporter"; "" for none
	StreamID       string              // the server's id of the stream (RFC 6120 §4.7.3)
	Mechanisms     []string            // what the server offered, in its order
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
	state    ConnectionState
	features stream.Features
}

// part closes the connection in order: TLS's own end first (RFC 6120 §4.4), waiting for nobody.
func (l *link) part() {
	l.wire.patience(never)
	_ = l.conn.Close()
}

// A meter is the reading side of the connection. It notices silence, so that the layers above see either bytes or an
// error that ends the session.
type meter struct {
	conn  net.Conn
	trace *Trace

	deadline time.Time // negotiation: when the present step must be over; zero: none
	secret   bool      // SASL content is on its way: not for the trace

	quiet   time.Duration // session: how long nothing may arrive before idle is called; ≤ 0: for ever
	patient time.Duration // how long after that
	probing bool
	idle    func()          // asks for a sign of life
	alive   func(time.Time) // something has arrived
}

// Read reads from the connection; see meter.
func (m *meter) Read(p []byte) (int, error) {
	for {
		if d := m.until(); !d.IsZero() {
			_ = m.conn.SetReadDeadline(d) // a conn without deadlines is read all the same
		}
		n, err := m.conn.Read(p)
		if n > 0 {
			m.arrived(p[:n])
			return n, nil
		}
		if err == nil {
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, err
		}
		if m.idle == nil || m.probing {
			return 0, ErrPeerSilent
		}
		m.probing = true
		m.idle()
	}
}

// until is when the present Read must have got something.
func (m *meter) until() time.Time {
	switch {
	case m.idle == nil:
		return m.deadline
	case m.probing:
		return time.Now().Add(m.patient)
	case m.quiet > 0:
		return time.Now().Add(m.quiet)
	}
	return time.Time{}
}

func (m *meter) arrived(b []byte) {
	m.probing = false
	if !m.secret {
		m.trace.received(b)
	}
	if m.alive != nil {
		m.alive(time.Now())
	}
}
