package integration

import (
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bestOverWebSocket is what a login comes to on TLS 1.3: the older servers offer no binding to what carries WebSocket.
var bestOverWebSocket = map[string][2]string{
	inProcess:   {"SCRAM-SHA-512-PLUS", "tls-exporter"},
	"prosody":   {"SCRAM-SHA-256", ""},
	"ejabberd":  {"SCRAM-SHA-512", ""},
	"prosody13": {"SCRAM-SHA-256-PLUS", "tls-exporter"},

	refusesOverWebSocket: {"SCRAM-SHA-512", ""},
}

// refusesOverWebSocket is a server that offers no channel binding over WebSocket and refuses whoever says, as RFC 5802 §6 demands
// of a client that could bind, that it was not offered. One that can't (websocket.Dialer.Unbound) it lets in.
const refusesOverWebSocket = "ejabberd24"

// TestLoginOverWebSocket: what a login over wss: comes to, and that the stream is managed as over TCP.
func TestLoginOverWebSocket(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "0479-web")
		p.by = byWebSocket
		user, password := p.account(t)
		if p.name == refusesOverWebSocket {
			o := p.options(password)
			o.Transport = websocket.Dialer{URL: p.url()}.Connect
			_, err := xmpp.Dial(within(t), p.jid(user), o)
			require.ErrorContains(t, err, "Invalid channel binding", "does it know better now?")
		}
		s := p.login(t, p.jid(user), p.options(password))
		cs := s.ConnectionState()
		assert.Equal(t, p.url(), cs.Addr)
		assert.NotEmpty(t, cs.TLS.VerifiedChains)
		assert.Equal(t, bestOverWebSocket[p.name], [2]string{cs.Mechanism, cs.ChannelBinding})
		require.NoError(t, s.Deliver(within(t), &stanza.Message{To: s.JID(), Body: "to myself"}))
		require.NoError(t, s.Close())
		require.NoError(t, s.Err())

		_, err := xmpp.Dial(within(t), p.jid(user), p.options("not "+password))
		assertStep(t, xmpp.StepAuth, err)
		require.ErrorIs(t, err, sasl.NotAuthorized)
	})
}
