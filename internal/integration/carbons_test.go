package integration

import (
	"context"
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/carbons"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCarbonsBothWays: what one device sends and receives, another sees, once and in order, with the archive of the server in use and
// without; until it's over.
func TestCarbonsBothWays(t *testing.T) {
	for name, cfg := range map[string]servers.Config{"": {}, "archive": {Archive: true}} {
		t.Run(name, func(t *testing.T) {
			each(t, cfg, func(t *testing.T, p *place) {
				t.Attr("conformance", "0479-carbons")
				user, password := p.account(t)
				phone, desk := p.login(t, p.jid(user), p.options(password)), p.login(t, p.jid(user), p.options(password))
				bob := p.session(t)
				for _, s := range []*xmpp.Session{phone, desk, bob} {
					require.NoError(t, s.Send(within(t), &stanza.Presence{}))
				}
				copies := carbons.Copies(t.Context(), desk)
				atBob, atPhone := bob.Messages(t.Context(), stanza.Chat), phone.Messages(t.Context(), stanza.Chat)
				off, err := carbons.Enable(within(t), desk)
				require.NoError(t, err)
				chat := func(from, to *xmpp.Session, inbox <-chan *stanza.Message, body string, more ...stanza.Element) {
					t.Helper()
					require.NoError(t, from.Send(within(t), &stanza.Message{To: to.JID(), Type: stanza.Chat, ID: stanza.NewID(), Body: body, Payloads: more}))
					require.Equal(t, body, next(t, inbox).Body)
				}
				expect := func(d carbons.Direction, body string) {
					t.Helper()
					c := next(t, copies)
					assert.Equal(t, d, c.Direction)
					assert.Equal(t, body, c.Message.Body)
					assert.Equal(t, bob.JID(), c.With())
				}
				chat(phone, bob, atBob, "one")
				chat(bob, phone, atPhone, "two")
				chat(phone, bob, atBob, "secret", carbons.Private()...)
				chat(bob, phone, atPhone, "three")
				expect(carbons.Sent, "one")
				expect(carbons.Received, "two")
				expect(carbons.Received, "three")
				require.NoError(t, off(within(t)))
				chat(phone, bob, atBob, "nothing")
				again, err := carbons.Enable(within(t), desk)
				require.NoError(t, err)
				chat(phone, bob, atBob, "four")
				expect(carbons.Sent, "four")
				require.NoError(t, again(within(t)))
			})
		})
	}
}

// TestCarbonsOfAClient: a Client has copies in its next session, too, and in one that is resumed.
func TestCarbonsOfAClient(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		user, password := p.account(t)
		bot := xmpp.NewClient(p.jid(user), p.options(password))
		copies := make(chan *carbons.Copy, 10)
		carbons.OnCopy(bot, func(_ context.Context, c *carbons.Copy) error { copies <- c; return nil })
		_, err := carbons.Enable(within(t), bot)
		require.NoError(t, err)
		online := make(chan *xmpp.Session, 10)
		bot.Online = func(ctx context.Context, s *xmpp.Session) error {
			defer func() { online <- s }()
			return s.Send(ctx, &stanza.Presence{}) // ejabberd copies to none but those who are available
		}
		ctx, stop := context.WithCancel(t.Context())
		run := make(chan error, 1)
		go func() { run <- bot.Run(ctx) }()
		for range 2 {
			s := next(t, online)
			phone, bob := p.login(t, p.jid(user), p.options(password)), p.session(t)
			require.NoError(t, phone.Send(within(t), &stanza.Message{To: bob.JID(), Type: stanza.Chat, Body: "copied"}))
			assert.Equal(t, "copied", next(t, copies).Message.Body)
			require.NoError(t, s.Close())
			require.NoError(t, next(t, run))
			go func() { run <- bot.Run(ctx) }()
		}
		next(t, online)
		stop()
		require.NoError(t, next(t, run))
	})
}
