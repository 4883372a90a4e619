package xmpp_test

import (
	"strings"
	"testing"

	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSecurityS11Pinned: what an account was seen to have it has to have again, in either profile, unless the server vouches for
// less or the program permits it. The password is not shown meanwhile.
func TestSecurityS11Pinned(t *testing.T) {
	all := strings.Fields("SCRAM-SHA-512-PLUS SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-1 PLAIN")
	bare := all[3:]
	for name, c := range map[string]struct {
		first, second xmpptest.Options
		want          string // of the error; empty: none
	}{
		"the same": {xmpptest.Options{Mechanisms: all}, xmpptest.Options{Mechanisms: all}, ""},
		"better":   {xmpptest.Options{Mechanisms: []string{"PLAIN"}}, xmpptest.Options{Mechanisms: all}, ""},
		"a weaker hash": {xmpptest.Options{Mechanisms: all}, xmpptest.Options{Mechanisms: all[1:3]},
			"the account was seen to have SCRAM-SHA-512-PLUS with tls-exporter, and now there is only SCRAM-SHA-256-PLUS with tls-exporter: if that is meant, set Options.AllowDowngrade for one login"},
		"no channel binding": {xmpptest.Options{Mechanisms: all}, xmpptest.Options{Mechanisms: bare, ChannelBindings: []string{}},
			"and now there is only SCRAM-SHA-512 without channel binding"},
		"a weaker channel binding": {xmpptest.Options{Mechanisms: all}, xmpptest.Options{Mechanisms: all, ChannelBindings: []string{sasl.TLSServerEndPoint}},
			"and now there is only SCRAM-SHA-512-PLUS with tls-server-end-point"},
		"PLAIN": {xmpptest.Options{Mechanisms: bare[2:3], ChannelBindings: []string{}}, xmpptest.Options{Mechanisms: []string{"PLAIN"}},
			"the account was seen to have SCRAM-SHA-1 without channel binding, and now there is only PLAIN without channel binding"},
		"a weaker hash, vouched for":      {xmpptest.Options{Mechanisms: all}, xmpptest.Options{Mechanisms: all[2:3], DowngradeProtection: true}, ""},
		"no channel binding, vouched for": {xmpptest.Options{Mechanisms: all}, xmpptest.Options{Mechanisms: bare, ChannelBindings: []string{}, DowngradeProtection: true}, ""},
		"PLAIN, for which nobody can vouch": {xmpptest.Options{Mechanisms: bare, ChannelBindings: []string{}}, xmpptest.Options{Mechanisms: []string{"PLAIN"}, DowngradeProtection: true},
			"and now there is only PLAIN without channel binding"},
	} {
		for profile, offer := range map[string]*xmpptest.SASL2{"RFC 6120": nil, "XEP-0388": {Only: true, FAST: []string{}}} {
			t.Run(name+", "+profile, func(t *testing.T) {
				store := xmpp.FileStore(t.TempDir())
				c.first.InMemory, c.second.InMemory, c.first.SASL2, c.second.SASL2 = true, true, offer, offer
				_, _ = login(t, xmpptest.NewServerWith(t, &c.first), &xmpp.Options{Store: store})
				srv := xmpptest.NewServerWith(t, &c.second)
				dial := func(allow bool) error {
					p, o := new(tape), srv.Options("alice")
					o.Store, o.AllowDowngrade, o.Trace = store, allow, p.trace()
					s, err := xmpp.Dial(t.Context(), srv.JID("alice"), o)
					if err != nil {
						assert.Empty(t, p.said(t, "<response"), "nothing was proved")
						assert.False(t, strings.Contains(p.sent.String(), "'PLAIN'"))
						return err
					}
					return s.Close()
				}
				err := dial(false)
				if c.want == "" {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, sasl.ErrDowngrade)
				require.ErrorContains(t, err, c.want)
				require.ErrorContains(t, dial(false), c.want, "again")
				require.NoError(t, dial(true))
				require.NoError(t, dial(false), "what was permitted once is expected now")
			})
		}
	}
}
