package server

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// what becomes of a message
const (
	bounced   = "bounced"
	ignored   = "ignored"
	stored    = "stored"
	delivered = "delivered"
)

// TestMessageDelivery is RFC 6121 §8.5.4, table 1, with the choices that this server makes where the table leaves some.
func TestMessageDelivery(t *testing.T) {
	const negative, zero = "<presence><priority>-1</priority></presence>", "<presence/>"
	tests := []struct {
		name, to                                 string
		presence                                 string // of bob's resource "x"; "": he is not there
		normal, chat, groupchat, headline, error string
	}{
		{"no account, bare", "nobody@canto.test", "", bounced, bounced, bounced, bounced, ignored},
		{"no account, full", "nobody@canto.test/y", "", bounced, bounced, bounced, bounced, ignored},
		{"no resource, bare", "bob@canto.test", "", stored, stored, bounced, ignored, ignored},
		{"no resource, full", "bob@canto.test/y", "", bounced, stored, bounced, bounced, ignored},
		{"negative, bare", "bob@canto.test", negative, stored, stored, bounced, ignored, ignored},
		{"negative, match", "bob@canto.test/x", negative, delivered, delivered, delivered, delivered, delivered},
		{"negative, no match", "bob@canto.test/y", negative, bounced, stored, bounced, bounced, ignored},
		{"non-negative, bare", "bob@canto.test", zero, delivered, delivered, bounced, delivered, ignored},
		{"non-negative, match", "bob@canto.test/x", zero, delivered, delivered, delivered, delivered, delivered},
		{"non-negative, no match", "bob@canto.test/y", zero, bounced, delivered, bounced, bounced, ignored},
		{"server", "canto.test", zero, bounced, bounced, bounced, bounced, ignored},
		{"elsewhere", "bob@elsewhere.test", zero, bounced, bounced, bounced, bounced, ignored},
		{"no address", "@", zero, bounced, bounced, bounced, bounced, ignored},
	}
	for _, tt := range tests {
		for typ, want := range map[string]string{
			"normal": tt.normal, "chat": tt.chat, "groupchat": tt.groupchat, "headline": tt.headline, "error": tt.error,
		} {
			t.Run(tt.name+"/"+typ, func(t *testing.T) {
				s := startServer(t, Options{InMemory: true})
				alice := loggedIn(t, s, "alice", "a")
				var bob *rawClient
				if tt.presence != "" {
					bob = online(t, s, "bob", "x", tt.presence)
				}
				alice.send("<message type='%s' id='m' to='%s'><body>hi</body></message>", typ, tt.to)
				require.Equal(t, want, whatBecame(s, alice, bob))
			})
		}
	}
}

// whatBecame finds out where alice's message went. Behind it she sends a ping, and one message that certainly reaches bob.
func whatBecame(s *Server, alice, bob *rawClient) string {
	alice.send("<iq type='get' id='behind'><ping xmlns='urn:xmpp:ping'/></iq>")
	if e := alice.next(); e.attr("id") != "behind" {
		return bounced
	}
	if len(s.Offline("bob")) > 0 {
		return stored
	}
	if bob != nil {
		alice.send("<message id='behind' to='%s'/>", bob.jid)
		if bob.next().attr("id") == "m" {
			return delivered
		}
	}
	return ignored
}

func TestMessageGoesToTheMostAvailable(t *testing.T) {
	s := startServer(t, Options{})
	var bobs []*rawClient
	for i, priority := range []int{1, 5, 5, -1} {
		bobs = append(bobs, online(t, s, "bob", fmt.Sprint(i), fmt.Sprintf("<presence><priority>%d</priority></presence>", priority)))
	}
	alice := loggedIn(t, s, "alice", "a")
	alice.send("<message to='bob@canto.test' id='chat' type='chat'/><message to='bob@canto.test' id='news' type='headline'/>")
	for i := range 4 {
		alice.send("<message to='bob@canto.test/%d' id='end'/>", i)
	}
	for i, want := range [][]string{{"news"}, {"chat", "news"}, {"chat", "news"}, nil} {
		var got []string
		for {
			e := bobs[i].next()
			if e.Name.Local != "message" {
				continue
			}
			if e.attr("id") == "end" {
				break
			}
			got = append(got, e.attr("id"))
		}
		require.Equal(t, want, got, "resource %d", i)
	}
}

