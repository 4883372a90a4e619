package xmpptest_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/leak"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestSessionsTalk(t *testing.T) {
	srv := xmpptest.NewServer(t)
	alice := srv.Session(t, "alice", nil)
	bob := srv.Session(t, "bob/phone", nil)
	require.Equal(t, srv.JID("bob/phone"), bob.JID())
	inbox := bob.Messages(t.Context())
	require.NoError(t, alice.Send(t.Context(), &stanza.Message{To: bob.JID(), Type: stanza.Chat, Body: "hello"}))
	m := <-inbox
	require.Equal(t, "hello", m.Body)
	require.Equal(t, alice.JID(), m.From)
	require.EqualValues(t, 2, srv.Stats().Binds)
}

func TestDirectTLS(t *testing.T) {
	srv := xmpptest.NewServer(t)
	s := srv.Session(t, "alice", &xmpp.Options{DirectTLS: true})
	require.Equal(t, srv.JID("alice"), s.JID().Bare())
}

func TestDropConnsEndsTheSession(t *testing.T) {
	srv := xmpptest.NewServer(t)
	s := srv.Session(t, "alice", nil)
	srv.DropConns()
	<-s.Done()
	require.Error(t, s.Err())
}

func TestInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		s := srv.Session(t, "alice", nil)
		srv.Delay(20 * time.Second)
		before := time.Now()
		_, err := s.Do(t.Context(), &stanza.IQ{Type: stanza.Get, To: srv.Domain(), Payload: stanza.Payload(ping{})})
		require.NoError(t, err)
		require.Equal(t, 20*time.Second, time.Since(before))
		srv.Delay(0)
	})
}

type ping struct {
	XMLName struct{} `xml:"urn:xmpp:ping ping"`
}

func TestInjectAndTranscript(t *testing.T) {
	srv := xmpptest.NewServer(t)
	s := srv.Session(t, "alice", nil)
	inbox := s.Messages(t.Context())
	require.NoError(t, srv.Inject("alice", "<message from='x@y.test'><body>boo</body></message>"))
	require.Equal(t, "boo", (<-inbox).Body)
	require.NoError(t, s.Send(t.Context(), &stanza.Presence{Status: "seen"}))
	e, err := srv.Await(t.Context(), func(e xmpptest.Entry) bool { return strings.Contains(e.XML, "seen") })
	require.NoError(t, err)
	require.Equal(t, s.JID(), e.From)
}

func TestStart(t *testing.T) {
	srv, err := xmpptest.Start(nil)
	require.NoError(t, err)
	s, err := xmpp.Dial(context.Background(), srv.JID("alice"), srv.Options("alice"))
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.NoError(t, srv.Close())
	require.NoError(t, srv.Close())
	_, err = xmpptest.Start(&xmpptest.Options{Domain: "not a domain"})
	require.Error(t, err)
}
