package integration

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/muc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var roomNumber atomic.Int32

// room is the address of a room of the test's own.
func (p *place) room() jid.JID {
	domain := servers.RoomDomain
	if p.inside != nil {
		domain = p.inside.Room("x").JID().Domainpart()
	}
	return jid.MustParse(fmt.Sprintf("room%d-%d@%s", time.Now().UnixNano(), roomNumber.Add(1), domain))
}

// as is a room's address with a nickname.
func as(room jid.JID, nick string) jid.JID { return jid.MustParse(room.String() + "/" + nick) }

// enter joins a room with a session of its own.
func (p *place) enter(t *testing.T, room jid.JID, nick string, o *muc.Options) (*muc.Room, *xmpp.Session) {
	t.Helper()
	s := p.session(t)
	r, err := muc.Join(within(t), s, as(room, nick), o)
	require.NoError(t, err)
	return r, s
}

// happens reads events up to one of a kind, which it returns.
func happens[T muc.Event](t *testing.T, events <-chan muc.Event) T {
	t.Helper()
	for {
		if ev, ok := next(t, events).(T); ok {
			return ev
		}
	}
}

// roomsLack says what the rooms of a server do not do, with the reason.
var roomsLack = map[string]map[string]string{
	"an answer to who must not make one": {string(servers.Ejabberd24): "a room that is made and undone at once may end before it says anything",
		string(servers.Ejabberd): "a room that is made and undone at once may end before it says anything"},
	"occupant ids": {string(servers.Ejabberd): "mod_muc_occupantid came with 23.10"},
	"stanza ids": {string(servers.Prosody): "mod_muc_mam gives them", string(servers.Prosody13): "mod_muc_mam gives them",
		string(servers.Ejabberd): "the archive gives them", string(servers.Ejabberd24): "the archive gives them"},
	"moderation": {string(servers.Prosody): "mod_muc_moderation is a community module", string(servers.Prosody13): "mod_muc_moderation is a community module",
		string(servers.Ejabberd): "later than 23.01"},
	"registration": {string(servers.Ejabberd): "it's of the service, not of the room", string(servers.Ejabberd24): "it's of the service, not of the room"},
}

func (p *place) roomsHave(t *testing.T, what string) bool {
	why, lacking := roomsLack[what][p.name]
	if lacking {
		t.Logf("%s has no %s: %s", p.name, what, why)
	}
	return !lacking
}

// TestRoom: who comes, speaks, whispers, has another name, and goes, at each server.
func TestRoom(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "0479-rooms")
		at := p.room()
		s := p.session(t)
		if p.roomsHave(t, "an answer to who must not make one") {
			_, err := muc.Join(within(t), s, as(p.room(), "alice"), &muc.Options{MustExist: true})
			require.ErrorIs(t, err, stanza.ItemNotFound)
		}
		alice, err := muc.Join(within(t), s, as(at, "alice"), nil)
		require.NoError(t, err)
		self, ok := alice.Self()
		require.True(t, ok)
		assert.Equal(t, muc.Owner, self.Affiliation)
		assert.Equal(t, muc.Moderator, self.Role)
		assert.Equal(t, p.roomsHave(t, "occupant ids"), self.ID != "")
		info, err := muc.Lookup(within(t), s, at)
		require.NoError(t, err)
		assert.False(t, info.MembersOnly || info.Password)

		events := alice.Events(t.Context())
		happens[muc.Topic](t, events)
		bob, _ := p.enter(t, at, "bob", nil)
		assert.Equal(t, 2, bob.Len())
		assert.Equal(t, "bob", happens[muc.Joined](t, events).Nick)
		_, err = muc.Join(within(t), p.session(t), as(at, "bob"), nil)
		require.ErrorIs(t, err, stanza.Conflict)

		told := bob.Events(t.Context())
		m, err := alice.Deliver(within(t), &stanza.Message{Body: "hello"})
		require.NoError(t, err)
		assert.True(t, m.Own)
		got := happens[*muc.Message](t, told)
		assert.Equal(t, "hello", got.Body)
		assert.Equal(t, "alice", got.Nick)
		assert.False(t, got.History)
		assert.Equal(t, p.roomsHave(t, "stanza ids"), got.StanzaID != "")
		require.NoError(t, bob.Whisper(within(t), "alice", "psst"))
		happens[*muc.Message](t, events) // our own
		whisper := happens[*muc.Message](t, events)
		assert.True(t, whisper.Private)
		assert.Equal(t, "psst", whisper.Body)

		require.ErrorIs(t, bob.SetNick(within(t), "alice"), stanza.Conflict)
		require.NoError(t, bob.SetNick(within(t), "robert"))
		assert.Equal(t, "bob", happens[muc.Renamed](t, events).Before)
		require.NoError(t, alice.SetTopic(within(t), "flowers"))
		assert.Equal(t, "flowers", happens[muc.Topic](t, told).Text)
		require.NoError(t, bob.SetPresence(within(t), &stanza.Presence{Show: stanza.Away}))
		assert.Equal(t, stanza.Away, happens[muc.Changed](t, events).Show)
		require.NoError(t, bob.Leave(within(t)))
		assert.Equal(t, "robert", happens[muc.Left](t, events).Nick)

		carol, _ := p.enter(t, at, "carol", &muc.Options{History: 5})
		before := next(t, carol.Messages(t.Context()))
		assert.True(t, before.History)
		assert.Equal(t, "hello", before.Body)
		assert.WithinDuration(t, time.Now(), before.Sent, time.Minute)
	})
}

