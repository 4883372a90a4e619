package mam

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// A reader follows an archive in a goroutine and notes what it's given.
type reader struct {
	mu   sync.Mutex
	got  []string // bodies
	ids  []string
	stop context.CancelFunc
	done chan error
}

func follow(t testing.TB, e xmpp.Endpoint, o *FollowOptions) *reader {
	ctx, cancel := context.WithCancel(t.Context())
	r := &reader{stop: cancel, done: make(chan error, 1)}
	go func() {
		var last error
		for it, err := range Follow(ctx, e, o) {
			if last = err; err != nil {
				continue
			}
			r.mu.Lock()
			r.got, r.ids = append(r.got, it.Message.Body), append(r.ids, it.ID)
			r.mu.Unlock()
		}
		r.done <- last
	}()
	synctest.Wait()
	return r
}

func (r *reader) read() []string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

func (r *reader) end(t testing.TB) {
	t.Helper()
	r.stop()
	require.NoError(t, <-r.done)
}

func say(t testing.TB, from, to *xmpp.Session, body string, more ...stanza.Element) {
	t.Helper()
	require.NoError(t, from.Send(t.Context(), &stanza.Message{To: to.JID(), Type: stanza.Chat, Body: body, Payloads: more}))
	synctest.Wait()
}

// What was there before is not told, but for so much of it as is asked for; what comes is, by whichever way; and what came while
// nobody followed is told next time.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{Page: 4})
		store := xmpp.FileStore(t.TempDir())
		s := srv.Session(t, "alice/desk", &xmpp.Options{Store: store})
		phone, bob := srv.Session(t, "alice/phone", nil), srv.Session(t, "bob", nil)
		fill(t, srv, 10)
		r := follow(t, s, nil)
		require.Empty(t, r.read())
		say(t, bob, s, "to us")
		say(t, bob, phone, "to our phone")
		say(t, phone, bob, "by our phone")
		noStore, err := stanza.ParseElement("<no-store xmlns='urn:xmpp:hints'/>")
		require.NoError(t, err)
		say(t, bob, s, "not kept", noStore)
		say(t, s, bob, "by us")
		say(t, bob, s, "again")
		want := []string{"to us", "to our phone", "by our phone", "not kept", "by us", "again"}
		require.Equal(t, want, r.read())
		r.end(t)

		for i := range 9 {
			say(t, bob, phone, fmt.Sprint(i))
		}
		r = follow(t, s, &FollowOptions{First: 3, Page: 3})
		require.Equal(t, numbers(0, 9, 1), r.read(), "First is of the very first run")
		say(t, bob, s, "live")
		require.Equal(t, append(numbers(0, 9, 1), "live"), r.read())
		r.end(t)

		other := srv.Session(t, "alice/new", nil)
		r = follow(t, other, &FollowOptions{First: 6})
		require.Equal(t, append(numbers(4, 9, 1), "live"), r.read(), "another store: the very first run")
		r.end(t)
		r = follow(t, srv.Session(t, "alice/all", nil), &FollowOptions{First: 1000})
		require.Len(t, r.read(), 10+5+10)
		r.end(t)
	})
}

// The loop that is left at a message gets it again.
func TestFollowIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{})
		s := srv.Session(t, "alice", nil)
		fill(t, srv, 5)
		for want := range 3 {
			for it, err := range Follow(t.Context(), s, &FollowOptions{First: 5}) {
				require.NoError(t, err)
				if it.Message.Body == fmt.Sprint(want) {
					break
				}
			}
		}
		r := follow(t, s, nil)
		require.Equal(t, numbers(2, 5, 1), r.read())
		require.NoError(t, s.Close())
		require.NoError(t, <-r.done, "with the session")
	})
}

// An archive that has dropped what we had goes on with what it has; one that begins empty begins at its beginning.
func TestFollowPruned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{})
		s, bob := srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
		r := follow(t, s, nil)
		say(t, bob, s, "1")
		require.Equal(t, []string{"1"}, r.read())
		r.end(t)
		for i := range 5 {
			elapse(time.Minute)
			say(t, bob, s, fmt.Sprint(i+2))
		}
		srv.PruneArchive(srv.JID("alice"), 3)
		r = follow(t, s, nil)
		require.Equal(t, []string{"4", "5", "6"}, r.read())
		r.end(t)
	})
}

