package websocket_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	transport "github.com/canto-im/canto/xmpp/websocket"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// anywhere makes every name lead to the address in a URL.
func anywhere(url string) func(ctx context.Context, network, addr string) (net.Conn, error) {
	addr := strings.SplitN(url, "/", 4)[2]
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
}

// TestSecurityS10WebSocket: the certificate is for the host of the URL or for the domain of the account, and for nobody else.
func TestSecurityS10WebSocket(t *testing.T) {
	for _, c := range []struct {
		name, cert, url string
		ok              bool
	}{
		{"of the domain, at its host", "im.example.com", "wss://im.example.com/ws", true},
		{"of the host", "hosting.example.net", "wss://hosting.example.net/ws", true},
		{"of the domain, at another host", "im.example.com", "wss://hosting.example.net/ws", true},
		{"of another", "evil.example", "wss://im.example.com/ws", false},
		{"of another, at another host", "evil.example", "wss://hosting.example.net/ws", false},
		{"of a subdomain", "a.im.example.com", "wss://im.example.com/ws", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, done := upgrade(t, func(p *peer) error { return p.play(login + clientCloses) })
			var asked atomic.Bool
			url := listen(t, c.cert, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Store(true); h.ServeHTTP(w, r) }))
			o := options(c.url)
			o.Dial = anywhere(url)
			s, err := xmpp.Dial(within(t), juliet, o)
			if c.ok {
				require.NoError(t, err)
				require.NoError(t, s.Close())
				require.NoError(t, outcome(t, done))
				return
			}
			var cert *tls.CertificateVerificationError
			requireStep(t, xmpp.StepTLS, err)
			require.ErrorAs(t, err, &cert)
			require.False(t, asked.Load(), "nothing of HTTP is said to a server that is not who it should be")
		})
	}
}

// TestSecurityS10WebSocketTrust: who signed the certificate, and until when it is good, counts as over TCP.
func TestSecurityS10WebSocketTrust(t *testing.T) {
	h, _ := upgrade(t, func(p *peer) error { return p.play(login) })
	url := listen(t, "im.example.com", h)
	o := options(url)
	o.TLS = nil
	_, err := xmpp.Dial(within(t), juliet, o)
	requireStep(t, xmpp.StepTLS, err)

	o.TLS = &tls.Config{RootCAs: xmpptest.Roots(), InsecureSkipVerify: true}
	_, err = xmpp.Dial(within(t), juliet, o)
	requireStep(t, xmpp.StepTLS, err)
	require.ErrorContains(t, err, "InsecureSkipVerify")

	pinned := errors.New("not the key that was pinned")
	o.TLS = &tls.Config{RootCAs: xmpptest.Roots(), VerifyConnection: func(tls.ConnectionState) error { return pinned }}
	_, err = xmpp.Dial(within(t), juliet, o)
	require.ErrorIs(t, err, pinned)
}

// TestSecurityS08WebSocketInClear: nothing is said over ws: unless that was asked for by name.
func TestSecurityS08WebSocketInClear(t *testing.T) {
	t.Attr("conformance", "7395-3.9-1")
	var asked atomic.Bool
	h, done := upgrade(t, func(p *peer) error { return p.play(open) })
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Store(true); h.ServeHTTP(w, r) }))
	defer srv.Close()
	url := strings.Replace(srv.URL, "http:", "ws:", 1)
	_, err := xmpp.Dial(within(t), juliet, options(url))
	requireStep(t, xmpp.StepTLS, err)
	require.ErrorContains(t, err, "nothing is secret over ws:")
	require.False(t, asked.Load())

	// A transport of somebody's own that leads there is not believed either.
	o := options(url)
	connect := o.Transport
	o.Transport = func(ctx context.Context, account jid.JID, given *xmpp.Options, uri string) (net.Conn, error) {
		lax := *given
		lax.AllowPlaintext = true
		return connect(ctx, account, &lax, uri)
	}
	_, err = xmpp.Dial(within(t), juliet, o)
	requireStep(t, xmpp.StepTLS, err)
	require.ErrorContains(t, err, "in clear, without TLS")
	require.Error(t, outcome(t, done), "not even <open/> was said")
}

// TestInClear: with AllowPlaintext, ws: serves, and a STARTTLS that is offered there is ignored.
func TestInClear(t *testing.T) {
	t.Attr("conformance", "7395-3.9-3")
	offer := func(e xmpptest.Exchange) string {
		return strings.Replace(e.XML, "<stream:features>", "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>", 1)
	}
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{StartTLS: xmpptest.Off, Tamper: offer})
	o := over(srv, "alice")
	o.AllowPlaintext = true
	s := srv.Session(t, "alice", o)
	require.True(t, strings.HasPrefix(s.ConnectionState().Addr, "ws://"))
	require.Zero(t, s.ConnectionState().TLS.Version)
	require.Equal(t, "SCRAM-SHA-512", s.ConnectionState().Mechanism)
	require.NoError(t, s.Close())
	for _, e := range srv.Transcript("") {
		require.NotContains(t, e.XML, "starttls")
	}
}