// TestRoomIsGoverned: roles, affiliations, lists, configuration, and the ends that they bring.
func TestRoomIsGoverned(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		at := p.room()
		alice, _ := p.enter(t, at, "alice", &muc.Options{Configure: func(f *form.Form) error {
			if err := form.Set(f.Fields, "muc#roomconfig_roomname", "Garden"); err != nil {
				return err
			}
			if f.Field("members_by_default") != nil { // ejabberd gives voice to all, else
				if err := form.Set(f.Fields, "members_by_default", false); err != nil {
					return err
				}
			}
			return form.Set(f.Fields, "muc#roomconfig_moderatedroom", true)
		}})
		events := alice.Events(t.Context())
		happens[muc.Topic](t, events)
		bob, bobs := p.enter(t, at, "bob", nil)
		info, err := muc.Lookup(within(t), bobs, at)
		require.NoError(t, err)
		assert.Equal(t, "Garden", info.Name)
		assert.True(t, info.Moderated)
		self, _ := bob.Self()
		assert.Equal(t, muc.Visitor, self.Role, "in a moderated room")
		_, err = bob.Deliver(within(t), &stanza.Message{Body: "hello"})
		require.ErrorIs(t, err, stanza.Forbidden)
		told := bob.Events(t.Context())
		require.NoError(t, bob.RequestVoice(within(t)))
		rq := happens[*muc.Request](t, events)
		assert.Equal(t, "bob", rq.Nick)
		require.NoError(t, alice.Answer(within(t), rq, true))
		assert.Equal(t, muc.Participant, happens[muc.Changed](t, told).Role)
		require.Error(t, bob.Kick(within(t), "alice", ""))
		require.NoError(t, alice.SetAffiliation(within(t), bobs.JID(), muc.Admin, ""))
		assert.Equal(t, muc.Admin, happens[muc.Changed](t, told).Affiliation)
		list, err := alice.Affiliated(within(t), muc.Admin)
		require.NoError(t, err)
		require.Len(t, list, 1)
		assert.Equal(t, bobs.JID().Bare(), list[0].JID)

		carol, carols := p.enter(t, at, "carol", nil)
		require.NoError(t, bob.Kick(within(t), "carol", "no spam"))
		end := over(t, carol)
		assert.Equal(t, muc.Kicked, end.End)
		assert.Equal(t, "no spam", end.Reason)
		require.NoError(t, bob.Ban(within(t), carols.JID(), "really"))
		_, err = muc.Join(within(t), carols, as(at, "carol"), nil)
		require.ErrorIs(t, err, stanza.Forbidden)

		dave, _ := p.enter(t, at, "dave", nil)
		f, err := alice.Config(within(t))
		require.NoError(t, err)
		require.NoError(t, form.Set(f.Fields, "muc#roomconfig_membersonly", true))
		require.NoError(t, alice.Configure(within(t), f))
		end = over(t, dave)
		assert.Contains(t, []muc.End{muc.MembersOnly, muc.Excluded}, end.End)
		_, err = muc.Join(within(t), p.session(t), as(at, "eve"), nil)
		require.ErrorIs(t, err, stanza.RegistrationRequired)
		require.NoError(t, alice.Destroy(within(t), &muc.Destruction{Reason: "winter", Alternate: p.room()}))
		end = over(t, bob)
		assert.Equal(t, muc.Destroyed, end.End)
		assert.Equal(t, "winter", end.Reason)
		assert.False(t, end.Alternate.IsZero())
	})
}

// over waits for the end of a stay.
func over(t *testing.T, r *muc.Room) *muc.Ended {
	t.Helper()
	select {
	case <-r.Done():
	case <-within(t).Done():
		t.Fatal("the stay is not over")
	}
	var end *muc.Ended
	require.ErrorAs(t, r.Err(), &end)
	return end
}

