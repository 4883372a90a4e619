package websocket_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// normally is the end of a peer whose client has run the closing handshake.
func normally(p *peer) error {
	_, msg, err := p.Read(p.ctx)
	if websocket.CloseStatus(err) != websocket.StatusNormalClosure {
		return fmt.Errorf("%q, %w in place of a close frame", msg, err)
	}
	return nil
}

// TestWire: a session to the letter, with the examples of RFC 7395 on the server's side. A message is one element with its own
// namespaces, the restart after SASL is an <open/> without a <close/>, and the closing handshake follows the end of the stream.
func TestWire(t *testing.T) {
	t.Attr("conformance", "7395-3.1-1 7395-3.1-4 7395-3.2-1 7395-3.3.2-1 7395-3.3.3-1 7395-3.3.3-2 7395-3.3.3-3 7395-3.3.3-4 7395-3.4-1 7395-3.6-1 7395-3.7-1 7395-3.7-2 7395-3.9-1")
	url, done := play(t, login+`C: <presence xmlns='jabber:client'/>
S: <message xmlns="jabber:client" xml:lang="en"> <body>Every WebSocket message is parsable by itself.</body> </message>
C: <message xmlns='jabber:client' type='chat' to='romeo@example.net'><body>so is &lt;this&gt;</body></message>
C: <presence xmlns='jabber:client' type='unavailable'/>
`+clientCloses, normally)
	s := enter(t, url)
	require.Equal(t, juliet, s.JID())
	require.Equal(t, url, s.ConnectionState().Addr)
	require.NotEmpty(t, s.ConnectionState().TLS.VerifiedChains)
	inbox := s.Messages(t.Context())
	require.NoError(t, s.Send(t.Context(), &stanza.Presence{}))
	m := <-inbox
	require.Equal(t, "Every WebSocket message is parsable by itself.", m.Body)
	require.NoError(t, s.Send(t.Context(), &stanza.Message{Type: stanza.Chat, To: romeo, Body: "so is <this>"}))
	require.NoError(t, s.Close())
	require.NoError(t, outcome(t, done))
}

// TestWireLang: the language of the stream stands in every stanza.
func TestWireLang(t *testing.T) {
	t.Attr("conformance", "7395-3.3.3-1")
	script := strings.ReplaceAll(login, "to='im.example.com'/>", "to='im.example.com' xml:lang='de'/>")
	script = strings.Replace(script, "C: <iq xmlns", "C: <iq xml:lang='de' xmlns", 1)
	url, done := play(t, script+"C: <message xml:lang='de' xmlns='jabber:client'><body>hallo</body></message>\nC: <message xmlns='jabber:client' xml:lang='fr'/>\n", nil)
	o := options(url)
	o.Lang = "de"
	s, err := xmpp.Dial(within(t), juliet, o)
	require.NoError(t, err)
	require.NoError(t, s.Send(t.Context(), &stanza.Message{Body: "hallo"}))
	require.NoError(t, s.Send(t.Context(), &stanza.Message{Lang: "fr"}))
	require.NoError(t, outcome(t, done))
	require.Error(t, ended(t, s))
}

// TestServerCloses: the server's <close/> is answered, and the closing handshake is run.
func TestServerCloses(t *testing.T) {
	url, done := play(t, login+serverCloses, func(p *peer) error { return p.Close(websocket.StatusNormalClosure, "") })
	s := enter(t, url)
	require.ErrorIs(t, ended(t, s), xmpp.ErrPeerClosed)
	require.NoError(t, outcome(t, done))
}

// TestServerEndsWithError: RFC 7395 §3.5. The error of the example has no prefix.
func TestServerEndsWithError(t *testing.T) {
	for name, script := range map[string]string{
		"unprefixed": `S: <error xmlns="http://etherx.jabber.org/streams"><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>`,
		"prefixed":   `S: <stream:error xmlns:stream="http://etherx.jabber.org/streams"><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`,
	} {
		t.Run(name, func(t *testing.T) {
			url, done := play(t, open+script+"\n"+serverCloses, normally)
			_, err := xmpp.Dial(within(t), juliet, options(url))
			require.ErrorIs(t, err, xmpp.HostUnknown)
			require.NoError(t, outcome(t, done))
		})
	}
}

// TestRefused: <close/> in place of <open/>.
func TestRefused(t *testing.T) {
	url, done := play(t, strings.SplitAfter(open, "\n")[0]+serverCloses, normally)
	_, err := xmpp.Dial(within(t), juliet, options(url))
	require.ErrorIs(t, err, xmpp.ErrPeerClosed)
	require.NoError(t, outcome(t, done))
}

// TestImplicitEnd: a connection that ends without the end of the stream is one that was lost, whatever its close frame says.
func TestImplicitEnd(t *testing.T) {
	for name, part := range map[string]func(p *peer) error{
		"close frame": func(p *peer) error { return p.Close(websocket.StatusGoingAway, "off we go\x1b[31m") },
		"cut":         func(p *peer) error { return p.CloseNow() },
	} {
		t.Run(name, func(t *testing.T) {
			url, done := play(t, login, part)
			s := enter(t, url)
			err := ended(t, s)
			require.ErrorContains(t, err, "connection lost")
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.NotContains(t, err.Error(), "\x1b")
			require.NoError(t, outcome(t, done))
		})
	}
}

// TestNoSubprotocol: who does not choose xmpp speaks something else, and nothing is said to him.
func TestNoSubprotocol(t *testing.T) {
	t.Attr("conformance", "7395-3.1-1 7395-3.1-3")
	done := make(chan error, 1)
	ctx := within(t)
	url := listen(t, "im.example.com", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Values("Sec-WebSocket-Protocol"); len(got) != 1 || got[0] != "xmpp" {
			done <- fmt.Errorf("the client offers %q", got)
			return
		}
		ws, err := websocket.Accept(w, r, nil)
		if err == nil {
			_, _, err = ws.Read(ctx)
		}
		if err == nil || !errors.Is(err, io.EOF) {
			done <- fmt.Errorf("not closed at once: %w", err)
			return
		}
		done <- nil
	}))
	_, err := xmpp.Dial(within(t), juliet, options(url))
	requireStep(t, xmpp.StepStream, err)
	require.ErrorContains(t, err, "did not choose the subprotocol")
	require.NoError(t, outcome(t, done))
}

// TestNotAnEndpoint: what HTTP says in place of an upgrade is the error. A redirect is not followed.
func TestNotAnEndpoint(t *testing.T) {
	url := listen(t, "im.example.com", http.NotFoundHandler())
	_, err := xmpp.Dial(within(t), juliet, options(url))
	requireStep(t, xmpp.StepStream, err)
	require.ErrorContains(t, err, "404")

	url = listen(t, "im.example.com", http.RedirectHandler(url, http.StatusTemporaryRedirect))
	_, err = xmpp.Dial(within(t), juliet, options(url))
	requireStep(t, xmpp.StepStream, err)
	require.ErrorContains(t, err, "307")
}

func requireStep(t *testing.T, want xmpp.Step, err error) {
	t.Helper()
	var failed *xmpp.DialError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, want, failed.Step, "%v", err)
}
