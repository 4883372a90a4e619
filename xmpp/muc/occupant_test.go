package muc

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

func TestNickChange(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		alice, bob := visitor(t, srv, "alice", nil), visitor(t, srv, "bob", nil)
		events := alice.Events(t.Context())
		take(t, events, 2)
		require.ErrorIs(t, bob.SetNick(t.Context(), "alice"), stanza.Conflict)
		require.Equal(t, "bob", bob.Nick())
		require.NoError(t, bob.SetNick(t.Context(), "robert"))
		require.Equal(t, "robert", bob.Nick())
		require.NoError(t, bob.SetNick(t.Context(), "robert"), "it's that already")
		require.Error(t, bob.SetNick(t.Context(), ""))
		ev := take(t, events, 1)[0].(Renamed)
		require.Equal(t, "bob", ev.Before)
		require.Equal(t, "robert", ev.Nick)
		none(t, events)
		require.Equal(t, []string{"alice", "robert"}, nicks(alice))
		require.NoError(t, bob.SetPresence(t.Context(), &stanza.Presence{Show: stanza.Away, Status: "tea"}))
		c := take(t, events, 1)[0].(Changed)
		require.Equal(t, stanza.Away, c.Show)
		require.Equal(t, "tea", c.Status)
		require.Equal(t, stanza.Online, c.Before.Show)
		require.NoError(t, bob.SetPresence(t.Context(), &stanza.Presence{Type: stanza.Unavailable, Status: "bye"}))
		require.Equal(t, "bye", take(t, events, 1)[0].(Left).Status)
		require.NoError(t, bob.Err())
	})
}

func TestRolesAndAffiliations(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		alice, bob := visitor(t, srv, "alice", nil), visitor(t, srv, "bob", nil)
		events := bob.Events(t.Context())
		take(t, events, 1)
		require.ErrorIs(t, bob.SetRole(t.Context(), "alice", Visitor, ""), stanza.Forbidden)
		require.NoError(t, alice.SetRole(t.Context(), "bob", Visitor, "hush"))
		c := take(t, events, 1)[0].(Changed)
		require.Equal(t, Visitor, c.Role)
		require.Equal(t, Participant, c.Before.Role)
		require.Equal(t, "hush", c.Reason)
		_, err := bob.Deliver(t.Context(), &stanza.Message{Body: "x"})
		require.ErrorIs(t, err, stanza.Forbidden)
		require.NoError(t, alice.SetAffiliation(t.Context(), srv.JID("bob"), Admin, ""))
		synctest.Wait()
		self, ok := bob.Self()
		require.True(t, ok)
		require.Equal(t, Admin, self.Affiliation)
		require.Equal(t, Moderator, self.Role)
		list, err := bob.Affiliated(t.Context(), Owner)
		require.NoError(t, err)
		require.Equal(t, []Item{{JID: srv.JID("alice"), Affiliation: Owner}}, list)
		list, err = bob.WithRole(t.Context(), Moderator)
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.Error(t, bob.Change(t.Context(), Item{Nick: "alice"}))
		require.NoError(t, bob.Change(t.Context(), Item{JID: srv.JID("carol"), Affiliation: Member}, Item{JID: srv.JID("dave"), Affiliation: Member}))
		list, err = bob.Affiliated(t.Context(), Member)
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.NoError(t, srv.Room("garden").Hats("bob", map[string]string{"urn:hat": "Hat"}))
	})
}

