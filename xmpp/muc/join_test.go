package muc

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

func TestJoin(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		alice := visitor(t, srv, "alice", nil)
		require.Equal(t, srv.Room("garden").JID(), alice.JID())
		require.True(t, alice.Joined())
		self, ok := alice.Self()
		require.True(t, ok)
		require.Equal(t, Owner, self.Affiliation)
		require.Equal(t, Moderator, self.Role)
		events := alice.Events(t.Context())
		require.Equal(t, Topic{}, take(t, events, 1)[0], "the end of joining")

		bob := visitor(t, srv, "bob", nil) // the room is open to others
		require.Equal(t, []string{"alice", "bob"}, nicks(bob))
		require.Equal(t, 2, bob.Len())
		joined := take(t, events, 1)[0].(Joined)
		require.Equal(t, "bob", joined.Nick)
		require.Equal(t, bob.hub.e.JID(), joined.JID, "shown to a moderator")
		require.NotEmpty(t, joined.ID)
		a, ok := bob.Occupant("alice")
		require.True(t, ok)
		require.True(t, a.JID.IsZero(), "and to nobody else")
		_, ok = bob.Occupant("carol")
		require.False(t, ok)

		heard := bob.Messages(t.Context())
		require.NoError(t, alice.Say(t.Context(), "hello"))
		own := take(t, events, 1)[0].(*Message)
		require.True(t, own.Own)
		m := take(t, heard, 1)[0]
		require.Equal(t, "hello", m.Body)
		require.Equal(t, "alice", m.Nick)
		require.False(t, m.Own)
		require.False(t, m.History)
		require.NotEmpty(t, m.StanzaID)
		require.Equal(t, m.StanzaID, own.StanzaID)
		require.Equal(t, a.ID, m.OccupantID)

		require.NoError(t, bob.Leave(t.Context()))
		require.NoError(t, bob.Leave(t.Context()))
		require.Equal(t, Left{Occupant: joined.Occupant}, take(t, events, 1)[0])
		require.ErrorIs(t, bob.Say(t.Context(), "x"), ErrLeft)
		require.False(t, bob.Joined())
		require.NoError(t, bob.Err())
		<-bob.Done()
		_, open := <-heard
		require.False(t, open)
		_, found := Find(bob.hub.e, bob.JID())
		require.False(t, found)
	})
}

func TestJoinFails(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		s := srv.Session(t, "bob", nil)
		room := srv.Room("garden")
		fails := func(nick string, want error, o *Options) {
			t.Helper()
			_, err := Join(t.Context(), s, in(srv, nick), o)
			require.ErrorIs(t, err, want)
			_, found := Find(s, room.JID())
			require.False(t, found)
		}
		fails("bob", stanza.ItemNotFound, &Options{MustExist: true})
		_, err := room.Occupants()
		require.Error(t, err, "it was undone")
		broken := errors.New("no")
		fails("bob", broken, &Options{Configure: func(*form.Form) error { return broken }})
		_, err = room.Occupants()
		require.Error(t, err)

		require.NoError(t, room.Make(nil))
		visitor(t, srv, "alice", nil)
		fails("alice", stanza.Conflict, nil)
		require.NoError(t, room.Make(map[string]string{"FORM_TYPE": config, "muc#roomconfig_roomsecret": "sesame"}))
		fails("bob", stanza.NotAuthorized, nil)
		require.NoError(t, room.Make(map[string]string{"FORM_TYPE": config, "muc#roomconfig_membersonly": "1"}))
		fails("bob", stanza.RegistrationRequired, &Options{Password: "sesame"})
		require.NoError(t, room.Affiliate(srv.JID("bob"), "outcast"))
		fails("bob", stanza.Forbidden, &Options{Password: "sesame"})
		require.NoError(t, room.Affiliate(srv.JID("bob"), "member"))
		r := join(t, srv, s, "bob", &Options{Password: "sesame"})
		_, err = Join(t.Context(), s, in(srv, "robert"), nil)
		require.ErrorIs(t, err, ErrJoined)
		found, ok := Find(s, r.JID())
		require.True(t, ok)
		require.Same(t, r, found)

		_, err = Join(t.Context(), s, srv.JID(""), nil)
		require.Error(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = Join(ctx, s, room.JID(), nil)
		require.ErrorIs(t, err, ErrJoined)
	})
}

const config = "http://jabber.org/protocol/muc#roomconfig"

// Without a nickname it's the localpart.
func TestJoinByName(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		r, err := Join(t.Context(), srv.Session(t, "alice/phone", nil), srv.Room("garden").JID(), nil)
		require.NoError(t, err)
		require.Equal(t, "alice", r.Nick())
	})
}

// A room that is made may be made for a purpose.
func TestReservedRoom(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		s := srv.Session(t, "alice", nil)
		join(t, srv, s, "alice", &Options{Configure: func(f *form.Form) error {
			return form.Set(f.Fields, "muc#roomconfig_roomname", "The garden")
		}})
		i, err := Lookup(t.Context(), s, srv.Room("garden").JID())
		require.NoError(t, err)
		require.Equal(t, "The garden", i.Name)
		require.Equal(t, 1, i.Occupants)
		_, err = Lookup(t.Context(), s, srv.JID(""))
		require.ErrorIs(t, err, ErrNoRoom)
	})
}

// A call that is given up leaves nobody in the room.
func TestJoinIsGivenUp(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.Room("garden").Make(nil))
		s := srv.Session(t, "alice", nil)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			synctest.Wait()
			cancel()
			srv.Thaw()
		}()
		srv.Freeze()
		_, err := Join(ctx, s, in(srv, "alice"), nil)
		require.ErrorIs(t, err, context.Canceled)
		elapse(0)
		nicks, err := srv.Room("garden").Occupants()
		require.NoError(t, err)
		require.Empty(t, nicks)
		join(t, srv, s, "alice", nil)
	})
}

// What waits for the room can't be called where that would wait for itself.
func TestNotInHandler(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		r := visitor(t, srv, "alice", nil)
		got := make(chan error, 3)
		xmpp.OnMessage(r.hub.e, func(ctx context.Context, m *stanza.Message) error {
			if m.Body == "" {
				return nil
			}
			_, err := Join(ctx, r.hub.e, in(srv, "other"), nil)
			got <- err
			got <- r.SetNick(ctx, "other")
			_, err = r.Deliver(ctx, &stanza.Message{Body: "x"})
			got <- err
			return nil
		}, stanza.GroupChat)
		require.NoError(t, r.Say(t.Context(), "now"))
		for _, err := range take(t, got, 3) {
			require.ErrorIs(t, err, ErrInHandler)
		}
	})
}

// The end of a Session is that of its rooms.
func TestSessionEnds(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		alice, bob := visitor(t, srv, "alice", nil), visitor(t, srv, "bob", nil)
		events := alice.Events(t.Context())
		require.NoError(t, alice.hub.e.(*xmpp.Session).Close())
		<-alice.Done()
		require.ErrorIs(t, alice.Err(), xmpp.ErrClosed)
		for ev := range events {
			_, ok := ev.(Back)
			require.False(t, ok)
		}
		srv.CloseStream("bob", "policy-violation")
		<-bob.Done()
		require.ErrorIs(t, bob.Err(), xmpp.PolicyViolation)
		_, err := Join(t.Context(), bob.hub.e, in(srv, "bob"), nil)
		require.Error(t, err)
	})
}