// Two processes that follow the same archive in one's place: the one whose cursor is overtaken ends.
func TestFollowByTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{})
		store := xmpp.FileStore(t.TempDir())
		one, two := srv.Session(t, "alice/1", &xmpp.Options{Store: store}), srv.Session(t, "alice/2", &xmpp.Options{Store: store})
		bob := srv.Session(t, "bob", nil)
		a, b := follow(t, one, nil), follow(t, two, nil)
		say(t, bob, one, "x")
		var err error
		select {
		case err = <-a.done:
			b.end(t)
		case err = <-b.done:
			a.end(t)
		}
		require.ErrorIs(t, err, xmpp.ErrStale)
	})
}

func TestFollowWithoutArchive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		r := follow(t, srv.Session(t, "alice", nil), nil)
		require.ErrorIs(t, <-r.done, stanza.ServiceUnavailable)
	})
}

// The ledger: messages come all the time, connections are cut at any point, sessions are lost, and the follower is begun anew in
// between with what the store has. Nothing is lost, nothing comes twice, and the order is that of the archive.
func TestFollowAcrossCuts(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { synctest.Test(t, func(t *testing.T) { ledger(t, seed) }) })
	}
}

func ledger(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	srv := start(t, xmpptest.Archive{Page: 5})
	o := *srv.Options("alice")
	o.Store = xmpp.FileStore(t.TempDir())
	var got, ids []string
	sent := 0
	run := func(steps int) {
		bot := xmpp.NewClient(srv.JID("alice"), &o)
		bot.Online = func(ctx context.Context, s *xmpp.Session) error { return s.Send(ctx, &stanza.Presence{}) }
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- bot.Run(ctx) }()
		follower := follow(t, bot, &FollowOptions{Page: 3})
		for range steps {
			bob := srv.Session(t, fmt.Sprintf("bob/%d", sent), nil)
			for range r.IntN(7) {
				require.NoError(t, bob.Send(t.Context(), &stanza.Message{To: srv.JID("alice"), Type: stanza.Chat, ID: fmt.Sprint(sent), Body: fmt.Sprint(sent)}))
				sent++
			}
			require.NoError(t, bob.Close())
			switch r.IntN(4) {
			case 0:
				srv.CutNow(int64(r.IntN(400)), int64(r.IntN(3000)))
			case 1:
				srv.DropConns()
			case 2:
				srv.CloseStream("alice", "reset")
			}
			elapse(time.Duration(r.IntN(20000)) * time.Millisecond)
		}
		elapse(5 * time.Minute)
		follower.end(t)
		got, ids = append(got, follower.got...), append(ids, follower.ids...)
		cancel()
		<-ended
	}
	run(1)
	begun := len(srv.Archived(srv.JID("alice"))) - len(got) // what came before it could begin
	for range 3 {
		run(6)
	}
	run(1)
	require.Equal(t, numbers(begun, sent, 1), got)
	require.Equal(t, srv.Archived(srv.JID("alice"))[begun:], ids)
}

// nothing is how an archive says that it has nothing.
const nothing = "<iq type='result' id='${id}'><fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'/></fin></iq>"

// A message that is in its archive only long after it has come is handed over by then, and not again.
func TestFollowOfALateArchive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{})
		s, bob := srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
		r := follow(t, s, nil)
		id, err := srv.Archive(srv.JID("alice"), "<message from='bob@canto.test/x' to='alice@canto.test' type='chat'><body>late</body></message>", time.Now())
		require.NoError(t, err)
		for range 1 + len(late) {
			srv.ReplaceReply("alice", nothing)
		}
		require.NoError(t, srv.Inject("alice", "<message from='bob@canto.test/x' to='alice@canto.test' type='chat'><body>late</body><stanza-id xmlns='urn:xmpp:sid:0' by='alice@canto.test' id='"+id+"'/></message>"))
		synctest.Wait()
		require.Empty(t, r.read(), "it's waited for")
		elapse(10 * time.Second)
		require.Equal(t, []string{"late"}, r.read())
		say(t, bob, s, "next")
		require.Equal(t, []string{"late", "next"}, r.read())
		r.end(t)
	})
}

