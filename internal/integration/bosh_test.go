package integration

import (
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLoginOverBOSH: what a login over https: comes to, and that the stream is managed as over TCP.
func TestLoginOverBOSH(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "0479-web")
		p.by = byBOSH
		user, password := p.account(t)
		s := p.login(t, p.jid(user), p.options(password))
		cs := s.ConnectionState()
		assert.Equal(t, p.url(), cs.Addr)
		assert.NotEmpty(t, cs.TLS.VerifiedChains)
		assert.Contains(t, cs.Mechanism, "SCRAM-SHA-")
		assert.Empty(t, cs.ChannelBinding)
		require.NoError(t, s.Deliver(within(t), &stanza.Message{To: s.JID(), Body: "to myself"}))
		require.NoError(t, s.Close())
		require.NoError(t, s.Err())

		_, err := xmpp.Dial(within(t), p.jid(user), p.options("not "+password))
		assertStep(t, xmpp.StepAuth, err)
		require.ErrorIs(t, err, sasl.NotAuthorized)
	})
}
