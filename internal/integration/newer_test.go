package integration

import (
	"crypto/tls"
	"encoding/json"
	"encoding/xml"
	"regexp"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// eachNewer runs f as a subtest at every server that knows SASL2, Bind 2 and FAST.
func eachNewer(t *testing.T, cfg servers.Config, f func(t *testing.T, p *place)) {
	for _, kind := range servers.Kinds(t) {
		if kind.IsNewer() {
			t.Run(string(kind), func(t *testing.T) { f(t, outside(servers.Shared(t, kind, cfg))) })
		}
	}
}

// authenticateElement is a request of XEP-0388, on one line.
var authenticateElement = regexp.MustCompile(`<authenticate .*?</authenticate>`)

func element(t *testing.T, xml string) stanza.Element {
	t.Helper()
	e, err := stanza.ParseElement(xml)
	require.NoError(t, err)
	return e
}

// TestEverythingInOneRequest is a first login (XEP-0388) that brings the resource and carbons (XEP-0386), stream management
// (XEP-0198) and a token (XEP-0484), and no stream begins anew.
func TestEverythingInOneRequest(t *testing.T) {
	eachNewer(t, servers.Config{}, func(t *testing.T, p *place) {
		var wire tape
		user, password := p.account(t)
		o := p.over(p.options(password), true, 0)
		o.Store, o.Trace, o.Software = xmpp.FileStore(t.TempDir()), wire.trace(), "integration"
		o.Inline = []stanza.Element{element(t, `<enable xmlns='urn:xmpp:carbons:2'/>`)}
		s := p.login(t, p.jid(user), o)
		sent, received, _ := wire.read()
		assert.Equal(t, 1, strings.Count(sent, "<stream:stream"))
		assert.NotContains(t, sent, "<iq")
		requests := authenticateElement.FindAllString(sent, -1)
		require.Len(t, requests, 1)
		assert.Contains(t, requests[0], `<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-EXPR'/>`)
		assert.Contains(t, requests[0], `<bind xmlns='urn:xmpp:bind:0'><tag>integration</tag><enable xmlns='urn:xmpp:carbons:2'/><enable xmlns='urn:xmpp:sm:3'`)
		assert.Equal(t, []string{"urn:xmpp:carbons:2"}, s.ConnectionState().Inlined)
		assert.Equal(t, sasl.TLSExporter, s.ConnectionState().ChannelBinding)
		assert.Regexp(t, "^integration[~.]", s.JID().Resourcepart())
		assert.NotContains(t, received, "secret-token", "the trace shows nothing of SASL")
		require.NoError(t, s.Deliver(within(t), &stanza.Presence{}), "stream management is on, and nobody has asked for it since")

		other := p.login(t, p.jid(user), p.options(password))
		copies := s.Messages(t.Context())
		require.NoError(t, other.Send(within(t), &stanza.Message{To: p.jid("nobody"), Type: stanza.Chat, Body: "copied"}))
		_, ok := stanza.Find[carbon](next(t, copies))
		assert.True(t, ok, "carbons are on")
	})
}

// TestLimitsOfTheServer: Prosody 13 says how much it takes (XEP-0478): less before a login than after, and behind a login of
// XEP-0388 nothing. What is larger than it takes does not leave, on a stream that was resumed, too; what it says before the
// login is not taken for what holds after it.
func TestLimitsOfTheServer(t *testing.T) {
	const most = 256 << 10
	for _, cfg := range []servers.Config{{}, {TLS: servers.Plaintext}} {
		eachNewer(t, cfg, func(t *testing.T, p *place) {
			says := p.real.Kind == servers.Prosody13 && !cfg.HasTLS()
			q, network := p.through(t, false, nil)
			user, password := p.account(t)
			o := q.options(password)
			o.AllowPlaintext = true
			bot := keep(t, xmpp.NewClient(q.jid(user), o))
			s := next(t, bot.online)
			inbox := bot.Messages(t.Context())
			for range 2 {
				assert.Equal(t, says, s.Features().Has(ns.StreamLimits), "%v", s.Features())
				large := &stanza.Message{To: s.JID(), Type: stanza.Chat, Body: strings.Repeat("x", most-1000)}
				require.NoError(t, bot.Deliver(within(t), large))
				assert.Len(t, next(t, inbox).Body, most-1000)
				if says {
					large.Body += strings.Repeat("x", 1000)
					assert.ErrorIs(t, bot.Deliver(within(t), large), stanza.PolicyViolation)
				}
				network.Cut()
				require.NoError(t, bot.Deliver(within(t), &stanza.Message{To: s.JID(), Type: stanza.Chat, Body: "again"}))
				assert.Equal(t, "again", next(t, inbox).Body)
			}
			bot.end(t)
		})
	}
}

// A carbon is a copy of what another session of the account has sent (XEP-0280).
type carbon struct {
	XMLName xml.Name `xml:"urn:xmpp:carbons:2 sent"`
}

// A kept login is what the store has of one. The rest stays as it is.
type keptLogin struct {
	values map[string]json.RawMessage
	token  map[string]any
	key    string
	at     uint64
}

func kept(t *testing.T, store xmpp.Store, account string) (k keptLogin) {
	t.Helper()
	k.key = "login " + account
	b, at, err := store.Load(t.Context(), k.key)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &k.values))
	if k.values["token"] != nil {
		require.NoError(t, json.Unmarshal(k.values["token"], &k.token))
	}
	k.at = at
	return k
}

// spoil changes the token, so that the server does not know it.
func (k keptLogin) spoil(t *testing.T, store xmpp.Store) {
	t.Helper()
	k.token["secret"] = "spoilt"
	k.save(t, store)
}

