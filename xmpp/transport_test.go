package xmpp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
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

// A carrier is a connection of Options.Transport.
type carrier struct {
	net.Conn
	state    tls.ConnectionState
	said     bytes.Buffer
	finished time.Duration
}

func (c *carrier) Write(b []byte) (int, error) {
	c.said.Write(b)
	return c.Conn.Write(b)
}

func (c *carrier) ConnectionState() tls.ConnectionState { return c.state }

func (c *carrier) Finish(d time.Duration) {
	c.finished = d
	c.Close()
}

// by returns options whose transport gives out c, and the server's end of it.
func by(c *carrier) (*xmpp.Options, net.Conn) {
	ours, theirs := net.Pipe()
	c.Conn = ours
	transport := func(context.Context, jid.JID, *xmpp.Options, string) (net.Conn, error) { return c, nil }
	return &xmpp.Options{Transport: transport}, theirs
}

// TestTransportInClear: a carrier that has no TLS is refused before anything is said; with AllowPlaintext, it's used as it is:
// nobody asks for STARTTLS on it.
func TestTransportInClear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := new(carrier)
		o, theirs := by(c)
		_, err := xmpp.Dial(t.Context(), network, o)
		var failed *xmpp.DialError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, xmpp.StepTLS, failed.Step)
		require.ErrorContains(t, err, "set Options.AllowPlaintext")
		require.Zero(t, c.said.Len())
		require.NotZero(t, c.finished)
		theirs.Close()

		o, theirs = by(c)
		o.AllowPlaintext = true
		p := newPeer(t, theirs)
		go func() {
			if p.login(bindFeature+"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>") == nil {
				p.listen()
			}
		}()
		s, err := xmpp.Dial(t.Context(), network, o)
		require.NoError(t, err)
		c.finished = 0
		require.NoError(t, s.Close())
		require.Contains(t, c.said.String(), streamClose, "it was out before the carrier was closed")
		require.NotZero(t, c.finished, "in order")
	})
}

// TestTransportFails: the step at which it failed is the transport's to say, or found in the error.
func TestTransportFails(t *testing.T) {
	bad := errors.New("no")
	for name, c := range map[string]struct {
		err  error
		step xmpp.Step
	}{
		"its own":     {&xmpp.DialError{Step: xmpp.StepDNS, Addr: "there", Err: bad}, xmpp.StepDNS},
		"certificate": {fmt.Errorf("%w: %w", bad, &tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}}}), xmpp.StepTLS},
		"others":      {bad, xmpp.StepTCP},
		"nothing":     {nil, xmpp.StepTCP},
	} {
		t.Run(name, func(t *testing.T) {
			o := &xmpp.Options{Transport: func(context.Context, jid.JID, *xmpp.Options, string) (net.Conn, error) { return nil, c.err }}
			_, err := xmpp.Dial(t.Context(), network, o)
			var failed *xmpp.DialError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, c.step, failed.Step)
			if c.err != nil {
				require.ErrorIs(t, err, bad)
			}
		})
	}
}

// TestTransportInTime: a transport that hangs is not waited for longer than TCP would be, and ctx ends it at once.
func TestTransportInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &xmpp.Options{Transport: func(ctx context.Context, _ jid.JID, _ *xmpp.Options, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		start := time.Now()
		_, err := xmpp.Dial(t.Context(), network, o)
		require.ErrorIs(t, err, xmpp.ErrPeerSilent)
		require.Equal(t, 30*time.Second, time.Since(start))

		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("enough")
		cancel(why)
		_, err = xmpp.Dial(ctx, network, o)
		require.ErrorIs(t, err, why)
	})
}

// TestGivenTLSSaysGoodbye: the end of our stream is out before a *tls.Conn of the program's is closed: it's written by
// another goroutine.
func TestGivenTLSSaysGoodbye(t *testing.T) {
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{Logf: func(format string, args ...any) {
		if line := fmt.Sprintf(format, args...); strings.Contains(line, "EOF") {
			t.Error(line)
		}
	}})
	for range 20 {
		raw, err := net.Dial("tcp", srv.DirectAddr())
		require.NoError(t, err)
		conn := tls.Client(raw, &tls.Config{RootCAs: xmpptest.Roots(), ServerName: srv.Domain().String()})
		s, err := xmpp.NewSession(t.Context(), conn, srv.JID("alice"), srv.Options("alice"))
		require.NoError(t, err)
		srv.CloseStream("alice", "")
		<-s.Done()
		require.ErrorIs(t, s.Err(), xmpp.ErrPeerClosed)
	}
}
