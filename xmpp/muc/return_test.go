package muc

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// noSM is a server whose sessions end with their connections.
func noSM() *xmpptest.Options { return &xmpptest.Options{Without: []string{"sm"}} }

// A Client that is not online yet is waited for.
func TestJoinWaitsForClient(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		c := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
		got := make(chan *Room, 1)
		go func() {
			r, err := Join(t.Context(), c, in(srv, "alice"), nil)
			require.NoError(t, err)
			got <- r
		}()
		elapse(time.Hour)
		require.Empty(t, got)
		ended := make(chan error, 1)
		go func() { ended <- c.Run(t.Context()) }()
		r := <-got
		require.True(t, r.Joined())
		s, err := c.Session(t.Context())
		require.NoError(t, err)
		require.NoError(t, s.Close())
		require.NoError(t, <-ended)
		<-r.Done()
		require.Error(t, r.Err())
	})
}

// After each loss of the session, the room comes back with what was said meanwhile, and nothing twice; whether the room gives ids or
// not, and whether it's known by an earlier message where the stay has begun or there was none.
func TestComesBack(t *testing.T) {
	for name, o := range map[string]xmpptest.Rooms{"with ids": {}, "without ids": {NoIDs: true}} {
		for _, before := range []int{0, 3} {
			t.Run(fmt.Sprint(name, " ", before), func(t *testing.T) {
				with := noSM()
				with.Rooms = o
				bubble(t, with, func(t *testing.T, srv *xmpptest.Server) { comesBack(t, srv, before) })
			})
		}
	}
}

func comesBack(t *testing.T, srv *xmpptest.Server, before int) {
	room := srv.Room("garden")
	require.NoError(t, room.Make(nil))
	said := 0
	say := func(n int) []string {
		want := []string{}
		for range n {
			body := fmt.Sprint("m", said/2) // each twice: what is the same need not be the same message
			require.NoError(t, room.Say("ghost", "", body))
			want = append(want, body)
			said++
		}
		synctest.Wait()
		return want
	}
	say(before)
	r := join(t, srv, running(t, srv, "alice", nil), "alice", nil)
	heard := r.Messages(t.Context())
	for round := range 6 {
		require.Equal(t, say(round), bodies(take(t, heard, round)))
		srv.DropConns()
		want := say(5)
		elapse(2 * time.Minute)
		require.True(t, r.Joined())
		got := take(t, heard, 5)
		require.Equal(t, want, bodies(got), "round %d", round)
		for _, m := range got {
			require.True(t, m.History)
		}
		none(t, heard)
	}
	require.NoError(t, r.Say(t.Context(), "over"))
	require.False(t, take(t, heard, 1)[0].History)
}

// The end of a session is told by a goroutine of its own: the room may be entered in the next one before that.
func TestComesBackBeforeTheEndIsTold(t *testing.T) {
	bubble(t, noSM(), func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.Room("garden").Make(nil))
		c := running(t, srv, "alice", nil)
		r := join(t, srv, c, "alice", nil)
		events := r.Events(t.Context())
		take(t, events, 1)
		s, err := c.Session(t.Context())
		require.NoError(t, err)
		r.mu.Lock()
		r.home = new(xmpp.Session) // an earlier one
		r.mu.Unlock()
		r.moveTo(s)
		got := take(t, events, 3)
		require.IsType(t, Away{}, got[0])
		require.IsType(t, Back{}, got[1])
		none(t, events)
		require.True(t, r.Joined())
		require.NoError(t, r.Say(t.Context(), "over"))
		require.IsType(t, &Message{}, take(t, events, 1)[0])
	})
}

// A stream that is resumed is no new stay: the room is not entered again.
func TestResumedStream(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.Room("garden").Make(nil))
		r := join(t, srv, running(t, srv, "alice", nil), "alice", nil)
		events := r.Events(t.Context())
		take(t, events, 1)
		srv.DropConns()
		require.NoError(t, srv.Room("garden").Say("ghost", "", "meanwhile"))
		elapse(2 * time.Minute)
		m := take(t, events, 1)[0].(*Message)
		require.False(t, m.History)
		none(t, events)
		require.True(t, r.Joined())
	})
}

// Who has come and gone while we were away is told when we're back.
func TestChangesMeanwhile(t *testing.T) {
	bubble(t, noSM(), func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.Room("garden").Make(nil))
		bob, carol := visitor(t, srv, "bob", nil), visitor(t, srv, "carol", nil)
		dave := visitor(t, srv, "dave", nil)
		r := join(t, srv, running(t, srv, "alice", nil), "alice", nil)
		events := r.Events(t.Context())
		take(t, events, 1)
		srv.CloseStream("alice", "reset")
		require.NoError(t, bob.Leave(t.Context()))
		require.NoError(t, carol.SetPresence(t.Context(), &stanza.Presence{Show: stanza.Away}))
		visitor(t, srv, "erin", nil)
		require.NoError(t, dave.Leave(t.Context()))
		join(t, srv, srv.Session(t, "eve", nil), "dave", nil)
		elapse(2 * time.Minute)
		got := take(t, events, 8)
		_, ok := got[0].(Away)
		require.True(t, ok)
		require.Equal(t, "bob", got[1].(Left).Nick)
		require.Equal(t, stanza.Away, got[2].(Changed).Show)
		require.Equal(t, "dave", got[3].(Left).Nick)
		require.Equal(t, "dave", got[4].(Joined).Nick)
		require.NotEqual(t, got[3].(Left).ID, got[4].(Joined).ID)
		require.Equal(t, "erin", got[5].(Joined).Nick)
		require.Equal(t, Back{}, got[6])
		require.Equal(t, Topic{}, got[7])
		require.Equal(t, []string{"alice", "carol", "dave", "erin"}, nicks(r))
	})
}

