package websocket_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// redirect is a script: <open/> is answered with the <close/> of RFC 7395 §3.6.1.
func redirect(to string) string {
	return strings.SplitAfter(open, "\n")[0] + `S: <close xmlns="urn:ietf:params:xml:ns:xmpp-framing" see-other-uri="` + to + `" />` + "\n" +
		"C: <close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>\n"
}

// TestSeeOtherURI: a server sends us to another endpoint, at whatever point of the login.
func TestSeeOtherURI(t *testing.T) {
	for name, begin := range map[string]string{"in place of <open/>": "", "behind features": auth + open} {
		t.Run(name, func(t *testing.T) {
			there, done := play(t, login+clientCloses, nil)
			here, left := play(t, begin+strings.TrimPrefix(redirect(there), map[bool]string{true: strings.SplitAfter(open, "\n")[0]}[begin != ""]), nil)
			s := enter(t, here)
			require.Equal(t, there, s.ConnectionState().Addr)
			require.NoError(t, outcome(t, left))
			require.NoError(t, s.Close())
			require.NoError(t, outcome(t, done))
		})
	}
}

// TestSecurityS10SeeOtherURI: never to where less is secret, nor to what is no WebSocket; and where we're sent has to show a
// certificate as the first did.
func TestSecurityS10SeeOtherURI(t *testing.T) {
	t.Attr("conformance", "7395-3.6.1-2 7395-6-2")
	var asked atomic.Bool
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Store(true) }))
	defer plain.Close()
	stranger := listen(t, "evil.example", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Store(true) }))
	for _, c := range []struct {
		uri, want string
		step      xmpp.Step
	}{
		{strings.Replace(plain.URL, "http:", "ws:", 1), "from wss: to ws:", xmpp.StepStream},
		{plain.URL, "another kind of endpoint", xmpp.StepStream},
		{"https://im.example.com/http-bind", "another kind of endpoint", xmpp.StepStream},
		{"javascript:alert(1)", "another kind of endpoint", xmpp.StepStream},
		{"im.example.com:5222", "another kind of endpoint", xmpp.StepStream},
		{"wss://u:p@im.example.com/", "more, or less", xmpp.StepStream},
		{stranger, "certificate", xmpp.StepTLS},
	} {
		t.Run(c.uri, func(t *testing.T) {
			url, done := play(t, redirect(c.uri), nil)
			o := options(url)
			o.AllowPlaintext = true // of no matter: the URL was a secure one
			_, err := xmpp.Dial(within(t), juliet, o)
			requireStep(t, c.step, err)
			require.ErrorContains(t, err, c.want)
			require.NoError(t, outcome(t, done))
			require.False(t, asked.Load())
		})
	}
}

// TestSecurityS10EndlessSeeOtherURI: a server that sends us in circles is left.
func TestSecurityS10EndlessSeeOtherURI(t *testing.T) {
	var url string
	var times atomic.Int32
	h, _ := upgrade(t, func(p *peer) error { times.Add(1); return p.play(redirect(url)) })
	url = listen(t, "im.example.com", h)
	_, err := xmpp.Dial(within(t), juliet, options(url))
	requireStep(t, xmpp.StepStream, err)
	require.ErrorContains(t, err, "without end")
	require.EqualValues(t, 5, times.Load())
}

// TestSeeOtherURILater: a Client follows one that ends a session, once, and begins at its own URL after that.
func TestSeeOtherURILater(t *testing.T) {
	there, _ := play(t, login, nil) // and the connection is lost
	here, done := play(t, login+`S: <close xmlns="urn:ietf:params:xml:ns:xmpp-framing" see-other-uri="`+there+`" />`+"\n"+"C: <close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>\n", nil)
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	addrs := make(chan string, 8)
	o := options(here)
	o.Setup = func(s *xmpp.Session) { addrs <- s.ConnectionState().Addr }
	client := xmpp.NewClient(juliet, o)
	states, ended := client.State(ctx), make(chan error)
	go func() { ended <- client.Run(ctx) }()
	go func() {
		for st := range states {
			if st.Retry > 0 {
				client.Wake()
			}
		}
	}()
	for _, want := range []string{here, there, here} {
		select {
		case got := <-addrs:
			require.Equal(t, want, got)
		case <-ctx.Done():
			t.Fatal("no session")
		}
	}
	require.NoError(t, outcome(t, done))
	cancel()
	require.NoError(t, <-ended)
}

// TestRedirectInProcess: the redirect of the in-process server.
func TestRedirectInProcess(t *testing.T) {
	in(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		srv.Redirect("wss://elsewhere.example/xmpp-websocket")
		s := srv.Session(t, "alice", over(srv, "alice"))
		require.Equal(t, "wss://elsewhere.example/xmpp-websocket", s.ConnectionState().Addr)
		require.NoError(t, s.Close())
	})
}
