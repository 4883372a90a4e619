package muc

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// What others say in the room's place changes nothing, and the room goes on.
func TestSecurityS07RoomsWord(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.Room("garden").Make(nil))
		r := visitor(t, srv, "alice", nil)
		events := r.Events(t.Context())
		take(t, events, 1)
		m, err := r.Deliver(t.Context(), &stanza.Message{Body: "mine"})
		require.NoError(t, err)
		take(t, events, 1)
		room, user := r.JID(), "http://jabber.org/protocol/muc#user"
		retract := "<retract xmlns='urn:xmpp:message-retract:1' id='" + m.StanzaID + "'><moderated xmlns='urn:xmpp:message-moderate:1' by='" + room.String() + "/admin'/></retract>"
		for name, xml := range map[string]string{
			"a stranger's message":   fmt.Sprintf("<message from='mallory@%s/x' type='groupchat'><body>x</body></message>", srv.Domain()),
			"a stranger's presence":  fmt.Sprintf("<presence from='mallory@%s/bob'><x xmlns='%s'><item affiliation='owner' role='moderator'/></x></presence>", srv.Domain(), user),
			"another room's topic":   "<message from='other@conference.canto.test/x' type='groupchat'><subject>x</subject></message>",
			"another room's kick":    fmt.Sprintf("<presence from='other@conference.canto.test/alice' type='unavailable'><x xmlns='%s'><item role='none'/><status code='307'/><status code='110'/></x></presence>", user),
			"a retraction elsewhere": "<message from='other@conference.canto.test' type='groupchat'>" + retract + "</message>",
		} {
			require.NoError(t, srv.Inject("alice", xml))
			none(t, events)
			require.True(t, r.Joined(), name)
			require.Equal(t, Topic{}, r.Topic(), name)
		}
		// What an occupant says with the room's words is a message of that one.
		for _, inside := range []string{
			retract, "<x xmlns='" + user + "'><status code='104'/></x>", "<x xmlns='" + user + "'><decline from='a@b'/></x>",
			"<subject>s</subject><body>b</body>",
		} {
			require.NoError(t, srv.Inject("alice", "<message from='"+room.String()+"/mallory' type='groupchat'>"+inside+"</message>"))
			got, ok := take(t, events, 1)[0].(*Message)
			require.True(t, ok, inside)
			require.Equal(t, "mallory", got.Nick)
		}
		require.Equal(t, Topic{}, r.Topic())
		// The mark of our own presence on that of another makes us nobody else.
		require.NoError(t, srv.Inject("alice", "<presence from='"+room.String()+"/mallory'><x xmlns='"+user+"'><item affiliation='owner' role='moderator'/><status code='110'/><status code='210'/></x></presence>"))
		require.Equal(t, "mallory", take(t, events, 1)[0].(Joined).Nick)
		require.Equal(t, "alice", r.Nick())
		self, _ := r.Self()
		require.Equal(t, NoOne, self.Affiliation)
		require.NoError(t, srv.Inject("alice", "<presence from='"+room.String()+"/mallory' type='unavailable'><x xmlns='"+user+"'><item role='none'/><status code='110'/><status code='307'/></x></presence>"))
		require.Equal(t, Kicked, take(t, events, 1)[0].(Left).Why)
		require.True(t, r.Joined())
		_, err = r.Deliver(t.Context(), &stanza.Message{Body: "still here"})
		require.NoError(t, err)
	})
}

// While we're entering, too, another's presence is not taken for ours, and no error for that of our request.
func TestSecurityS07Entering(t *testing.T) {
	at := srvless
	r := bareRoom(at.Bare(), "thirdwitch", false)
	a := r.attempt
	r.presence(context.Background(), parsed[*stanza.Presence]("<presence xmlns='jabber:client' from='coven@chat.shakespeare.lit/mallory'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='owner' role='moderator'/><status code='110'/></x></presence>"))
	r.presence(context.Background(), parsed[*stanza.Presence]("<presence xmlns='jabber:client' id='other' from='coven@chat.shakespeare.lit/mallory' type='error'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"))
	require.Same(t, a, r.attempt)
	require.Empty(t, a.result)
	r.presence(context.Background(), parsed[*stanza.Presence]("<presence xmlns='jabber:client' from='coven@chat.shakespeare.lit/thirdwitch'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant'/><status code='110'/></x></presence>"))
	require.NoError(t, <-a.result)
	require.Equal(t, "thirdwitch", r.Nick())
}

// Ids count only where the room says that it sees to them, and only from it (XEP-0359 §6, XEP-0421 §4); two that differ are none.
func TestSecurityS07Ids(t *testing.T) {
	said := parsed[*stanza.Message]("<message xmlns='jabber:client' from='coven@chat.shakespeare.lit/x' type='groupchat'><body>x</body><stanza-id xmlns='urn:xmpp:sid:0' by='coven@chat.shakespeare.lit' id='1'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='2'/></message>")
	r := bareRoom(srvless.Bare(), "thirdwitch", true)
	m := r.read(said)
	require.Equal(t, "1", m.StanzaID)
	require.Equal(t, "2", m.OccupantID)
	r.features = features{}
	m = r.read(said)
	require.Empty(t, m.StanzaID)
	require.Empty(t, m.OccupantID)
	r.features = features{true, true, true}
	m = r.read(parsed[*stanza.Message]("<message xmlns='jabber:client' from='coven@chat.shakespeare.lit/x' type='groupchat'><stanza-id xmlns='urn:xmpp:sid:0' by='x@chat.shakespeare.lit' id='1'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='2'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='3'/></message>"))
	require.Empty(t, m.StanzaID)
	require.Empty(t, m.OccupantID)
}