// save puts the login into a store that is as it was when k was read.
func (k keptLogin) save(t *testing.T, store xmpp.Store) {
	t.Helper()
	b, err := json.Marshal(k.token)
	require.NoError(t, err)
	k.values["token"] = b
	b, err = json.Marshal(k.values)
	require.NoError(t, err)
	_, err = store.Save(t.Context(), k.key, b, k.at)
	require.NoError(t, err)
}

// TestTokens: a later login takes the token, which the server replaces or not; a token alone will do; one that is refused is
// dropped for the password, on the same connection, and a new one comes; one that was given up is good for nobody.
func TestTokens(t *testing.T) {
	eachNewer(t, servers.Config{}, func(t *testing.T, p *place) {
		user, password := p.account(t)
		store := xmpp.FileStore(t.TempDir())
		account := p.jid(user).String()
		forget := false
		login := func(password string) (mechanism, sent string, conns int) {
			var wire tape
			o := p.options(password)
			o.Store, o.Trace, o.ForgetToken = store, wire.trace(), forget
			s := p.login(t, p.jid(user), o)
			require.NoError(t, ping(t, s, p))
			require.NoError(t, s.Close())
			sent, _, _ = wire.read()
			return s.ConnectionState().Mechanism, sent, strings.Count(sent, "<starttls")
		}
		login(password)
		first := kept(t, store, account)
		for range 2 {
			mechanism, sent, conns := login("")
			assert.Equal(t, "HT-SHA-256-EXPR", mechanism)
			assert.Equal(t, 1, conns)
			assert.Regexp(t, `<fast xmlns='urn:xmpp:fast:0' count='[12]'/>`, sent)
		}
		last := kept(t, store, account)
		assert.Equal(t, p.real.Kind == servers.Prosody13, first.token["secret"] != last.token["secret"], "this one rotates (XEP-0484 §3.5)")

		last.spoil(t, store)
		mechanism, sent, conns := login(password)
		assert.Equal(t, best[p.name][tls.VersionTLS13][0], mechanism)
		assert.Len(t, authenticateElement.FindAllString(sent, -1), 2)
		assert.Equal(t, 1, conns)
		mechanism, _, _ = login(password)
		assert.Equal(t, "HT-SHA-256-EXPR", mechanism, "with the new one")

		last = kept(t, store, account)
		forget = true
		mechanism, sent, _ = login("")
		assert.Equal(t, "HT-SHA-256-EXPR", mechanism)
		assert.Contains(t, sent, " invalidate='true'/>")
		assert.Nil(t, kept(t, store, account).token)
		last.at = 0
		o := p.options("")
		o.Store = xmpp.FileStore(t.TempDir())
		last.save(t, o.Store)
		_, err := xmpp.Dial(within(t), p.jid(user), o)
		assert.ErrorIs(t, err, sasl.NotAuthorized, "whoever has got hold of the token")
	})
}

// TestResumedWithTheLogin cuts the connection of a client: the next request brings the old stream back (XEP-0198 §9.2), in one
// flight, with what came meanwhile.
func TestResumedWithTheLogin(t *testing.T) {
	eachNewer(t, servers.Config{}, func(t *testing.T, p *place) {
		var wire tape
		q, network := p.through(t, true, nil)
		user, password := p.account(t)
		o := q.over(q.options(password), true, 0)
		o.Trace = wire.trace()
		c := xmpp.NewClient(q.jid(user), o)
		c.Online = available
		inbox := c.Messages(t.Context())
		bot := keep(t, c)
		s := next(t, bot.online)
		require.NoError(t, ping(t, s, p))
		alice := p.session(t)

		for range 3 {
			before, _, flights := wire.read()
			network.Cut()
			require.NoError(t, alice.Send(within(t), &stanza.Message{To: s.JID(), Type: stanza.Chat, Body: "meanwhile"}))
			assert.Equal(t, "meanwhile", next(t, inbox).Body)
			require.NoError(t, bot.Deliver(within(t), &stanza.Message{To: alice.JID(), Type: stanza.Chat, Body: "back"}))
			sent, _, now := wire.read()
			requests := authenticateElement.FindAllString(strings.TrimPrefix(sent, before), -1)
			require.NotEmpty(t, requests)
			for _, request := range requests {
				assert.Regexp(t, `mechanism='HT-SHA-256-EXPR'.*<resume xmlns='urn:xmpp:sm:3' h='[0-9]+' previd='[^']+'/>.*<fast `, request)
			}
			t.Logf("%d flights with what was said on it", now-flights)
		}
		assert.Empty(t, bot.online, "one session all the time")
		bot.end(t)
	})
}

// TestServersThatVouch: an account that was seen to have better (the pin in the store says so) may log in with less where the
// server itself says that it offers what we see (XEP-0474), and else may not.
func TestServersThatVouch(t *testing.T) {
	vouches := map[string]bool{"prosody13": true, "ejabberd24": true}
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		user, password := p.account(t)
		o := p.over(p.options(""), true, 0)
		o.Store = xmpp.FileStore(t.TempDir())
		_, err := o.Store.Save(t.Context(), "pin "+p.jid(user).String(), []byte(`{"mechanism":"SCRAM-SHA-512-PLUS","binding":"tls-exporter"}`), 0)
		require.NoError(t, err)
		for _, m := range sasl.Password(user, password, nil) {
			if m.Name() == "SCRAM-SHA-1" {
				o.SASL = []sasl.Mechanism{m}
			}
		}
		s, err := xmpp.Dial(within(t), p.jid(user), o)
		if !vouches[p.name] {
			assert.ErrorIs(t, err, sasl.ErrDowngrade)
			return
		}
		require.NoError(t, err)
		assert.Equal(t, "SCRAM-SHA-1", s.ConnectionState().Mechanism)
		require.NoError(t, s.Close())
	})
}