// A room that has forgotten us is asked after a silence, and entered again (XEP-0410), with a Session too.
func TestSelfPing(t *testing.T) {
	for _, optimized := range []bool{true, false} {
		bubble(t, &xmpptest.Options{Rooms: xmpptest.Rooms{NoSelfPing: !optimized}}, func(t *testing.T, srv *xmpptest.Server) {
			require.NoError(t, srv.Room("garden").Make(nil))
			r := visitor(t, srv, "alice", nil)
			heard := r.Events(t.Context())
			take(t, heard, 1)
			elapse(time.Hour)
			require.True(t, r.Joined(), "nobody has forgotten anything")
			none(t, heard)
			require.NoError(t, srv.Room("garden").Forget("alice"))
			require.NoError(t, srv.Room("garden").Say("ghost", "", "missed"))
			elapse(20 * time.Minute)
			list := take(t, heard, 4)
			require.ErrorIs(t, list[0].(Away).Err, Lost)
			require.Equal(t, Back{}, list[1])
			require.Equal(t, "missed", list[2].(*Message).Body)
			require.True(t, r.Joined())

			require.NoError(t, srv.Room("garden").Forget("alice"))
			require.NoError(t, r.Say(t.Context(), "is anybody there?"))
			elapse(time.Minute)
			require.True(t, r.Joined(), "it's found out at once when the room refuses a message")
		})
	}
}

// The service shuts down and comes back: so do we, and the room that was ours is made as it was.
func TestRestart(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		named := func(f *form.Form) error { return form.Set(f.Fields, "muc#roomconfig_roomname", "Garden") }
		alice := visitor(t, srv, "alice", &Options{Configure: named})
		bob := visitor(t, srv, "bob", &Options{Configure: named})
		for range 3 {
			srv.RestartRooms()
			synctest.Wait()
			require.False(t, alice.Joined())
			elapse(2 * time.Minute)
			require.True(t, alice.Joined())
			require.True(t, bob.Joined())
			require.Equal(t, []string{"alice", "bob"}, nicks(alice))
			i, err := Lookup(t.Context(), alice.hub.e, alice.JID())
			require.NoError(t, err)
			require.Equal(t, "Garden", i.Name)
		}
	})
}

// A room that would not have us back is over.
func TestNotLetBackIn(t *testing.T) {
	bubble(t, noSM(), func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.Room("garden").Make(nil))
		r := join(t, srv, running(t, srv, "alice", nil), "alice", nil)
		srv.DropConns()
		require.NoError(t, srv.Room("garden").Affiliate(srv.JID("alice"), "outcast"))
		<-r.Done()
		require.ErrorIs(t, r.Err(), stanza.Forbidden)
	})
}

// Several cuts at every moment of coming back.
func TestCuts(t *testing.T) {
	bubble(t, noSM(), func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.Room("garden").Make(nil))
		r := join(t, srv, running(t, srv, "alice", nil), "alice", nil)
		heard := r.Messages(t.Context())
		var want []string
		for i := range 30 {
			srv.CutAfter(-1, int64(4000+i*211))
			srv.DropConns()
			body := fmt.Sprint(i)
			require.NoError(t, srv.Room("garden").Say("ghost", "", body))
			want = append(want, body)
			elapse(500 * time.Millisecond)
		}
		srv.CutAfter(-1, -1)
		srv.DropConns()
		elapse(5 * time.Minute)
		require.NoError(t, r.Say(t.Context(), "over"))
		got := bodies(take(t, heard, 20))
		for got[len(got)-1] != "over" {
			got = append(got, take(t, heard, 1)[0].Body)
		}
		require.Equal(t, append(want, "over")[len(want)+1-len(got):], got, "the server keeps twenty")
	})
}

// What the room shows of us is what we said then, whatever becomes of our literal.
func TestPresenceIsCopied(t *testing.T) {
	bubble(t, noSM(), func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.Room("garden").Make(nil))
		first, later := &stanza.Presence{Status: "first"}, &stanza.Presence{Status: "later"}
		bob := visitor(t, srv, "bob", nil)
		alice := join(t, srv, running(t, srv, "alice", nil), "alice", &Options{Presence: first})
		first.Status = "spoilt"
		comeBack := func() string {
			srv.CloseStream("alice", "reset")
			elapse(time.Minute)
			o, ok := bob.Occupant("alice")
			require.True(t, ok)
			return o.Status
		}
		require.Equal(t, "first", comeBack())
		require.NoError(t, alice.SetPresence(t.Context(), later))
		later.Status = "spoilt"
		require.Equal(t, "later", comeBack())
	})
}
