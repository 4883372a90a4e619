package bosh_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/bosh"
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

// TestSecurityS10BOSH: the certificate is for the host of the URL or for the domain of the account, and for nobody else.
func TestSecurityS10BOSH(t *testing.T) {
	for _, c := range []struct {
		name, cert, url string
		ok              bool
	}{
		{"of the domain, at its host", "im.example.com", "https://im.example.com/b", true},
		{"of the host", "hosting.example.net", "https://hosting.example.net/b", true},
		{"of the domain, at another host", "im.example.com", "https://hosting.example.net/b", true},
		{"of another", "evil.example", "https://im.example.com/b", false},
		{"of another, at another host", "evil.example", "https://hosting.example.net/b", false},
		{"of a subdomain", "a.im.example.com", "https://im.example.com/b", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &manager{t: t}
			o := options(c.url)
			o.Dial = anywhere(listen(t, c.cert, m))
			s, err := xmpp.Dial(within(t), juliet, o)
			if c.ok {
				require.NoError(t, err)
				require.NoError(t, s.Close())
				return
			}
			var cert *tls.CertificateVerificationError
			requireStep(t, xmpp.StepTLS, err)
			require.ErrorAs(t, err, &cert)
			require.Empty(t, m.requests(), "nothing of HTTP is said to a server that is not who it should be")
		})
	}
}

// TestSecurityS10BOSHTrust: who signed the certificate counts as over TCP, and so do the user's own checks.
func TestSecurityS10BOSHTrust(t *testing.T) {
	m, url := manage(t, nil)
	o := options(url)
	o.TLS = nil
	_, err := xmpp.Dial(within(t), juliet, o)
	requireStep(t, xmpp.StepTLS, err)
	pinned := errors.New("not the key that was pinned")
	o.TLS = &tls.Config{RootCAs: xmpptest.Roots(), VerifyConnection: func(tls.ConnectionState) error { return pinned }}
	_, err = xmpp.Dial(within(t), juliet, o)
	require.ErrorIs(t, err, pinned)
	require.Empty(t, m.requests())
}

// TestSecurityS10BOSHOtherCertificate: a certificate that is as good as the first, and another one, ends the session: nothing more is
// said, and nothing to whoever shows it (XEP-0124 §19.1).
func TestSecurityS10BOSHOtherCertificate(t *testing.T) {
	first, url := manage(t, nil)
	first.new = true
	second := &manager{t: t}
	elsewhere := listen(t, "im.example.com", second, "renewed.example.com")
	o := options(url)
	var there atomic.Bool
	o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if there.Load() {
			return anywhere(elsewhere)(ctx, network, addr)
		}
		return anywhere(url)(ctx, network, addr)
	}
	first.own = func(_ int, request string) string {
		if strings.Contains(request, "urn:ietf:params:xml:ns:xmpp-bind") {
			there.Store(true)
		}
		return ""
	}
	s, err := xmpp.Dial(within(t), juliet, o)
	require.NoError(t, err)
	require.ErrorContains(t, ended(t, s), "another certificate")
	require.Empty(t, second.requests())
}

// TestSecurityS08BOSHInClear: nothing is said over http: unless that was asked for by name.
func TestSecurityS08BOSHInClear(t *testing.T) {
	m := &manager{t: t}
	srv := httptest.NewServer(m)
	defer srv.Close()
	_, err := xmpp.Dial(within(t), juliet, options(srv.URL))
	requireStep(t, xmpp.StepTLS, err)
	require.ErrorContains(t, err, "nothing is secret over http:")
	require.Empty(t, m.requests())

	// A transport of somebody's own that leads there is not believed either.
	o := options(srv.URL)
	connect := o.Transport
	o.Transport = func(ctx context.Context, account jid.JID, given *xmpp.Options, uri string) (net.Conn, error) {
		lax := *given
		lax.AllowPlaintext = true
		return connect(ctx, account, &lax, uri)
	}
	_, err = xmpp.Dial(within(t), juliet, o)
	requireStep(t, xmpp.StepTLS, err)
	require.ErrorContains(t, err, "in clear, without TLS")
	require.Len(t, m.requests(), 1)
	require.NotContains(t, m.requests()[0], "juliet", "who we are is said over TLS alone")
}

// TestInClear: with AllowPlaintext, http: serves, and a STARTTLS that is offered there is ignored.
func TestInClear(t *testing.T) {
	offer := func(e xmpptest.Exchange) string {
		return strings.Replace(e.XML, "<stream:features>", "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>", 1)
	}
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{StartTLS: xmpptest.Off, Tamper: offer})
	o := over(srv, "alice")
	o.AllowPlaintext = true
	s := srv.Session(t, "alice", o)
	require.True(t, strings.HasPrefix(s.ConnectionState().Addr, "http://"))
	require.Zero(t, s.ConnectionState().TLS.Version)
	require.Equal(t, "SCRAM-SHA-512", s.ConnectionState().Mechanism)
	require.NoError(t, s.Close())
	for _, e := range srv.Transcript("") {
		require.NotContains(t, e.XML, "starttls")
	}
}

// elsewhere is the answer that sends a client to another place.
func elsewhere(uri string) string {
	return `<body type='terminate' condition='see-other-uri'` + namespaces + `><uri> ` + uri + `</uri></body>`
}

// TestSeeOtherURI: a server sends us to another endpoint, at whatever point of the login.
func TestSeeOtherURI(t *testing.T) {
	for name, at := range map[string]string{"at once": "wait=", "at the login": "<auth", "at the restart": "restart='true'"} {
		t.Run(name, func(t *testing.T) {
			_, there := manage(t, nil)
			_, here := manage(t, func(_ int, request string) string {
				if strings.Contains(request, at) {
					return elsewhere(there)
				}
				return ""
			})
			s := enter(t, here)
			require.Equal(t, there, s.ConnectionState().Addr)
			require.NoError(t, s.Close())
		})
	}
}

