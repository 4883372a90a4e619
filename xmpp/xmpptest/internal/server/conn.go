package server

import (
	"crypto/tls"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
)

// closeGrace is how long a stream that we have closed waits for the other side to do the same.
const closeGrace = 2 * time.Second

// A conn is one connection of a client. Its fields belong to the goroutine that reads, unless they say otherwise.
type conn struct {
	srv      *Server
	id       int
	net      *faultConn
	entrance entrance
	content  string // the namespace of stanzas
	out      *outQueue
	in       *tail
	dec      *xmltext.Decoder

	securing   atomic.Bool   // a TLS handshake is under way
	failed     atomic.Bool   // a stream error was sent
	peerClosed chan struct{} // closed when nothing more is expected of the client
	gone       chan struct{} // closed when it has closed the connection, too

	headers    atomic.Int32         // stream headers seen; any goroutine may look
	lang, from string               // of the client's header
	tls        *tls.ConnectionState // nil in clear
	serverCert []byte
	offered    []string // what the last features offered
	announced  []string
	fast       []string // mechanisms for tokens that they offered
	attempts   int      // failed logins
	login      *login
	user       string     // authenticated account's localpart
	session    *session   // bound; Server.mu protects it as well
	registered bool       // an account was registered on this stream
	invite     *invite    // whose token the client has shown; nil: it has shown none
	component  *component // of a component's stream, once its header has named it; Server.mu protects it as well
	shaken     bool       // the component has shown that it knows the secret
}

func newConn(s *Server, id int, nc *faultConn, in entrance) *conn {
	c := &conn{srv: s, id: id, net: nc, entrance: in, content: ns.Client, peerClosed: make(chan struct{}), gone: make(chan struct{})}
	c.out = newOutQueue(nc, s.opts.MaxQueue)
	c.in = &tail{r: nc}
	c.dec = xmltext.NewDecoder(c.in, xmltext.Limits{StanzaBytes: s.opts.MaxStanza})
	return c
}

// write is the goroutine that writes. It ends with the connection closed.
func (c *conn) write() {
	if c.out.run() {
		c.net.drained()
		c.leave()
	}
	c.net.Close()
}

// leave closes the connection in the order of RFC 6120 §4.4, as far as the client plays along in time.
func (c *conn) leave() {
	t := time.NewTimer(closeGrace)
	defer t.Stop()
	if !c.failed.Load() {
		// Who closes its stream first waits for the other's closing tag.
		select {
		case <-c.peerClosed:
		case <-t.C:
			return
		}
	}
	if !c.out.closeWrite() {
		return
	}
	select {
	case <-c.gone:
	case <-t.C:
	}
}

// read is the goroutine that reads and acts.
func (c *conn) read() {
	err := c.serve()
	c.srv.lost(c, err)
	c.leaveComponent()
	var se *streamError
	switch {
	case errors.As(err, &se):
		c.srv.logf("conn %d: %v", c.id, se)
		c.endWith(se)
	case errors.Is(err, errClosed):
		// RFC 6120 §4.4: the closing tag is answered with one.
		c.out.finish(closingTag)
	default:
		c.srv.logf("conn %d: %v", c.id, err)
		c.out.kill()
		c.net.Close()
	}
	close(c.peerClosed)
	c.drain()
	close(c.gone)
	c.srv.forget(c)
}

const closingTag = "</stream:stream>"

// serve runs the streams of a connection, one after the other, until something ends it.
func (c *conn) serve() error {
	switch c.entrance {
	case forDirectTLS:
		if err := c.startTLS(); err != nil {
			return err
		}
	case forComponents:
		c.content = ns.Component
		return c.componentStream()
	}
	for {
		err := c.stream()
		if !errors.Is(err, errRestart) {
			return err
		}
		c.in.restart(c.dec.Buffered())
		c.dec.Reset(c.in)
	}
}

// stream runs one stream: its header, its features, its children.
func (c *conn) stream() error {
	if err := c.header(); err != nil {
		return c.fatal(err)
	}
	c.sendFeatures()
	for {
		tok, err := c.dec.ReadToken()
		if err != nil {
			return c.fatal(err)
		}
		if tok.Kind == xmltext.KindEnd { // everything else at this depth is a start tag: the decoder sees to that
			return errClosed
		}
		e, err := readElement(c.dec, tok)
		if err != nil {
			return c.fatal(err)
		}
		if err := c.child(e); err != nil {
			return err
		}
		c.in.trim(c.dec.Buffered())
	}
}

