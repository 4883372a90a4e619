package bookmarks_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/bookmarks"
	"github.com/canto-im/canto/xmpp/pubsub"
	"github.com/stretchr/testify/require"
)

// What another client does with bookmarks shows at once, as what is to be joined and left.
func TestFollow(t *testing.T) {
	srv := serve(t)
	here, there := srv.Session(t, "alice/here", nil), srv.Session(t, "alice/there", nil)
	other := open(t, there)
	ctx := within(t)
	require.NoError(t, other.Set(ctx, bookmarks.Bookmark{Room: play, Autojoin: true, Nick: "JC"}))
	b := open(t, here)
	changes := b.Follow(t.Context())
	require.NoError(t, here.Send(ctx, &stanza.Presence{}))
	c := next(t, changes)
	require.True(t, c.Join(), "what is there comes first")
	require.Equal(t, "JC", c.New.Nick)
	require.Nil(t, c.Old)
	require.Eventually(t, func() bool { // once the server knows that we want to hear of it
		require.NoError(t, other.Remove(ctx, orchard))
		require.NoError(t, other.Set(ctx, bookmarks.Bookmark{Room: orchard}))
		_, ok := b.Get(orchard)
		return ok
	}, 10*time.Second, time.Millisecond)
	c = next(t, changes)
	require.False(t, c.Join())
	require.False(t, c.Leave(), "a room that was never to be joined may have been joined by hand")

	require.NoError(t, other.Set(ctx, bookmarks.Bookmark{Room: play}))
	c = next(t, changes)
	require.True(t, c.Leave())
	require.True(t, c.Old.Autojoin)
	require.NoError(t, other.Remove(ctx, orchard))
	c = next(t, changes)
	require.Equal(t, orchard, c.Room)
	require.Nil(t, c.New)
	require.True(t, c.Leave())
	require.NoError(t, pubsub.Purge(ctx, there, jid.JID{}, nativeNode))
	require.Equal(t, play, next(t, changes).Room)
	require.Empty(t, b.List())

	b.Close()
	_, open := <-changes
	require.False(t, open)
}

// Changes that nobody has taken are one, and none if they take each other back.
func TestFollowMerges(t *testing.T) {
	b := open(t, serve(t).Session(t, "alice", nil))
	ctx := within(t)
	require.NoError(t, b.Set(ctx, bookmarks.Bookmark{Room: play}))
	changes := b.Follow(t.Context())
	require.Equal(t, play, next(t, changes).Room)
	require.NoError(t, b.Set(ctx, bookmarks.Bookmark{Room: play, Name: "1"}))
	require.NoError(t, b.Set(ctx, bookmarks.Bookmark{Room: orchard}))
	require.NoError(t, b.Remove(ctx, orchard))
	require.NoError(t, b.Set(ctx, bookmarks.Bookmark{Room: play, Name: "2"}))
	// The channel may hold out one of those until it looks again, and nothing is told that is not so any more.
	for c := next(t, changes); c.New == nil || c.New.Name != "2"; c = next(t, changes) {
		require.NotNil(t, c.New)
	}
	require.NoError(t, b.Set(ctx, bookmarks.Bookmark{Room: orchard, Name: "last"}))
	require.Equal(t, "last", next(t, changes).New.Name)
}

// A Client has the bookmarks of each of its sessions: what was changed while it was away shows as a change.
func TestBookmarksOfAClient(t *testing.T) {
	srv := serve(t, "sm")
	other := open(t, srv.Session(t, "alice", nil))
	ctx := within(t)
	require.NoError(t, other.Set(ctx, bookmarks.Bookmark{Room: play, Autojoin: true}))
	bot := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
	b := open(t, bot)
	require.Empty(t, b.List())
	require.Error(t, b.Set(ctx, bookmarks.Bookmark{Room: orchard}), "there was no session yet")
	changes := b.Follow(t.Context())
	online, away := make(chan struct{}), make(chan struct{})
	bot.Online = func(ctx context.Context, s *xmpp.Session) error {
		online <- struct{}{}
		<-away
		return nil
	}
	run, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- bot.Run(run) }()
	next(t, online)
	require.True(t, next(t, changes).Join())
	away <- struct{}{}
	srv.DropConns()
	next(t, online)
	away <- struct{}{}
	another := open(t, srv.Session(t, "alice", nil))
	require.NoError(t, another.Remove(ctx, play))
	srv.DropConns()
	next(t, online)
	require.True(t, next(t, changes).Leave())
	require.NoError(t, b.Set(ctx, bookmarks.Bookmark{Room: orchard, Autojoin: true}))
	require.Equal(t, orchard, next(t, changes).New.Room)
	away <- struct{}{}
	stop()
	next(t, ended)
}

