package xmpptest

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// TestSecurityS21Watch: with the watch on, a login and a conversation say nothing that they must not, and what the program has
// set still sees it all; whatever would give something away stops the test that it happens in.
func TestSecurityS21Watch(t *testing.T) {
	t.Setenv(watchVariable, "1")
	srv := NewServer(t)
	var log, sent bytes.Buffer
	o := srv.Options("alice")
	alice, bob := srv.Session(t, "alice", &xmpp.Options{
		Password: o.Password,
		Logger:   slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Trace:    &xmpp.Trace{Sent: func(b []byte) { sent.Write(b) }},
	}), srv.Session(t, "bob", nil)
	inbox := bob.Messages(t.Context())
	require.NoError(t, alice.Send(t.Context(), &stanza.Message{To: bob.JID(), Body: "wherefore art thou"}))
	<-inbox
	require.NoError(t, alice.Close())
	require.Contains(t, sent.String(), "wherefore art thou")
	require.Contains(t, sent.String(), "[SASL]")

	const password = "pencil-und-r0m30"
	w := &watch{password: password}
	var watched xmpp.Options
	w.over(&watched)
	for name, leak := range map[string]func(){
		"password in the log":    func() { watched.Logger.Debug("login", "with", password) },
		"password in the trace":  func() { watched.Trace.Sent([]byte("<a>" + password + "</a>")) },
		"password in two pieces": func() { watched.Trace.Received([]byte("<a>pencil-un")); watched.Trace.Received([]byte("d-r0m30</a>")) },
		"token in the log":       func() { watched.Logger.Log(context.Background(), slog.LevelError, "secret-token:x") },
		"token in the trace":     func() { watched.Trace.Received([]byte("<token xmlns='urn:xmpp:fast:0' token='secret-token:x'/>")) },
		"SASL in the trace": func() {
			watched.Trace.Sent([]byte("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGE=</auth>"))
		},
		"XEP-0388 in the trace": func() { watched.Trace.Sent([]byte("<initial-response>AGE=</initial-response>")) },
		"a challenge in pieces": func() {
			watched.Trace.Received([]byte("<challenge xmlns='urn:xmpp:sasl:2'>A"))
			watched.Trace.Received([]byte("GE=</challenge>"))
		},
		"a message's body logged": func() {
			watched.Trace.Sent([]byte("<body>art thou not</body>"))
			watched.Logger.Info("sent: art thou not")
		},
	} {
		w = &watch{password: password}
		watched = xmpp.Options{}
		w.over(&watched)
		require.Panics(t, leak, name)
	}
}
