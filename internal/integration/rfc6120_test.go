package integration

import (
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLoginOnTheWire looks at a whole login of RFC 6120 as the server gets it: three streams on one connection, TLS although plaintext is
// allowed, and each header as RFC 6120 §4.7 and §4.8 have it.
func TestLoginOnTheWire(t *testing.T) {
	eachOlder(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "0479-core")
		t.Attr("conformance", "stream-tcp-binding stream-attribute-initial-from stream-attribute-initial-lang stream-attribute-initial-to stream-negotiation-complete "+
			"stream-negotiation-restart xml-namespace-content-client xml-namespace-streams-declaration xml-namespace-streams-prefix")
		t.Attr("conformance", "tls-support tls-mtn tls-restart sasl-support sasl-restart bind-support bind-mtn bind-restart")
		var wire tape
		user, password := p.account(t)
		o := p.options(password)
		o.Lang, o.AllowPlaintext = "en", true
		o.Trace = wire.trace()
		s := p.login(t, p.jid(user), o)
		require.NotZero(t, s.ConnectionState().TLS.Version)
		require.NoError(t, ping(t, s, p))
		require.NoError(t, s.Close())
		sent, _, _ := wire.read()
		streams := strings.Split(sent, "<?xml version='1.0'?>")[1:]
		require.Len(t, streams, 3)
		header := `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' `
		clear, inside := header+`to='`+p.domain+`' xml:lang='en'>`, header+`from='`+p.jid(user).String()+`' to='`+p.domain+`' xml:lang='en'>`
		assert.Equal(t, clear+`<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`, streams[0])
		assert.True(t, strings.HasPrefix(streams[1], inside+`<auth `), streams[1])
		assert.True(t, strings.HasPrefix(streams[2], inside+`<iq `), streams[2])
		assert.True(t, strings.HasSuffix(streams[2], "</stream:stream>"), streams[2])
		assert.NotContains(t, streams[0]+streams[1], "</stream:stream>")
	})
}

// TestMessageTypes sends a message of each type to a full address (RFC 6121 §5.2.2); none that is an error is answered.
func TestMessageTypes(t *testing.T) {
	overAll(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "message-type-support stanza-attribute-type stanza-error stanza-error-child stanza-error-reply")
		alice, bob := p.session(t), p.session(t)
		types := []stanza.MessageType{stanza.Normal, stanza.Chat, stanza.GroupChat, stanza.Headline, stanza.MessageError}
		inbox, back := bob.Messages(t.Context(), types...), alice.Messages(t.Context(), types...)
		for _, typ := range types {
			m := &stanza.Message{ID: string(typ), To: bob.JID(), Type: typ, Body: "b"}
			if typ == stanza.MessageError {
				m.Error = &stanza.Error{Condition: stanza.Gone}
			}
			require.NoError(t, alice.Send(within(t), m))
			got := next(t, inbox)
			assert.Equal(t, typ, got.Type)
			assert.Equal(t, string(typ), got.ID)
			if typ == stanza.MessageError {
				assert.ErrorIs(t, got.Error, stanza.Gone)
			}
		}
		require.NoError(t, alice.Send(within(t), &stanza.IQ{Type: stanza.IQError, ID: "stray", To: bob.JID(), Error: &stanza.Error{Condition: stanza.Gone}}))
		require.NoError(t, bob.Send(within(t), &stanza.Message{To: alice.JID(), Body: "after all"}))
		assert.Equal(t, "after all", next(t, back).Body, "and nothing before")
	})
}
