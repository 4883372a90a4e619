package xmpp_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

var errNotMyPin = errors.New("not the certificate that was pinned")

// What the program puts into Options.TLS to check a certificate by is asked, and has the last word: pins, clock and roots.
func TestTLSConfigIsHeeded(t *testing.T) {
	var asked atomic.Int32
	pin := func(ok bool) func(*tls.Config) {
		return func(c *tls.Config) {
			c.VerifyConnection = func(cs tls.ConnectionState) error {
				asked.Add(1)
				if len(cs.VerifiedChains) == 0 || !ok {
					return errNotMyPin
				}
				return nil
			}
		}
	}
	raw := func(ok bool) func(*tls.Config) {
		return func(c *tls.Config) {
			c.VerifyPeerCertificate = func(certs [][]byte, chains [][]*x509.Certificate) error {
				asked.Add(1)
				if len(certs) == 0 || len(chains) == 0 || !ok {
					return errNotMyPin
				}
				return nil
			}
		}
	}
	clock := func(d time.Duration) func(*tls.Config) {
		return func(c *tls.Config) {
			c.Time = func() time.Time { asked.Add(1); return time.Now().Add(d) }
		}
	}
	var invalid x509.CertificateInvalidError
	for _, c := range []struct {
		name   string
		change func(*tls.Config)
		want   func(err error) bool // nil: the login succeeds
	}{
		{"VerifyConnection agrees", pin(true), nil},
		{"VerifyConnection does not", pin(false), func(err error) bool { return errors.Is(err, errNotMyPin) }},
		{"VerifyPeerCertificate agrees", raw(true), nil},
		{"VerifyPeerCertificate does not", raw(false), func(err error) bool { return errors.Is(err, errNotMyPin) }},
		{"Time is now", clock(0), nil},
		{"Time is after the certificate's", clock(200 * 365 * 24 * time.Hour), func(err error) bool { return errors.As(err, &invalid) && invalid.Reason == x509.Expired }},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := xmpptest.NewServer(t)
			for _, direct := range []bool{false, true} {
				asked.Store(0)
				o := overEither(srv, direct)
				c.change(o.TLS)
				s, err := xmpp.Dial(t.Context(), srv.JID("alice"), o)
				require.Positive(t, asked.Load())
				if c.want == nil {
					require.NoError(t, err)
					require.NoError(t, s.Close())
					continue
				}
				requireStep(t, xmpp.StepTLS, err)
				require.True(t, c.want(err), "%v", err)
			}
			if c.want != nil {
				require.Zero(t, srv.Stats().Logins)
			}
		})
	}
}

// overEither are options for STARTTLS or for direct TLS.
func overEither(srv *xmpptest.Server, direct bool) *xmpp.Options {
	o := srv.Options("alice")
	if direct {
		o.Addr, o.DirectTLS = srv.DirectAddr(), true
	}
	return o
}

// Who asks not to verify is refused before anything is sent, and told what to do instead.
func TestTLSConfigInsecure(t *testing.T) {
	srv := xmpptest.NewServer(t)
	for _, direct := range []bool{false, true} {
		o := overEither(srv, direct)
		o.TLS.InsecureSkipVerify = true
		_, err := xmpp.Dial(t.Context(), srv.JID("alice"), o)
		requireStep(t, xmpp.StepTLS, err)
		require.ErrorContains(t, err, "InsecureSkipVerify is set; put the server's certificate authority into Options.TLS.RootCAs")
	}
	require.Zero(t, srv.Stats().TLS)
	require.Zero(t, srv.Stats().Logins)
}

// XEP-0368 §3: on direct TLS the client says by ALPN that it speaks XMPP, and by SNI for which domain. STARTTLS has said
// the first already. The chains that were verified can be looked at afterwards.
func TestTLSHello(t *testing.T) {
	for _, direct := range []bool{false, true} {
		var hello atomic.Pointer[tls.ClientHelloInfo]
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{TLSConfig: func(c *tls.Config) {
			c.NextProtos = []string{"xmpp-client"}
			c.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) { hello.Store(h); return nil, nil }
		}})
		o := overEither(srv, direct)
		o.TLS.ServerName = "elsewhere.example"
		s, err := xmpp.Dial(t.Context(), srv.JID("alice"), o)
		require.NoError(t, err)
		cs := s.ConnectionState().TLS
		require.Equal(t, xmpptest.DefaultDomain, hello.Load().ServerName)
		if direct {
			require.Equal(t, []string{"xmpp-client"}, hello.Load().SupportedProtos)
			require.Equal(t, "xmpp-client", cs.NegotiatedProtocol)
		} else {
			require.Empty(t, hello.Load().SupportedProtos)
		}
		require.NotEmpty(t, cs.VerifiedChains)
		require.Equal(t, cs.PeerCertificates[0], cs.VerifiedChains[0][0])
		require.NoError(t, s.Close())
	}
}