// The ends of a stay, each with its reason.
func TestEnds(t *testing.T) {
	other := jid.MustParse("other@conference.canto.test")
	for name, c := range map[string]struct {
		do   func(t *testing.T, srv *xmpptest.Server, alice *Room) error
		want Ended
	}{
		"kick": {func(t *testing.T, _ *xmpptest.Server, alice *Room) error {
			return alice.Kick(t.Context(), "bob", "out")
		},
			Ended{End: Kicked, By: "alice", Reason: "out"}},
		"ban": {func(t *testing.T, srv *xmpptest.Server, alice *Room) error {
			return alice.Ban(t.Context(), srv.JID("bob"), "for good")
		}, Ended{End: Banned, By: "alice", Reason: "for good"}},
		"destroy": {func(t *testing.T, _ *xmpptest.Server, alice *Room) error {
			return alice.Destroy(t.Context(), &Destruction{Reason: "over", Alternate: other, Password: "sesame"})
		}, Ended{End: Destroyed, Reason: "over", Alternate: other, Password: "sesame"}},
		"for members now": {func(t *testing.T, _ *xmpptest.Server, alice *Room) error { return setMembersOnly(t, alice) },
			Ended{End: MembersOnly}},
		"no member any more": {func(t *testing.T, srv *xmpptest.Server, alice *Room) error {
			require.NoError(t, alice.SetAffiliation(t.Context(), srv.JID("bob"), Member, ""))
			require.NoError(t, setMembersOnly(t, alice))
			return alice.SetAffiliation(t.Context(), srv.JID("bob"), NoOne, "sorry")
		}, Ended{End: Excluded, By: "alice", Reason: "sorry"}},
		"shutdown": {func(t *testing.T, srv *xmpptest.Server, _ *Room) error { srv.RestartRooms(); return nil },
			Ended{End: Shutdown}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
				alice := visitor(t, srv, "alice", nil)
				bob := visitor(t, srv, "bob", &Options{NoReturn: true})
				events := alice.Events(t.Context())
				require.NoError(t, c.do(t, srv, alice))
				<-bob.Done()
				c.want.Room = bob.JID()
				require.Equal(t, &c.want, bob.Err())
				require.ErrorIs(t, bob.Err(), c.want.End)
				require.Contains(t, bob.Err().Error(), string(c.want.End))
				require.ErrorIs(t, bob.Say(t.Context(), "x"), c.want.End)
				if c.want.End == Destroyed || c.want.End == Shutdown {
					return
				}
				for ev := range events {
					if l, ok := ev.(Left); ok {
						require.Equal(t, c.want.End, l.Why)
						require.Equal(t, c.want.By, l.By)
						require.Equal(t, c.want.Reason, l.Reason)
						return
					}
				}
			})
		})
	}
}

func setMembersOnly(t *testing.T, alice *Room) error {
	f, err := alice.Config(t.Context())
	require.NoError(t, err)
	require.NoError(t, form.Set(f.Fields, "muc#roomconfig_membersonly", true))
	return alice.Configure(t.Context(), f)
}

func TestVoice(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.Room("garden").Make(map[string]string{"FORM_TYPE": config, "muc#roomconfig_moderatedroom": "1"}))
		require.NoError(t, srv.Room("garden").Affiliate(srv.JID("alice"), "owner"))
		alice, bob := visitor(t, srv, "alice", nil), visitor(t, srv, "bob", nil)
		events := alice.Events(t.Context())
		take(t, events, 2)
		require.NoError(t, bob.RequestVoice(t.Context()))
		rq := take(t, events, 1)[0].(*Request)
		require.Equal(t, "bob", rq.Nick)
		require.Equal(t, bob.hub.e.JID(), rq.JID)
		require.False(t, rq.Membership)
		require.NoError(t, alice.Answer(t.Context(), rq, true))
		require.Equal(t, Participant, take(t, events, 1)[0].(Changed).Role)
	})
}

func TestInvitations(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		alice := visitor(t, srv, "alice", nil)
		require.NoError(t, srv.Room("garden").Make(map[string]string{"FORM_TYPE": config, "muc#roomconfig_roomsecret": "sesame"}))
		events := alice.Events(t.Context())
		take(t, events, 2)
		bob, carol := srv.Session(t, "bob", nil), srv.Session(t, "carol", nil)
		asked := Invitations(t.Context(), bob)
		refuses := Invitations(t.Context(), carol)
		require.NoError(t, alice.Invite(t.Context(), bob.JID(), "come"))
		i := take(t, asked, 1)[0]
		require.Equal(t, Invitation{Room: alice.JID(), Password: "sesame", Reason: "come", From: alice.hub.e.JID(), e: bob}, *i)
		r, err := i.Join(t.Context(), "", nil)
		require.NoError(t, err)
		require.Equal(t, "bob", r.Nick())
		take(t, events, 1)
		require.NoError(t, alice.Invite(t.Context(), bob.JID(), "again"))
		none(t, asked)

		require.NoError(t, alice.Invite(t.Context(), carol.JID(), ""))
		require.NoError(t, take(t, refuses, 1)[0].Decline(t.Context(), "too busy"))
		require.Equal(t, Declined{From: srv.JID("carol"), Reason: "too busy"}, take(t, events, 1)[0])
		require.NoError(t, alice.InviteDirectly(t.Context(), carol.JID(), "do"))
		i = take(t, refuses, 1)[0]
		require.Equal(t, Invitation{Room: alice.JID(), Reason: "do", From: alice.hub.e.JID(), Direct: true, e: carol}, *i)
		require.NoError(t, i.Decline(t.Context(), "no"))
		elapse(time.Second)
		none(t, events)
		_, err = i.Join(t.Context(), "", nil)
		require.ErrorIs(t, err, stanza.NotAuthorized)
		i.Room = srv.JID("dave")
		_, err = i.Join(t.Context(), "", nil)
		require.Error(t, err, "no presence goes to where there is no room")
	})
}
