package servers_test

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/stretchr/testify/require"
)

// A wire is a connection on which the test itself speaks XMPP, so that the launcher is tried without the library.
type wire struct {
	t    *testing.T
	conn net.Conn
	seen []byte // received, not yet taken by until
}

const patience = 20 * time.Second

func connect(t *testing.T, addr string) *wire {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, patience)
	require.NoError(t, err)
	w := &wire{t: t, conn: c}
	t.Cleanup(func() { w.conn.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	return w
}

// connectTLS makes a direct TLS connection.
func connectTLS(t *testing.T, srv *servers.Server, cfg *tls.Config) *wire {
	t.Helper()
	w := connect(t, srv.AddrTLS)
	w.secure(srv, cfg)
	return w
}

func (w *wire) secure(srv *servers.Server, cfg *tls.Config) {
	w.t.Helper()
	if cfg == nil {
		cfg = &tls.Config{}
	}
	cfg.RootCAs, cfg.ServerName = srv.CA, servers.Domain
	c := tls.Client(w.conn, cfg)
	require.NoError(w.t, c.Handshake())
	w.conn = c
}

func (w *wire) version() uint16 { return w.conn.(*tls.Conn).ConnectionState().Version }

func (w *wire) send(format string, args ...any) {
	w.t.Helper()
	_, err := fmt.Fprintf(w.conn, format, args...)
	require.NoError(w.t, err)
}

// until reads up to and with the text end.
func (w *wire) until(end string) string {
	w.t.Helper()
	for buf := make([]byte, 8192); ; {
		if i := bytes.Index(w.seen, []byte(end)); i >= 0 {
			got := string(w.seen[:i+len(end)])
			w.seen = w.seen[i+len(end):]
			return got
		}
		n, err := w.conn.Read(buf)
		w.seen = append(w.seen, buf[:n]...)
		if n == 0 {
			require.NoError(w.t, err, "waiting for %q, got %q", end, w.seen)
		}
	}
}

// rest reads until the connection ends, however it ends.
func (w *wire) rest() string {
	b, _ := io.ReadAll(w.conn)
	return string(w.seen) + string(b)
}

// open starts a stream and returns the features.
func (w *wire) open(domain string) string {
	w.t.Helper()
	w.send("<?xml version='1.0'?><stream:stream to='%s' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>", domain)
	return w.until("</stream:features>")
}

func (w *wire) startTLS(srv *servers.Server, cfg *tls.Config) {
	w.t.Helper()
	w.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
	require.Contains(w.t, w.until(">"), "proceed")
	w.secure(srv, cfg)
}

// auth sends one SASL message and returns the server's verdict.
func (w *wire) auth(mechanism string, initial []byte) string {
	w.t.Helper()
	text := base64.StdEncoding.EncodeToString(initial)
	if len(initial) == 0 {
		text = "=" // RFC 6120 §6.4.2: an empty initial response
	}
	w.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='%s'>%s</auth>", mechanism, text)
	return w.until(">")
}

func plain(user, password string) []byte { return []byte("\x00" + user + "\x00" + password) }

// login authenticates and binds on a connection that is ready for it.
func (w *wire) login(user, password string) {
	w.t.Helper()
	w.open(servers.Domain)
	require.Contains(w.t, w.auth("PLAIN", plain(user, password)), "<success")
	require.Contains(w.t, w.open(servers.Domain), "urn:ietf:params:xml:ns:xmpp-bind")
	w.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
	require.Contains(w.t, w.until("</iq>"), user+"@"+servers.Domain+"/")
}
