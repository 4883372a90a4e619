package integration

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDiscoOfAServer: what each server says of itself, of our account and of what belongs to it.
func TestDiscoOfAServer(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "0479-discovery")
		s := p.session(t)
		info, err := disco.Get(within(t), s, s.JID().Domain(), "")
		require.NoError(t, err)
		assert.True(t, info.Is("server", "im"))
		assert.True(t, info.Has("urn:xmpp:ping"))
		account, err := disco.Get(within(t), s, s.JID().Bare(), "")
		require.NoError(t, err)
		assert.True(t, account.Is("account", ""))
		_, err = disco.Get(within(t), s, s.JID().Domain(), "no such node")
		var refused *stanza.Error
		require.ErrorAs(t, err, &refused)
		if p.real == nil {
			return
		}
		at := map[string]bool{}
		for item, err := range disco.Items(within(t), s, s.JID().Domain(), "") {
			require.NoError(t, err)
			at[item.JID.String()] = true
		}
		assert.Contains(t, at, servers.RoomDomain)
		found := map[string]string{}
		for _, feature := range []string{"http://jabber.org/protocol/muc", "urn:xmpp:http:upload:0"} {
			for service, err := range disco.Services(within(t), s, feature) {
				require.NoError(t, err)
				found[service.JID.String()] = feature
			}
		}
		assert.Contains(t, found, servers.RoomDomain)
		assert.Contains(t, found, servers.UploadDomain)
	})
}

// TestDiscoOfContacts: what a contact can do is known from its presence, asked once for all who have the same hash, and known
// after a reconnect.
func TestDiscoOfContacts(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "0479-caps")
		const feature = "urn:canto:test:disco"
		var queries atomic.Int32
		count := &xmpp.Trace{Sent: func(b []byte) {
			if s := string(b); strings.Contains(s, "type='get'") {
				queries.Add(int32(strings.Count(s, "disco#info'")))
			}
		}}
		user, password := p.account(t)
		o := p.options(password)
		o.Trace = count
		c := xmpp.NewClient(p.jid(user), o)
		c.Online = available
		d := disco.Of(c)
		seen := make(chan *stanza.Presence, 100)
		xmpp.OnPresence(c, func(_ context.Context, pr *stanza.Presence) error { seen <- pr; return nil })
		bot := keep(t, c)
		us := next(t, bot.online)
		able := func() *xmpp.Session {
			s := p.session(t)
			disco.Of(s).Declare(feature)
			return s
		}
		one, two := able(), able()
		look := func(who *xmpp.Session) {
			t.Helper()
			require.NoError(t, who.Send(within(t), &stanza.Presence{To: us.JID(), Status: "here"}))
			for pr := next(t, (<-chan *stanza.Presence)(seen)); pr.From != who.JID() || pr.Status != "here"; pr = next(t, (<-chan *stanza.Presence)(seen)) {
			}
			ok, err := d.Supports(within(t), who.JID(), feature)
			require.NoError(t, err)
			assert.True(t, ok)
			assert.True(t, d.Known(who.JID()).Has(feature))
		}
		look(one)
		look(two)
		look(one)
		assert.EqualValues(t, 1, queries.Load())

		// A change is told: to one who has the presence, once it's broadcast.
		disco.Of(one).Declare("urn:canto:test:more")
		look(one)
		assert.EqualValues(t, 2, queries.Load())
		assert.True(t, d.Known(one.JID()).Has("urn:canto:test:more"))
		assert.False(t, d.Known(two.JID()).Has("urn:canto:test:more"))

		require.NoError(t, us.Close())
		require.NoError(t, next(t, bot.done))
		bot.run(t)
		us = next(t, bot.online)
		assert.Nil(t, d.Known(one.JID()), "what was said to the last session is not known to this one")
		look(one)
		look(two)
		assert.EqualValues(t, 2, queries.Load(), "but the hashes are")
		bot.end(t)
	})
}

// TestDiscoIsAnswered: what we are is what we say, to a stranger who asks by the full address, under each of our nodes.
func TestDiscoIsAnswered(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		s, stranger := p.session(t), p.session(t)
		d := disco.Of(s)
		d.Declare("urn:canto:test:disco")
		d.Identify("https://canto.test/", disco.Identity{Category: "client", Type: "bot", Lang: "de", Name: "Wörter & <Zeichen>"})
		inbox := stranger.Presences(t.Context())
		require.NoError(t, s.Send(within(t), &stanza.Presence{To: stranger.JID()}))
		require.Equal(t, s.JID(), next(t, inbox).From)
		info, err := disco.Get(within(t), stranger, s.JID(), "")
		require.NoError(t, err)
		assert.Equal(t, d.Self().Identities, info.Identities)
		assert.Equal(t, d.Self().Features, info.Features)
		_, err = disco.Get(within(t), stranger, s.JID(), "unknown")
		assert.ErrorIs(t, err, stanza.ItemNotFound)
		for range disco.Items(within(t), stranger, s.JID(), "") {
			t.Error("there is nothing that belongs to us")
		}
		// The server reads our presence, too: of ourselves it knows what we have said.
		require.NoError(t, s.Send(within(t), &stanza.Presence{}))
		assert.NoError(t, ping(t, s, p))
	})
}
