package component_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/component"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

var (
	plays  = jid.MustParse("plays.shakespeare.lit")
	macbth = jid.MustParse("macbeth@plays.shakespeare.lit/witches")
	reader = jid.MustParse("reader@shakespeare.lit/library")
)

// opening is the part of the conversation that XEP-0114 §3 prints, up to the handshake: its examples 1 to 3. The secret is "test".
const opening = `
< <stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='plays.shakespeare.lit' version='*'>
> <stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:component:accept' from='plays.shakespeare.lit' id='3BF96D32'>
< <handshake xmlns='jabber:component:accept'>aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e</handshake>
`

// serve plays a script on one end of a pipe and returns the other.
func serve(t testing.TB, text string) (conn net.Conn, played <-chan error) {
	t.Helper()
	ours, theirs := net.Pipe()
	done := make(chan error, 1)
	s := xmpptest.Script{Text: text, Timeout: 10 * time.Minute}
	go func() { done <- s.Play(theirs) }()
	t.Cleanup(func() { theirs.Close() })
	return ours, done
}

// clear are options for a connection in memory.
func clear() *xmpp.Options { return &xmpp.Options{Password: "test", AllowPlaintext: true} }

// The conversation of XEP-0114 §3 to the letter, example 4 included, and what then goes both ways.
func TestExamples(t *testing.T) {
	conn, played := serve(t, opening+`
> <handshake/>
< <message xmlns='jabber:component:accept' from='plays.shakespeare.lit' to='reader@shakespeare.lit/library'><body>Act 1</body></message>
< <message xmlns='jabber:component:accept' from='macbeth@plays.shakespeare.lit/witches' to='reader@shakespeare.lit/library'><body>Act 4</body></message>
> <message from='reader@shakespeare.lit/library' to='macbeth@plays.shakespeare.lit'><body>Who goes there?</body></message>
< </stream:stream>
> </stream:stream>
`)
	var trace strings.Builder
	o := clear()
	o.Trace = &xmpp.Trace{Sent: func(b []byte) { trace.Write(b) }}
	s, err := component.NewSession(t.Context(), conn, plays, o)
	require.NoError(t, err)
	require.Equal(t, plays, s.JID())
	require.Equal(t, "3BF96D32", s.ConnectionState().StreamID)
	require.Empty(t, s.Features())
	inbox := s.Messages(t.Context())
	require.NoError(t, s.Send(t.Context(), &stanza.Message{To: reader, Body: "Act 1"}))
	require.NoError(t, s.Send(t.Context(), &stanza.Message{From: macbth, To: reader, Body: "Act 4"}))
	m := <-inbox
	require.Equal(t, macbth.Bare(), m.To)
	require.Equal(t, "Who goes there?", m.Body)
	require.NoError(t, s.Close())
	require.NoError(t, s.Err())
	require.NoError(t, <-played)

	// SECURITY S21: what proves the secret is none of a trace's business.
	require.Contains(t, trace.String(), "<handshake>[SASL]</handshake>")
	require.NotContains(t, trace.String(), "aaee83")
	require.NotContains(t, trace.String(), "version='1.0'>", "XEP-0114 §3, example 1")
}

