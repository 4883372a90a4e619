package xmpp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A wiretap keeps what a client writes to its connections, as it leaves the machine.
type wiretap struct {
	mu sync.Mutex // protects b
	b  strings.Builder
}

func (w *wiretap) dialer(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return overheard{conn, w}, nil
	}
}

func (w *wiretap) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

type overheard struct {
	net.Conn
	w *wiretap
}

func (c overheard) Write(p []byte) (int, error) {
	c.w.mu.Lock()
	c.w.b.Write(p)
	c.w.mu.Unlock()
	return c.Conn.Write(p)
}

// inTheClear changes what is said before TLS.
func inTheClear(step xmpptest.Step, change func(xml string) string) func(e xmpptest.Exchange) string {
	return func(e xmpptest.Exchange) string {
		if e.Step != step || e.Secure {
			return e.XML
		}
		return change(e.XML)
	}
}

const plainOffer = `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism><mechanism>SCRAM-SHA-1</mechanism><mechanism>ANONYMOUS</mechanism></mechanisms>`

// TestSecurityS08Stripped: whoever sits in between takes STARTTLS out of the offer, refuses it, or answers something else. Nothing
// of SASL leaves in clear, in either profile, whoever watches.
func TestSecurityS08Stripped(t *testing.T) {
	starttls := func(xml string) string {
		before, rest, _ := strings.Cut(xml, "<starttls")
		_, after, _ := strings.Cut(rest, "</starttls>")
		return before + plainOffer + after
	}
	const refusal = `<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`
	for name, c := range map[string]struct {
		o     xmpptest.Options
		bound bool // over TLS, all the same
	}{
		"the offer taken out": {xmpptest.Options{Tamper: inTheClear(xmpptest.StepFeatures, starttls)}, true}, // it's asked for unasked (RFC 7590 §3.1)
		"no TLS at all":       {xmpptest.Options{StartTLS: xmpptest.Off, PlainInClear: true}, false},
		"XEP-0388 in clear": {xmpptest.Options{StartTLS: xmpptest.Off, Tamper: inTheClear(xmpptest.StepFeatures, func(xml string) string {
			return strings.Replace(xml, "</stream:features>", `<authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism><mechanism>SCRAM-SHA-1</mechanism></authentication></stream:features>`, 1)
		})}, false},
		"refused":           {xmpptest.Options{Tamper: inTheClear(xmpptest.StepProceed, func(string) string { return refusal })}, false},
		"features again":    {xmpptest.Options{Tamper: inTheClear(xmpptest.StepProceed, func(string) string { return `<stream:features>` + plainOffer + `</stream:features>` })}, false},
		"success at once":   {xmpptest.Options{Tamper: inTheClear(xmpptest.StepProceed, func(string) string { return `<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>` })}, false},
		"another namespace": {xmpptest.Options{Tamper: inTheClear(xmpptest.StepProceed, func(string) string { return `<proceed xmlns='urn:x'/>` })}, false},
	} {
		for profile, offer := range map[string]*xmpptest.SASL2{"RFC 6120": nil, "XEP-0388": {}} {
			t.Run(name+", "+profile, func(t *testing.T) {
				forEachWay(t, func(t *testing.T, enter func(jid.JID, *xmpp.Options) error) {
					srv := hostile(t, c.o, offer)
					var wire wiretap
					p, o := new(tape), srv.Options("alice")
					o.Dial, o.Trace, o.DirectTLS = wire.dialer(o.Dial), p.trace(), false
					err := enter(srv.JID("alice"), o)
					for _, bit := range []string{"<auth", "mechanism", "<response", "<iq"} {
						assert.NotContains(t, wire.String(), bit)
					}
					if c.bound {
						require.NoError(t, err)
						return
					}
					requireStep(t, xmpp.StepTLS, err)
					assert.Empty(t, p.said(t, "<auth"))
					assert.Zero(t, srv.Stats().Logins+srv.Stats().LoginFailures)
				})
			})
		}
	}
}

// TestSecurityS09Injected: what is said in clear behind <proceed/> is never read as if it had come inside TLS: it ends the
// connection.
func TestSecurityS09Injected(t *testing.T) {
	for name, injected := range map[string]string{
		"a space":           " ",
		"a stream":          streamHeader + `<stream:features>` + plainOffer + `</stream:features>`,
		"a half one":        "<stream:str",
		"an offer":          `<stream:features>` + plainOffer + `</stream:features>`,
		"an end":            streamClose,
		"a success":         `<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`,
		"proceed, a second": proceed,
	} {
		t.Run(name, func(t *testing.T) {
			forEachWay(t, func(t *testing.T, enter func(jid.JID, *xmpp.Options) error) {
				srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Tamper: inTheClear(xmpptest.StepProceed, func(xml string) string { return xml + injected })})
				p, o := new(tape), srv.Options("alice")
				o.Trace = p.trace()
				err := enter(srv.JID("alice"), o)
				requireStep(t, xmpp.StepTLS, err)
				require.ErrorContains(t, err, "bytes in clear behind <proceed/>")
				assert.Empty(t, p.said(t, "<auth"))
			})
		})
	}
}

