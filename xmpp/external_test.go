package xmpp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// externals is a server in memory that offers EXTERNAL to whom a certificate names, with two accounts.
func externals(t *testing.T, o xmpptest.Options) *xmpptest.Server {
	t.Helper()
	o.InMemory = true
	srv := xmpptest.NewServerWith(t, &o)
	require.NoError(t, srv.AddUser("alice", "of alice"))
	require.NoError(t, srv.AddUser("bob", "of bob"))
	return srv
}

// bearing are options with a certificate, and with EXTERNAL for authzID before the mechanisms of user's password.
func bearing(t *testing.T, srv *xmpptest.Server, authzID, user string, spec xmpptest.CertSpec) *xmpp.Options {
	t.Helper()
	o := srv.Options(user)
	cert, err := xmpptest.Certificate(spec)
	require.NoError(t, err)
	o.TLS.Certificates = []tls.Certificate{cert}
	o.SASL = append([]sasl.Mechanism{sasl.External(authzID)}, sasl.Password(user, "of "+user, nil)...)
	return o
}

// of is a certificate with the addresses of these accounts.
func of(srv *xmpptest.Server, users ...string) (spec xmpptest.CertSpec) {
	spec.Address = srv.JID(users[0]).String()
	for _, u := range users[1:] {
		spec.Others = append(spec.Others, srv.JID(u).String())
	}
	return spec
}

// identity is what the client has said that it wants to be, base64.
func identity(srv *xmpptest.Server) []string {
	var list []string
	for _, e := range srv.Transcript("") {
		for _, m := range regexp.MustCompile(`mechanism='EXTERNAL'>(?:<initial-response[^>]*>)?([^<]*)`).FindAllStringSubmatch(e.XML, -1) {
			list = append(list, m[1])
		}
	}
	return list
}

// TestXEP0178: a certificate in Options.TLS and EXTERNAL among the mechanisms make a login without a password. An authorization
// identity is sent where the certificate does not say by itself who we want to be, and else not; the program need not know.
func TestXEP0178(t *testing.T) {
	const bob = "Ym9iQGNhbnRvLnRlc3Q="
	for name, c := range map[string]struct {
		user, authzID string
		spec          func(srv *xmpptest.Server) xmpptest.CertSpec
		says          string
		err           error
	}{
		"one address":                  {"bob", "", func(srv *xmpptest.Server) xmpptest.CertSpec { return of(srv, "bob") }, "", nil},
		"one address, twice":           {"bob", "", func(srv *xmpptest.Server) xmpptest.CertSpec { return of(srv, "bob", "bob") }, bob, nil},
		"several":                      {"bob", "", func(srv *xmpptest.Server) xmpptest.CertSpec { return of(srv, "alice", "bob") }, bob, nil},
		"several, and the program's":   {"bob", "bob@canto.test", func(srv *xmpptest.Server) xmpptest.CertSpec { return of(srv, "alice", "bob") }, bob, nil},
		"none":                         {"bob", "", func(*xmpptest.Server) xmpptest.CertSpec { return xmpptest.CertSpec{Name: "bob"} }, "", nil},
		"none, and nobody's":           {"bob", "", func(*xmpptest.Server) xmpptest.CertSpec { return xmpptest.CertSpec{Name: "eve"} }, "", sasl.NotAuthorized},
		"another's":                    {"bob", "", func(srv *xmpptest.Server) xmpptest.CertSpec { return of(srv, "alice") }, bob, sasl.InvalidAuthzID},
		"several others'":              {"bob", "", func(srv *xmpptest.Server) xmpptest.CertSpec { return of(srv, "alice", "eve") }, bob, sasl.InvalidAuthzID},
		"another's, and the program's": {"bob", "bob@canto.test", func(srv *xmpptest.Server) xmpptest.CertSpec { return of(srv, "alice") }, bob, sasl.InvalidAuthzID},
	} {
		for profile, o := range map[string]xmpptest.Options{
			"RFC 6120": {}, "TLS 1.2": {TLSVersion: tls.VersionTLS12}, "XEP-0388": {SASL2: &xmpptest.SASL2{Only: true}},
		} {
			t.Run(name+", "+profile, func(t *testing.T) {
				srv := externals(t, o)
				opts := bearing(t, srv, c.authzID, c.user, c.spec(srv))
				if c.says != "" { // a function chooses the certificate
					cert := opts.TLS.Certificates[0]
					opts.TLS.Certificates = nil
					opts.TLS.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
				}
				s, err := xmpp.Dial(t.Context(), srv.JID(c.user), opts)
				says := c.says
				if says == "" && o.SASL2 == nil {
					says = "=" // XEP-0388 §2.2 has an empty initial response instead
				}
				require.Equal(t, []string{says}, identity(srv))
				if c.err != nil {
					require.ErrorIs(t, err, c.err)
					require.EqualValues(t, 1, srv.Stats().LoginFailures, "and no password is tried")
					require.Zero(t, srv.Stats().Logins)
					return
				}
				require.NoError(t, err)
				require.Equal(t, "EXTERNAL", s.ConnectionState().Mechanism)
				require.Equal(t, srv.JID(c.user), s.JID().Bare())
				require.NoError(t, s.Close())
			})
		}
	}
}

