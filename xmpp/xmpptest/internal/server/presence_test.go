package server

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPresenceReachesSubscribers(t *testing.T) {
	s := startServer(t, Options{})
	require.NoError(t, s.Befriend("alice", "bob"))
	bob := online(t, s, "bob", "x", "<presence><show>dnd</show></presence>")
	alice := loggedIn(t, s, "alice", "a")
	alice.send("<presence id='1'><priority>5</priority><c xmlns='urn:c'/></presence>")
	alice.want("<presence id='1' from='${me}' to='alice@canto.test'><priority>5</priority><c xmlns='urn:c'/></presence>")
	alice.want("<presence from='bob@canto.test/x' to='${me}'><show>dnd</show></presence>") // RFC 6121 §4.3: in place of a probe
	bob.want("<presence id='1' from='alice@canto.test/a' to='bob@canto.test'><priority>5</priority><c xmlns='urn:c'/></presence>")
	other := loggedIn(t, s, "alice", "b")
	other.send("<presence/>")
	other.want("<presence from='${me}' to='alice@canto.test'/>")
	require.Equal(t, alice.jid, other.next().attr("from"), "her other resource")
	alice.want("<presence from='alice@canto.test/b' to='alice@canto.test'/>")
	alice.send("<presence type='unavailable'><status>gone</status></presence>")
	bob.want("<presence from='alice@canto.test/b' to='bob@canto.test'/>")
	bob.want("<presence from='alice@canto.test/a' to='bob@canto.test' type='unavailable'><status>gone</status></presence>")
	alice.want("<presence from='${me}' to='alice@canto.test' type='unavailable'><status>gone</status></presence>")
	alice.send("<presence><priority>200</priority></presence>")
	require.Equal(t, "error", alice.next().attr("type"))
	alice.send("<presence type='nonsense'/>")
	require.Equal(t, "error", alice.next().attr("type"))
}

func TestDirectedPresence(t *testing.T) {
	s := startServer(t, Options{})
	bob := online(t, s, "bob", "x", "<presence/>")
	alice := loggedIn(t, s, "alice", "a")
	alice.send("<presence to='bob@canto.test/x'><show>away</show></presence>")
	bob.want("<presence from='alice@canto.test/a' to='bob@canto.test/x'><show>away</show></presence>")
	bob.send("<presence type='probe' to='alice@canto.test/a' id='p'/>") // RFC 6121 §4.6.6
	bob.want("<presence from='alice@canto.test/a' to='bob@canto.test/x'/>")
	require.NoError(t, alice.conn.Close())
	bob.want("<presence from='alice@canto.test/a' to='bob@canto.test/x' type='unavailable'/>")
}

func TestProbes(t *testing.T) {
	s := startServer(t, Options{})
	require.NoError(t, s.Befriend("alice", "bob"))
	alice := online(t, s, "alice", "a", "<presence/>")
	probe := func(to string) *Element {
		alice.send("<presence type='probe' id='p' to='%s'/>", to)
		return alice.next()
	}
	require.Equal(t, "unavailable", probe("bob@canto.test").attr("type"))
	bob := online(t, s, "bob", "x", "<presence id='b'><show>chat</show></presence>")
	require.Equal(t, "b", alice.next().attr("id"))
	require.Equal(t, "<presence id='b' from='bob@canto.test/x' to='alice@canto.test/a'><show>chat</show></presence>", probe("bob@canto.test").String())
	require.Nil(t, probe("bob@canto.test/x").first(), "only that it's available")
	bob.send("<presence type='unavailable'/>")
	require.Equal(t, "unavailable", alice.next().attr("type"))
	gone := probe("bob@canto.test")
	require.NotEmpty(t, gone.child("urn:xmpp:delay", "delay").attr("stamp"))
	require.Equal(t, "bob@canto.test", gone.attr("from"))
	for _, to := range []string{"carol@canto.test", "nobody@canto.test"} {
		e := probe(to)
		require.Equal(t, "unsubscribed", e.attr("type"))
		require.Equal(t, to, e.attr("from"))
		require.Equal(t, "p", e.attr("id"))
	}
}