// What a server turns a component away for, each with its condition and with what to do.
func TestRefusals(t *testing.T) {
	const sorry = `<stream:error><%s xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`
	header, _, _ := strings.Cut(opening, "< <handshake")
	for _, c := range []struct {
		name, script string
		want         xmpp.StreamCondition
		says         string
	}{
		{"a wrong secret", opening + "> " + strings.ReplaceAll(sorry, "%s", "not-authorized") + "\nclose", xmpp.NotAuthorized, "the secret in Options.Password is not"},
		{"a wrong secret, without a word", opening + "close", "", "the server closed the connection"},
		{"no such component", header + "> " + strings.ReplaceAll(sorry, "%s", "host-unknown") + "\nclose", xmpp.HostUnknown, `has no component "plays.shakespeare.lit"`},
		{"a second one, at the header", header + "> " + strings.ReplaceAll(sorry, "%s", "conflict") + "\nclose", xmpp.Conflict, "connected already"},
		{"a second one, after the handshake", opening + "> " + strings.ReplaceAll(sorry, "%s", "conflict") + "\nclose", xmpp.Conflict, "connected already"},
		{"the port for clients", header + "> " + strings.ReplaceAll(sorry, "%s", "invalid-namespace") + "\nclose", xmpp.InvalidNamespace, "the server's for components"},
		{"a stanza in place of the handshake", opening + "> <message from='a@b' to='plays.shakespeare.lit'/>\n< *", "", "in place of <handshake/>"},
		{"a handshake of another namespace", opening + "> <handshake xmlns='jabber:client'/>\n< *", "", "in place of <handshake/>"},
		{"features in place of the handshake", opening + "> <stream:features/>\n< *", "", "in place of <handshake/>"},
		{"the end of the stream", opening + "> </stream:stream>", "", "the server closed the stream"},
		{"a stream without an id", strings.ReplaceAll(header, " id='3BF96D32'", "") + "> <handshake/>\n< *", "", "no id"},
		{"an error on a stream without an id", strings.ReplaceAll(header, " id='3BF96D32'", "") + "> " + strings.ReplaceAll(sorry, "%s", "host-unknown"), xmpp.HostUnknown, "has no component"},
		{"a root that is no stream", strings.ReplaceAll(header, "> <stream:stream", "> <stream:features"), xmpp.BadFormat, "root element"},
		{"an HTML page", strings.Split(header, "\n>")[0] + "\n> <html>", xmpp.InvalidNamespace, "root element"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn, _ := serve(t, c.script)
				_, err := component.NewSession(t.Context(), conn, plays, clear())
				var dial *xmpp.DialError
				require.ErrorAs(t, err, &dial)
				require.ErrorContains(t, err, c.says)
				if c.want != "" {
					require.ErrorIs(t, err, c.want)
				}
			})
		})
	}
}

// What no server could make good is told before anything is said, at once, and ends a Client's Run.
func TestMisuse(t *testing.T) {
	for _, c := range []struct {
		name, says string
		addr       jid.JID
		change     func(o *xmpp.Options)
	}{
		{"no address", "the address to log in with is empty", jid.JID{}, nil},
		{"an account", "a domain, without a localpart", macbth.Bare(), nil},
		{"no secret", "set Options.Password", plays, func(o *xmpp.Options) { o.Password = "" }},
		{"no host", "set Options.Addr", plays, func(o *xmpp.Options) { o.Addr = "" }},
		{"in clear", "set Options.AllowPlaintext", plays, func(o *xmpp.Options) { o.AllowPlaintext = false }},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := clear()
			o.Addr = "server.test:5347"
			o.Dial = func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				t.Cleanup(func() { theirs.Close() })
				return ours, nil
			}
			if c.change != nil {
				c.change(o)
			}
			_, err := component.Dial(t.Context(), c.addr, o)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, component.NewClient(c.addr, o).Run(t.Context()), c.says)
		})
	}
}

// SECURITY S8: nothing goes over a connection without TLS that may leave the machine, unless that was asked for by name.
func TestSecurityS08ComponentInClear(t *testing.T) {
	srv := xmpptest.NewServer(t)
	const domain = "echo.canto.test"
	o := srv.ComponentOptions(domain)
	dialled := func(change func(o *xmpp.Options)) error {
		c := *o
		change(&c)
		s, err := component.Dial(t.Context(), jid.MustParse(domain), &c)
		if err == nil {
			require.Zero(t, s.ConnectionState().TLS.Version)
			require.NoError(t, s.Close())
		}
		return err
	}
	require.NoError(t, dialled(func(*xmpp.Options) {}), "loopback")

	for name, change := range map[string]func(o *xmpp.Options){
		// What listens on loopback may be a proxy, and lead anywhere.
		"a dialer": func(o *xmpp.Options) { o.Dial = (&net.Dialer{}).DialContext },
	} {
		before := srv.Stats()
		err := dialled(change)
		var dial *xmpp.DialError
		require.ErrorAs(t, err, &dial, name)
		require.Equal(t, xmpp.StepTLS, dial.Step)
		require.ErrorContains(t, err, "set Options.AllowPlaintext")
		require.Equal(t, before.BytesRead, srv.Stats().BytesRead, "not a byte was sent")
		require.NoError(t, dialled(func(o *xmpp.Options) { change(o); o.AllowPlaintext = true }), name)
	}

	conn, err := net.Dial("tcp", o.Addr)
	require.NoError(t, err)
	_, err = component.NewSession(t.Context(), conn, jid.MustParse(domain), o)
	require.ErrorContains(t, err, "set Options.AllowPlaintext", "a given conn")
	_, err = conn.Write([]byte(" "))
	require.ErrorIs(t, err, net.ErrClosed)
}

