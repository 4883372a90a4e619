package server

import (
	"crypto/sha1"
	"encoding/hex"
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/stretchr/testify/require"
)

const partDomain = "echo.canto.test"

// dialComponent opens the stream of a component and reads the header.
func dialComponent(t *testing.T, s *Server, to string) (c *rawClient, id string) {
	t.Helper()
	conn, err := s.DialComponent(t.Context(), "", "")
	require.NoError(t, err)
	c = newRawClient(t, conn)
	c.send("<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='%s'>", to)
	c.readHeader()
	require.Equal(t, to, c.header.attr("from"))
	require.Empty(t, c.header.attr("version"))
	return c, c.header.attr("id")
}

// shake sends the handshake for a secret.
func shake(c *rawClient, id, secret string) {
	sum := sha1.Sum([]byte(id + secret))
	c.send("<handshake>%s</handshake>", hex.EncodeToString(sum[:]))
}

// joined returns a component that is connected.
func joined(t *testing.T, s *Server) *rawClient {
	t.Helper()
	c, id := dialComponent(t, s, partDomain)
	shake(c, id, "sesame")
	c.want("<handshake xmlns='jabber:component:accept'/>")
	return c
}

func startWithComponent(t *testing.T) *Server {
	s := startServer(t, Options{})
	require.NoError(t, s.AddComponent(partDomain, "sesame"))
	return s
}

// XEP-0114 §3: stanzas go both ways in the namespace of each stream.
func TestComponentRoutes(t *testing.T) {
	s := startWithComponent(t)
	part, alice := joined(t, s), loggedIn(t, s, "alice", "x")
	alice.send("<message to='any@echo.canto.test/x' id='1'><body>hi</body><x xmlns='urn:x'/></message>")
	part.want("<message xmlns='jabber:component:accept' from='" + alice.jid + "' to='any@echo.canto.test/x' id='1'><body>hi</body><x xmlns='urn:x'/></message>")
	part.send("<message from='any@echo.canto.test' to='%s'><body>ho</body></message>", alice.jid)
	alice.want("<message from='any@echo.canto.test' to='${me}'><body>ho</body></message>")
	part.send("<iq type='get' id='2' from='echo.canto.test' to='echo.canto.test'><ping xmlns='urn:xmpp:ping'/></iq>")
	part.want("<iq xmlns='jabber:component:accept' type='get' id='2' from='echo.canto.test' to='echo.canto.test'><ping xmlns='urn:xmpp:ping'/></iq>")
	part.send("<iq type='get' id='3' from='echo.canto.test' to='nobody@canto.test'><ping xmlns='urn:xmpp:ping'/></iq>")
	require.Equal(t, "error", part.next().attr("type"), "what can't be delivered is bounced to whom has sent it")
	alice.send("<iq type='get' id='4' to='canto.test'><query xmlns='%s'/></iq>", ns.DiscoItems)
	require.NotNil(t, alice.next().first().first(), "it's listed")
}

func TestComponentIsAway(t *testing.T) {
	s := startWithComponent(t)
	alice := loggedIn(t, s, "alice", "x")
	bounced := "<message type='error' id='1' from='echo.canto.test' to='${me}'>*</message>"
	alice.send("<message to='echo.canto.test' id='1'><body>hi</body></message>")
	alice.want(bounced)
	part := joined(t, s)
	part.send("</stream:stream>")
	_, err := part.dec.ReadToken() // its own end
	require.NoError(t, err)
	alice.send("<message to='echo.canto.test' id='1'><body>hi</body></message>")
	alice.want(bounced)
	joined(t, s)
}

func TestComponentErrors(t *testing.T) {
	for name, c := range map[string]struct{ say, want string }{
		"a wrong proof":       {"<handshake>00</handshake>", "not-authorized"},
		"a stanza before":     {"<message from='echo.canto.test' to='a@canto.test'/>", "not-authorized"},
		"a client's stanza":   {"${shake}<message xmlns='jabber:client' from='echo.canto.test' to='a@canto.test'/>", "invalid-namespace"},
		"another's address":   {"${shake}<message from='a@canto.test' to='a@canto.test'/>", "invalid-from"},
		"no address":          {"${shake}<message from='echo.canto.test'/>", "improper-addressing"},
		"a second handshake":  {"${shake}<handshake/>", "unsupported-stanza-type"},
		"XML that is none":    {"${shake}<message <", "not-well-formed"},
		"a second connection": {"${shake}", "conflict"},
	} {
		t.Run(name, func(t *testing.T) {
			s := startWithComponent(t)
			if name == "a second connection" {
				joined(t, s)
			}
			part, id := dialComponent(t, s, partDomain)
			const mark = "${shake}"
			if len(c.say) >= len(mark) && c.say[:len(mark)] == mark {
				shake(part, id, "sesame")
				if c.want != "conflict" {
					part.next()
				}
				c.say = c.say[len(mark):]
			}
			if c.say != "" {
				part.send("%s", c.say)
			}
			e := part.next()
			require.True(t, e.is(ns.Stream, "error"), "%s", e)
			require.NotNil(t, e.child(ns.StreamErrors, c.want), "%s", e)
		})
	}
}

func TestUnknownComponent(t *testing.T) {
	s := startWithComponent(t)
	part, _ := dialComponent(t, s, "other.canto.test")
	require.NotNil(t, part.next().child(ns.StreamErrors, "host-unknown"))
	for _, bad := range []string{"canto.test", "user@echo.canto.test", "@", ""} {
		require.Error(t, s.AddComponent(bad, "x"), bad)
	}
}
