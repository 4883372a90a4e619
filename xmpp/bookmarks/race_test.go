package bookmarks_test

import (
	"context"
	"strings"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/bookmarks"
	"github.com/canto-im/canto/xmpp/pubsub"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// told is an event of our account, by which a bookmark has become that.
func told(room jid.JID, inside string) string {
	return "<message from='alice@canto.test'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:bookmarks:1'><item id='" + room.String() +
		"'><conference xmlns='urn:xmpp:bookmarks:1' " + inside + "/></item></items></event></message>"
}

// heed has e told so, and returns once it's handed over to all that listen so far.
func heed(t testing.TB, srv *xmpptest.Server, e xmpp.Endpoint, events ...string) {
	t.Helper()
	got := make(chan struct{}, len(events))
	remove := pubsub.OnEvent(e, jid.JID{}, nativeNode, func(context.Context, pubsub.Event[stanza.Element]) error {
		got <- struct{}{}
		return nil
	})
	defer remove()
	for _, xml := range events {
		require.NoError(t, srv.Inject("alice", xml))
		next(t, got)
	}
}

// once is f the first time that a client sends something with that in it.
func once(srv *xmpptest.Server, what string, f func()) {
	done := false
	srv.Intercept(func(_ jid.JID, xml string) bool {
		if !done && strings.Contains(xml, what) {
			done = true
			f()
		}
		return false
	})
}

// What comes while the bookmarks are being fetched is not lost: one place may have answered, and others not yet.
func TestChangedWhileFetched(t *testing.T) {
	srv := serve(t, "bookmarks")
	s := srv.Session(t, "alice", nil)
	once(srv, "<items node='storage:bookmarks'", func() { heed(t, srv, s, told(play, "name='new'"), told(orchard, "")) })
	b := open(t, s)
	mark, ok := b.Get(play)
	require.True(t, ok)
	require.Equal(t, "new", mark.Name)
	require.Len(t, b.List(), 2)
}

// What a session had received before it was lost is older than what the next one has found.
func TestToldInAnEarlierSession(t *testing.T) {
	srv := serve(t, "sm")
	other := open(t, srv.Session(t, "alice/other", nil))
	bot := xmpp.NewClient(srv.JID("alice/bot"), srv.Options("alice"))
	b := open(t, bot)
	busy, release, heard := make(chan struct{}), make(chan struct{}), make(chan struct{})
	xmpp.OnMessage(bot, func(_ context.Context, m *stanza.Message) error {
		if m.Body == "busy" {
			busy <- struct{}{}
			<-release
		}
		return nil
	})
	pubsub.OnEvent(bot, jid.JID{}, nativeNode, func(context.Context, pubsub.Event[stanza.Element]) error {
		heard <- struct{}{}
		return nil
	})
	online := make(chan *xmpp.Session)
	bot.Online = func(_ context.Context, s *xmpp.Session) error {
		online <- s
		return nil
	}
	run, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- bot.Run(run) }()
	first := next(t, online)
	require.NoError(t, other.Set(within(t), bookmarks.Bookmark{Room: play, Name: "new"}))
	require.NoError(t, srv.Inject("alice", "<message from='bob@canto.test'><body>busy</body></message>"))
	next(t, busy)
	require.NoError(t, srv.Inject("alice", told(play, "name='old' autojoin='true'")))
	_, err := xmpp.Get[stanza.Element](within(t), first, srv.Domain(), struct {
		XMLName struct{} `xml:"urn:xmpp:ping ping"`
	}{})
	require.NoError(t, err, "so that the event has come before this")
	srv.DropConns()
	next(t, online)
	close(release)
	next(t, heard)
	mark, _ := b.Get(play)
	require.Equal(t, bookmarks.Bookmark{Room: play, Name: "new"}, mark)
	stop()
	next(t, ended)
}

