package integration

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"strconv"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/internal/leak"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/bosh"
	"github.com/canto-im/canto/xmpp/disco"
	"github.com/canto-im/canto/xmpp/websocket"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(servers.Stopping(m)) }

// patience bounds what should take milliseconds and may take seconds on a busy machine.
const patience = 60 * time.Second

// inProcess is the name of the place that is no real server.
const inProcess = "in-process"

// A carrier is what a stream goes over.
type carrier string

// The carriers.
const (
	byTCP       carrier = ""
	byWebSocket carrier = "websocket"
	byBOSH      carrier = "bosh"
)

// A place is a server that the same tests run against.
type place struct {
	name            string // "in-process", "prosody", "ejabberd", "prosody13", "ejabberd24"
	domain          string
	addr, direct    string // host:port for STARTTLS and for direct TLS
	https           string // host:port, what serves WebSocket and BOSH
	by              carrier
	roots           *x509.CertPool
	account         func(t *testing.T) (user, password string)          // an account of the test's own
	anonymousDomain string                                              // "" where there is none
	certificate     func(t *testing.T, users ...string) tls.Certificate // with the addresses of all of them
	kill, restart   func(t *testing.T)                                  // as a power failure does; and back, at the same address
	freeze, thaw    func(t *testing.T)                                  // silence, connections open
	real            *servers.Server                                     // nil in process
	inside          *xmpptest.Server                                    // nil elsewhere
}

// each runs f as a subtest at every place, with servers of the given configuration.
func each(t *testing.T, cfg servers.Config, f func(t *testing.T, p *place)) {
	t.Run(inProcess, func(t *testing.T) { f(t, inside(t, cfg)) })
	for _, kind := range servers.Kinds(t) {
		t.Run(string(kind), func(t *testing.T) { f(t, outside(servers.Shared(t, kind, cfg))) })
	}
}

// eachOlder is each without the newer servers, for what these do in another way.
func eachOlder(t *testing.T, cfg servers.Config, f func(t *testing.T, p *place)) {
	t.Run(inProcess, func(t *testing.T) { f(t, inside(t, cfg)) })
	for _, kind := range servers.Older(t) {
		t.Run(string(kind), func(t *testing.T) { f(t, outside(servers.Shared(t, kind, cfg))) })
	}
}

// eachOwn is each with a server that the test may kill or freeze: nobody shares it.
func eachOwn(t *testing.T, cfg servers.Config, f func(t *testing.T, p *place)) {
	t.Run(inProcess, func(t *testing.T) { f(t, inside(t, cfg)) })
	for _, kind := range servers.Kinds(t) {
		t.Run(string(kind), func(t *testing.T) { f(t, outside(servers.Start(t, kind, cfg))) })
	}
}

// overAll is each over TCP, and again over WebSocket and BOSH: a session is the same, whatever carries it.
func overAll(t *testing.T, cfg servers.Config, f func(t *testing.T, p *place)) {
	each(t, cfg, f)
	for _, by := range []carrier{byWebSocket, byBOSH} {
		t.Run(string(by), func(t *testing.T) {
			each(t, cfg, func(t *testing.T, p *place) { p.by = by; f(t, p) })
		})
	}
}

// onOwnOverAll is overAll on eachOwn. Over WebSocket and BOSH it stays in this process: what carries a session elsewhere is shown on the
// servers that tests share, and each start of a server of one's own takes longer than everything else.
func onOwnOverAll(t *testing.T, cfg servers.Config, f func(t *testing.T, p *place)) {
	eachOwn(t, cfg, f)
	for _, by := range []carrier{byWebSocket, byBOSH} {
		t.Run(string(by), func(t *testing.T) {
			p := inside(t, cfg)
			p.by = by
			f(t, p)
		})
	}
}

// unlike gives a session capabilities that nobody has had before: ejabberd does not ask for ten minutes about those of which somebody left
// without an answer.
func unlike(s *xmpp.Session) { disco.Of(s).Declare("urn:canto:test:" + stanza.NewID()) }

// outside is the place of a real server.
func outside(srv *servers.Server) *place {
	return &place{
		name:            string(srv.Kind),
		domain:          servers.Domain,
		anonymousDomain: servers.AnonymousDomain,
		addr:            srv.Addr,
		direct:          srv.AddrTLS,
		https:           srv.AddrHTTPS,
		roots:           srv.CA,
		account:         func(t *testing.T) (string, string) { return srv.NewAccount(t) },
		certificate:     func(t *testing.T, users ...string) tls.Certificate { return srv.ClientCertificate(t, users...) },
		kill:            must(srv.Kill),
		restart:         must(srv.Restart),
		freeze:          must(srv.Freeze),
		thaw:            must(srv.Thaw),
		real:            srv,
	}
}

