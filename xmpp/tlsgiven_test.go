package xmpp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// A dressed connection is a *tls.Conn with something of the program's own around it.
type dressed struct{ *tls.Conn }

// A session on a *tls.Conn is as secure as one that Dial makes, whether the handshake has been run or not: the channel is
// bound to, and the certificate is one for the JID's domain.
func TestGivenTLS(t *testing.T) {
	for name, give := range map[string]func(ctx context.Context, c *tls.Conn) (net.Conn, error){
		"before its handshake": func(_ context.Context, c *tls.Conn) (net.Conn, error) { return c, nil },
		"after its handshake":  func(ctx context.Context, c *tls.Conn) (net.Conn, error) { return c, c.HandshakeContext(ctx) },
		"embedded":             func(_ context.Context, c *tls.Conn) (net.Conn, error) { return dressed{c}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
				conn, err := give(t.Context(), overTLS(srv, &tls.Config{RootCAs: xmpptest.Roots(), ServerName: xmpptest.DefaultDomain}))
				require.NoError(t, err)
				s, err := xmpp.NewSession(t.Context(), conn, srv.JID("alice"), &xmpp.Options{Password: srv.Password("alice")})
				require.NoError(t, err)
				c := s.ConnectionState()
				require.EqualValues(t, tls.VersionTLS13, c.TLS.Version)
				require.True(t, c.DirectTLS)
				require.Equal(t, "tls-exporter", c.ChannelBinding)
				require.NotEmpty(t, c.TLS.VerifiedChains)
				require.NoError(t, s.Close())
			})
		})
	}
}

// overTLS is a connection to srv that is to speak TLS.
func overTLS(srv *xmpptest.Server, cfg *tls.Config) *tls.Conn {
	client, server := net.Pipe()
	srv.ServeTLS(server)
	return tls.Client(client, cfg)
}

// Whoever made the connection may trust whom it likes, but the certificate has to be for the JID's domain; where the
// connection trusts everybody, Options.TLS says whom.
func TestGivenTLSIsVerified(t *testing.T) {
	const host = "host.example"
	ours := newIssuer(t)
	right := ours.issue(t, subject{dns: []string{xmpptest.DefaultDomain, host}})
	wrong := ours.issue(t, subject{dns: []string{host}})
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	for _, c := range []struct {
		name string
		cert tls.Certificate
		conn *tls.Config
		tls  *tls.Config
		want any // what is in the error; nil: none
	}{
		{"the conn has checked another name of it", right, &tls.Config{RootCAs: ours.pool(), ServerName: host}, nil, nil},
		{"for the host alone", wrong, &tls.Config{RootCAs: ours.pool(), ServerName: host}, nil, &name},
		{"the conn trusts everybody", right, &tls.Config{InsecureSkipVerify: true}, nil, &authority},
		{"the conn trusts everybody, Options the right one", right, &tls.Config{InsecureSkipVerify: true}, &tls.Config{RootCAs: ours.pool()}, nil},
		{"Options trust the right one, for the host alone", wrong, &tls.Config{InsecureSkipVerify: true}, &tls.Config{RootCAs: ours.pool()}, &name},
		{"the conn does not trust it", right, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: host}, &tls.Config{RootCAs: ours.pool()}, &authority},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Certificate: &c.cert})
			s, err := xmpp.NewSession(t.Context(), overTLS(srv, c.conn), srv.JID("alice"), &xmpp.Options{Password: srv.Password("alice"), TLS: c.tls})
			if c.want == nil {
				require.NoError(t, err)
				require.NoError(t, s.Close())
				return
			}
			requireStep(t, xmpp.StepTLS, err)
			require.ErrorAs(t, err, c.want)
			require.Zero(t, srv.Stats().Received, "nothing is said to a stranger")
		})
	}
}

// requireStep holds that err says at which step a session could not be had.
func requireStep(t *testing.T, step xmpp.Step, err error) {
	t.Helper()
	var dial *xmpp.DialError
	require.ErrorAs(t, err, &dial)
	require.Equal(t, step, dial.Step, "%v", err)
}

// The handshake of a given connection is bounded as every step is, by ctx and by DeadAfter.
func TestGivenTLSOfASilentServer(t *testing.T) {
	errEnough := errors.New("enough")
	for _, c := range []struct {
		name    string
		timeout time.Duration
		after   time.Duration
		want    error
	}{{"DeadAfter", time.Hour, 30 * time.Second, xmpp.ErrPeerSilent}, {"ctx", 10 * time.Second, 10 * time.Second, errEnough}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server := net.Pipe()
				defer server.Close()
				go swallow(server)
				ctx, cancel := context.WithTimeoutCause(t.Context(), c.timeout, errEnough)
				defer cancel()
				start := time.Now()
				_, err := xmpp.NewSession(ctx, tls.Client(client, &tls.Config{ServerName: "example.net"}), juliet, nil)
				requireStep(t, xmpp.StepTLS, err)
				require.ErrorIs(t, err, c.want)
				require.Equal(t, c.after, time.Since(start))
			})
		})
	}
}

// swallow reads until the connection is closed.
func swallow(conn net.Conn) {
	buf := make([]byte, 4096)
	for {
		if _, err := conn.Read(buf); err != nil {
			return
		}
	}
}

// vouched is a connection of another transport, whose maker says that TLS is in place.
type vouched struct{ net.Conn }

func (vouched) ConnectionState() tls.ConnectionState {
	return tls.ConnectionState{Version: tls.VersionTLS13}
}

// Another transport answers for its TLS itself.
func TestGivenTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		p := newPeer(t, theirs)
		go func() {
			if p.login(bindFeature) == nil {
				p.listen()
			}
		}()
		s, err := xmpp.NewSession(t.Context(), vouched{ours}, juliet, nil)
		require.NoError(t, err)
		require.EqualValues(t, tls.VersionTLS13, s.ConnectionState().TLS.Version)
		require.NoError(t, s.Close())
	})
}
