package websocket_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	transport "github.com/canto-im/canto/xmpp/websocket"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

var juliet = jid.MustParse("juliet@im.example.com/balcony")

// patience bounds what should take milliseconds.
const patience = 30 * time.Second

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	t.Cleanup(cancel)
	return ctx
}

// A peer is a server's end of a WebSocket, played by the test.
type peer struct {
	*websocket.Conn
	t    *testing.T
	ctx  context.Context
	vars map[string]string // what a script has caught
}

// listen serves https with a certificate for a domain; it returns the URL of the host and path, with wss.
func listen(t *testing.T, domain string, h http.Handler) string {
	t.Helper()
	cert, err := xmpptest.Certificate(xmpptest.CertSpec{Domains: []string{domain}})
	require.NoError(t, err)
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(t.Output(), "", 0)
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return strings.Replace(srv.URL, "https:", "wss:", 1) + "/xmpp-websocket"
}

// upgrade makes peers of the connections that come, and plays each its part.
func upgrade(t *testing.T, part func(p *peer) error) (http.Handler, <-chan error) {
	done := make(chan error, 8)
	ctx := within(t)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"xmpp"}})
		if err != nil {
			done <- err
			return
		}
		defer func() { _ = ws.CloseNow() }()
		done <- part(&peer{Conn: ws, t: t, ctx: ctx, vars: map[string]string{}})
	}), done
}

// connector is the type of xmpp.Options.Transport.
type connector = func(ctx context.Context, account jid.JID, o *xmpp.Options, uri string) (net.Conn, error)

func dialer(url string) connector { return transport.Dialer{URL: url}.Connect }

// options are those of juliet, whose password shows in what she says.
func options(url string) *xmpp.Options {
	return &xmpp.Options{
		Password:     "r0m30myr0m30",
		TLS:          &tls.Config{RootCAs: xmpptest.Roots()},
		Transport:    dialer(url),
		CloseTimeout: patience,
	}
}

var variable = regexp.MustCompile(`\\\$\\\{(\w+)\\\}`)

// expect reads a message, which has to be the one given; ${name} in it catches what stands there.
func (p *peer) expect(want string) error {
	kind, got, err := p.Read(p.ctx)
	if err != nil {
		return fmt.Errorf("in place of %q: %w", want, err)
	}
	form := variable.ReplaceAllString(regexp.QuoteMeta(want), `(?P<$1>[^'<>]*)`)
	m := regexp.MustCompile(`^(?s)` + form + `$`)
	caught := m.FindSubmatch(got)
	if caught == nil || kind != websocket.MessageText {
		return fmt.Errorf("%v %q in place of %q", kind, got, want)
	}
	for i, name := range m.SubexpNames() {
		p.vars[name] = string(caught[i])
	}
	return nil
}

// say sends a message, with what was caught in place of ${name}.
func (p *peer) say(msg string) error {
	for name, value := range p.vars {
		msg = strings.ReplaceAll(msg, "${"+name+"}", value)
	}
	return p.Write(p.ctx, websocket.MessageText, []byte(msg))
}

// play plays a script: a message a line, "C: " from the client and "S: " to it, line breaks inside of one being white space
// behind a backslash.
func (p *peer) play(script string) error {
	for line := range strings.Lines(strings.ReplaceAll(script, "\\\n", "\n\t")) {
		line = strings.TrimSuffix(line, "\n")
		var err error
		switch {
		case strings.HasPrefix(line, "C: "):
			err = p.expect(line[3:])
		case strings.HasPrefix(line, "S: "):
			err = p.say(line[3:])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// play serves a script to one client, and then part, which may be nil.
func play(t *testing.T, script string, part func(p *peer) error) (url string, done <-chan error) {
	h, done := upgrade(t, func(p *peer) error {
		if err := p.play(script); err != nil || part == nil {
			return err
		}
		return part(p)
	})
	return listen(t, "im.example.com", h), done
}

// The script of a login, which begins and goes on as the examples of RFC 7395 §3.1, §3.3.3 and §3.7 do.
const (
	open = `C: <open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0' from='juliet@im.example.com' to='im.example.com'/>
S: <open xmlns="urn:ietf:params:xml:ns:xmpp-framing" from="im.example.com" id="++TR84Sm6A3hnt3Q065SnAbbk3Y=" xml:lang="en" version="1.0" />
`
	auth = open + `S: <stream:features xmlns:stream="http://etherx.jabber.org/streams"><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>
C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGp1bGlldAByMG0zMG15cjBtMzA=</auth>
S: <success xmlns="urn:ietf:params:xml:ns:xmpp-sasl" />
`
	login = auth + open + `S: <stream:features xmlns:stream="http://etherx.jabber.org/streams"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></stream:features>
C: <iq xmlns='jabber:client' type='set' id='${bind}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>balcony</resource></bind></iq>
S: <iq xmlns='jabber:client' type='result' id='${bind}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@im.example.com/balcony</jid></bind></iq>
`
	clientCloses = `C: <close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>
S: <close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />
`
	serverCloses = `S: <close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />
C: <close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>
`
)

// enter logs juliet in.
func enter(t *testing.T, url string) *xmpp.Session {
	t.Helper()
	s, err := xmpp.Dial(within(t), juliet, options(url))
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// outcome waits for what a part came to.
func outcome(t *testing.T, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-within(t).Done():
		t.Fatal("the server's part has no end")
		return nil
	}
}

// ended waits for the end of a session.
func ended(t *testing.T, s *xmpp.Session) error {
	t.Helper()
	select {
	case <-s.Done():
		return s.Err()
	case <-within(t).Done():
		t.Fatal("the session has not ended")
		return nil
	}
}
