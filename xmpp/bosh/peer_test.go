package bosh_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/bosh"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

var juliet = jid.MustParse("juliet@im.example.com/balcony")

const (
	namespaces = " xmlns='http://jabber.org/protocol/httpbind' xmlns:stream='http://etherx.jabber.org/streams' xmlns:xmpp='urn:xmpp:xbosh'"
	granted    = `<body wait='60' inactivity='30' polling='5' requests='2' hold='1' ver='1.6' sid='SomeSID' from='im.example.com' authid='ServerStreamID' xmpp:version='1.0' xmpp:restartlogic='true'` + namespaces + `>`
	mechanisms = `<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`
	empty      = `<body` + namespaces + `/>`
)

func wrapped(payload string) string { return `<body` + namespaces + `>` + payload + `</body>` }

// A manager is a connection manager with manners of the test's own. What it does not answer itself it answers as in a login with
// PLAIN; an empty request is held until the next one comes.
type manager struct {
	t   *testing.T
	own func(n int, request string) (response string) // n counts from 1; "": as usual, "-": held
	new bool                                          // each request needs a connection of its own

	mu   sync.Mutex // protects what follows
	said []string   // requests
	held chan struct{}
}

var bindID = regexp.MustCompile(` id='([^']*)'`)

func (m *manager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	request := string(b)
	if m.new {
		w.Header().Set("Connection", "close")
	}
	hold := make(chan struct{})
	m.mu.Lock()
	m.said = append(m.said, request)
	n := len(m.said)
	if m.held != nil {
		close(m.held)
	}
	m.held = hold
	m.mu.Unlock()
	response := ""
	if m.own != nil {
		response = m.own(n, request)
	}
	if response == "" {
		response = usual(request)
	}
	if response == "-" {
		select {
		case <-hold:
		case <-r.Context().Done():
			return
		}
		response = empty
	}
	if code, ok := strings.CutPrefix(response, "status "); ok {
		var status int
		fmt.Sscan(code, &status)
		w.Header().Set("Location", "https://im.example.com/elsewhere")
		w.WriteHeader(status)
		return
	}
	_, _ = io.WriteString(w, response)
}

func usual(request string) string {
	switch {
	case strings.Contains(request, "type='terminate'"):
		return `<body type='terminate'` + namespaces + `/>`
	case !strings.Contains(request, "sid="):
		return granted + mechanisms + `</body>`
	case strings.Contains(request, "<auth"):
		return wrapped(`<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`)
	case strings.Contains(request, "restart='true'"):
		return wrapped(`<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>`)
	case strings.Contains(request, "urn:ietf:params:xml:ns:xmpp-bind"):
		return wrapped(`<iq xmlns='jabber:client' type='result' id='` + bindID.FindStringSubmatch(request)[1] +
			`'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@im.example.com/balcony</jid></bind></iq>`)
	}
	return "-"
}

// requests are what was said so far.
func (m *manager) requests() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.said...)
}

// listen serves https with a certificate for a domain, and perhaps further names; it returns the URL.
func listen(t *testing.T, domain string, h http.Handler, more ...string) string {
	t.Helper()
	cert, err := xmpptest.Certificate(xmpptest.CertSpec{Domains: append([]string{domain}, more...)})
	require.NoError(t, err)
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	srv.StartTLS()
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	return srv.URL + "/http-bind"
}

// manage serves a manager.
func manage(t *testing.T, own func(n int, request string) string) (*manager, string) {
	m := &manager{t: t, own: own}
	return m, listen(t, "im.example.com", m)
}

// options are those of juliet, whose password shows in what she says.
func options(url string) *xmpp.Options {
	return &xmpp.Options{
		Password:     "r0m30myr0m30",
		TLS:          &tls.Config{RootCAs: xmpptest.Roots()},
		Transport:    bosh.Dialer{URL: url}.Connect,
		CloseTimeout: patience,
	}
}

// enter logs juliet in.
func enter(t *testing.T, url string) *xmpp.Session {
	t.Helper()
	s, err := xmpp.Dial(within(t), juliet, options(url))
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
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
