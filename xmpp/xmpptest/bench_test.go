package xmpptest_test

import (
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// BenchmarkMessage is one message from session to session, over TLS on the loopback interface, many under way at once.
func BenchmarkMessage(b *testing.B) {
	srv := xmpptest.NewServerWith(b, &xmpptest.Options{Transcript: -1})
	alice, bob := srv.Session(b, "alice", nil), srv.Session(b, "bob", nil)
	inbox := bob.Messages(b.Context())
	b.ReportAllocs()
	b.ResetTimer()
	failed := make(chan error, 1)
	go func() {
		for range b.N {
			if err := alice.Send(b.Context(), &stanza.Message{To: bob.JID(), Type: stanza.Chat, Body: "hello, how are you?"}); err != nil {
				failed <- err
				return
			}
		}
		failed <- nil
	}()
	for range b.N {
		<-inbox
	}
	require.NoError(b, <-failed)
}

// BenchmarkSession is a whole session: connection, TLS, SCRAM, binding, goodbye.
func BenchmarkSession(b *testing.B) {
	srv := xmpptest.NewServer(b)
	b.ReportAllocs()
	for range b.N {
		require.NoError(b, srv.Session(b, "alice", nil).Close())
	}
}
