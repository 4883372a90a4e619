package integration

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// assertStep holds that err says at which step a session could not be had.
func assertStep(t *testing.T, step xmpp.Step, err error) {
	t.Helper()
	var dial *xmpp.DialError
	if assert.ErrorAs(t, err, &dial) {
		assert.Equal(t, step, dial.Step, "%v", err)
	}
}

// anonymous is an in-process server that offers ANONYMOUS.
func anonymous(t *testing.T) *xmpptest.Server {
	return xmpptest.NewServerWith(t, &xmpptest.Options{Mechanisms: []string{"ANONYMOUS"}})
}

// TestWhatGoesWrong is a table of logins that must fail, each with its own error, at every place and on both ways in.
func TestWhatGoesWrong(t *testing.T) {
	for name, c := range map[string]struct {
		change func(p *place, o *xmpp.Options, addr *jid.JID)
		step   xmpp.Step
		check  func(t *testing.T, err error)
	}{
		"sasl-errors bad password": {
			func(_ *place, o *xmpp.Options, _ *jid.JID) { o.Password += "?" },
			xmpp.StepAuth,
			func(t *testing.T, err error) { assert.ErrorIs(t, err, sasl.NotAuthorized) },
		},
		"sasl-errors no such account": {
			func(p *place, _ *xmpp.Options, addr *jid.JID) { *addr = p.jid("nobody") },
			xmpp.StepAuth,
			func(t *testing.T, err error) { assert.ErrorIs(t, err, sasl.NotAuthorized) },
		},
		"tls-certs unknown authority": {
			func(_ *place, o *xmpp.Options, _ *jid.JID) { o.TLS.RootCAs = x509.NewCertPool() },
			xmpp.StepTLS,
			func(t *testing.T, err error) {
				var unknown x509.UnknownAuthorityError
				assert.ErrorAs(t, err, &unknown)
			},
		},
		"tls-certs certificate of another domain": {
			func(_ *place, _ *xmpp.Options, addr *jid.JID) { *addr = jid.MustParse("user@elsewhere.test") },
			xmpp.StepTLS,
			func(t *testing.T, err error) {
				assert.True(t, otherDomain(err), "%v", err)
			},
		},
		"tls-certs a server name that is not ours to choose": {
			func(_ *place, o *xmpp.Options, addr *jid.JID) {
				o.TLS.ServerName = addr.Domainpart()
				*addr = jid.MustParse("user@elsewhere.test")
			},
			xmpp.StepTLS,
			func(t *testing.T, err error) {
				assert.True(t, otherDomain(err), "%v", err)
			},
		},
		"nobody listens": {
			func(_ *place, o *xmpp.Options, _ *jid.JID) { o.Addr = unused() },
			xmpp.StepTCP,
			func(t *testing.T, err error) {
				var op *net.OpError
				assert.ErrorAs(t, err, &op)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, servers.Config{}, func(t *testing.T, p *place) {
				t.Attr("conformance", name)
				for _, direct := range []bool{false, true} {
					user, password := p.account(t)
					addr, o := p.jid(user), p.over(p.options(password), direct, 0)
					c.change(p, o, &addr)
					_, err := xmpp.Dial(within(t), addr, o)
					require.Error(t, err)
					t.Logf("direct=%t: %v", direct, err)
					if !errors.Is(err, xmpp.HostUnknown) {
						assertStep(t, c.step, err)
					}
					c.check(t, err)
					assert.NotContains(t, err.Error(), password)
				}
			})
		})
	}
}

// otherDomain tells whether err says that the server is one for other domains: its certificate does, or it does so itself,
// at the header of the stream (Prosody in clear) or at the name in the TLS handshake (Prosody on direct TLS).
func otherDomain(err error) bool {
	var name x509.HostnameError
	unrecognized := strings.Contains(err.Error(), "tls: unrecognized name") // the alert of RFC 6066 §3, which has no exported type
	return errors.As(err, &name) || unrecognized || errors.Is(err, xmpp.HostUnknown)
}

// unused is an address where nobody listens.
func unused() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:1"
	}
	defer l.Close()
	return l.Addr().String()
}

func TestNoSuchDomain(t *testing.T) {
	_, err := xmpp.Dial(within(t), jid.MustParse("user@no-such-domain.invalid"), &xmpp.Options{Password: "x"})
	var dial *xmpp.DialError
	require.ErrorAs(t, err, &dial)
	assert.Contains(t, []xmpp.Step{xmpp.StepDNS, xmpp.StepTCP}, dial.Step, "%v", err)
}

// TestPlaintextOnly holds that a server without TLS is an error unless it was asked for by name, and a login in clear then.
func TestPlaintextOnly(t *testing.T) {
	each(t, servers.Config{TLS: servers.Plaintext}, func(t *testing.T, p *place) {
		user, password := p.account(t)
		o := p.options(password)
		_, err := xmpp.Dial(within(t), p.jid(user), o)
		assertStep(t, xmpp.StepTLS, err)
		t.Log(err)

		o.AllowPlaintext = true
		s := p.login(t, p.jid(user), o)
		assert.Zero(t, s.ConnectionState().TLS.Version)
		assert.Contains(t, s.ConnectionState().Mechanism, "SCRAM-", "never PLAIN in clear")

		o.SASL = []sasl.Mechanism{sasl.Password(user, password, nil)[6]}
		require.Equal(t, "PLAIN", o.SASL[0].Name())
		_, err = xmpp.Dial(within(t), p.jid(user), o)
		assertStep(t, xmpp.StepAuth, err)
		assert.ErrorContains(t, err, string(sasl.ErrPlaintext))
	})
}

// TestTLSVersionsApart meets a server that speaks 1.2 alone with a client that wants 1.3.
func TestTLSVersionsApart(t *testing.T) {
	each(t, servers.Config{TLS: servers.TLS12}, func(t *testing.T, p *place) {
		for _, direct := range []bool{false, true} {
			user, password := p.account(t)
			o := p.over(p.options(password), direct, 0)
			o.TLS.MinVersion = tls.VersionTLS13
			_, err := xmpp.Dial(within(t), p.jid(user), o)
			assertStep(t, xmpp.StepTLS, err)
		}
	})
}
