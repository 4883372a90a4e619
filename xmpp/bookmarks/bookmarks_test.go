package bookmarks_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/bookmarks"
	"github.com/canto-im/canto/xmpp/pubsub"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

var (
	play    = jid.MustParse("theplay@rooms.canto.test")
	orchard = jid.MustParse("orchard@rooms.canto.test")
)

const nativeNode = "urn:xmpp:bookmarks:1"

func serve(t testing.TB, without ...string) *xmpptest.Server {
	t.Helper()
	return xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Without: without})
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func open(t testing.TB, e xmpp.Endpoint) *bookmarks.Bookmarks {
	t.Helper()
	b, err := bookmarks.Open(within(t), e)
	require.NoError(t, err)
	t.Cleanup(b.Close)
	return b
}

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

func element(t testing.TB, s string) stanza.Element {
	t.Helper()
	e, err := stanza.ParseElement(s)
	require.NoError(t, err)
	return e
}

// said is what an account's clients have sent that has this in it.
func said(srv *xmpptest.Server, what string) (list []string) {
	for _, e := range srv.Transcript("") {
		if strings.Contains(e.XML, what) {
			list = append(list, e.XML)
		}
	}
	return list
}

// Wherever a server keeps bookmarks, they are there in the next session, changed and removed as they were.
func TestBookmarks(t *testing.T) {
	t.Attr("conformance", "0479-private-xml")
	for name, c := range map[string]struct {
		without []string
		to      string // where they go
	}{
		"XEP-0402":                          {nil, "<publish node='urn:xmpp:bookmarks:1'"},
		"XEP-0049":                          {[]string{"pep"}, "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><conference"},
		"XEP-0049 with no word of XEP-0402": {[]string{"bookmarks"}, "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><conference"},
		"XEP-0402 with nothing else, and no word of it": {[]string{"private"}, "<publish node='urn:xmpp:bookmarks:1'"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, c.without...)
			s := srv.Session(t, "alice", nil)
			b := open(t, s)
			require.Empty(t, b.List())
			ctx := within(t)
			extensions := []stanza.Element{element(t, "<state xmlns='http://myclient.example/bookmark/state' minimized='true'/>")}
			first := bookmarks.Bookmark{Room: play, Name: "The Play's the Thing", Autojoin: true, Nick: "JC", Extensions: extensions}
			require.NoError(t, b.Set(ctx, first))
			require.NoError(t, b.Set(ctx, bookmarks.Bookmark{Room: orchard}))
			require.NotEmpty(t, said(srv, c.to))
			again := open(t, srv.Session(t, "alice", nil))
			require.Equal(t, []bookmarks.Bookmark{{Room: orchard}, first}, again.List())

			// What others keep with it stays, until it's taken away by name.
			require.NoError(t, again.Set(ctx, bookmarks.Bookmark{Room: play.Bare(), Name: "The Play"}))
			got, ok := open(t, srv.Session(t, "alice", nil)).Get(play)
			require.True(t, ok)
			require.Equal(t, bookmarks.Bookmark{Room: play, Name: "The Play", Extensions: extensions}, got)
			require.NoError(t, again.Update(ctx, play, func(m *bookmarks.Bookmark) { m.Autojoin, m.Extensions, m.Room = true, []stanza.Element{}, orchard }))
			require.NoError(t, again.Remove(ctx, orchard))
			require.NoError(t, again.Remove(ctx, orchard), "it's gone")
			require.Equal(t, []bookmarks.Bookmark{{Room: play, Name: "The Play", Autojoin: true}}, open(t, srv.Session(t, "alice", nil)).List())
			require.Error(t, b.Set(ctx, bookmarks.Bookmark{Room: play.Domain()}))
		})
	}
}

func TestNowhere(t *testing.T) {
	_, err := bookmarks.Open(within(t), serve(t, "pep", "private").Session(t, "alice", nil))
	require.ErrorIs(t, err, bookmarks.ErrNowhere)
}