// An archive that says of what it has forgotten that there is nothing behind it, as Prosody 13 does with files, is asked by time: what was had does not
// come again, nor what is older, which Prosody 13 has where there is nothing else.
func TestFollowOfAForgetfulArchive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{})
		s, bob := srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
		again := func(replies ...string) *reader {
			srv.ReplaceReply("alice", "<iq type='result' id='${id}'/>") // carbons
			for _, reply := range append([]string{nothing}, replies...) {
				srv.ReplaceReply("alice", reply)
			}
			return follow(t, s, nil)
		}
		for i := range 3 { // all of the same time
			_, err := srv.Archive(srv.JID("alice"), fmt.Sprintf("<message from='bob@canto.test/x' to='alice@canto.test' type='chat'><body>old %d</body></message>", i), time.Now())
			require.NoError(t, err)
		}
		r := follow(t, s, nil) // begins behind them
		require.Empty(t, r.read())
		r.end(t)
		r = again()
		require.Empty(t, r.read())
		r.end(t)
		r = again("<message from='alice@canto.test'><result xmlns='urn:xmpp:mam:2' queryid='${id}' id='older'><forwarded xmlns='urn:xmpp:forward:0'>" +
			"<delay xmlns='urn:xmpp:delay' stamp='1999-01-01T00:00:00Z'/><message xmlns='jabber:client'><body>older</body></message></forwarded></result></message>" + nothing)
		require.Empty(t, r.read())
		r.end(t)

		_, err := srv.Archive(srv.JID("alice"), "<message from='bob@canto.test/x' to='alice@canto.test' type='chat'><body>twin</body></message>", time.Now())
		require.NoError(t, err)
		srv.PruneArchive(srv.JID("alice"), 1)
		r = again()
		require.Equal(t, []string{"twin"}, r.read(), "of the same time as the last one that was had")
		r.end(t)
		for i := range 5 {
			if i < 3 { // the last ones at once
				elapse(time.Minute)
			}
			say(t, bob, s, fmt.Sprint(i))
		}
		srv.PruneArchive(srv.JID("alice"), 3)
		r = again()
		require.Equal(t, []string{"2", "3", "4"}, r.read())
		say(t, bob, s, "5")
		require.Equal(t, []string{"2", "3", "4", "5"}, r.read())
		r.end(t)
	})
}

// Two messages to which an archive gives one id, as ejabberd does within a microsecond, are both handed over; one that it gives twice is handed
// over once.
func TestFollowOfNamesakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{})
		s := srv.Session(t, "alice", nil)
		_, err := srv.Archive(srv.JID("alice"), "<message from='bob@canto.test/x' to='alice@canto.test' type='chat'><body>old</body></message>", time.Now())
		require.NoError(t, err)
		r := follow(t, s, nil)
		require.Empty(t, r.read())
		r.end(t)
		var answer strings.Builder
		for _, body := range []string{"one", "two", "two", "three"} {
			fmt.Fprintf(&answer, "<message from='alice@canto.test'><result xmlns='urn:xmpp:mam:2' queryid='${id}' id='same'><forwarded xmlns='urn:xmpp:forward:0'>"+
				"<message xmlns='jabber:client' from='bob@canto.test/x'><body>%s</body></message></forwarded></result></message>", body)
		}
		srv.ReplaceReply("alice", "<iq type='result' id='${id}'/>") // carbons
		srv.ReplaceReply("alice", answer.String()+nothing)
		r = follow(t, s, nil)
		require.Equal(t, []string{"one", "two", "three"}, r.read())
		r.end(t)
	})
}

// One of two of the same name that is live is handed over although the archive, asked for what is behind the first, does not have it. A
// message that comes twice comes once, and what has no id of its sender's can't be told from the other.
func TestFollowOfALiveNamesake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{})
		s := srv.Session(t, "alice", nil)
		r := follow(t, s, nil)
		id, err := srv.Archive(srv.JID("alice"), "<message from='bob@canto.test/x' to='alice@canto.test' type='chat' id='1'><body>one</body></message>", time.Now())
		require.NoError(t, err)
		for _, body := range []string{"one", "two", "two"} {
			called := fmt.Sprint(strings.Index("one two", body)/4 + 1)
			require.NoError(t, srv.Inject("alice", "<message from='bob@canto.test/x' to='alice@canto.test' type='chat' id='"+called+"'><body>"+body+
				"</body><stanza-id xmlns='urn:xmpp:sid:0' by='alice@canto.test' id='"+id+"'/></message>"))
		}
		require.NoError(t, srv.Inject("alice", "<message from='bob@canto.test/x' to='alice@canto.test' type='chat'><body>three</body>"+
			"<stanza-id xmlns='urn:xmpp:sid:0' by='alice@canto.test' id='"+id+"'/></message>"))
		require.Equal(t, []string{"one", "two"}, r.read())
		elapse(time.Minute)
		require.Equal(t, []string{"one", "two"}, r.read())
		r.end(t)
	})
}