// A channel ends with the session whose bookmarks it tells of, and with its ctx.
func TestFollowEnds(t *testing.T) {
	s := serve(t).Session(t, "alice", nil)
	b := open(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	one, two := b.Follow(ctx), b.Follow(t.Context())
	cancel()
	_, open := <-one
	require.False(t, open)
	require.NoError(t, s.Close())
	_, open = <-two
	require.False(t, open)
}

// Nobody but our own account changes our bookmarks, or makes us join a room. And we publish none that others could read.
func TestSecurityS05BookmarksOfOthers(t *testing.T) {
	srv := serve(t)
	s := srv.Session(t, "alice/x", nil)
	b := open(t, s)
	ctx := within(t)
	require.NoError(t, b.Set(ctx, bookmarks.Bookmark{Room: play}))
	changes := b.Follow(t.Context())
	require.Equal(t, play, next(t, changes).Room)
	event := func(from, inside string) string {
		return "<message from='" + from + "' to='alice@canto.test/x'><event xmlns='http://jabber.org/protocol/pubsub#event'>" + inside + "</event></message>"
	}
	trap := func(id string) string {
		return "<items node='urn:xmpp:bookmarks:1'><item id='" + id + "'><conference xmlns='urn:xmpp:bookmarks:1' autojoin='true'/></item></items>"
	}
	for _, from := range []string{"mallory@evil.example", "evil.example", "bob@canto.test", "canto.test", "alice@canto.test/x", "alice@evil.example"} {
		require.NoError(t, srv.Inject("alice", event(from, trap("trap@evil.example"))))
		require.NoError(t, srv.Inject("alice", event(from, "<items node='urn:xmpp:bookmarks:1'><retract id='"+play.String()+"'/></items>")))
		require.NoError(t, srv.Inject("alice", event(from, "<purge node='urn:xmpp:bookmarks:1'/>")))
		require.NoError(t, srv.Inject("alice", event(from, "<items node='storage:bookmarks'><item id='current'><storage xmlns='storage:bookmarks'/></item></items>")))
	}
	require.NoError(t, srv.Inject("alice", event("alice@canto.test", trap("@@"))))
	require.NoError(t, srv.Inject("alice", event("alice@canto.test", trap("ours@canto.test"))))
	require.Equal(t, "ours@canto.test", next(t, changes).Room.String())
	require.Len(t, b.List(), 2)
	for _, xml := range said(srv, "<publish ") {
		require.Contains(t, xml, "whitelist")
	}
}

// TestSecurityS15Bookmarks: a server that tells of bookmarks without end is not believed to have that many; those that are removed make room.
func TestSecurityS15Bookmarks(t *testing.T) {
	srv := serve(t)
	b := open(t, srv.Session(t, "alice", nil))
	tell := func(inside string) {
		require.NoError(t, srv.Inject("alice", "<message from='alice@canto.test'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:bookmarks:1'>"+inside+"</items></event></message>"))
	}
	mark := func(room string, size int) string {
		return "<item id='" + room + "'><conference xmlns='urn:xmpp:bookmarks:1'><extensions><x xmlns='urn:x'>" + strings.Repeat("x", size) + "</x></extensions></conference></item>"
	}
	const each, all = 200_000, 100
	for i := range all {
		tell(mark(fmt.Sprintf("room%d@evil.example", i), each))
	}
	tell("<retract id='room1@evil.example'/>")
	tell(mark("last@evil.example", 1000))
	last, changes := jid.MustParse("last@evil.example"), b.Follow(t.Context())
	for next(t, changes).Room != last { // each is told at most twice
	}
	require.Less(t, len(b.List()), (8<<20)/each+2)
	require.Greater(t, len(b.List()), (7<<20)/each)
}

// TestSecurityS05OldBookmarksOfOthers: nor does it with a document of XEP-0048, where the account has its bookmarks in one.
func TestSecurityS05OldBookmarksOfOthers(t *testing.T) {
	srv := serve(t, "bookmarks", "private")
	alice := srv.Session(t, "alice/x", nil)
	b := open(t, alice)
	tell := func(from, room string) {
		require.NoError(t, srv.Inject("alice", "<message from='"+from+"'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='storage:bookmarks'><item id='current'>"+
			"<storage xmlns='storage:bookmarks'><conference jid='"+room+"' autojoin='true'/></storage></item></items></event></message>"))
	}
	tell("alice@canto.test", "ours@canto.test")
	require.Equal(t, "ours@canto.test", next(t, b.Follow(t.Context())).Room.String())
	marks := alice.Messages(t.Context(), stanza.Chat)
	for _, from := range []string{"mallory@evil.example", "bob@canto.test", "canto.test", "alice@canto.test/x"} {
		tell(from, "trap@evil.example")
		require.NoError(t, srv.Inject("alice", "<message from='bob@canto.test' type='chat'><body>mark</body></message>"))
		<-marks
		require.Len(t, b.List(), 1, from)
		require.Equal(t, "ours@canto.test", b.List()[0].Room.String(), from)
	}
}
