package server

import (
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/stretchr/testify/require"
)

func TestBindConflictKick(t *testing.T) {
	s := startServer(t, Options{})
	old := loggedIn(t, s, "alice", "x")
	loggedIn(t, s, "alice", "x")
	old.wantStreamError("conflict")
	require.Equal(t, []jid.JID{jid.MustParse("alice@canto.test/x")}, s.Sessions("alice"))
}

func TestBindConflictOverride(t *testing.T) {
	s := startServer(t, Options{Conflict: Override})
	loggedIn(t, s, "alice", "x")
	c := loggedIn(t, s, "alice", "x")
	require.NotEqual(t, "alice@canto.test/x", c.jid)
	require.Len(t, s.Sessions(""), 2)
}

func TestBindRefusals(t *testing.T) {
	s := startServer(t, Options{Conflict: Refuse})
	loggedIn(t, s, "alice", "x")
	c := secured(t, s)
	c.auth("PLAIN", "\x00alice\x00secret of alice")
	c.success()
	for _, tt := range []struct{ iq, condition string }{
		{"<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>x</resource></bind></iq>", "conflict"},
		{"<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>" + strings.Repeat("x", 1024) + "</resource></bind></iq>", "bad-request"},
		{"<iq type='get' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", "bad-request"},
	} {
		c.send("%s", tt.iq)
		e := c.next()
		require.NotNil(t, e.child(ns.Client, "error"), "%s", e)
		require.NotNil(t, e.child(ns.Client, "error").child(ns.Stanzas, tt.condition), "%s", e)
	}
	c.bind("y") // RFC 6120 §7.7.2: the client may try again
	require.Equal(t, "alice@canto.test/y", c.jid)
}

func TestLegacySession(t *testing.T) {
	for policy, optional := range map[SessionFeature]bool{SessionOptional: true, SessionRequired: false} {
		s := startServer(t, Options{Session: policy})
		c := loggedIn(t, s, "alice", "x")
		require.Equal(t, optional, c.features.child(ns.Session, "session").child(ns.Session, "optional") != nil)
		c.send("<iq type='set' id='s'><session xmlns='%s'/></iq>", ns.Session)
		c.want("<iq type='result' id='s' from='*' to='${me}'/>")
	}
}
