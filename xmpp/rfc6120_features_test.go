package xmpp_test

import (
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/require"
)

// TestRFC6120Voluntary: features that need not be negotiated keep nobody from going on (RFC 6120 §4.3.2): known or not, before
// binding or after, they are left alone, and the first thing that the bound client says is the program's.
func TestRFC6120Voluntary(t *testing.T) {
	t.Attr("conformance", "stream-negotiation-complete 6120-4.3.2-6")
	const voluntary = `<compression xmlns='http://jabber.org/features/compress'><method>zlib</method></compression>` +
		`<register xmlns='http://jabber.org/features/iq-register'/><csi xmlns='urn:xmpp:csi:0'/><new xmlns='urn:x'><optional/></new>`
	synctest.Test(t, func(t *testing.T) {
		s, played, err := enact(t, imTLS+`
> `+imHeader+`<stream:features>`+voluntary+scrams+`</stream:features>
login juliet r0m30myr0m30
< <stream:stream from='juliet@im.example.com' to='im.example.com' version='1.0' xml:lang='en'>
> `+imHeader+`<stream:features>`+voluntary+`<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>
< <iq id='${bind}' type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>
> <iq id='${bind}' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@im.example.com/x</jid></bind></iq>
< <message to='romeo@example.net'><body>hi</body></message>
`+imClose, capulet, capuletOptions())
		require.NoError(t, err)
		require.NoError(t, s.Send(t.Context(), &stanza.Message{To: romeo.Bare(), Body: "hi"}))
		require.NoError(t, s.Close())
		require.NoError(t, <-played)
	})
}