func TestOfflineMessagesComeWithInitialPresence(t *testing.T) {
	s := startServer(t, Options{})
	alice := loggedIn(t, s, "alice", "a")
	for _, m := range []string{
		"<message to='bob@canto.test' type='chat' id='1'><body>one</body></message>",
		"<message to='bob@canto.test' type='chat' id='typing'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
		"<message to='bob@canto.test' id='hint'><body>no</body><no-store xmlns='urn:xmpp:hints'/></message>",
		"<message to='bob@canto.test' type='chat' id='2'><store xmlns='urn:xmpp:hints'/></message>",
		"<message to='bob@canto.test' id='3'/>",
		"<iq type='get' id='behind'><ping xmlns='urn:xmpp:ping'/></iq>",
	} {
		alice.send("%s", m)
	}
	require.Equal(t, "behind", alice.next().attr("id"))
	require.Len(t, s.Offline("bob"), 3)
	bob := online(t, s, "bob", "x", "<presence><priority>-1</priority></presence>")
	require.Len(t, s.Offline("bob"), 3, "a negative priority wants no messages")
	bob.send("<presence/>")
	require.Equal(t, "presence", bob.next().Name.Local)
	m := bob.want("<message to='bob@canto.test' type='chat' id='1' from='alice@canto.test/a'><body>one</body>" +
		"<delay xmlns='urn:xmpp:delay' from='canto.test' stamp='*'/></message>")
	require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`, m.child("urn:xmpp:delay", "delay").attr("stamp"))
	require.Equal(t, "2", bob.next().attr("id"))
	require.Equal(t, "3", bob.next().attr("id"))
	require.Empty(t, s.Offline("bob"))
}

func TestWithoutOfflineStore(t *testing.T) {
	s := startServer(t, Options{Without: []string{"offline"}})
	alice := loggedIn(t, s, "alice", "a")
	alice.send("<message to='bob@canto.test' id='1'><body>one</body></message>")
	alice.want("<message from='bob@canto.test' to='${me}' type='error' id='1'><error type='cancel'>" +
		"<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>")
}

func TestIQRouting(t *testing.T) {
	const ping = "<ping xmlns='urn:xmpp:ping'/>"
	tests := []struct{ name, xml, condition string }{
		{"server", "<iq type='get' id='1' to='canto.test'>" + ping + "</iq>", ""},
		{"own account, no address", "<iq type='get' id='1'>" + ping + "</iq>", ""},
		{"own account", "<iq type='get' id='1' to='alice@canto.test'>" + ping + "</iq>", ""},
		{"other account", "<iq type='get' id='1' to='bob@canto.test'>" + ping + "</iq>", ""},
		{"unknown payload", "<iq type='get' id='1' to='canto.test'><x xmlns='urn:x'/></iq>", "service-unavailable"},
		{"unknown payload, account", "<iq type='get' id='1'><x xmlns='urn:x'/></iq>", "service-unavailable"},
		{"wrong type", "<iq type='set' id='1' to='canto.test'>" + ping + "</iq>", "service-unavailable"},
		{"no such account", "<iq type='get' id='1' to='nobody@canto.test'>" + ping + "</iq>", "service-unavailable"},
		{"no such resource", "<iq type='get' id='1' to='bob@canto.test/gone'>" + ping + "</iq>", "service-unavailable"},
		{"elsewhere", "<iq type='get' id='1' to='elsewhere.test'>" + ping + "</iq>", "remote-server-not-found"},
		{"bad address", "<iq type='get' id='1' to='@'>" + ping + "</iq>", "jid-malformed"},
		{"no payload", "<iq type='get' id='1'/>", "bad-request"},
		{"two payloads", "<iq type='get' id='1'>" + ping + ping + "</iq>", "bad-request"},
		{"no type", "<iq id='1'>" + ping + "</iq>", "bad-request"},
		{"unknown type", "<iq type='x' id='1'>" + ping + "</iq>", "bad-request"},
		{"no id", "<iq type='get'>" + ping + "</iq>", "bad-request"},
		{"binding again", "<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", "not-allowed"},
	}
	s := startServer(t, Options{})
	c := loggedIn(t, s, "alice", "a")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c.send("%s", tt.xml)
			e := c.next()
			if tt.condition == "" {
				require.Equal(t, "result", e.attr("type"), "%s", e)
				return
			}
			require.Equal(t, "error", e.attr("type"), "%s", e)
			require.Equal(t, tt.condition, e.child("jabber:client", "error").first().Name.Local)
		})
	}
}

func TestIQBetweenClients(t *testing.T) {
	for _, strict := range []bool{false, true} {
		s := startServer(t, Options{StrictIQ: strict})
		alice, bob := loggedIn(t, s, "alice", "a"), loggedIn(t, s, "bob", "b")
		if strict {
			alice.send("<iq type='get' id='0' to='bob@canto.test/b'><x xmlns='urn:x'/></iq>")
			require.Equal(t, "error", alice.next().attr("type"), "bob shares no presence with alice")
			bob.send("<presence to='alice@canto.test/a'/>")
			alice.want("<presence from='bob@canto.test/b' to='alice@canto.test/a'/>")
		}
		alice.send("<iq type='get' id='1' to='bob@canto.test/b'><x xmlns='urn:x'/></iq>")
		bob.want("<iq type='get' id='1' to='bob@canto.test/b' from='alice@canto.test/a'><x xmlns='urn:x'/></iq>")
		bob.send("<iq type='result' id='1' to='alice@canto.test/a'/>")
		alice.want("<iq type='result' id='1' to='alice@canto.test/a' from='bob@canto.test/b'/>")
	}
}

func TestDisco(t *testing.T) {
	s := startServer(t, Options{})
	require.NoError(t, s.Befriend("alice", "bob"))
	c := loggedIn(t, s, "alice", "a")
	online(t, s, "bob", "b", "<presence/>")
	c.send("<iq type='get' id='1' to='canto.test'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>")
	e := c.next().first()
	require.Equal(t, "server", e.first().attr("category"))
	require.Contains(t, e.String(), "<feature var='urn:xmpp:ping'/>")
	c.send("<iq type='get' id='2' to='bob@canto.test'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>")
	require.Equal(t, "bob@canto.test/b", c.next().first().first().attr("jid"))
	c.send("<iq type='get' id='3' to='bob@canto.test'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>")
	require.Equal(t, "account", c.next().first().first().attr("category"))
	c.send("<iq type='get' id='4' to='carol@canto.test'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>")
	require.Equal(t, "error", c.next().attr("type"), "alice is no subscriber of carol")
	c.send("<iq type='get' id='5' to='canto.test'><query xmlns='http://jabber.org/protocol/disco#info' node='x'/></iq>")
	require.Equal(t, "error", c.next().attr("type"))
	c.send("<iq type='get' id='6' to='canto.test'><query xmlns='jabber:iq:version'/></iq>")
	require.Contains(t, c.next().String(), "<name>Canto test server</name>")
}