// Who has said something is who bore the nickname then, not who has taken it since: else a bot that reads late obeys anybody whose nickname a
// moderator takes.
func TestSecurityS07Sender(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		alice, mallory, bot := visitor(t, srv, "alice", nil), visitor(t, srv, "mallory", nil), visitor(t, srv, "bot", nil)
		said, whispered := bot.Messages(t.Context()), bot.Whispers(t.Context())
		require.NoError(t, alice.Say(t.Context(), "!help"))
		_, err := mallory.Deliver(t.Context(), &stanza.Message{Body: "!kick bob"})
		require.NoError(t, err)
		require.NoError(t, mallory.Whisper(t.Context(), "bot", "!kick bob"))
		require.NoError(t, mallory.Leave(t.Context()))
		require.NoError(t, alice.SetNick(t.Context(), "mallory"))
		synctest.Wait()
		now, _ := bot.Occupant("mallory")
		require.Equal(t, Moderator, now.Role)

		m := take(t, said, 1)[0]
		require.Equal(t, "alice", m.Sender.Nick)
		require.Equal(t, Moderator, m.Sender.Role)
		self, _ := alice.Self()
		require.Equal(t, self.ID, m.Sender.ID)
		for _, m := range []*Message{take(t, said, 1)[0], take(t, whispered, 1)[0]} {
			require.Equal(t, "!kick bob", m.Body)
			require.Equal(t, "mallory", m.Sender.Nick)
			require.Equal(t, Participant, m.Sender.Role)
			require.Equal(t, m.OccupantID, m.Sender.ID)
		}
		// Of the time before we came nobody knows who bore a nickname, and what bears another's id is not said by the one who bears the nickname.
		late := visitor(t, srv, "late", &Options{History: -1})
		for _, m := range take(t, late.Messages(t.Context()), 2) {
			require.True(t, m.History)
			require.Equal(t, Occupant{}, m.Sender)
		}
		other := "<message from='" + bot.JID().String() + "/mallory' type='groupchat'><body>x</body><occupant-id xmlns='urn:xmpp:occupant-id:0' id='other'/></message>"
		require.NoError(t, srv.Inject("bot", other))
		require.Equal(t, Occupant{}, take(t, said, 1)[0].Sender)
	})
}

// An invitation that claims to come from a room counts only from a room's address, and our presence goes nowhere before there is one.
func TestSecurityS07Invitations(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		s := srv.Session(t, "alice", nil)
		asked := Invitations(t.Context(), s)
		const mediated = "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='friend@canto.test'/></x>"
		for _, from := range []string{"mallory@canto.test/x", "conference.canto.test", "garden@conference.canto.test/mallory"} {
			require.NoError(t, srv.Inject("alice", "<message from='"+from+"'>"+mediated+"</message>"))
			none(t, asked)
		}
		for _, room := range []string{"", "canto.test", "garden@conference.canto.test/nick", "a b@c"} {
			require.NoError(t, srv.Inject("alice", "<message from='mallory@canto.test/x'><x xmlns='jabber:x:conference' jid='"+room+"'/></message>"))
			none(t, asked)
		}
		require.NoError(t, srv.Inject("alice", "<message from='mallory@canto.test/x'><x xmlns='jabber:x:conference' jid='victim@canto.test'/></message>"))
		i := take(t, asked, 1)[0]
		require.Equal(t, "mallory@canto.test/x", i.From.String())
		victim := srv.Session(t, "victim", nil)
		seen := victim.Presences(t.Context())
		require.NoError(t, victim.Send(t.Context(), &stanza.Presence{}))
		take(t, seen, 1)
		_, err := i.Join(t.Context(), "", nil)
		require.Error(t, err)
		none(t, seen)
		require.NoError(t, s.Send(t.Context(), &stanza.Presence{}))
	})
}

// Bad addresses and numbers in what a room says harm nothing else.
func TestOddPresence(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.Room("garden").Make(nil))
		r := visitor(t, srv, "alice", nil)
		events := r.Events(t.Context())
		take(t, events, 1)
		require.NoError(t, srv.Inject("alice", "<presence from='"+r.JID().String()+"/odd'><x xmlns='http://jabber.org/protocol/muc#user'><item jid='@@' affiliation='king' role='god'><actor jid='//'/></item><status code='x'/><status code='-7'/></x></presence>"))
		odd := take(t, events, 1)[0].(Joined)
		require.Equal(t, Occupant{Nick: "odd", Affiliation: NoOne, Role: NoRole}, odd.Occupant)
		// XEP-0045 rooms may have nicknames that are no resourceparts: they're skipped, and the session goes on.
		require.NoError(t, srv.Inject("alice", "<presence from='"+r.JID().String()+"/👩‍🚀️'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant'/></x></presence>"))
		none(t, events)
		require.NoError(t, r.Say(t.Context(), "here"))
		take(t, events, 1)
		_, err := r.hub.e.(*xmpp.Session).Do(t.Context(), &stanza.IQ{Type: stanza.Get, To: r.JID(), Payload: stanza.Payload(pingX{})})
		require.NoError(t, err)
		synctest.Wait()
	})
}