// TestSecurityS10BOSHSeeOtherURI: never to where less is secret, nor to what is no BOSH; and where we're sent has to show a certificate as the
// first did. A redirect of HTTP is not followed at all.
func TestSecurityS10BOSHSeeOtherURI(t *testing.T) {
	var asked atomic.Bool
	ask := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Store(true) })
	plain := httptest.NewServer(ask)
	defer plain.Close()
	stranger := listen(t, "evil.example", ask)
	for _, c := range []struct {
		uri, want string
		step      xmpp.Step
	}{
		{plain.URL, "from https: to http:", xmpp.StepStream},
		{"wss://im.example.com/ws", "another kind of endpoint", xmpp.StepStream},
		{"javascript:alert(1)", "another kind of endpoint", xmpp.StepStream},
		{"im.example.com:5222", "another kind of endpoint", xmpp.StepStream},
		{"https://u:p@im.example.com/", "more, or less", xmpp.StepStream},
		{stranger, "certificate", xmpp.StepTLS},
	} {
		t.Run(c.uri, func(t *testing.T) {
			_, url := manage(t, func(int, string) string { return elsewhere(c.uri) })
			o := options(url)
			o.AllowPlaintext = true // of no matter: the URL was a secure one
			_, err := xmpp.Dial(within(t), juliet, o)
			requireStep(t, c.step, err)
			require.ErrorContains(t, err, c.want)
			require.False(t, asked.Load())
		})
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		srv := listen(t, "im.example.com", http.RedirectHandler(plain.URL, status))
		_, err := xmpp.Dial(within(t), juliet, options(srv))
		requireStep(t, xmpp.StepStream, err)
		require.ErrorContains(t, err, fmt.Sprint(status))
		require.False(t, asked.Load())
	}
}

// TestSecurityS10BOSHEndlessSeeOtherURI: a server that sends us in circles is left.
func TestSecurityS10BOSHEndlessSeeOtherURI(t *testing.T) {
	m := &manager{t: t}
	url := listen(t, "im.example.com", m)
	m.own = func(int, string) string { return elsewhere(url) }
	_, err := xmpp.Dial(within(t), juliet, options(url))
	requireStep(t, xmpp.StepStream, err)
	require.ErrorContains(t, err, "without end")
	require.Len(t, m.requests(), 5)
}

// TestDiscovery: without a URL, the domain says where its endpoint is; that it may be at another host is trusted, because the domain's
// own certificate stands behind what it says. Who is not the domain can't say so, and nobody is sent to a plain one.
func TestDiscovery(t *testing.T) {
	_, hosting := listenAt(t, "hosting.example.net")
	var href atomic.Value
	href.Store("https://hosting.example.net/http-bind")
	domain := listen(t, "im.example.com", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'><Link rel="urn:xmpp:alt-connections:xbosh" href="%s" /></XRD>`, href.Load())
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
	require.Equal(t, href.Load(), s.ConnectionState().Addr)
	require.NoError(t, s.Close())

	href.Store("http://hosting.example.net/http-bind")
	o.AllowPlaintext = true
	_, err = xmpp.Dial(within(t), juliet, o)
	requireStep(t, xmpp.StepDNS, err)

	o.Dial = anywhere(hosting)
	_, err = xmpp.Dial(within(t), juliet, o)
	requireStep(t, xmpp.StepDNS, err)
	var cert *tls.CertificateVerificationError
	require.ErrorAs(t, err, &cert)
}

func listenAt(t *testing.T, domain string) (*manager, string) {
	m := &manager{t: t}
	return m, listen(t, domain, m)
}

// TestDiscoveryInProcess: the in-process server tells of itself.
func TestDiscoveryInProcess(t *testing.T) {
	in(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		o := over(srv, "alice")
		o.Transport = bosh.Dialer{}.Connect
		s := srv.Session(t, "alice", o)
		require.Equal(t, srv.BOSHURL(), s.ConnectionState().Addr)
		require.NoError(t, s.Close())
	})
}

// TestSecurityS15Responses: a response is bounded, whatever is in it.
func TestSecurityS15Responses(t *testing.T) {
	const limit = 256 << 10
	for name, within := range map[string]string{"text": "x", "white space": " ", "elements": "<a/>"} {
		t.Run(name, func(t *testing.T) {
			m := &manager{t: t}
			var sent atomic.Int64
			url := listen(t, "im.example.com", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if said := m.requests(); len(said) == 0 || !strings.Contains(said[len(said)-1], "urn:ietf:params:xml:ns:xmpp-bind") {
					m.ServeHTTP(w, r)
					return
				}
				piece := strings.Repeat(within, 64<<10/len(within))
				_, err := io.WriteString(w, wrapped("<message>")[:len(wrapped("<message>"))-len("</body>")])
				for i := 0; i < 1024 && err == nil; i++ { // 64 MiB, unless the client has left before
					_, err = io.WriteString(w, piece)
					sent.Add(int64(len(piece)))
				}
			}))
			o := options(url)
			o.Limits = xmpp.Limits{StanzaBytes: limit / 2, AnswerBytes: limit, LaneSoft: limit}
			s, err := xmpp.Dial(t.Context(), juliet, o)
			require.NoError(t, err)
			err = ended(t, s)
			require.ErrorIs(t, err, xmpp.PolicyViolation)
			require.ErrorContains(t, err, "Limits.AnswerBytes")
			require.Less(t, sent.Load(), int64(32<<20), "it was left")
		})
	}
}