// Of several certificates the one counts that the server accepts.
func TestXEP0178SeveralCertificates(t *testing.T) {
	srv := externals(t, xmpptest.Options{})
	strange := of(srv, "bob")
	strange.SelfSigned = true
	o := bearing(t, srv, "", "bob", strange)
	o.TLS.Certificates = append(o.TLS.Certificates, bearing(t, srv, "", "bob", of(srv, "alice", "bob")).TLS.Certificates...)
	s, err := xmpp.Dial(t.Context(), srv.JID("bob"), o)
	require.NoError(t, err)
	require.Equal(t, "EXTERNAL", s.ConnectionState().Mechanism)
	require.Equal(t, []string{"Ym9iQGNhbnRvLnRlc3Q="}, identity(srv))
	require.NoError(t, s.Close())
}

// Where EXTERNAL is not offered, the next mechanism is tried, and nothing is said of a certificate that was not shown.
func TestXEP0178WithoutCertificate(t *testing.T) {
	srv := externals(t, xmpptest.Options{})
	o := bearing(t, srv, "", "alice", of(srv, "alice"))
	o.TLS.Certificates = nil
	s, err := xmpp.Dial(t.Context(), srv.JID("alice"), o)
	require.NoError(t, err)
	require.Equal(t, "SCRAM-SHA-512-PLUS", s.ConnectionState().Mechanism, "EXTERNAL is for those that have shown a certificate")
	require.NoError(t, s.Close())

	always := externals(t, xmpptest.Options{ExternalAlways: true, TLSConfig: func(cfg *tls.Config) { cfg.ClientAuth = tls.NoClientCert }})
	o = bearing(t, always, "", "bob", of(always, "alice", "bob"))
	o.SASL = o.SASL[:1]
	_, err = xmpp.Dial(t.Context(), always.JID("bob"), o)
	require.ErrorIs(t, err, sasl.NotAuthorized)
	require.Equal(t, []string{"="}, identity(always), "the server has not asked for it")
}

// TestOAuthBearer: the token is asked for with each login, in both profiles, and what the server says of a bad one is in the error.
func TestOAuthBearer(t *testing.T) {
	for name, o := range map[string]xmpptest.Options{
		"RFC 6120": {}, "XEP-0388": {SASL2: &xmpptest.SASL2{Only: true, FAST: []string{}}},
	} {
		t.Run(name, func(t *testing.T) {
			o.Mechanisms = []string{"OAUTHBEARER"}
			srv := externals(t, o)
			srv.AddToken("alice", "first")
			srv.AddToken("alice", "second")
			tokens := []string{"first", "second", "third"}
			opts := srv.Options("alice")
			opts.SASL = []sasl.Mechanism{sasl.OAuthBearer("", func(context.Context) (string, error) {
				now := tokens[0]
				tokens = tokens[1:]
				return now, nil
			})}
			for range 2 {
				s, err := xmpp.Dial(t.Context(), srv.JID("alice"), opts)
				require.NoError(t, err)
				require.Equal(t, "OAUTHBEARER", s.ConnectionState().Mechanism)
				require.NoError(t, s.Close())
			}
			_, err := xmpp.Dial(t.Context(), srv.JID("alice"), opts)
			require.ErrorIs(t, err, sasl.NotAuthorized)
			var bad *sasl.BearerError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, "invalid_token", bad.Status)
			require.NotContains(t, err.Error(), "third")

			mine := errors.New("no token today")
			opts.SASL = []sasl.Mechanism{sasl.OAuthBearer("", func(context.Context) (string, error) { return "", mine })}
			_, err = xmpp.Dial(t.Context(), srv.JID("alice"), opts)
			require.ErrorIs(t, err, mine)
		})
	}
}

// RFC 7628 §4: a token is as good as a password, and not for a connection in clear.
func TestSecurityS08NoTokenInClear(t *testing.T) {
	srv := externals(t, xmpptest.Options{StartTLS: xmpptest.Off, PlainInClear: true, Mechanisms: []string{"OAUTHBEARER", "EXTERNAL"}, ExternalAlways: true})
	o := srv.Options("alice")
	o.AllowPlaintext = true
	o.SASL = []sasl.Mechanism{sasl.OAuthBearer("", func(context.Context) (string, error) { return "s3cret-t0ken", nil }), sasl.External("")}
	_, err := xmpp.Dial(t.Context(), srv.JID("alice"), o)
	requireStep(t, xmpp.StepAuth, err)
	for _, e := range srv.Transcript("") {
		require.False(t, strings.Contains(e.XML, "<auth "), e.XML)
	}
}
