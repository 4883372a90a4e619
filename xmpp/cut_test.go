package xmpp_test

import (
	"context"
	"crypto/tls"
	"testing"
	"time"

	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cutLogins logs in again and again, with the connection cut one byte later each time (stride bytes later, to be
// exact), until a login gets through; cut sets where. Each cut login must fail at once, and say at which step.
func cutLogins(t *testing.T, stride int, cut func(n int64), dial func(ctx context.Context) (*xmpp.Session, error)) int {
	steps := map[xmpp.Step]int{}
	for n := 0; ; n += stride {
		cut(int64(n))
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		s, err := dial(ctx)
		if err == nil {
			cancel()
			cut(-1)
			s.Close()
			assert.NotEmpty(t, steps)
			t.Logf("%d bytes, cut logins by step: %v", n, steps)
			return n
		}
		require.NoError(t, ctx.Err(), "byte %d: the login hung: %v", n, err)
		cancel()
		var failed *xmpp.DialError
		require.ErrorAs(t, err, &failed, "byte %d", n)
		require.NotEmpty(t, failed.Step)
		steps[failed.Step]++
	}
}

// keyedPassword is a login whose SCRAM costs no derivation after the first.
func keyedPassword(o *xmpp.Options, user string, keys sasl.KeyCache) *xmpp.Options {
	o.SASL = sasl.Password(user, o.Password, &sasl.PasswordOptions{Keys: keys})
	return o
}

// TestLoginCutAtEveryByte cuts a login in clear at every byte, in both directions.
func TestLoginCutAtEveryByte(t *testing.T) {
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{StartTLS: xmpptest.Off})
	o := keyedPassword(srv.Options("alice"), "alice", &sasl.MemoryKeys{})
	o.AllowPlaintext = true
	dial := func(ctx context.Context) (*xmpp.Session, error) { return xmpp.Dial(ctx, srv.JID("alice/phone"), o) }
	received := cutLogins(t, 1, func(n int64) { srv.CutAfter(n, -1) }, dial)
	sent := cutLogins(t, 1, func(n int64) { srv.CutAfter(-1, n) }, dial)
	assert.Greater(t, received, 500)
	assert.Greater(t, sent, 1000)
}

// TestLoginCutWithinTLS cuts a login over STARTTLS and one over direct TLS at every few bytes.
func TestLoginCutWithinTLS(t *testing.T) {
	for _, direct := range []bool{false, true} {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{TLSVersion: tls.VersionTLS13})
		o := keyedPassword(srv.Options("alice"), "alice", &sasl.MemoryKeys{})
		if direct {
			o.Addr, o.DirectTLS = srv.DirectAddr(), true
		}
		dial := func(ctx context.Context) (*xmpp.Session, error) { return xmpp.Dial(ctx, srv.JID("alice/phone"), o) }
		cutLogins(t, 23, func(n int64) { srv.CutAfter(n, -1) }, dial)
		cutLogins(t, 23, func(n int64) { srv.CutAfter(-1, n) }, dial)
	}
}
