package xmpp_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// An obstacle is a way in which a login fails.
type obstacle struct {
	name   string
	server xmpptest.Options
	change func(t *testing.T, srv *xmpptest.Server, o *xmpp.Options, account *jid.JID)
	step   xmpp.Step
	says   []string // parts of the error, in their order: what failed, and what to do
}

var obstacles = []obstacle{
	{"bad password", xmpptest.Options{},
		func(_ *testing.T, _ *xmpptest.Server, o *xmpp.Options, _ *jid.JID) { o.Password = "guess" },
		xmpp.StepAuth, []string{"not-authorized", "check the address and the password"}},
	{"plaintext-only server", xmpptest.Options{StartTLS: xmpptest.Off}, nil,
		xmpp.StepTLS, []string{"the server offers to log in in clear, without STARTTLS", "asked for it all the same", "set Options.AllowPlaintext"}},
	{"no STARTTLS", xmpptest.Options{StartTLS: xmpptest.Off, Tamper: noFeatures}, nil,
		xmpp.StepTLS, []string{"the server offers no STARTTLS, and no login either", "asked for it all the same", "check that the port is the server's for clients"}},
	{"STARTTLS refused", xmpptest.Options{Tamper: func(e xmpptest.Exchange) string {
		if e.Step == xmpptest.StepProceed {
			return "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"
		}
		return e.XML
	}}, nil, xmpp.StepTLS, []string{"the server refused STARTTLS"}},
	{"STARTTLS at the port for direct TLS", xmpptest.Options{},
		func(_ *testing.T, srv *xmpptest.Server, o *xmpp.Options, _ *jid.JID) { o.Addr = srv.DirectAddr() },
		xmpp.StepStream, []string{"the server closed the connection", "if TLS comes first at this port (often 5223), set Options.DirectTLS"}},
	{"direct TLS at the port for STARTTLS", xmpptest.Options{},
		func(_ *testing.T, _ *xmpptest.Server, o *xmpp.Options, _ *jid.JID) { o.DirectTLS = true },
		xmpp.StepTLS, []string{"does not speak TLS at this port"}},
	{"a domain that the server does not serve", xmpptest.Options{},
		func(_ *testing.T, _ *xmpptest.Server, _ *xmpp.Options, account *jid.JID) {
			*account = jid.MustParse("alice@elsewhere.test")
		},
		xmpp.StepStream, []string{"host-unknown", "check the domain and Options.Addr"}},
	{"a server name that the server does not serve", xmpptest.Options{TLSConfig: func(c *tls.Config) {
		c.Certificates, c.GetCertificate = nil, nil
	}}, overDirectTLS, xmpp.StepTLS, []string{"tls: unrecognized name", "does not serve the JID's domain: check the domain and Options.Addr"}},
	{"an authority that is not known", xmpptest.Options{},
		func(_ *testing.T, _ *xmpptest.Server, o *xmpp.Options, _ *jid.JID) {
			o.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
		},
		xmpp.StepTLS, []string{"unknown authority", "Options.TLS.RootCAs"}},
	{"a certificate that has expired", certified(xmpptest.CertSpec{Domains: []string{xmpptest.DefaultDomain}, NotAfter: time.Now().Add(-time.Hour)}), nil,
		xmpp.StepTLS, []string{"expired", "must be renewed"}},
	{"a certificate for another domain", certified(xmpptest.CertSpec{Domains: []string{"elsewhere.test"}}), nil,
		xmpp.StepTLS, []string{"elsewhere.test", "the certificate must be for the JID's domain"}},
	{"no mechanism", xmpptest.Options{Mechanisms: []string{"EXTERNAL"}, ExternalAlways: true}, nil,
		xmpp.StepAuth, []string{`no SASL mechanism in common: the server offers ["EXTERNAL"]`, "Options.SASL"}},
	{"nobody listens", xmpptest.Options{},
		func(t *testing.T, _ *xmpptest.Server, o *xmpp.Options, _ *jid.JID) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			o.Addr = l.Addr().String()
			require.NoError(t, l.Close())
		}, xmpp.StepTCP, []string{"refused"}},
}

func noFeatures(e xmpptest.Exchange) string {
	if e.Step == xmpptest.StepFeatures {
		return "<stream:features/>"
	}
	return e.XML
}

func overDirectTLS(_ *testing.T, srv *xmpptest.Server, o *xmpp.Options, _ *jid.JID) {
	o.Addr, o.DirectTLS = srv.DirectAddr(), true
}

// certified is a server with that certificate, made when it's needed.
func certified(spec xmpptest.CertSpec) xmpptest.Options {
	cert, err := xmpptest.Certificate(spec)
	if err != nil {
		panic(err)
	}
	return xmpptest.Options{Certificate: &cert}
}

// Each failure is an error of its own, which says what failed, at which step and where, and what to do.
func TestDialErrorSaysWhatToDo(t *testing.T) {
	seen := map[string]string{}
	for _, c := range obstacles {
		t.Run(c.name, func(t *testing.T) {
			srv := xmpptest.NewServerWith(t, &c.server)
			o, account := srv.Options("alice"), srv.JID("alice")
			if c.change != nil {
				c.change(t, srv, o, &account)
			}
			_, err := xmpp.Dial(t.Context(), account, o)
			requireStep(t, c.step, err)
			text := err.Error()
			require.True(t, strings.HasPrefix(text, "xmpp: "+string(c.step)+": "+o.Addr), text)
			rest := text
			for _, part := range c.says {
				_, after, ok := strings.Cut(rest, part)
				require.True(t, ok, "%q is not in %q", part, text)
				rest = after
			}
			reason := strings.ReplaceAll(text, o.Addr, "")
			require.Empty(t, seen[reason], "two failures with one text")
			seen[reason] = c.name
		})
	}
}

// Whatever answers our stream header at a port that is not for XMPP in clear: who reads the error learns of direct TLS.
func TestDialErrorOfAStranger(t *testing.T) {
	const advice = "set Options.DirectTLS"
	for name, c := range map[string]struct {
		says    string
		advised bool
	}{
		"a TLS alert":        {"\x15\x03\x03\x00\x02\x02\x46", true},
		"the end":            {"", true},
		"HTTP":               {"HTTP/1.1 400 Bad Request\r\n\r\n", true},
		"a page":             {"<!DOCTYPE html><html>", true},
		"an old server":      {"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1'>", false},
		"XMPP, for a moment": {streamHeader, false},
		"XMPP, and garbage":  {streamHeader + "\x15", false},
		"a stream error":     {streamHeader + `<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				go func() {
					_, _ = theirs.Read(make([]byte, 1024))
					_, _ = io.WriteString(theirs, c.says)
					theirs.Close()
				}()
				_, err := xmpp.NewSession(t.Context(), ours, juliet, nil)
				requireStep(t, xmpp.StepStream, err)
				require.Equal(t, c.advised, strings.Contains(err.Error(), advice), "%v", err)
			})
		})
	}
}