// What another client has done since ours was done is what counts, although we hear of our own success later.
func TestOvertaken(t *testing.T) {
	srv := serve(t)
	s := srv.Session(t, "alice", nil)
	b := open(t, s)
	ctx := within(t)
	for _, c := range []struct {
		events []string
		want   string
	}{
		{nil, "ours"},
		{[]string{told(play, "name='before'")}, "ours"},
		{[]string{told(play, "name='ours'")}, "ours"},
		{[]string{told(play, "name='before'"), told(play, "name='ours'"), told(play, "name='later'")}, "later"},
	} {
		require.NoError(t, b.Set(ctx, bookmarks.Bookmark{Room: play, Name: "something else"}))
		once(srv, "name='ours'", func() { heed(t, srv, s, c.events...) })
		require.NoError(t, b.Set(ctx, bookmarks.Bookmark{Room: play, Name: "ours"}))
		mark, _ := b.Get(play)
		require.Equal(t, c.want, mark.Name)
	}
}

// One change that gets no answer does not hold up another for longer than that wants to wait.
func TestWaitsForAnother(t *testing.T) {
	srv := serve(t)
	b := open(t, srv.Session(t, "alice", nil))
	ctx, cancel := context.WithCancel(t.Context())
	held, ended := make(chan struct{}, 1), make(chan error, 1)
	srv.Intercept(func(_ jid.JID, xml string) bool {
		if strings.Contains(xml, "name='held'") {
			held <- struct{}{}
			return true
		}
		return false
	})
	go func() { ended <- b.Set(ctx, bookmarks.Bookmark{Room: play, Name: "held"}) }()
	next(t, held)
	short, over := context.WithCancel(t.Context())
	over()
	waits := make(chan error, 1)
	go func() { waits <- b.Remove(short, orchard) }()
	require.ErrorIs(t, next(t, waits), context.Canceled)
	require.Empty(t, ended, "the other one still waits")
	cancel()
	require.ErrorIs(t, next(t, ended), context.Canceled)
	require.NoError(t, b.Set(within(t), bookmarks.Bookmark{Room: play}))
}

// A server that has a bad moment has not lost what is there, and one that has something odd in one place has the others.
func TestBadMoment(t *testing.T) {
	const info = "<iq type='result' id='${id}' from='${to}'><query xmlns='http://jabber.org/protocol/disco#info'>" +
		"<feature var='http://jabber.org/protocol/pubsub#publish-options'/></query></iq>"
	for refusal, fails := range map[string]bool{
		"<error type='wait'><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>":        true,
		"<error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>":     true,
		"<error type='cancel'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>": true,
		"<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>":   false,
	} {
		srv := serve(t)
		s := srv.Session(t, "alice", nil)
		srv.ReplaceReply("alice", info)
		srv.ReplaceReply("alice", "<iq type='error' id='${id}'>"+refusal+"</iq>")
		_, err := bookmarks.Open(within(t), s)
		require.Equal(t, fails, err != nil, "%s: %v", refusal, err)
	}
	srv := serve(t, "bookmarks")
	s := srv.Session(t, "alice", nil)
	_, err := pubsub.PublishPrivate(within(t), s, "storage:bookmarks", "current", element(t, "<other xmlns='urn:other'/>"))
	require.NoError(t, err)
	require.NoError(t, open(t, s).Set(within(t), bookmarks.Bookmark{Room: play}))
}

// An address that another client has written in its own way is that of a room all the same, and its bookmark can be changed and removed.
func TestOddAddress(t *testing.T) {
	srv := serve(t)
	s := srv.Session(t, "alice", nil)
	ctx := within(t)
	_, err := pubsub.PublishPrivate(ctx, s, nativeNode, "Orchard@Rooms.Canto.Test", element(t, "<conference xmlns='urn:xmpp:bookmarks:1'/>"))
	require.NoError(t, err)
	b := open(t, s)
	require.NoError(t, b.Set(ctx, bookmarks.Bookmark{Room: orchard, Name: "one"}))
	require.NoError(t, b.Set(ctx, bookmarks.Bookmark{Room: orchard, Name: "two"}))
	again := open(t, s)
	require.Len(t, again.List(), 1)
	require.Equal(t, "two", again.List()[0].Name)
	require.NoError(t, again.Remove(ctx, orchard))
	require.Empty(t, open(t, s).List())
	for _, none := range []jid.JID{{}, play.Domain()} {
		require.Error(t, b.Update(ctx, none, func(*bookmarks.Bookmark) {}))
	}
}
