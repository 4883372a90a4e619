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

// bearing are options with a certificate for these accounts; the mechanisms are EXTERNAL for authzID, then those of a password.
func bearing(t *testing.T, srv *xmpptest.Server, authzID string, users ...string) *xmpp.Options {
	t.Helper()
	o := srv.Options(users[0])
	spec := xmpptest.CertSpec{Address: srv.JID(users[0]).String()}
	for _, u := range users[1:] {
		spec.Others = append(spec.Others, srv.JID(u).String())
	}
	cert, err := xmpptest.Certificate(spec)
	require.NoError(t, err)
	o.TLS.Certificates = []tls.Certificate{cert}
	o.SASL = append([]sasl.Mechanism{sasl.External(authzID)}, sasl.Password(users[0], "of "+users[0], nil)...)
	return o
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

// TestXEP0178: a certificate in Options.TLS and EXTERNAL among the mechanisms make a login without a password; an authorization identity is
// sent where the certificate has several addresses, and else not.
func TestXEP0178(t *testing.T) {
	for _, o := range []xmpptest.Options{{}, {TLSVersion: tls.VersionTLS12}} {
		srv := externals(t, o)
		s, err := xmpp.Dial(t.Context(), srv.JID("alice"), bearing(t, srv, "", "alice"))
		require.NoError(t, err)
		require.Equal(t, "EXTERNAL", s.ConnectionState().Mechanism)
		require.Equal(t, srv.JID("alice"), s.JID().Bare())
		require.NoError(t, s.Close())
		require.Equal(t, []string{"="}, identity(srv), "XEP-0178 §2: one address: none")

		s, err = xmpp.Dial(t.Context(), srv.JID("bob"), bearing(t, srv, srv.JID("bob").String(), "alice", "bob"))
		require.NoError(t, err)
		require.Equal(t, srv.JID("bob"), s.JID().Bare(), "XEP-0178 §2: several: the one that is asked for")
		require.NoError(t, s.Close())
		require.Equal(t, []string{"=", "Ym9iQGNhbnRvLnRlc3Q="}, identity(srv))
	}
	srv := externals(t, xmpptest.Options{SASL2: &xmpptest.SASL2{Only: true}})
	s, err := xmpp.Dial(t.Context(), srv.JID("alice"), bearing(t, srv, "", "alice"))
	require.NoError(t, err)
	require.Equal(t, "EXTERNAL", s.ConnectionState().Mechanism)
	require.NoError(t, s.Close())
	require.Equal(t, []string{""}, identity(srv), "XEP-0388 §2.2: an empty initial response")
}

// What the server refuses is refused, and no password is tried after it; where EXTERNAL is not offered, the next mechanism is.
func TestXEP0178Refused(t *testing.T) {
	srv := externals(t, xmpptest.Options{})
	_, err := xmpp.Dial(t.Context(), srv.JID("alice"), bearing(t, srv, "", "alice", "bob"))
	require.ErrorIs(t, err, sasl.InvalidAuthzID, "XEP-0178 §2: several addresses, and none said")
	_, err = xmpp.Dial(t.Context(), srv.JID("bob"), bearing(t, srv, srv.JID("bob").String(), "alice"))
	require.ErrorIs(t, err, sasl.InvalidAuthzID, "an address that the certificate does not have")
	require.EqualValues(t, 2, srv.Stats().LoginFailures)
	require.Zero(t, srv.Stats().Logins)

	o := bearing(t, srv, "", "alice")
	o.TLS.Certificates = nil
	s, err := xmpp.Dial(t.Context(), srv.JID("alice"), o)
	require.NoError(t, err)
	require.Equal(t, "SCRAM-SHA-512-PLUS", s.ConnectionState().Mechanism, "EXTERNAL is for those that have shown a certificate")
	require.NoError(t, s.Close())

	always := externals(t, xmpptest.Options{ExternalAlways: true})
	o = bearing(t, always, "", "alice")
	o.TLS.Certificates, o.SASL = nil, o.SASL[:1]
	_, err = xmpp.Dial(t.Context(), always.JID("alice"), o)
	require.ErrorIs(t, err, sasl.NotAuthorized)
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
