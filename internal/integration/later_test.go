package integration

import (
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tokenOf is the mechanism of a later login with a token, by the type of channel binding.
var tokenOf = map[string]string{sasl.TLSExporter: "HT-SHA-256-EXPR", sasl.TLSUnique: "HT-SHA-256-UNIQ"}

// TestLaterLogins: a login that goes by what the server has offered last time, and says it before it is asked, is understood
// by servers that know nothing of such haste: each later login takes one connection, as the first one.
func TestLaterLogins(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		for _, w := range ways {
			t.Run(w.String(), func(t *testing.T) {
				user, password := p.account(t)
				store := xmpp.FileStore(t.TempDir())
				var flights []int
				for n := range 3 {
					o := p.over(p.options(password), w.direct, w.version)
					turns, ours := 0, false
					o.Store = store
					o.Trace = &xmpp.Trace{
						Sent: func([]byte) {
							if !ours {
								turns, ours = turns+1, true
							}
						},
						Received: func([]byte) { ours = false },
					}
					bound := 0
					o.Setup = func(*xmpp.Session) { bound = turns }
					s := p.login(t, p.jid(user), o)
					want := best[p.name][w.version]
					if n > 0 && p.isNewer() {
						want[0] = tokenOf[want[1]]
					}
					assert.Equal(t, want, [2]string{s.ConnectionState().Mechanism, s.ConnectionState().ChannelBinding})
					flights = append(flights, bound)
					require.NoError(t, ping(t, s, p))
					require.NoError(t, s.Close())
				}
				t.Log(flights)
				assert.Less(t, flights[1], flights[0])
				assert.Equal(t, flights[1], flights[2])
			})
		}
	})
}