// Where nothing can be published in private, bookmarks go to private data, whatever else the server says.
func TestNoPublishOptions(t *testing.T) {
	srv := serve(t)
	s := srv.Session(t, "alice", nil)
	srv.ReplaceReply("alice", "<iq type='result' id='${id}' from='${to}'><query xmlns='http://jabber.org/protocol/disco#info'>"+
		"<feature var='urn:xmpp:bookmarks:1#compat'/></query></iq>")
	require.NoError(t, open(t, s).Set(within(t), bookmarks.Bookmark{Room: play}))
	require.NotEmpty(t, said(srv, "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><conference"))
	require.Empty(t, said(srv, "<publish "))
}

// A server that keeps both old kinds in step (XEP-0411) has them at the account.
func TestOldConversion(t *testing.T) {
	srv := serve(t, "bookmarks")
	s := srv.Session(t, "alice", nil)
	const info = "<iq type='result' id='${id}' from='${to}'><query xmlns='http://jabber.org/protocol/disco#info'>" +
		"<feature var='http://jabber.org/protocol/pubsub#publish-options'/><feature var='urn:xmpp:bookmarks-conversion:0'/></query></iq>"
	srv.ReplaceReply("alice", info)
	b := open(t, s)
	events := b.Follow(t.Context())
	require.NoError(t, b.Set(within(t), bookmarks.Bookmark{Room: play, Autojoin: true}))
	require.True(t, next(t, events).Join())
	require.NotEmpty(t, said(srv, "<publish node='storage:bookmarks'><item id='current'>"))
	require.Empty(t, said(srv, "jabber:iq:private"))

	// Another old client: its document replaces what is there, and ours is not lost when we change something.
	other := srv.Session(t, "alice", nil)
	require.NoError(t, s.Send(within(t), &stanza.Presence{}))
	doc := element(t, "<storage xmlns='storage:bookmarks'><url name='w' url='http://example.com/'/><conference jid='orchard@rooms.canto.test' autojoin='1'/></storage>")
	require.Eventually(t, func() bool { // once the server knows that we want to hear of it
		_, err := pubsub.PublishPrivate(within(t), other, "storage:bookmarks", "current", doc)
		require.NoError(t, err)
		_, ok := b.Get(orchard)
		return ok
	}, 10*time.Second, time.Millisecond)
	require.Equal(t, orchard, next(t, events).Room)
	require.True(t, next(t, events).Leave())
	require.NoError(t, b.Remove(within(t), orchard))
	sent := said(srv, "<publish node='storage:bookmarks'>")
	require.Contains(t, sent[len(sent)-1], "<url ")
}

// What has been put in another place, where the server does not unify them, shows and is removed from there.
func TestSeveralPlaces(t *testing.T) {
	srv := serve(t, "bookmarks")
	s := srv.Session(t, "alice", nil)
	ctx := within(t)
	_, err := pubsub.PublishPrivate(ctx, s, nativeNode, play.String(), element(t, "<conference xmlns='urn:xmpp:bookmarks:1' name='new'/>"))
	require.NoError(t, err)
	_, err = pubsub.PublishPrivate(ctx, s, "storage:bookmarks", "current",
		element(t, "<storage xmlns='storage:bookmarks'><conference jid='theplay@rooms.canto.test' name='old'/><conference jid='orchard@rooms.canto.test'/></storage>"))
	require.NoError(t, err)
	b := open(t, s)
	require.Equal(t, []bookmarks.Bookmark{{Room: orchard}, {Room: play, Name: "new"}}, b.List())
	require.NoError(t, b.Set(ctx, bookmarks.Bookmark{Room: play, Name: "changed"}))
	require.NoError(t, b.Remove(ctx, orchard))
	again := open(t, srv.Session(t, "alice", nil))
	require.Equal(t, []bookmarks.Bookmark{{Room: play, Name: "changed"}}, again.List())
	require.NoError(t, again.Remove(ctx, play))
	require.Empty(t, open(t, srv.Session(t, "alice", nil)).List())
}
