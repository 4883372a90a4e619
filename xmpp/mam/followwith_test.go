package mam

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// The conversation with one: what others say is not told, and does not move the place where it goes on. All of it: what was there before, too.
func TestFollowOfAConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{Page: 2})
		s := srv.Session(t, "alice/desk", &xmpp.Options{Store: xmpp.FileStore(t.TempDir())})
		phone, bob, eve := srv.Session(t, "alice/phone", nil), srv.Session(t, "bob", nil), srv.Session(t, "eve", nil)
		talk := func(n int) {
			t.Helper()
			for i := range n {
				say(t, bob, s, fmt.Sprint("by bob ", i))
				say(t, eve, s, fmt.Sprint("by eve ", i))
				say(t, phone, bob, fmt.Sprint("to bob ", i))
				say(t, phone, s, fmt.Sprint("to ourselves ", i))
			}
		}
		talk(3)
		with := map[jid.JID][]string{
			bob.JID().Bare(): {"by bob 0", "to bob 0", "by bob 1", "to bob 1", "by bob 2", "to bob 2"},
			eve.JID():        {"by eve 0", "by eve 1", "by eve 2"},
			s.JID().Bare():   {"to ourselves 0", "to ourselves 1", "to ourselves 2"},
			srv.JID("carol"): nil,
		}
		for range 2 { // the second time it goes on: with what has come since, and as much that comes
			readers := map[jid.JID]*reader{}
			for who := range with {
				readers[who] = follow(t, s, &FollowOptions{With: who, First: -1, Page: 2})
			}
			began := time.Now()
			talk(3)
			require.Less(t, time.Since(began), late[0], "nobody has waited for what does not come")
			for who, want := range with {
				require.Equal(t, append(slices.Clone(want), want...), readers[who].read(), who)
				readers[who].end(t)
			}
			talk(3)
		}
	})
}

// When ctx ends nothing more is told, in the middle of a page or not, and nothing is lost.
func TestFollowEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{})
		s := srv.Session(t, "alice", nil)
		fill(t, srv, 10)
		for want := range 10 {
			ctx, stop := context.WithCancel(t.Context())
			var got []string
			for it, err := range Follow(ctx, s, &FollowOptions{First: -1}) {
				require.NoError(t, err)
				got = append(got, it.Message.Body)
				stop()
			}
			stop()
			require.Equal(t, []string{fmt.Sprint(want)}, got)
		}
	})
}
