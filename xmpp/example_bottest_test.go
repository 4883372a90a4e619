package xmpp_test

import (
	"context"
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// A bot's own test, without a server to install: it echoes, and goes on when the network has gone and come back.
func TestABotsOwnTest(t *testing.T) {
	srv := xmpptest.NewServer(t)
	bot := xmpp.NewClient(srv.JID("bot"), srv.Options("bot"))
	bot.Online = func(ctx context.Context, s *xmpp.Session) error { return s.Send(ctx, &stanza.Presence{}) }
	xmpp.OnMessage(bot, func(ctx context.Context, m *stanza.Message) error { return bot.Send(ctx, m.Reply(m.Body)) })
	r := run(t, bot)

	echo := func() {
		alice := srv.Session(t, "alice", nil) // a bound *xmpp.Session
		inbox := alice.Messages(t.Context())
		require.NoError(t, alice.Send(t.Context(), &stanza.Message{To: srv.JID("bot"), Body: "hello"}))
		require.Equal(t, "hello", (<-inbox).Body)
		srv.DropConns() // and what happens when the network goes
		<-alice.Done()
		require.Error(t, alice.Err())
		_, open := <-inbox
		require.False(t, open)
	}
	echo()
	echo()
	r.stop()
	require.NoError(t, <-r.err)
}
