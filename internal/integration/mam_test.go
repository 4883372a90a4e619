package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
	"github.com/canto-im/canto/xmpp/mam"
	"github.com/canto-im/canto/xmpp/muc"
	"github.com/canto-im/canto/xmpp/stamp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// archivesLack says what the archives of a server don't do, with the reason.
var archivesLack = map[string]map[string]string{
	"extended queries": {string(servers.Ejabberd): "mod_mam knows neither before-id, after-id and ids nor metadata", string(servers.Ejabberd24): "mod_mam knows neither before-id, after-id and ids nor metadata"},
	"refusal of an id that it hasn't": {string(servers.Prosody13): "of what it keeps in files, nothing is behind such an id",
		string(servers.Ejabberd): "its ids are times, which are compared", string(servers.Ejabberd24): "its ids are times, which are compared"},
	"refusal of another's archive":    {string(servers.Ejabberd): "it answers with our own", string(servers.Ejabberd24): "it answers with our own"},
	"empty answer for a time to come": {string(servers.Prosody13): "of what it keeps in files, it has the newest even then"},
}

func (p *place) archivesHave(t *testing.T, what string) bool {
	why, lacking := archivesLack[what][p.name]
	if lacking {
		t.Logf("%s has no %s: %s", p.name, what, why)
	}
	return !lacking
}

// found are the messages that an archive has for a query.
func found(t *testing.T, e xmpp.Endpoint, f mam.Filter) (list []*mam.Item) {
	t.Helper()
	for it, err := range mam.Query(within(t), e, f) {
		require.NoError(t, err)
		require.NoError(t, it.Err)
		list = append(list, it)
	}
	return list
}

// bodies are what the messages say.
func bodies(items []*mam.Item) (list []string) {
	for _, it := range items {
		list = append(list, it.Message.Body)
	}
	return list
}

