package bosh_test

import (
	"strings"
	"testing"

	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// TestSecurityS11BOSHUnbound: over BOSH there is no channel to bind to, and the client says so (RFC 5802 §6): "y" would be the cry of one
// that could, which a server that knows better answers with a refusal. What the account was seen to have it has to have again, unless
// the server vouches for less (XEP-0474) or the program permits it.
func TestSecurityS11BOSHUnbound(t *testing.T) {
	for name, c := range map[string]struct {
		o           xmpptest.Options
		known, lets bool
		want        error
	}{
		"first login":            {},
		"bound before":           {known: true, want: sasl.ErrDowngrade},
		"bound before, let down": {known: true, lets: true},
		"bound before, vouched":  {known: true, o: xmpptest.Options{DowngradeProtection: true}},
	} {
		t.Run(name, func(t *testing.T) {
			srv := xmpptest.NewServerWith(t, &c.o)
			o := over(srv, "alice")
			o.Store, o.AllowDowngrade = xmpp.FileStore(t.TempDir()), c.lets
			if c.known {
				tcp := srv.Options("alice")
				tcp.Store = o.Store
				s := srv.Session(t, "alice", tcp)
				require.NotEmpty(t, s.ConnectionState().ChannelBinding)
				require.NoError(t, s.Close())
			}
			s, err := xmpp.Dial(within(t), srv.JID("alice"), o)
			if c.want != nil {
				requireStep(t, xmpp.StepAuth, err)
				require.ErrorIs(t, err, c.want)
				return
			}
			require.NoError(t, err)
			require.Empty(t, s.ConnectionState().ChannelBinding)
			require.NoError(t, s.Close())
			last := ""
			for _, e := range srv.Transcript("") {
				if strings.Contains(e.XML, "<auth ") {
					last = e.XML
				}
			}
			require.Contains(t, last, ">bi", "base64 of the flag n, and a comma")
		})
	}
}