// overTLS is a port in front of the server's for components that speaks TLS, with a certificate for name.
func overTLS(t *testing.T, srv *xmpptest.Server, name string) (addr string) {
	t.Helper()
	cert, err := xmpptest.Certificate(xmpptest.CertSpec{Domains: []string{name}})
	require.NoError(t, err)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"other"}})
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			srv.ServeComponent(conn)
		}
	}()
	return l.Addr().String()
}

// SECURITY S10: the certificate is for the host that the program has named, and not for the component's own domain.
func TestSecurityS10ComponentCertificate(t *testing.T) {
	srv := xmpptest.NewServer(t)
	const domain = "echo.canto.test"
	addr := overTLS(t, srv, "host.test")
	to := func(context.Context, string, string) (net.Conn, error) { return net.Dial("tcp", addr) }
	for _, c := range []struct {
		name, addr string
		tls        *tls.Config
		ok         bool
	}{
		{"the host", "host.test:5347", &tls.Config{}, true},
		{"another host", "other.test:5347", &tls.Config{}, false},
		{"the component's own domain", domain + ":5347", &tls.Config{}, false},
		{"the name of the configuration", "other.test:5347", &tls.Config{ServerName: "host.test"}, true},
		{"another name of the configuration", "host.test:5347", &tls.Config{ServerName: domain}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := srv.ComponentOptions(domain)
			o.Addr, o.DirectTLS, o.Dial, o.TLS = c.addr, true, to, c.tls
			o.TLS.RootCAs = xmpptest.Roots()
			s, err := component.Dial(t.Context(), jid.MustParse(domain), o)
			if c.ok {
				require.NoError(t, err)
				require.NotZero(t, s.ConnectionState().TLS.Version)
				require.NoError(t, s.Close())
				return
			}
			var cert *tls.CertificateVerificationError
			require.ErrorAs(t, err, &cert)
		})
	}

	// A given connection: for the name that it was made with.
	o := srv.ComponentOptions(domain)
	o.Addr, o.TLS = "", &tls.Config{RootCAs: xmpptest.Roots()}
	given := func(cfg *tls.Config) error {
		conn, err := tls.Dial("tcp", addr, cfg)
		require.NoError(t, err)
		s, err := component.NewSession(t.Context(), conn, jid.MustParse(domain), o)
		if err == nil {
			require.NoError(t, s.Close())
		}
		return err
	}
	require.NoError(t, given(&tls.Config{ServerName: "host.test", RootCAs: xmpptest.Roots()}))
	require.Error(t, given(&tls.Config{ServerName: "other.test", InsecureSkipVerify: true}))
	require.Error(t, given(&tls.Config{InsecureSkipVerify: true}))
}

// The in-process server turns away whom real ones do.
func TestServerRefuses(t *testing.T) {
	srv := xmpptest.NewServer(t)
	const domain = "echo.canto.test"
	o := srv.ComponentOptions(domain)
	s, err := component.Dial(t.Context(), jid.MustParse(domain), o)
	require.NoError(t, err)
	defer s.Close()
	_, err = component.Dial(t.Context(), jid.MustParse(domain), o)
	require.ErrorIs(t, err, xmpp.Conflict)
	_, err = component.Dial(t.Context(), jid.MustParse("other.canto.test"), o)
	require.ErrorIs(t, err, xmpp.HostUnknown)
	wrong := *o
	wrong.Password = "guess"
	_, err = component.Dial(t.Context(), jid.MustParse(domain), &wrong)
	require.ErrorIs(t, err, xmpp.NotAuthorized)
	wrong = *o
	wrong.Addr = srv.Addr()
	_, err = component.Dial(t.Context(), jid.MustParse(domain), &wrong)
	require.Error(t, err)
	require.False(t, errors.Is(err, xmpp.Conflict))
	require.NoError(t, s.Err(), "none of this is the first one's business")
}
