package pubsub_test

import (
	"context"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// A note is the payload of the tests.
type note struct {
	XMLName xml.Name `xml:"urn:example:note note"`
	Text    string   `xml:"text"`
}

const node = "urn:example:note"

var (
	own     jid.JID // the zero address: our own account
	service = jid.MustParse("pubsub." + xmpptest.DefaultDomain)
)

func serve(t testing.TB) *xmpptest.Server {
	t.Helper()
	return xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
}

// pair is two accounts that see each other's presence, each with a session that has sent none yet.
func pair(t testing.TB, srv *xmpptest.Server) (alice, bob *xmpp.Session) {
	t.Helper()
	alice, bob = srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
	require.NoError(t, srv.Befriend("alice", "bob"))
	return alice, bob
}

// next takes the next value of a channel.
func next[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v, open := <-ch:
		require.True(t, open, "the channel is closed")
		return v
	case <-time.After(20 * time.Second):
		require.Fail(t, "nothing came")
	}
	panic("unreachable")
}

func available(t testing.TB, list ...*xmpp.Session) {
	t.Helper()
	for _, s := range list {
		require.NoError(t, s.Send(t.Context(), &stanza.Presence{}))
	}
}

// within bounds a call.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// said is what clients have sent that has this in it.
func said(srv *xmpptest.Server, user, what string) (list []string) {
	for _, e := range srv.Transcript(user) {
		if strings.Contains(e.XML, what) {
			list = append(list, e.XML)
		}
	}
	return list
}

// How long to wait for what another goroutine does, and how often to look.
const (
	waitFor = 10 * time.Second
	tick    = time.Millisecond
)