// fatal turns a fault of the XML into the stream error for it.
func (c *conn) fatal(err error) error {
	if se, ok := syntaxError(err); ok {
		return se
	}
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// child acts on one child of the stream.
func (c *conn) child(e *Element) error {
	c.srv.record(c, e)
	if c.login != nil && c.login.request != nil && e.Name.Space != ns.SASL2 {
		// XEP-0388 §2.4: whoever sends anything else meanwhile MUST be disconnected
		return &streamError{condition: "policy-violation", text: "an authentication is under way"}
	}
	if h, ok := c.srv.tables.elements[e.Name]; ok {
		return h(c, e)
	}
	switch e.Name.Local {
	case "message", "presence", "iq":
		return c.stanza(e)
	case "error":
		if e.Name.Space == ns.Stream { // RFC 6120 §4.9.1.1: the other side of the stream is closed too
			return errClosed
		}
	}
	// RFC 6120 §4.9.3.24
	return &streamError{condition: "unsupported-stanza-type", text: "what is <" + e.Name.Local + " xmlns='" + e.Name.Space + "'>?"}
}

func (c *conn) stanza(e *Element) error {
	if e.Name.Space != ns.Client {
		// RFC 6120 §4.9.3.10: the content namespace of a client's stream is jabber:client
		return &streamError{condition: "invalid-namespace", text: "stanza in namespace " + e.Name.Space}
	}
	if c.answerStranger(e) {
		return nil
	}
	if c.user == "" || c.session == nil && e.first() != nil && !e.first().is(ns.Bind, "bind") {
		// RFC 6120 §4.9.3.12 and §7.1: no stanza before authentication, none but the bind request before binding
		return &streamError{condition: "not-authorized"}
	}
	if c.session == nil {
		return c.bind(e)
	}
	ses := c.session
	// One at a time: the stream may be resumed on another connection while this one's last stanza is being handled.
	ses.turn <- struct{}{}
	defer func() { <-ses.turn }()
	if !c.srv.carries(c) {
		return nil
	}
	if c.srv.intercepted(ses.jid, e) {
		c.srv.taken(ses, e)
		return nil
	}
	return c.srv.handle(c, e)
}

// endWith sends a stream error and our closing tag. Any goroutine may call it.
func (c *conn) endWith(e *streamError) {
	b, err := e.element().append(nil, ns.Client)
	if err != nil {
		b = []byte("<stream:error><undefined-condition xmlns='" + ns.StreamErrors + "'/></stream:error>")
	}
	c.failed.Store(true)
	c.out.finish(string(b) + closingTag)
}

// drain reads and drops what the client still has to say, until it closes or the writer closes for it: a socket that is
// closed with unread data in it takes the error that we have just sent with it.
func (c *conn) drain() {
	buf := make([]byte, 4096)
	for {
		if _, err := c.in.Read(buf); err != nil {
			return
		}
	}
}

// send queues an element. Any goroutine may call it.
func (c *conn) send(e *Element) {
	ok := c.out.add(func(dst []byte) []byte {
		b, err := e.append(dst, c.content)
		if err != nil {
			c.srv.logf("conn %d: not sent: %v", c.id, err)
		}
		return b
	})
	if !ok {
		// RFC 6120 §4.9.3.17: the client does not read what it is sent
		c.endWith(&streamError{condition: "resource-constraint", text: "too much waits to be read"})
		return
	}
	c.srv.counters.sent.Add(1)
}

// say queues raw bytes.
func (c *conn) say(raw string) {
	c.out.add(func(dst []byte) []byte { return append(dst, raw...) })
}

// step says one thing of the negotiation, as Options.Tamper would have it.
func (c *conn) step(e Exchange) { c.say(c.tampered(e)) }

func (c *conn) tampered(e Exchange) string {
	e.Conn, e.Header, e.Secure, e.User = c.id, int(c.headers.Load()), c.tls != nil, c.user
	if t := c.srv.opts.Tamper; t != nil {
		return t(e)
	}
	return e.XML
}

// address is the bare JID of the authenticated account.
func (c *conn) address() jid.JID {
	j, err := jid.New(c.user, c.srv.domain.Domainpart(), "")
	if err != nil { // an authenticated user has an account, and that has an address
		panic(err)
	}
	return j
}
