package server

import (
	"fmt"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/stretchr/testify/require"
)

// useToken logs alice in with a token.
func (c *rawClient) useToken(mechanism, token string, channel []byte, count int, attrs string) {
	c.t.Helper()
	c.authenticate(mechanism, "alice\x00"+string(tokenProof(token, "Initiator", channel)),
		fmt.Sprintf("%s<fast xmlns='urn:xmpp:fast:0' count='%d'%s/>", agentXML, count, attrs))
}

// tokenIn returns what <success/> gives out.
func tokenIn(t *testing.T, e *Element) string {
	t.Helper()
	token := e.child(ns.FAST, "token")
	require.NotNil(t, token, "%s", e)
	_, err := time.Parse(time.RFC3339, token.attr("expiry"))
	require.NoError(t, err)
	return token.attr("token")
}

func TestFAST(t *testing.T) {
	s := startServer(t, Options{SASL2: &SASL2{}})
	token := tokenIn(t, greeted(t, s).plain(agentXML+askForNONE))
	c := greeted(t, s)
	c.useToken("HT-SHA-256-NONE", token, nil, 1, "")
	e := c.next()
	require.Equal(t, b64(string(tokenProof(token, "Responder", nil))), e.child(ns.SASL2, "additional-data").text())
	require.Nil(t, e.child(ns.FAST, "token"), "it stays")

	for name, use := range map[string]func(c *rawClient){
		"used before":   func(c *rawClient) { c.useToken("HT-SHA-256-NONE", token, nil, 1, "") },
		"another token": func(c *rawClient) { c.useToken("HT-SHA-256-NONE", "x"+token, nil, 2, "") },
		"another mechanism": func(c *rawClient) {
			channel, ok := endPointHash(c.state.PeerCertificates[0].Raw)
			require.True(t, ok)
			c.useToken("HT-SHA-256-ENDP", token, channel, 2, "")
		},
		"another channel": func(c *rawClient) { c.useToken("HT-SHA-256-NONE", token, []byte("x"), 2, "") },
		"another user": func(c *rawClient) {
			c.authenticate("HT-SHA-256-NONE", "bob\x00x", agentXML+"<fast xmlns='urn:xmpp:fast:0'/>")
		},
		"another installation": func(c *rawClient) {
			c.authenticate("HT-SHA-256-NONE", "alice\x00"+string(tokenProof(token, "Initiator", nil)), "<user-agent xmlns='urn:xmpp:sasl:2' id='x'/><fast xmlns='urn:xmpp:fast:0'/>")
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := greeted(t, s)
			use(c)
			c.wantFailure("not-authorized")
			c.plain("") // with the password, in the same connection
		})
	}
	c = greeted(t, s)
	c.authenticate("HT-SHA-256-NONE", "alice\x00x", "<fast xmlns='urn:xmpp:fast:0'/>")
	c.wantFailure("malformed-request")
	c.authenticate("HT-SHA-256-NONE", "alice\x00x", agentXML)
	c.wantFailure("invalid-mechanism")
	c.useToken("PLAIN", token, nil, 2, "")
	c.wantFailure("invalid-mechanism")

	c = greeted(t, s)
	c.useToken("HT-SHA-256-NONE", token, nil, 2, " invalidate='true'")
	require.Equal(t, "success", c.next().Name.Local)
	c = greeted(t, s)
	c.useToken("HT-SHA-256-NONE", token, nil, 3, "")
	c.wantFailure("not-authorized")

	token = tokenIn(t, greeted(t, s).plain(agentXML+askForNONE))
	s.ForgetTokens("alice")
	c = greeted(t, s)
	c.useToken("HT-SHA-256-NONE", token, nil, 1, "")
	c.wantFailure("not-authorized")
	require.Nil(t, greeted(t, s).plain(askForNONE).child(ns.FAST, "token"), "not without an id")
}

func TestFASTBound(t *testing.T) {
	s := startServer(t, Options{SASL2: &SASL2{}})
	token := tokenIn(t, greeted(t, s).plain(agentXML+"<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-EXPR'/>"))
	c := greeted(t, s)
	channel, err := c.state.ExportKeyingMaterial(exporterLabel, []byte{}, exporterBytes)
	require.NoError(t, err)
	c.useToken("HT-SHA-256-EXPR", token, []byte("of another connection"), 1, "")
	c.wantFailure("not-authorized")
	c.useToken("HT-SHA-256-EXPR", token, channel, 1, "")
	require.Equal(t, b64(string(tokenProof(token, "Responder", channel))), c.next().child(ns.SASL2, "additional-data").text())
}

func TestFASTRotation(t *testing.T) {
	inBubble(t, Options{SASL2: &SASL2{Rotate: true, TokenAge: time.Hour}}, func(t *testing.T, s *Server) {
		first := tokenIn(t, greeted(t, s).plain(agentXML+askForNONE))
		use := func(token string, count int) *Element {
			c := greeted(t, s)
			c.useToken("HT-SHA-256-NONE", token, nil, count, "")
			return c.next()
		}
		second := tokenIn(t, use(first, 1))
		require.NotEqual(t, first, second)
		third := tokenIn(t, use(first, 2)) // the second may not have arrived: the first is good until a later one is used
		require.NotNil(t, use(second, 1).child(ns.SASL, "not-authorized"))
		use(third, 1)
		require.NotNil(t, use(first, 3).child(ns.SASL, "not-authorized"))
		elapse(time.Hour)
		require.NotNil(t, use(third, 2).child(ns.SASL, "credentials-expired"))
	})
}
