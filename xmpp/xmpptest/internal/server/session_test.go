package server

import (
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/stretchr/testify/require"
)

func TestSessionFromHeaderToGoodbye(t *testing.T) {
	s := startServer(t, Options{})
	c := dial(t, s)
	c.open("")
	require.Equal(t, DefaultDomain, c.header.attr("from"))
	require.NotEmpty(t, c.header.attr("id"))
	require.NotNil(t, c.features.child(ns.TLS, "starttls").child(ns.TLS, "required"))
	require.Len(t, c.features.Children, 1, "nothing but TLS where TLS is required")
	c.startTLS(nil)
	c.open(" from='alice@" + DefaultDomain + "' xml:lang='de'")
	require.Equal(t, "alice@"+DefaultDomain, c.header.attr("to"))
	require.Equal(t, "de", c.header.attrNS(ns.XML, "lang"))
	require.Nil(t, c.features.child(ns.TLS, "starttls"))
	c.auth("PLAIN", "\x00alice\x00secret of alice")
	c.success()
	require.NotNil(t, c.features.child(ns.Bind, "bind"))
	require.Nil(t, c.features.child(ns.SASL, "mechanisms"))
	c.bind("")
	require.True(t, strings.HasPrefix(c.jid, "alice@"+DefaultDomain+"/"), c.jid)
	c.send("<iq type='get' id='p1' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>", DefaultDomain)
	c.want("<iq type='result' id='p1' from='" + DefaultDomain + "' to='${me}'/>")
	c.send(closingTag)
	c.wantEnd()
}

func TestSendingFromOneToAnother(t *testing.T) {
	s := startServer(t, Options{})
	alice := online(t, s, "alice", "home", "<presence/>")
	bob := online(t, s, "bob", "work", "<presence/>")
	alice.send("<message to='bob@%s' type='chat' id='m1'><body>a &lt; b</body><x xmlns='urn:x' y='1'><z/></x></message>", DefaultDomain)
	bob.want("<message from='alice@" + DefaultDomain + "/home' to='bob@" + DefaultDomain + "' type='chat' id='m1'>" +
		"<body>a &lt; b</body><x xmlns='urn:x' y='1'><z/></x></message>")
	require.Len(t, s.Transcript("alice"), 3)
	require.Contains(t, s.Transcript("alice")[2].XML, "a &lt; b")
}