// inside is the place of a server in this process, configured as cfg says of a real one.
func inside(t *testing.T, cfg servers.Config) *place {
	o := &xmpptest.Options{ExternalAlways: cfg.External}
	switch cfg.TLS {
	case servers.TLS12:
		o.TLSVersion = tls.VersionTLS12
	case servers.Plaintext:
		o.StartTLS, o.PlainInClear = xmpptest.Off, true
	}
	switch cfg.Passwords {
	case servers.SHA1:
		o.Mechanisms = []string{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "PLAIN"}
	case servers.SHA256:
		o.Mechanisms = []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN"}
	}
	if cfg.Archive {
		o.Archive = &xmpptest.Archive{}
	}
	if cfg.Register {
		o.Register = &xmpptest.Register{Form: true, MinPassword: 6}
	}
	return insideWith(t, o)
}

// insideWith is the place of a server in this process.
func insideWith(t *testing.T, o *xmpptest.Options) *place {
	srv := xmpptest.NewServerWith(t, o)
	number := 0
	return &place{
		name:   inProcess,
		domain: srv.Domain().String(),
		addr:   srv.Addr(),
		direct: srv.DirectAddr(),
		roots:  xmpptest.Roots(),
		account: func(*testing.T) (string, string) {
			number++
			user := "user" + strconv.Itoa(number)
			return user, srv.Password(user)
		},
		certificate: func(t *testing.T, users ...string) tls.Certificate {
			spec := xmpptest.CertSpec{Address: srv.JID(users[0]).String()}
			for _, user := range users[1:] {
				spec.Others = append(spec.Others, srv.JID(user).String())
			}
			cert, err := xmpptest.Certificate(spec)
			require.NoError(t, err)
			return cert
		},
		kill:    func(*testing.T) { srv.DropConns() }, // what its clients see of it
		restart: func(*testing.T) {},
		freeze:  func(*testing.T) { srv.Freeze() },
		thaw:    func(*testing.T) { srv.Thaw() },
		inside:  srv,
	}
}

// must is f for a test that cannot go on without it.
func must(f func() error) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		require.NoError(t, f())
	}
}

// isNewer tells whether the place is a server that knows SASL2, Bind 2 and FAST.
func (p *place) isNewer() bool { return p.real != nil && p.real.Kind.IsNewer() }

// options reach the place over STARTTLS with a password, or over what carries it there.
func (p *place) options(password string) *xmpp.Options {
	o := &xmpp.Options{Password: password, Addr: p.addr, TLS: &tls.Config{RootCAs: p.roots}}
	switch p.by {
	case byWebSocket:
		o.Transport = websocket.Dialer{URL: p.url(), Unbound: p.name == refusesOverWebSocket}.Connect
	case byBOSH:
		o.Transport = bosh.Dialer{URL: p.url()}.Connect
		o.DeadAfter = 10 * time.Second // for so long it's tried to reach a server that is gone
	}
	return o
}

// url is where the place is reached by what carries the stream.
func (p *place) url() string {
	switch {
	case p.inside != nil && p.by == byBOSH:
		return p.inside.BOSHURL()
	case p.inside != nil:
		return p.inside.WebSocketURL()
	case p.by == byBOSH:
		return "https://" + p.https + "/http-bind"
	}
	return "wss://" + p.https + "/xmpp-websocket"
}

// over makes the options of p go over STARTTLS or direct TLS, with at most the given version of TLS.
func (p *place) over(o *xmpp.Options, direct bool, version uint16) *xmpp.Options {
	if direct {
		o.Addr, o.DirectTLS = p.direct, true
	}
	o.TLS.MaxVersion = version
	return o
}

func (p *place) jid(user string) jid.JID { return jid.MustParse(user + "@" + p.domain) }

// login dials as user and closes the session with the test.
func (p *place) login(t *testing.T, addr jid.JID, o *xmpp.Options) *xmpp.Session {
	t.Helper()
	s, err := xmpp.Dial(within(t), addr, o)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// session logs in with an account of its own.
func (p *place) session(t *testing.T) *xmpp.Session {
	t.Helper()
	user, password := p.account(t)
	return p.login(t, p.jid(user), p.options(password))
}

// within is a context that ends with the test, or when patience does.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	t.Cleanup(cancel)
	return ctx
}

// ended waits for a session to end and returns why it did.
func ended(t *testing.T, s *xmpp.Session) error {
	t.Helper()
	select {
	case <-s.Done():
		return s.Err()
	case <-within(t).Done():
		t.Fatal("the session has not ended")
		return nil
	}
}

// next takes one value from a channel.
func next[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v, ok := <-from:
		require.True(t, ok, "the channel is closed")
		return v
	case <-within(t).Done():
		t.Fatal("nothing comes")
		panic("not reached")
	}
}
