package integration

import (
	"context"
	"encoding/xml"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/bookmarks"
	"github.com/canto-im/canto/xmpp/disco"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func openBookmarks(t *testing.T, e xmpp.Endpoint) *bookmarks.Bookmarks {
	t.Helper()
	b, err := bookmarks.Open(within(t), e)
	require.NoError(t, err)
	t.Cleanup(b.Close)
	return b
}

// oldBookmarks are those of XEP-0048 in private data.
type oldBookmarks struct {
	XMLName xml.Name  `xml:"jabber:iq:private query"`
	Storage *struct{} `xml:"storage:bookmarks storage"`
	Rooms   []string  `xml:"-"`
}

// UnmarshalXML reads the addresses of the rooms.
func (o *oldBookmarks) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var found struct {
		Conferences []struct {
			JID string `xml:"jid,attr"`
		} `xml:"storage:bookmarks storage>conference"`
	}
	if err := d.DecodeElement(&found, &start); err != nil {
		return err
	}
	for _, c := range found.Conferences {
		o.Rooms = append(o.Rooms, c.JID)
	}
	return nil
}

// TestBookmarks: what one client keeps another one finds, with what it does not know in it, and hears of where the server tells it; an
// old client finds it too.
func TestBookmarks(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		user, password := p.account(t)
		login := func() *xmpp.Session { return p.login(t, p.jid(user), p.options(password)) }
		one, two := login(), login()
		ctx := within(t)
		// It does not stay: ejabberd tells the clients of an account of its events if one of them, whichever it takes, is available.
		listed := func() []bookmarks.Bookmark {
			s := login()
			defer s.Close()
			return openBookmarks(t, s).List()
		}
		info, err := disco.Get(ctx, one, one.JID().Bare(), "")
		require.NoError(t, err)
		unified, converted := info.Has("urn:xmpp:bookmarks:1#compat"), info.Has("urn:xmpp:bookmarks-conversion:0")
		require.True(t, unified || converted, "ejabberd 23.01 has XEP-0411, the others XEP-0402")

		play, orchard := jid.MustParse("theplay@rooms.canto.test"), jid.MustParse("orchard@rooms.canto.test")
		state, err := stanza.ParseElement("<state xmlns='http://myclient.example/bookmark/state' minimized='true'/>")
		require.NoError(t, err)
		first := bookmarks.Bookmark{Room: play, Name: "The Play's the Thing", Autojoin: true, Nick: "JC", Extensions: []stanza.Element{state}}
		marks := openBookmarks(t, one)
		require.Empty(t, marks.List())
		require.NoError(t, marks.Set(ctx, first))
		require.NoError(t, marks.Set(ctx, bookmarks.Bookmark{Room: orchard}))
		others := openBookmarks(t, two)
		assert.Equal(t, []bookmarks.Bookmark{{Room: orchard}, first}, others.List())

		require.NoError(t, others.Set(ctx, bookmarks.Bookmark{Room: play, Name: "The Play"}))
		assert.Equal(t, []bookmarks.Bookmark{{Room: orchard}, {Room: play, Name: "The Play", Extensions: first.Extensions}}, listed())

		old, err := xmpp.Get[oldBookmarks](ctx, two, jid.JID{}, oldBookmarks{Storage: &struct{}{}})
		require.NoError(t, err)
		assert.ElementsMatch(t, []string{play.String(), orchard.String()}, old.Rooms, "what a client of XEP-0049 finds")

		followBookmarks(t, one, two, marks, others, orchard)
		require.NoError(t, marks.Remove(ctx, orchard))
		require.NoError(t, marks.Remove(ctx, play))
		require.NoError(t, marks.Remove(ctx, play))
		require.Empty(t, listed())
		require.NoError(t, marks.Set(ctx, bookmarks.Bookmark{Room: play}))
		require.Len(t, listed(), 1)
	})
}

// followBookmarks has one client follow what the other does.
func followBookmarks(t *testing.T, one, two *xmpp.Session, marks, others *bookmarks.Bookmarks, room jid.JID) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changes := marks.Follow(ctx)
	for _, s := range []*xmpp.Session{one, two} {
		unlike(s)
		require.NoError(t, s.Send(within(t), &stanza.Presence{}))
	}
	deadline := within(t).Done()
	for heard, i := false, 0; !heard; i++ { // the server may have to ask us first of what we want to hear: see reach
		require.NoError(t, others.Set(within(t), bookmarks.Bookmark{Room: room, Name: time.Duration(i).String()}))
		select {
		case c := <-changes:
			heard = c.Room == room && c.New.Name != ""
		case <-time.After(300 * time.Millisecond):
		case <-deadline:
			t.Fatal("no change comes to those who follow")
		}
	}
	await := func(is func(c bookmarks.Change) bool) {
		t.Helper()
		for c := next(t, changes); !is(c); c = next(t, changes) {
		}
	}
	require.NoError(t, others.Set(within(t), bookmarks.Bookmark{Room: room, Autojoin: true}))
	await(func(c bookmarks.Change) bool { return c.Room == room && c.Join() })
	require.NoError(t, others.Remove(within(t), room))
	await(func(c bookmarks.Change) bool { return c.Room == room && c.New == nil && c.Leave() })
	require.NoError(t, others.Set(within(t), bookmarks.Bookmark{Room: room}))
	await(func(c bookmarks.Change) bool { return c.Room == room && c.New != nil })
}