// TestIgnoresSTARTTLS is the same over wss:.
func TestIgnoresSTARTTLS(t *testing.T) {
	t.Attr("conformance", "7395-3.9-3")
	script := strings.Replace(login, "<mechanisms", "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls><mechanisms", 1)
	url, done := play(t, script+clientCloses, nil)
	require.NoError(t, enter(t, url).Close())
	require.NoError(t, outcome(t, done))
}

// TestDiscovery: without a URL, the domain says where its endpoint is; that it may be at another host is trusted, because the
// domain's own certificate stands behind what it says.
func TestDiscovery(t *testing.T) {
	t.Attr("conformance", "7395-4-1 7395-4-2 7395-6-1")
	h, done := upgrade(t, func(p *peer) error { return p.play(login + clientCloses) })
	hosting := listen(t, "hosting.example.net", h)
	domain := listen(t, "im.example.com", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'><Link rel="urn:xmpp:alt-connections:websocket" href="wss://hosting.example.net/ws" /></XRD>`)
	}))
	o := options("")
	o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if strings.HasPrefix(addr, "im.example.com:") {
			return anywhere(domain)(ctx, network, addr)
		}
		return anywhere(hosting)(ctx, network, addr)
	}
	s, err := xmpp.Dial(within(t), juliet, o)
	require.NoError(t, err)
	require.Equal(t, "wss://hosting.example.net/ws", s.ConnectionState().Addr)
	require.NoError(t, s.Close())
	require.NoError(t, outcome(t, done))

	// Who is not the domain can't say so.
	o.Dial = anywhere(hosting)
	_, err = xmpp.Dial(within(t), juliet, o)
	requireStep(t, xmpp.StepDNS, err)
	var cert *tls.CertificateVerificationError
	require.ErrorAs(t, err, &cert)
}

// TestSeveralEndpoints: where one of those that the domain names does not answer, or is none, the next is tried.
func TestSeveralEndpoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		links := ""
		for _, host := range []string{"silent", "none", "down", "good"} {
			links += `<Link rel="urn:xmpp:alt-connections:websocket" href="wss://` + host + `.example/xmpp-websocket" />`
		}
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		o := over(srv, "alice")
		o.Transport = dialer("")
		o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			switch host, _, _ := net.SplitHostPort(addr); host {
			case "silent.example":
				ours, theirs := net.Pipe()
				t.Cleanup(func() { theirs.Close() })
				return ours, nil
			case "down.example":
				return nil, errors.New("nobody there")
			case "good.example":
				return srv.DialWeb(ctx, network, addr)
			}
			return pages(t, srv.Domain().String(), links), nil
		}
		start := time.Now()
		s := srv.Session(t, "alice", o)
		require.Equal(t, "wss://good.example/xmpp-websocket", s.ConnectionState().Addr)
		require.Equal(t, 8*time.Second, time.Since(start), "for the one that is silent")
		require.NoError(t, s.Close())
	})
}

// pages is a connection in memory to a site of the domain that answers host-meta and nothing else.
func pages(t *testing.T, domain, links string) net.Conn {
	cert, err := xmpptest.Certificate(xmpptest.CertSpec{Domains: []string{domain}})
	require.NoError(t, err)
	ours, theirs := net.Pipe()
	conn := tls.Server(theirs, &tls.Config{Certificates: []tls.Certificate{cert}, SessionTicketsDisabled: true})
	go func() {
		defer theirs.Close()
		for r := bufio.NewReader(conn); ; {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			status, body := "404 Not Found", ""
			if req.URL.Path == "/.well-known/host-meta" {
				status, body = "200 OK", "<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>"+links+"</XRD>"
			}
			fmt.Fprintf(conn, "HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
		}
	}()
	return ours
}

// TestDiscoveryInProcess: the in-process server tells of itself.
func TestDiscoveryInProcess(t *testing.T) {
	in(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		o := over(srv, "alice")
		o.Transport = transport.Dialer{}.Connect
		s := srv.Session(t, "alice", o)
		require.Equal(t, srv.WebSocketURL(), s.ConnectionState().Addr)
		require.NoError(t, s.Close())
	})
}

// TestHeader: what is added to the handshake goes to the URL that it was meant for, and not to where a server sends us.
func TestHeader(t *testing.T) {
	var cookies atomic.Value
	h, _ := upgrade(t, func(p *peer) error { return p.play(auth) })
	there := listen(t, "im.example.com", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookies.Store(r.Header.Get("Cookie"))
		h.ServeHTTP(w, r)
	}))
	o := options("")
	o.Transport = transport.Dialer{URL: there, Header: http.Header{"Cookie": {"a=b"}}}.Connect
	_, err := xmpp.Dial(within(t), juliet, o)
	require.Error(t, err)
	require.Equal(t, "a=b", cookies.Load())

	here, _ := play(t, redirect(there), nil)
	o.Transport = transport.Dialer{URL: here, Header: http.Header{"Cookie": {"a=b"}}}.Connect
	_, err = xmpp.Dial(within(t), juliet, o)
	require.Error(t, err)
	require.Equal(t, "", cookies.Load())
}
