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

// flightsTo is what the table in package xmpp's documentation says of three logins, less those that TLS 1.3 takes itself, and HTTP.
func flightsTo(p *place, how string) []int {
	server, below := plain, 1
	if p.isNewer() {
		server = modern
	}
	if how == overWebSocket {
		below = 2
	}
	for _, j := range journeys {
		if j.server == server && j.how == how {
			return []int{j.first - below, j.later - below, j.later - below}
		}
	}
	return nil
}

// TestLaterLogins: a login that goes by what the server has offered last time, and says it before it is asked, is understood
// by servers that know nothing of such haste: each later login takes one connection, as the first one.
func TestLaterLogins(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		for _, w := range ways {
			t.Run(w.String(), func(t *testing.T) {
				how := map[bool]string{false: overSTARTTLS, true: overDirectTLS}[w.direct]
				threeLogins(t, p, how, func(password string) *xmpp.Options { return p.over(p.options(password), w.direct, w.version) },
					best[p.name][w.version])
			})
		}
		if p.name == refusesOverWebSocket {
			return
		}
		t.Run(overWebSocket, func(t *testing.T) {
			p.by = byWebSocket
			threeLogins(t, p, overWebSocket, p.options, bestOverWebSocket[p.name])
		})
	})
}

func threeLogins(t *testing.T, p *place, how string, options func(password string) *xmpp.Options, want [2]string) {
	user, password := p.account(t)
	store := xmpp.FileStore(t.TempDir())
	var flights []int
	for n := range 3 {
		o := options(password)
		var wire tape
		o.Store, o.Trace = store, wire.trace()
		bound := 0
		o.Setup = func(*xmpp.Session) { _, _, bound = wire.read() }
		s := p.login(t, p.jid(user), o)
		if n > 0 && p.isNewer() {
			want[0] = tokenOf[want[1]]
		}
		assert.Equal(t, want, [2]string{s.ConnectionState().Mechanism, s.ConnectionState().ChannelBinding})
		flights = append(flights, bound)
		require.NoError(t, ping(t, s, p))
		require.NoError(t, s.Close())
	}
	assert.Equal(t, flightsTo(p, how), flights)
}
