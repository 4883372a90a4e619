package xmpp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// A halt is a place in the negotiation at which the server, or the network, says nothing more.
type halt struct {
	name   string
	script string // up to there
	step   xmpp.Step
}

const (
	imSASL     = imTLS + "\n> " + imHeader + `<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>` + "\n"
	imAuth     = imSASL + `< <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>*</auth>`
	imBinding  = imBind + "\n> " + imHeader + `<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>${more}</stream:features>` + "\n< <iq id='${bind}' type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>\n"
	imSession  = `<session xmlns='urn:ietf:params:xml:ns:xmpp-session'>${how}</session>`
	bindResult = "> <iq id='${bind}' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@im.example.com/balcony</jid></bind></iq>\n"
)

// withFeature fills what imBinding leaves open.
func withFeature(script, more string) string { return strings.ReplaceAll(script, "${more}", more) }

var halts = []halt{
	{"connected", "", xmpp.StepStream},
	{"our header read", "< <stream:stream to='im.example.com' version='1.0'>\n", xmpp.StepStream},
	{"half a header", "< <stream:stream to='im.example.com' version='1.0'>\n> <stream:stream xmlns='jabb\n", xmpp.StepStream},
	{"no features", "< <stream:stream to='im.example.com' version='1.0'>\n> " + imHeader + "\n", xmpp.StepStream},
	{"half the features", "< <stream:stream to='im.example.com' version='1.0'>\n> " + imHeader + "<stream:features>\n", xmpp.StepStream},
	{"STARTTLS asked for", before(imTLS, "> "+proceed), xmpp.StepTLS},
	{"no handshake", before(imTLS, "starttls\n"), xmpp.StepTLS},
	{"TLS, no header", imTLS, xmpp.StepStream},
	{"TLS, no features", imTLS + "\n> " + imHeader + "\n", xmpp.StepStream},
	{"no challenge", imAuth, xmpp.StepAuth},
	{"authenticated, no header", imBind, xmpp.StepStream},
	{"authenticated, no features", imBind + "\n> " + imHeader + "\n", xmpp.StepStream},
	{"no binding", withFeature(imBinding, ""), xmpp.StepBind},
	{"half the binding", withFeature(imBinding, "") + "> <iq id='${bind}' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\n", xmpp.StepBind},
	{"no session", withFeature(imBinding, strings.ReplaceAll(imSession, "${how}", "")) + bindResult +
		"< <iq id='${session}' type='set'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>\n", xmpp.StepBind},
}

// before cuts a script before a step of it.
func before(script, step string) string {
	head, _, ok := strings.Cut(script, step)
	if !ok {
		panic("no such step: " + step)
	}
	return head
}

// A stage plays a script to a client and then holds its tongue until the client has closed the connection.
type stage struct {
	halted chan error    // gets what became of the script
	closed chan struct{} // closed when the client has gone
}

// perform plays h on a connection, and closes the server's end once the client has closed its own.
func (h halt) perform(client net.Conn, server net.Conn) (ours *watched, s *stage) {
	ours = &watched{Conn: client, closed: make(chan struct{})}
	s = &stage{halted: make(chan error, 1), closed: ours.closed}
	go func() {
		s.halted <- (&xmpptest.Script{Text: h.script, Timeout: patience}).Play(server)
		if h.script != "" { // what is still said is taken, and not answered
			swallow(server)
		}
		<-ours.closed
		server.Close()
	}()
	return ours, s
}

// SECURITY S15, DESIGN promise 8: each step of the negotiation has its own deadline, however far the server has come, and
// the error says which step it was. The connection is closed, and nothing is left behind.
func TestSilenceAtEveryStep(t *testing.T) {
	for _, h := range halts {
		t.Run(h.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server := net.Pipe()
				conn, stage := h.perform(client, server)
				o := capuletOptions()
				o.DeadAfter = 7 * time.Second
				start := time.Now()
				_, err := xmpp.NewSession(t.Context(), conn, capulet, o)
				requireStep(t, h.step, err)
				require.ErrorIs(t, err, xmpp.ErrPeerSilent)
				require.NoError(t, <-stage.halted)
				took := time.Since(start)
				require.GreaterOrEqual(t, took, 7*time.Second)
				require.LessOrEqual(t, took, 7*time.Second+slice)
				<-stage.closed
				require.Zero(t, goroutines(t))
			})
		})
	}
}

// A server that is slow at every step, and at none too slow, is waited for.
func TestSlowAtEveryStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := capuletOptions()
		o.DeadAfter = 7 * time.Second
		start := time.Now()
		s, played, err := enact(t, strings.ReplaceAll(imBound, "\n> ", "\ndelay 6s\n> ")+imClose, capulet, o)
		require.NoError(t, err)
		require.Equal(t, 5*6*time.Second, time.Since(start), "three streams, <proceed/>, binding")
		require.NoError(t, s.Close())
		require.NoError(t, <-played)
	})
}

