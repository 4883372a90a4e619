package xmpp_test

import (
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/require"
)

// TestRFC6121Presence: presence as a client sends it: initial (RFC 6121 §4.2.1), changed (§4.4.1), and the end of it
// (§4.5.1), which says neither show nor priority.
func TestRFC6121Presence(t *testing.T) {
	t.Attr("conformance", "presence-notype presence-unavailable 6121-4.2.1-1 6121-4.2.1-2 6121-4.4.1-1 6121-4.5.1-2 6121-4.5.1-3 6121-4.7.2.1-1 6121-4.7.2.2-1 "+
		"6121-4.7.2.2-4 6121-4.7.2.2-5 6121-4.7.2.3-1 6121-4.7.2.3-4 6121-4.7.3-1")
	synctest.Test(t, func(t *testing.T) {
		s, _, got := wireOf(t)
		caps := stanza.Payload(version{})
		for _, c := range []struct {
			p    stanza.Presence
			want string
		}{
			{stanza.Presence{}, `<presence/>`},
			{stanza.Presence{Show: stanza.Away, Status: "at lunch", Statuses: []stanza.Text{{Lang: "de", Value: "beim Essen"}}, Priority: -5},
				`<presence><show>away</show><status>at lunch</status><status xml:lang='de'>beim Essen</status><priority>-5</priority></presence>`},
			{stanza.Presence{Payloads: []stanza.Element{caps}}, `<presence><query xmlns='jabber:iq:version'/></presence>`},
			{stanza.Presence{To: romeo.Bare(), Type: stanza.Subscribe, Status: "it's me"}, `<presence type='subscribe' to='romeo@example.net'><status>it's me</status></presence>`},
			{stanza.Presence{Type: stanza.Unavailable, Status: "gone home"}, `<presence type='unavailable'><status>gone home</status></presence>`},
		} {
			require.NoError(t, s.Send(t.Context(), &c.p))
			require.Equal(t, c.want, got())
		}
		require.Error(t, s.Send(t.Context(), &stanza.Presence{Type: stanza.Unavailable, Show: stanza.Away}))
		require.Error(t, s.Send(t.Context(), &stanza.Presence{Type: stanza.Unavailable, Priority: 1}))
		require.Empty(t, got())
	})
}

// TestRFC6121Message: what a message may carry, and may leave out (RFC 6121 §5.2).
func TestRFC6121Message(t *testing.T) {
	t.Attr("conformance", "message-body message-subject message-thread 6121-5.2.1-1 6121-5.2.2-1 6121-5.2.3-1 6121-5.2.5-1 6121-5.2.5-2 6121-5.2.5-3 6121-5.3-1 6121-6-1")
	synctest.Test(t, func(t *testing.T) {
		s, _, got := wireOf(t)
		payload := stanza.Payload(version{})
		for _, c := range []struct {
			st   stanza.Stanza
			want string
		}{
			{&stanza.Message{To: romeo.Bare(), Type: stanza.Chat, Subject: "s", Body: "b", Thread: "t"},
				`<message type='chat' to='romeo@example.net'><subject>s</subject><body>b</body><thread>t</thread></message>`},
			{&stanza.Message{To: romeo.Bare(), Type: stanza.Headline, Thread: "t"}, `<message type='headline' to='romeo@example.net'><thread>t</thread></message>`},
			{&stanza.Message{To: romeo.Bare(), Payloads: []stanza.Element{payload}}, `<message to='romeo@example.net'><query xmlns='jabber:iq:version'/></message>`},
			{&stanza.IQ{To: romeo, Type: stanza.Get, ID: "1", Payload: payload}, `<iq type='get' id='1' to='romeo@example.net/orchard'><query xmlns='jabber:iq:version'/></iq>`},
		} {
			require.NoError(t, s.Send(t.Context(), c.st))
			require.Equal(t, c.want, got())
		}
	})
}
