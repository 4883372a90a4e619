package xmpp_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

var (
	juliet  = jid.MustParse("juliet@example.net")         // who logs in
	balcony = jid.MustParse("juliet@example.net/balcony") // and what she is bound to
	romeo   = jid.MustParse("romeo@example.net/orchard")
	network = jid.MustParse("example.net")
)

const (
	streamHeader = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='example.net' id='s1' version='1.0'>`
	streamClose  = `</stream:stream>`
	bindFeature  = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>`
	smFeature    = `<sm xmlns='urn:xmpp:sm:3'/>`
)

// loginScript is the way to a bound session on a connection that needs no TLS.
const loginScript = `
< <stream:stream to='example.net' version='1.0'>
> ` + streamHeader + `
> <stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism></mechanisms></stream:features>
login juliet none
< <stream:stream to='example.net' version='1.0'>
> ` + streamHeader + `
> <stream:features>${features}</stream:features>
< <iq type='set' id='${bind}'>` + bindFeature + `</iq>
> <iq type='result' id='${bind}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@example.net/balcony</jid></bind></iq>
`

// A peer is the server's end of a connection, played by the test.
type peer struct {
	t     testing.TB
	conn  net.Conn
	heard chan string   // every element that the client has sent, once listen was called
	ended chan struct{} // closed when the client has sent nothing more, once listen was called
	err   error         // why; set before: io.EOF after </stream:stream>
}

// patience is how long a peer waits for the client. In a bubble it passes at once when nothing else happens.
const patience = 10 * time.Minute

func newPeer(t testing.TB, conn net.Conn) *peer {
	return &peer{t: t, conn: conn, heard: make(chan string, 1<<15), ended: make(chan struct{})}
}

// login lets the client log in.
func (p *peer) login(features string) error {
	s := xmpptest.Script{Text: loginScript, Timeout: patience, Vars: map[string]string{"features": features}}
	return s.Play(p.conn)
}

// listen reads all that the client says, and closes the stream when the client has closed it.
func (p *peer) listen() {
	go func() {
		defer close(p.ended)
		p.err = p.read()
		if errors.Is(p.err, io.EOF) {
			_ = p.conn.SetWriteDeadline(time.Now().Add(patience))
			_, _ = io.WriteString(p.conn, streamClose) // the client may be gone
			p.conn.Close()
		}
	}()
}

func (p *peer) read() error {
	dec := xmltext.NewDecoder(io.MultiReader(strings.NewReader(streamHeader), p.conn), xmltext.Limits{StanzaBytes: 1 << 26})
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for {
		tok, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if tok.Kind == xmltext.KindEnd {
			return io.EOF
		}
		raw, err := dec.ReadElement()
		if err != nil {
			return err
		}
		p.heard <- string(raw)
	}
}

// say sends XML as it stands.
func (p *peer) say(format string, args ...any) {
	p.t.Helper()
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	_ = p.conn.SetWriteDeadline(time.Now().Add(patience))
	_, err := io.WriteString(p.conn, format)
	require.NoError(p.t, err, "saying %.200s", format)
}

// hear returns the next element that the client says.
func (p *peer) hear() stanza.Element {
	p.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case raw := <-p.heard:
		return p.element(raw)
	case <-timeout.C:
	case <-p.ended:
		select {
		case raw := <-p.heard:
			return p.element(raw)
		default:
		}
	}
	require.FailNow(p.t, "the client says nothing more")
	return stanza.Element{}
}

func (p *peer) element(raw string) stanza.Element {
	p.t.Helper()
	e, err := stanza.ParseElement(raw)
	require.NoError(p.t, err)
	return e
}

// hearStanza is hear for what must be a stanza.
func (p *peer) hearStanza() stanza.Stanza {
	p.t.Helper()
	st, err := stanza.Parse([]byte(p.hear().String()))
	require.NoError(p.t, err)
	return st
}

// hearIQ is hear for what must be an iq.
func (p *peer) hearIQ() *stanza.IQ {
	p.t.Helper()
	st := p.hearStanza()
	require.IsType(p.t, &stanza.IQ{}, st)
	return st.(*stanza.IQ)
}

// hearNothing is for the end of a test: nothing is left that was said and not heard.
func (p *peer) hearNothing() {
	p.t.Helper()
	select {
	case raw := <-p.heard:
		require.Fail(p.t, "the client says more than expected", raw)
	default:
	}
}

// inClear completes options for a connection without TLS.
func inClear(o *xmpp.Options) *xmpp.Options {
	var c xmpp.Options
	if o != nil {
		c = *o
	}
	c.AllowPlaintext = true
	return &c
}

// open returns a bound session and the server's end of its connection, which listens.
func open(t testing.TB, o *xmpp.Options) (*xmpp.Session, *peer) {
	t.Helper()
	s, p := openDeaf(t, o, bindFeature)
	p.listen()
	return s, p
}

// openDeaf is open with a server that reads nothing after the login.
func openDeaf(t testing.TB, o *xmpp.Options, features string) (*xmpp.Session, *peer) {
	t.Helper()
	ours, theirs := net.Pipe()
	return openOn(t, ours, theirs, o, features)
}

// openManaged is open with stream management.
func openManaged(t testing.TB, o *xmpp.Options) (*xmpp.Session, *peer) {
	t.Helper()
	s, p := openDeaf(t, o, bindFeature+smFeature)
	p.listen()
	require.Equal(t, "enable", p.hear().Name().Local)
	p.say("<enabled xmlns='urn:xmpp:sm:3'/>")
	return s, p
}

// openOn is openDeaf on the two ends of a connection.
func openOn(t testing.TB, ours, theirs net.Conn, o *xmpp.Options, features string) (*xmpp.Session, *peer) {
	t.Helper()
	p := newPeer(t, theirs)
	played := make(chan error, 1)
	go func() { played <- p.login(features) }()
	s, err := xmpp.NewSession(t.Context(), ours, juliet, inClear(o))
	require.NoError(t, <-played)
	require.NoError(t, err)
	t.Cleanup(func() {
		theirs.Close()
		s.Close()
	})
	return s, p
}

// requestOf is a request from romeo with that id.
func requestOf(id, typ, payload string) string {
	return fmt.Sprintf(`<iq from='%s' to='%s' id='%s' type='%s'>%s</iq>`, romeo, balcony, id, typ, payload)
}

// chatOf is a message from romeo.
func chatOf(body string) string {
	return fmt.Sprintf(`<message from='%s' to='%s' type='chat'><body>%s</body></message>`, romeo, balcony, body)
}