// enterRoom has a session enter a room that sends it what was said before.
func enterRoom(t testing.TB, s *xmpp.Session, room jid.JID) {
	t.Helper()
	x, err := stanza.ParseElement("<x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='20'/></x>")
	require.NoError(t, err)
	at, err := room.WithResource("alice")
	require.NoError(t, err)
	require.NoError(t, s.Send(t.Context(), &stanza.Presence{To: at, Payloads: []stanza.Element{x}}))
	synctest.Wait()
}

// What a room sends of the time before we came is in its archive, before the cursor: it's neither told again, nor looked for.
func TestFollowOfARoomWithHistory(t *testing.T) {
	for first, want := range map[int][]string{0: nil, 2: {"old 3", "old 4"}} {
		synctest.Test(t, func(t *testing.T) {
			srv := start(t, xmpptest.Archive{})
			s := srv.Session(t, "alice", nil)
			room := srv.Room("garden")
			require.NoError(t, room.Make(nil))
			for i := range 5 {
				require.NoError(t, room.Say("bob", "", fmt.Sprint("old ", i)))
				if i < 3 { // the last ones in one second
					elapse(time.Minute)
				}
			}
			r := follow(t, s, &FollowOptions{Archive: room.JID(), First: first})
			require.Equal(t, want, r.read())
			enterRoom(t, s, room.JID())
			require.NoError(t, srv.Inject("alice", "<message from='"+room.JID().String()+"/bob' type='groupchat'><body>not kept</body>"+
				"<delay xmlns='urn:xmpp:delay' from='"+room.JID().String()+"' stamp='1999-01-01T00:00:00Z'/></message>"))
			require.NoError(t, room.Say("bob", "", "new"))
			want = append(want, "", "new") // the subject is live, and in no archive
			require.Equal(t, want, r.read(), "at once")
			elapse(time.Minute)
			require.Equal(t, want, r.read())
			r.end(t)
		})
	}
}

// An archive that doesn't say when it has got a message can't be asked by time what came later: all that it has would come.
func TestFollowOfAnArchiveWithoutTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{})
		s, bob := srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
		fill(t, srv, 3)
		srv.ReplaceReply("alice", "<message from='alice@canto.test'><result xmlns='urn:xmpp:mam:2' queryid='${id}' id='last'><forwarded xmlns='urn:xmpp:forward:0'>"+
			"<message xmlns='jabber:client'><body>last</body></message></forwarded></result></message>"+nothing)
		srv.ReplaceReply("alice", "<iq type='result' id='${id}'/>") // carbons
		srv.ReplaceReply("alice", nothing)
		r := follow(t, s, nil)
		require.Empty(t, r.read())
		srv.ReplaceReply("alice", "<message from='alice@canto.test'><result xmlns='urn:xmpp:mam:2' queryid='${id}' id='next'><forwarded xmlns='urn:xmpp:forward:0'>"+
			"<message xmlns='jabber:client'><body>next</body></message></forwarded></result></message>"+nothing)
		say(t, bob, s, "next")
		require.Contains(t, r.read(), "next")
		r.end(t)
	})
}

// What fails with the very first session is passed over although a live message of it was looked for before it was told.
func TestFollowFailsWithItsFirstSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{})
		s := srv.Session(t, "alice", nil)
		f := &follower{e: s, wake: make(chan *xmpp.Session, 1)}
		require.False(t, f.passes(t.Context(), xmpp.ErrClosed), "of no session")
		f.wake <- s
		require.False(t, f.passes(t.Context(), xmpp.ErrClosed), "of one that goes on")
		f.at, f.wake = nil, make(chan *xmpp.Session, 1)
		f.wake <- s
		require.NoError(t, s.Close())
		require.True(t, f.passes(t.Context(), xmpp.ErrClosed))
	})
}