// backwards is a list from its end.
func backwards[T any](list []T) []T {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// spoken has two people speak in turn to a third one, who returns the archive's names of what was said: 0, 1, 2, …
func spoken(t *testing.T, to *xmpp.Session, by [2]*xmpp.Session, n int) (said, ids []string) {
	t.Helper()
	inbox := to.Messages(t.Context(), stanza.Chat)
	for i := range n {
		require.NoError(t, by[i%2].Send(within(t), text(to.JID(), fmt.Sprint(i))))
		m := next(t, inbox)
		require.Equal(t, fmt.Sprint(i), m.Body)
		id, named := stamp.IDOf(m, to.JID())
		require.True(t, named)
		said, ids = append(said, m.Body), append(ids, id.ID)
	}
	return said, ids
}

// TestArchiveIsAsked: what was said to us, page by page in both directions, and by who said it, when, and by what the archive calls it.
func TestArchiveIsAsked(t *testing.T) {
	each(t, servers.Config{Archive: true}, func(t *testing.T, p *place) {
		t.Attr("conformance", "0479-archive")
		alice, bob, carol := p.session(t), p.session(t), p.session(t)
		require.NoError(t, available(within(t), alice))
		require.Empty(t, found(t, alice, mam.Filter{}))
		said, ids := spoken(t, alice, [2]*xmpp.Session{bob, carol}, 8)
		for _, page := range []int{1, 3, 4, 50} {
			items := found(t, alice, mam.Filter{Page: page})
			require.Equal(t, said, bodies(items))
			for i, it := range items {
				assert.Equal(t, ids[i], it.ID)
				assert.WithinDuration(t, time.Now(), it.Stamp, time.Minute)
			}
			require.Equal(t, backwards(said), bodies(found(t, alice, mam.Filter{Page: page, Backwards: true})))
		}
		assert.Equal(t, []string{"1", "3", "5", "7"}, bodies(found(t, alice, mam.Filter{With: carol.JID().Bare(), Page: 3})))
		assert.Equal(t, []string{"6", "4", "2", "0"}, bodies(found(t, alice, mam.Filter{With: bob.JID(), Page: 3, Backwards: true})))
		assert.Empty(t, found(t, alice, mam.Filter{With: alice.JID().Bare()}))

		earlier, later := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		assert.Equal(t, said, bodies(found(t, alice, mam.Filter{Start: earlier, End: later})))
		assert.Empty(t, found(t, alice, mam.Filter{End: earlier}))
		if p.archivesHave(t, "empty answer for a time to come") {
			assert.Empty(t, found(t, alice, mam.Filter{Start: later}))
		}
		for i, it := range found(t, alice, mam.Filter{}) {
			since := found(t, alice, mam.Filter{Start: it.Stamp})
			assert.Subset(t, bodies(since), said[i:])
			assert.False(t, slices.ContainsFunc(since, func(one *mam.Item) bool { return one.Stamp.Before(it.Stamp) }))
		}
		assert.Equal(t, said[3:], bodies(found(t, alice, mam.Filter{After: ids[2], Page: 2})))
		assert.Equal(t, backwards(said[:5]), bodies(found(t, alice, mam.Filter{Before: ids[5], Backwards: true, Page: 2})))
		fields, err := mam.Fields(within(t), alice, jid.JID{})
		require.NoError(t, err)
		for _, name := range []string{"with", "start", "end"} {
			assert.NotNil(t, fields.Field(name), name)
		}
		theirs, err := ask(t, alice, mam.Filter{Archive: bob.JID().Bare()})
		if p.archivesHave(t, "refusal of another's archive") {
			assert.ErrorAs(t, err, new(*stanza.Error))
			assert.Empty(t, theirs)
		} else {
			assert.Equal(t, said, bodies(theirs))
		}
		extended(t, p, alice, said, ids)
	})
}

// extended is what not each archive can: see archivesLack.
func extended(t *testing.T, p *place, alice *xmpp.Session, said, ids []string) {
	info, err := disco.Get(within(t), alice, alice.JID().Bare(), "")
	require.NoError(t, err)
	can := p.archivesHave(t, "extended queries")
	assert.Equal(t, can, info.Has("urn:xmpp:mam:2#extended"))
	if can {
		assert.Equal(t, said[3:6], bodies(found(t, alice, mam.Filter{After: ids[2], Before: ids[6], Page: 2})))
		assert.Equal(t, backwards(said[3:6]), bodies(found(t, alice, mam.Filter{After: ids[2], Before: ids[6], Page: 2, Backwards: true})))
		assert.Equal(t, []string{"1", "4"}, bodies(found(t, alice, mam.Filter{IDs: []string{ids[1], ids[4]}})))
		m, err := mam.GetMetadata(within(t), alice, jid.JID{})
		require.NoError(t, err)
		require.NotNil(t, m.Start)
		require.NotNil(t, m.End)
		assert.Equal(t, ids[0], m.Start.ID)
		assert.Equal(t, ids[len(ids)-1], m.End.ID)
		assert.WithinDuration(t, time.Now(), m.End.Stamp.Time, time.Minute)
	}
	_, err = ask(t, alice, mam.Filter{After: "no such id"})
	if p.archivesHave(t, "refusal of an id that it hasn't") {
		assert.ErrorIs(t, err, stanza.ItemNotFound)
	} else {
		assert.NoError(t, err)
	}
}

// ask is found for what may fail.
func ask(t *testing.T, e xmpp.Endpoint, f mam.Filter) (items []*mam.Item, err error) {
	for it, err := range mam.Query(within(t), e, f) {
		if err != nil {
			return items, err
		}
		items = append(items, it)
	}
	return items, nil
}

// TestArchivePreferences: what is kept is for us to say.
func TestArchivePreferences(t *testing.T) {
	each(t, servers.Config{Archive: true}, func(t *testing.T, p *place) {
		alice, bob, carol := p.session(t), p.session(t), p.session(t)
		require.NoError(t, available(within(t), alice))
		prefs, err := mam.GetPreferences(within(t), alice)
		require.NoError(t, err)
		assert.Equal(t, mam.Always, prefs.Default)
		want := mam.Preferences{Default: mam.Always, Never: []jid.JID{bob.JID().Bare()}}
		prefs, err = mam.SetPreferences(within(t), alice, want)
		require.NoError(t, err)
		assert.Equal(t, want, prefs)
		prefs, err = mam.GetPreferences(within(t), alice)
		require.NoError(t, err)
		assert.Equal(t, want, prefs)
		inbox := alice.Messages(t.Context(), stanza.Chat)
		for _, by := range []*xmpp.Session{bob, carol, bob} {
			require.NoError(t, by.Send(within(t), text(alice.JID(), "by "+by.JID().Localpart())))
			next(t, inbox)
		}
		assert.Equal(t, []string{"by " + carol.JID().Localpart()}, bodies(found(t, alice, mam.Filter{})))
	})
}

// A follower follows archives in goroutines of its own.
type follower struct {
	items chan *mam.Item
	ended chan error
	stop  context.CancelFunc
}

// follows begins with whatever an archive has.
func follows(t *testing.T, e xmpp.Endpoint, archive jid.JID) *follower {
	ctx, stop := context.WithCancel(within(t))
	f := &follower{make(chan *mam.Item, 1000), make(chan error, 1), stop}
	go func() {
		defer close(f.ended)
		for it, err := range mam.Follow(ctx, e, &mam.FollowOptions{Archive: archive, First: 1000, Page: 4}) {
			if err != nil {
				f.ended <- err
				return
			}
			f.items <- it
		}
	}()
	t.Cleanup(func() { f.end(t) })
	return f
}

// end stops it, which is no error.
func (f *follower) end(t *testing.T) {
	t.Helper()
	f.stop()
	assert.NoError(t, <-f.ended)
}

// until is what comes up to and with a message that says so.
func (f *follower) until(t *testing.T, last string) (list []*mam.Item) {
	t.Helper()
	for {
		select {
		case it := <-f.items:
			require.NoError(t, it.Err)
			if list = append(list, it); it.Message.Body == last {
				return list
			}
		case err := <-f.ended:
			t.Fatalf("it has ended after %v: %v", bodies(list), err)
		case <-within(t).Done():
			t.Fatalf("nothing comes after %v", bodies(list))
		}
	}
}

// TestArchiveIsFollowed: what is said to us and by us on whatever device is told once and in order: while we hear it, after a cut so long that the
// server has given us up, and in the next process.
func TestArchiveIsFollowed(t *testing.T) {
	each(t, servers.Config{Archive: true, Resume: time.Second}, func(t *testing.T, p *place) {
		t.Attr("conformance", "0479-archive")
		user, password := p.account(t)
		q, net := p.through(t, false, nil)
		o := q.options(password)
		o.Store = xmpp.FileStore(t.TempDir())
		phone, bob := p.login(t, p.jid(user), p.options(password)), p.session(t)
		heard := bob.Messages(t.Context(), stanza.Chat)
		var want []string
		say := func(n int) {
			t.Helper()
			for range n {
				body := fmt.Sprint("line ", len(want))
				if want = append(want, body); len(want)%3 == 0 { // another device of ours
					require.NoError(t, phone.Send(within(t), text(bob.JID(), body)))
					require.Equal(t, body, next(t, heard).Body)
					continue
				}
				require.NoError(t, bob.Send(within(t), text(p.jid(user), body)))
				require.NoError(t, ping(t, bob, p)) // so that the server has done with it
			}
		}
		var got []*mam.Item
		process := func(while func(hear func())) {
			c := xmpp.NewClient(p.jid(user), o)
			c.Online = available
			bot := keep(t, c)
			next(t, bot.online)
			f := follows(t, c, jid.JID{})
			while(func() { got = append(got, f.until(t, want[len(want)-1])...) })
			f.end(t)
			bot.end(t)
		}
		process(func(hear func()) {
			say(4)
			hear()
			require.NoError(t, net.Refuse(true))
			net.Cut()
			forget(t, p, user)
			say(6)
			require.NoError(t, net.Refuse(false))
			hear()
			say(2)
			hear()
		})
		say(3)
		process(func(hear func()) {
			hear()
			say(2)
			hear()
		})
		assert.Equal(t, want, bodies(got))
		assert.Equal(t, names(found(t, phone, mam.Filter{})), names(got))
	})
}

// names are what an archive calls the messages.
func names(items []*mam.Item) (list []string) {
	for _, it := range items {
		list = append(list, it.ID)
	}
	return list
}

// TestArchiveOfARoom: a room's archive has what was said under the names that all have it by; who follows it, across a cut, misses nothing.
func TestArchiveOfARoom(t *testing.T) {
	each(t, servers.Config{Archive: true, Resume: time.Second}, func(t *testing.T, p *place) {
		t.Attr("conformance", "0479-rooms-advanced")
		at := p.room()
		alice, s := p.enter(t, at, "alice", nil)
		info, err := disco.Get(within(t), s, at, "")
		require.NoError(t, err)
		assert.True(t, info.Has("urn:xmpp:mam:2"))
		q, net := p.through(t, false, nil)
		user, password := p.account(t)
		bot := keep(t, xmpp.NewClient(p.jid(user), q.options(password)))
		_, err = muc.Join(within(t), bot.Client, as(at, "bob"), nil)
		require.NoError(t, err)
		var said, ids []string
		say := func(n int) {
			t.Helper()
			for range n {
				m, err := alice.Deliver(within(t), &stanza.Message{Body: fmt.Sprint("line ", len(said))})
				require.NoError(t, err)
				said, ids = append(said, m.Body), append(ids, m.StanzaID)
			}
		}
		say(5)
		items := found(t, s, mam.Filter{Archive: at, Page: 2})
		items = slices.DeleteFunc(items, func(it *mam.Item) bool { return it.Message.Body == "" }) // a subject, who came
		assert.Equal(t, said, bodies(items))
		assert.Equal(t, ids, names(items))
		for _, it := range items {
			assert.Equal(t, as(at, "alice"), it.Message.From)
			assert.Equal(t, at, it.Archive)
		}

		f := follows(t, bot.Client, at)
		got := f.until(t, said[len(said)-1])
		require.NoError(t, net.Refuse(true))
		net.Cut()
		forget(t, p, user)
		say(6)
		require.NoError(t, net.Refuse(false))
		got = append(got, f.until(t, said[len(said)-1])...)
		say(3)
		got = append(got, f.until(t, said[len(said)-1])...)
		got = slices.DeleteFunc(got, func(it *mam.Item) bool { return it.Message.Body == "" })
		assert.Equal(t, said, bodies(got))
		assert.Equal(t, ids, names(got))
		f.end(t)
		bot.end(t)
	})
}

// TestArchiveHasForgotten: where the last message that was had is not there any more, it goes on with what is newer, whatever a server says of that.
func TestArchiveHasForgotten(t *testing.T) {
	each(t, servers.Config{Archive: true}, func(t *testing.T, p *place) {
		user, password := p.account(t)
		o := p.options(password)
		o.Store = xmpp.FileStore(t.TempDir())
		s, bob := p.login(t, p.jid(user), o), p.session(t)
		run := func(from, to int) {
			t.Helper()
			for i := from; i < to; i++ {
				require.NoError(t, bob.Send(within(t), text(s.JID(), fmt.Sprint(i))))
			}
			f := follows(t, s, jid.JID{})
			var want []string
			for i := from; i < to; i++ {
				want = append(want, fmt.Sprint(i))
			}
			assert.Equal(t, want, bodies(f.until(t, want[len(want)-1])))
			f.end(t)
		}
		run(0, 2)
		key := "mam cursor " + s.JID().Bare().String()
		b, version, err := o.Store.Load(within(t), key)
		require.NoError(t, err)
		var at map[string]any
		require.NoError(t, json.Unmarshal(b, &at))
		id := at["id"].(string)
		at["id"] = id[:len(id)-1] + map[bool]string{true: "1", false: "0"}[id[len(id)-1] == '0'] // as like it as can be: ejabberd compares
		b, err = json.Marshal(at)
		require.NoError(t, err)
		_, err = o.Store.Save(within(t), key, b, version)
		require.NoError(t, err)
		run(2, 5)
		run(5, 7)
	})
}