// TestRoomInvitation: into a room with a password, for members, by the room and without it.
func TestRoomInvitation(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "0479-rooms")
		at := p.room()
		alice, _ := p.enter(t, at, "alice", &muc.Options{Password: "sesame", Configure: func(f *form.Form) error {
			if f.Field("muc#roomconfig_passwordprotectedroom") != nil {
				if err := form.Set(f.Fields, "muc#roomconfig_passwordprotectedroom", true); err != nil {
					return err
				}
			}
			return form.Set(f.Fields, "muc#roomconfig_roomsecret", "sesame")
		}})
		bobs, carols := p.session(t), p.session(t)
		require.NoError(t, bobs.Send(within(t), &stanza.Presence{}))
		require.NoError(t, carols.Send(within(t), &stanza.Presence{}))
		asked, refused := muc.Invitations(t.Context(), bobs), muc.Invitations(t.Context(), carols)
		_, err := muc.Join(within(t), bobs, as(at, "bob"), nil)
		require.ErrorIs(t, err, stanza.NotAuthorized)
		require.NoError(t, alice.Invite(within(t), bobs.JID(), "come"))
		i := next(t, asked)
		assert.Equal(t, at, i.Room)
		assert.Equal(t, "come", i.Reason)
		assert.False(t, i.Direct)
		with := &muc.Options{}
		if i.Password == "" { // which the room may tell, or not
			with.Password = "sesame"
		}
		bob, err := i.Join(within(t), "bob", with)
		require.NoError(t, err)
		require.NoError(t, bob.Leave(within(t)))

		events := alice.Events(t.Context())
		require.NoError(t, alice.Invite(within(t), carols.JID(), ""))
		require.NoError(t, next(t, refused).Decline(within(t), "busy"))
		declined := happens[muc.Declined](t, events)
		assert.Equal(t, "busy", declined.Reason)
		require.NoError(t, alice.InviteDirectly(within(t), carols.JID(), "do come"))
		i = next(t, refused)
		assert.True(t, i.Direct)
		assert.Equal(t, "sesame", i.Password)
		_, err = i.Join(within(t), "carol", nil)
		require.NoError(t, err)
	})
}

// TestRoomRegistration: a nickname that is kept for us.
func TestRoomRegistration(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		if !p.roomsHave(t, "registration") {
			return
		}
		at := p.room()
		alice, _ := p.enter(t, at, "alice", nil)
		bob, bobs := p.enter(t, at, "bob", nil)
		require.NoError(t, alice.SetAffiliation(within(t), bobs.JID(), muc.Member, "")) // Prosody registers nobody else
		require.NoError(t, bob.Register(within(t), "robert", nil))
		nick, err := bob.ReservedNick(within(t))
		require.NoError(t, err)
		assert.Equal(t, "robert", nick)
		require.Error(t, alice.SetNick(within(t), "robert"))
	})
}

// TestRoomIDs: where there is an archive, a message has a name that all know it by, and a moderator can take it back.
func TestRoomIDs(t *testing.T) {
	each(t, servers.Config{Archive: true}, func(t *testing.T, p *place) {
		at := p.room()
		alice, _ := p.enter(t, at, "alice", nil)
		bob, _ := p.enter(t, at, "bob", nil)
		told := bob.Messages(t.Context())
		m, err := alice.Deliver(within(t), &stanza.Message{Body: "hello"})
		require.NoError(t, err)
		assert.NotEmpty(t, m.StanzaID)
		assert.Equal(t, m.StanzaID, next(t, told).StanzaID)
	})
}

// TestRoomComesBack: cuts while another speaks, on a server that resumes the stream, and on one that does not any more: all is heard that
// was said, once and in order.
func TestRoomComesBack(t *testing.T) {
	t.Run("with ids, resumed", func(t *testing.T) {
		each(t, servers.Config{Archive: true}, func(t *testing.T, p *place) { comesBack(t, p, true) })
	})
	t.Run("without ids, anew", func(t *testing.T) {
		each(t, servers.Config{Resume: time.Second}, func(t *testing.T, p *place) { comesBack(t, p, false) })
	})
}

func comesBack(t *testing.T, p *place, resume bool) {
	at := p.room()
	alice, _ := p.enter(t, at, "alice", nil)
	q, net := p.through(t, false, nil)
	user, password := p.account(t)
	c := xmpp.NewClient(p.jid(user), q.options(password))
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- c.Run(ctx) }()
	defer func() { stop(); <-ran }()
	bob, err := muc.Join(within(t), c, as(at, "bob"), nil)
	require.NoError(t, err)
	heard, states := bob.Messages(t.Context()), c.State(t.Context())
	var want, got []string
	for i := range 6 {
		if i%3 == 2 {
			require.NoError(t, net.Refuse(true))
			net.Cut()
			if !resume {
				forget(t, p, user)
			}
		}
		body := fmt.Sprint("line ", i)
		_, err := alice.Deliver(within(t), &stanza.Message{Body: body})
		require.NoError(t, err)
		if want = append(want, body); i%3 != 2 {
			continue
		}
		require.NoError(t, net.Refuse(false))
		back := xmpp.Online
		if resume {
			back = xmpp.Resumed
		}
		for next(t, states).Kind != back {
		}
		for len(got) < len(want) {
			got = append(got, next(t, heard).Body)
		}
		require.Equal(t, want, got)
	}
	_, err = alice.Deliver(within(t), &stanza.Message{Body: "over"})
	require.NoError(t, err)
	require.Equal(t, "over", next(t, heard).Body)
}

// forget has a server give up the suspended sessions of an account.
func forget(t *testing.T, p *place, user string) {
	if p.inside != nil {
		require.Eventually(t, func() bool { return p.inside.ExpireSuspended(user) > 0 }, patience, time.Millisecond)
		return
	}
	<-time.After(3 * time.Second) // which is more than its patience
}
