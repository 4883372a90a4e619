package xmpp_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGuessedWrong: a server that has changed since is asked again on a second connection, and the next time at once.
func TestGuessedWrong(t *testing.T) {
	for name, c := range map[string]struct {
		before, after xmpptest.Options
		conns         int64
		want          string // the mechanism
	}{
		"no more XEP-0388":       {xmpptest.Options{SASL2: &xmpptest.SASL2{}}, xmpptest.Options{}, 2, "SCRAM-SHA-512-PLUS"},
		"XEP-0388 now":           {xmpptest.Options{}, xmpptest.Options{SASL2: &xmpptest.SASL2{}}, 2, "SCRAM-SHA-512-PLUS"},
		"no more tokens":         {xmpptest.Options{SASL2: &xmpptest.SASL2{}}, xmpptest.Options{SASL2: &xmpptest.SASL2{FAST: []string{}}}, 1, "SCRAM-SHA-512-PLUS"},
		"no more binding":        {xmpptest.Options{SASL2: &xmpptest.SASL2{FAST: []string{}}}, xmpptest.Options{SASL2: &xmpptest.SASL2{FAST: []string{}, NoBind: true}}, 2, "SCRAM-SHA-512-PLUS"},
		"a further mechanism":    {xmpptest.Options{Mechanisms: strings.Fields("SCRAM-SHA-256-PLUS SCRAM-SHA-256")}, xmpptest.Options{}, 2, "SCRAM-SHA-512-PLUS"},
		"other channel bindings": {xmpptest.Options{SASL2: &xmpptest.SASL2{FAST: []string{}}, ChannelBindings: []string{"tls-server-end-point"}}, xmpptest.Options{SASL2: &xmpptest.SASL2{FAST: []string{}}}, 2, "SCRAM-SHA-512-PLUS"},
	} {
		t.Run(name, func(t *testing.T) {
			c.before.InMemory, c.after.InMemory = true, true
			store := xmpp.FileStore(t.TempDir())
			login(t, xmpptest.NewServerWith(t, &c.before), &xmpp.Options{Store: store})
			srv := xmpptest.NewServerWith(t, &c.after)
			state, _ := login(t, srv, &xmpp.Options{Store: store})
			assert.Equal(t, c.want, state.Mechanism)
			assert.Equal(t, c.conns, srv.Stats().Conns)
			login(t, srv, &xmpp.Options{Store: store})
			assert.Equal(t, c.conns+1, srv.Stats().Conns)
		})
	}
}

// TestGuessUnanswered: a server that does not answer what it's told too early is asked again in peace, and from then on always.
func TestGuessUnanswered(t *testing.T) {
	for name, c := range map[string]struct {
		instead string
	}{
		"silence":        {""},
		"a stream error": {"<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := modern(t, xmpptest.Options{Tamper: func(e xmpptest.Exchange) string {
					if e.Conn == 2 && e.Secure && e.Step == xmpptest.StepFeatures {
						return c.instead
					}
					if e.Conn == 2 && e.Step == xmpptest.StepSuccess {
						return ""
					}
					return e.XML
				}})
				store := xmpp.FileStore(t.TempDir())
				login(t, srv, &xmpp.Options{Store: store})
				state, _ := login(t, srv, &xmpp.Options{Store: store, DeadAfter: 5 * time.Second})
				assert.Equal(t, "HT-SHA-256-EXPR", state.Mechanism)
				assert.EqualValues(t, 3, srv.Stats().Conns)
				for range 2 {
					_, p := login(t, srv, &xmpp.Options{Store: store})
					require.Len(t, p.said(t, authenticateElement), 1)
					b, _, err := store.Load(t.Context(), "login alice@canto.test")
					require.NoError(t, err)
					assert.Contains(t, string(b), `"patient":true`)
				}
				assert.EqualValues(t, 5, srv.Stats().Conns)
			})
		})
	}
}

// TestSecurityS08NoPasswordOnAGuess: a mechanism that shows the password waits for the features of this very connection.
func TestSecurityS08NoPasswordOnAGuess(t *testing.T) {
	srv := modern(t, xmpptest.Options{Mechanisms: []string{"PLAIN"}, SASL2: &xmpptest.SASL2{FAST: []string{}}})
	store := xmpp.FileStore(t.TempDir())
	for range 2 {
		login(t, srv, &xmpp.Options{Store: store})
	}
	srv = modern(t, xmpptest.Options{Mechanisms: []string{"SCRAM-SHA-256-PLUS"}, SASL2: &xmpptest.SASL2{FAST: []string{}}})
	_, p := login(t, srv, &xmpp.Options{Store: store})
	assert.Len(t, p.said(t, authenticateElement), 1)
	assert.Contains(t, p.said(t, authenticateElement)[0], "SCRAM-SHA-256-PLUS")
	for _, e := range srv.Transcript("") {
		assert.NotContains(t, e.XML, "'PLAIN'")
	}
}
