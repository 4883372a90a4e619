package xmpptest_test

import (
	"crypto/tls"
	"net"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// TestScriptPlaysAServer is a whole life: TLS, a login with channel binding, binding, a message each way, the close handshake.
func TestScriptPlaysAServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		played := make(chan error, 1)
		go func() {
			script := xmpptest.Script{Text: `
< <stream:stream to='im.example.com' version='1.0'>
> <stream:stream from='im.example.com' id='1' version='1.0'
    xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>
> <stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>
< <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
> <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
starttls
< <stream:stream from='juliet@im.example.com' to='im.example.com' version='1.0'>
> <stream:stream from='im.example.com' id='2' version='1.0'
    xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>
> <stream:features>
    <sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/></sasl-channel-binding>
    <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256-PLUS</mechanism></mechanisms>
  </stream:features>
login juliet r0m30myr0m30
< <stream:stream to='im.example.com' version='1.0'>
> <stream:stream from='im.example.com' id='3' version='1.0'
    xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>
> <stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>
< <iq type='set' id='${bind}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>balcony</resource></bind></iq>
> <iq type='result' id='${bind}'>
    <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@im.example.com/balcony</jid></bind>
  </iq>
< <message id='*' to='romeo@example.net' type='chat'><body>${said}</body></message>
> <message from='romeo@example.net/orchard' type='chat'><body>You said: ${said}</body></message>
< </stream:stream>
> </stream:stream>
eof
`}
			played <- script.Play(server)
		}()
		ses, err := xmpp.NewSession(t.Context(), client, jid.MustParse("juliet@im.example.com/balcony"), &xmpp.Options{
			Password: "r0m30myr0m30", TLS: &tls.Config{RootCAs: xmpptest.Roots()},
		})
		require.NoError(t, err)
		inbox := ses.Messages(t.Context())
		require.NoError(t, ses.Send(t.Context(), &stanza.Message{To: jid.MustParse("romeo@example.net"), Type: stanza.Chat, Body: "Art thou not Romeo?"}))
		require.Equal(t, "You said: Art thou not Romeo?", (<-inbox).Body)
		require.NoError(t, ses.Close())
		require.NoError(t, <-played)
	})
}

func TestScriptSaysWhereItWentWrong(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	played := make(chan error, 1)
	go func() {
		played <- (&xmpptest.Script{Text: "# a comment\n< <stream:stream to='elsewhere.test' version='1.0'>"}).Play(server)
		server.Close()
	}()
	_, err := xmpp.NewSession(t.Context(), client, jid.MustParse("a@im.example.com"), nil)
	require.Error(t, err)
	err = <-played
	var se *xmpptest.ScriptError
	require.ErrorAs(t, err, &se)
	require.Equal(t, 2, se.Line)
	require.ErrorContains(t, err, `attribute to is "im.example.com", not "elsewhere.test"`)
}