// TestSecurityS09Forgotten: what was offered in clear is offered no more inside TLS.
func TestSecurityS09Forgotten(t *testing.T) {
	forEachWay(t, func(t *testing.T, enter func(jid.JID, *xmpp.Options) error) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Mechanisms: []string{"SCRAM-SHA-256"}, ChannelBindings: []string{},
			Tamper: inTheClear(xmpptest.StepFeatures, func(xml string) string {
				return strings.Replace(xml, "</stream:features>", plainOffer+"</stream:features>", 1)
			})})
		o := srv.Options("alice")
		var state xmpp.ConnectionState
		o.Setup = func(s *xmpp.Session) { state = s.ConnectionState() }
		require.NoError(t, enter(srv.JID("alice"), o))
		assert.Equal(t, []string{"SCRAM-SHA-256"}, state.Mechanisms)
	})
}

// TestSecurityS10Names: the certificate has to be for the JID's domain, now, and signed by somebody who is trusted, wherever the
// connection leads and whatever the program's configuration names. To anybody else nothing is said.
func TestSecurityS10Names(t *testing.T) {
	const host = "host.example"
	for name, c := range map[string]struct {
		cert xmpptest.CertSpec
		tls  func(cfg *tls.Config)
		want any
	}{
		"the host that it leads to":      {xmpptest.CertSpec{Domains: []string{host}}, nil, new(x509.HostnameError)},
		"the name of the configuration":  {xmpptest.CertSpec{Domains: []string{host}}, func(cfg *tls.Config) { cfg.ServerName = host }, new(x509.HostnameError)},
		"a domain above":                 {xmpptest.CertSpec{Domains: []string{"test"}}, nil, new(x509.HostnameError)},
		"a domain below":                 {xmpptest.CertSpec{Domains: []string{"x." + xmpptest.DefaultDomain}}, nil, new(x509.HostnameError)},
		"a person":                       {xmpptest.CertSpec{Address: "alice@" + xmpptest.DefaultDomain}, nil, new(x509.HostnameError)},
		"expired":                        {xmpptest.CertSpec{Domains: []string{xmpptest.DefaultDomain}, NotAfter: time.Now().Add(-time.Hour)}, nil, new(x509.CertificateInvalidError)},
		"not valid yet":                  {xmpptest.CertSpec{Domains: []string{xmpptest.DefaultDomain}, NotBefore: time.Now().Add(time.Hour)}, nil, new(x509.CertificateInvalidError)},
		"signed by itself":               {xmpptest.CertSpec{Domains: []string{xmpptest.DefaultDomain}, SelfSigned: true}, nil, new(x509.UnknownAuthorityError)},
		"signed by nobody whom we trust": {xmpptest.CertSpec{Domains: []string{xmpptest.DefaultDomain}}, func(cfg *tls.Config) { cfg.RootCAs = x509.NewCertPool() }, new(x509.UnknownAuthorityError)},
	} {
		cert, err := xmpptest.Certificate(c.cert)
		require.NoError(t, err)
		for how, direct := range map[string]bool{"STARTTLS": false, "direct TLS": true} {
			t.Run(name+", "+how, func(t *testing.T) {
				forEachWay(t, func(t *testing.T, enter func(jid.JID, *xmpp.Options) error) {
					srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Certificate: &cert})
					p, o := new(tape), srv.Options("alice")
					o.Trace, o.DirectTLS = p.trace(), direct
					o.Dial = func(context.Context, string, string) (net.Conn, error) {
						ours, theirs := net.Pipe()
						if direct {
							srv.ServeTLS(theirs)
						} else {
							srv.Serve(theirs)
						}
						return ours, nil
					}
					o.Addr = host + ":5222"
					if c.tls != nil {
						o.TLS = o.TLS.Clone()
						c.tls(o.TLS)
					}
					err := enter(srv.JID("alice"), o)
					requireStep(t, xmpp.StepTLS, err)
					require.ErrorAs(t, err, c.want)
					assert.Empty(t, p.said(t, "<auth"))
					assert.Zero(t, srv.Stats().Logins+srv.Stats().LoginFailures)
				})
			})
		}
	}
}

// TestSecurityS10Redirected: who sends us to another host does not name whom its certificate is for.
func TestSecurityS10Redirected(t *testing.T) {
	forEachWay(t, func(t *testing.T, enter func(jid.JID, *xmpp.Options) error) {
		cert, err := xmpptest.Certificate(xmpptest.CertSpec{Domains: []string{"there.example"}})
		require.NoError(t, err)
		here := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		there := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Certificate: &cert})
		here.Redirect("there.example:5222")
		o := here.Options("alice")
		b := &switchboard{usual: o.Dial, others: map[string]func(context.Context, string, string) (net.Conn, error){"there.example:5222": there.Options("alice").Dial}}
		o.Dial = b.dial
		err = enter(here.JID("alice"), o)
		requireStep(t, xmpp.StepTLS, err)
		require.ErrorAs(t, err, new(x509.HostnameError))
		assert.Contains(t, b.since(), "there.example:5222")
		assert.Zero(t, there.Stats().Logins+there.Stats().LoginFailures)
	})
}