// A ctx that ends bounds each step: Dial returns at once with its cause, closes the connection and leaves nothing behind.
func TestCancelAtEveryStep(t *testing.T) {
	errEnough := errors.New("enough")
	for _, h := range halts {
		t.Run(h.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server := net.Pipe()
				conn, stage := h.perform(client, server)
				ctx, cancel := context.WithCancelCause(t.Context())
				failed := make(chan error, 1)
				go func() {
					_, err := xmpp.NewSession(ctx, conn, capulet, capuletOptions())
					failed <- err
				}()
				synctest.Wait()
				require.Empty(t, failed)
				start := time.Now()
				cancel(errEnough)
				err := <-failed
				require.Zero(t, time.Since(start))
				require.ErrorIs(t, err, errEnough)
				requireStep(t, h.step, err)
				require.NoError(t, <-stage.halted)
				<-stage.closed
				require.Zero(t, goroutines(t))
			})
		})
	}
}

// A ctx that ends while the server is looked for or connected to is heeded, too.
func TestCancelBeforeTheNegotiation(t *testing.T) {
	type dialer = func(ctx context.Context, network, addr string) (net.Conn, error)
	errEnough := errors.New("enough")
	for step, options := range map[xmpp.Step]func(hang dialer) *xmpp.Options{
		xmpp.StepDNS: func(hang dialer) *xmpp.Options {
			return &xmpp.Options{Resolver: &net.Resolver{PreferGo: true, Dial: hang}}
		},
		xmpp.StepTCP: func(hang dialer) *xmpp.Options { return &xmpp.Options{Addr: "192.0.2.1:5222", Dial: hang} },
	} {
		t.Run(string(step), func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			_, err := xmpp.Dial(ctx, juliet, options(func(ctx context.Context, _, _ string) (net.Conn, error) {
				cancel(errEnough)
				<-ctx.Done()
				return nil, ctx.Err()
			}))
			requireStep(t, step, err)
			require.ErrorIs(t, err, errEnough)
		})
	}
}

// deriving is a mechanism that works on its password until its context ends.
type deriving struct {
	once    sync.Once
	started chan struct{}
}

func (*deriving) Name() string                                              { return "SCRAM-SHA-1" }
func (d *deriving) Start(context.Context, sasl.Conn) (sasl.Exchange, error) { return d, nil }
func (*deriving) Initial() []byte                                           { return []byte("n,,") }
func (*deriving) Success([]byte) error                                      { return nil }
func (d *deriving) Next(ctx context.Context, _ []byte) ([]byte, error) {
	d.once.Do(func() { close(d.started) })
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

// SECURITY S11: a key derivation that a server makes long heeds the ctx of Dial.
func TestCancelDuringTheDerivation(t *testing.T) {
	errEnough := errors.New("enough")
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		h := halt{script: imAuth + "\n> <challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>cj0x</challenge>\n"}
		conn, stage := h.perform(client, server)
		d := &deriving{started: make(chan struct{})}
		o := capuletOptions()
		o.SASL = []sasl.Mechanism{d}
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() { <-d.started; cancel(errEnough) }()
		_, err := xmpp.NewSession(ctx, conn, capulet, o)
		requireStep(t, xmpp.StepAuth, err)
		require.ErrorIs(t, err, errEnough)
		require.NoError(t, <-stage.halted)
		require.Zero(t, goroutines(t))
	})
}

// A login that fails ends as a session does: the stream, then TLS with its close_notify, then the connection (RFC 6120 §4.4).
func TestFailedLoginEndsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		cert, err := xmpptest.Certificate(xmpptest.CertSpec{Domains: []string{"im.example.com"}})
		require.NoError(t, err)
		tap := &tapped{Conn: server}
		// Before TLS 1.3, alerts can be told by their record's type.
		theirs := tls.Server(tap, &tls.Config{Certificates: []tls.Certificate{cert}, MaxVersion: tls.VersionTLS12})
		ended := make(chan error, 1)
		go func() {
			defer server.Close()
			script := "< <stream:stream to='im.example.com' version='1.0'>\n> " + imHeader + "<stream:features/>\n< </stream:stream>"
			err := (&xmpptest.Script{Text: script}).Play(theirs)
			swallow(theirs)
			ended <- err
		}()
		o := capuletOptions()
		o.DirectTLS = true
		_, err = xmpp.NewSession(t.Context(), client, capulet, o)
		requireStep(t, xmpp.StepAuth, err)
		require.NoError(t, <-ended)
		const alert, applicationData = 21, 23
		types := tap.records()
		require.Equal(t, []byte{applicationData, alert}, types[len(types)-2:], "close_notify is the last")
	})
}

// tapped keeps what is read.
type tapped struct {
	net.Conn
	mu  sync.Mutex // protects got
	got []byte
}

func (c *tapped) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, p[:n]...)
	return n, err
}

// records are the types of the TLS records that came (RFC 5246 §6.2.1).
func (c *tapped) records() (types []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for b := c.got; len(b) >= 5; {
		types = append(types, b[0])
		b = b[5+int(b[3])<<8+int(b[4]):]
	}
	return types
}
