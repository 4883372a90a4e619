package integration

import (
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestResources(t *testing.T) {
	overAll(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "bind-support 6120-7.7-1 6120-4.3.6-5")
		user, password := p.account(t)
		asked, err := p.jid(user).WithResource("phone ☎")
		require.NoError(t, err)
		assert.Equal(t, asked, p.login(t, asked, p.options(password)).JID(), "the one that was asked for")

		made := p.login(t, p.jid(user), p.options(password)).JID()
		again := p.login(t, p.jid(user), p.options(password)).JID()
		assert.NotEmpty(t, made.Resourcepart())
		assert.NotEqual(t, made, again, "each session has its own")
		assert.NotEqual(t, asked, again)
	})
}

// TestBindConflict asks twice for one resource: at all three servers the older session is put out (RFC 6120 §7.7.2.2).
func TestBindConflict(t *testing.T) {
	overAll(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "6120-4.9.1.1-2")
		user, password := p.account(t)
		desk, err := p.jid(user).WithResource("desk")
		require.NoError(t, err)
		old := p.login(t, desk, p.options(password))
		inbox := old.Messages(t.Context())

		young := p.login(t, desk, p.options(password))
		assert.Equal(t, desk, young.JID())

		err = ended(t, old)
		assert.ErrorIs(t, err, xmpp.Conflict)
		var stream *xmpp.StreamError
		if assert.ErrorAs(t, err, &stream) {
			assert.False(t, stream.Local, "the server said it")
		}
		_, open := <-inbox
		assert.False(t, open, "its channels are closed")
		assert.Error(t, ping(t, old, p))
		assert.NoError(t, ping(t, young, p))
	})
}

// TestClientGivesWayToItsSuccessor holds that a Client which was put out does not come back to put the other out.
func TestClientGivesWayToItsSuccessor(t *testing.T) {
	overAll(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "6120-4.9.3.3-1")
		user, password := p.account(t)
		desk, err := p.jid(user).WithResource("desk")
		require.NoError(t, err)
		c := xmpp.NewClient(desk, p.options(password))
		states := c.State(within(t))
		done := make(chan error, 1)
		go func() { done <- c.Run(within(t)) }()
		for next(t, states).Kind != xmpp.Online {
		}
		young := p.login(t, desk, p.options(password))
		assert.ErrorIs(t, next(t, done), xmpp.Conflict)
		assert.NoError(t, ping(t, young, p))
	})
}
