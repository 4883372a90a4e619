package chat

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/pubsub"
	"github.com/canto-im/canto/xmpp/stamp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestChatOf holds where a message is read, by its kind (XEP-0490 §4.1).
func TestChatOf(t *testing.T) {
	for want, m := range map[string]*stanza.Message{
		"juliet@capulet.lit": with(t, stanza.Chat, "<body>x</body>"),
		"coven@chat.lit":     read(t, "<message xmlns='jabber:client' type='groupchat' from='coven@chat.lit/x'><x xmlns='http://jabber.org/protocol/muc#user'/></message>"),
		"coven@chat.lit/x":   read(t, "<message xmlns='jabber:client' type='chat' from='coven@chat.lit/x'><x xmlns='http://jabber.org/protocol/muc#user'/></message>"),
		"tybalt@capulet.lit": read(t, "<message xmlns='jabber:client' type='chat' from='romeo@montague.lit/pda' to='tybalt@capulet.lit/x'/>"),
		"nurse@capulet.lit":  {To: jid.MustParse("nurse@capulet.lit"), Type: stanza.Chat},
	} {
		assert.Equal(t, want, chatOf(m, jid.MustParse("romeo@montague.lit/orchard")).String())
	}
}

// TestSyncRead holds that what one client has shown, the others learn, at once and when they come later, and nobody else.
func TestSyncRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		login := func(user string) *xmpp.Session {
			s := srv.Session(t, user, nil)
			t.Cleanup(func() { synctest.Wait() })
			return s
		}
		phone, desk, bob := login("alice"), login("alice"), login("bob")
		require.NoError(t, srv.Befriend("alice", "bob"))
		var heard, spied []ReadMark
		remove := OnReadMark(desk, func(_ context.Context, mark ReadMark) error { heard = append(heard, mark); return nil })
		pubsub.OnPersonal(bob, "urn:xmpp:mds:displayed:0", func(_ context.Context, ev pubsub.Event[ReadPayload]) error {
			spied = append(spied, ReadMark{})
			return nil
		})
		for _, s := range []*xmpp.Session{phone, desk, bob} {
			require.NoError(t, s.Send(t.Context(), &stanza.Presence{}))
		}
		synctest.Wait()
		for range ReadMarks(t.Context(), phone) {
			t.Error("there is none yet, which is no error")
		}
		message := func(id string) *stanza.Message {
			return &stanza.Message{From: bob.JID(), Type: stanza.Chat, Body: "x", Payloads: []stanza.Element{stanza.Payload(stamp.StanzaID{ID: id, By: phone.JID().Bare()})}}
		}
		require.NoError(t, SyncRead(t.Context(), phone, message("s1")))
		require.NoError(t, SyncRead(t.Context(), phone, message("s2")))
		require.ErrorIs(t, SyncRead(t.Context(), phone, &stanza.Message{ID: "x", From: bob.JID(), Type: stanza.Chat}), ErrNoID)
		synctest.Wait()
		at := func(id string) ReadMark {
			return ReadMark{bob.JID().Bare(), stamp.StanzaID{XMLName: heard[0].ID.XMLName, ID: id, By: phone.JID().Bare()}}
		}
		require.Equal(t, []ReadMark{at("s1"), at("s2")}, heard)
		assert.Empty(t, spied)
		_, err := pubsub.Get[ReadPayload](t.Context(), bob, phone.JID().Bare(), "urn:xmpp:mds:displayed:0", bob.JID().Bare().String())
		require.ErrorIs(t, err, stanza.NotAllowed, "XEP-0490 §7: a whitelist")

		_, err = pubsub.PublishPrivate(t.Context(), phone, "urn:xmpp:mds:displayed:0", "no address@", ReadPayload{})
		require.NoError(t, err)
		var all []ReadMark
		for mark, err := range ReadMarks(t.Context(), desk) {
			require.NoError(t, err)
			all = append(all, mark)
		}
		assert.Equal(t, []ReadMark{at("s2")}, all)
		remove()
		require.NoError(t, SyncRead(t.Context(), phone, message("s3")))
		synctest.Wait()
		assert.Len(t, heard, 2)
	})
}

// TestSynced holds that what is read elsewhere is not unread here, forward only, once its message is there, and only by the name that counts.
func TestSynced(t *testing.T) {
	s := direct(t)
	mark := func(id string) bool {
		return s.c.Synced(ReadMark{juliet, stamp.StanzaID{ID: id, By: romeo}})
	}
	hers := func(id string) { s.live("juliet@capulet.lit/b", id, body(id)+sid("s"+id, "romeo@montague.lit")) }
	for _, id := range []string{"1", "2", "3"} {
		hers(id)
	}
	assert.Equal(t, 3, s.c.Unread())
	assert.True(t, mark("s2"))
	assert.Equal(t, 1, s.c.Unread())
	assert.True(t, mark("s1"))
	assert.True(t, mark("s2"))
	assert.Equal(t, 1, s.c.Unread(), "only forward")
	assert.True(t, mark("3"), "that is her name for it")
	assert.True(t, mark("s4"))
	assert.Equal(t, 1, s.c.Unread())
	hers("4")
	hers("5")
	assert.Equal(t, 1, s.c.Unread(), "it has waited for its message")
	assert.False(t, s.c.Synced(ReadMark{coven, stamp.StanzaID{ID: "s5", By: romeo}}))
	assert.False(t, s.c.Synced(ReadMark{juliet, stamp.StanzaID{ID: "s5", By: juliet}}))
	assert.False(t, mark(""))
	assert.Equal(t, 1, s.c.Unread())
	for _, e := range s.c.Read() {
		t.Error(e, "the other side has read nothing")
	}
	room := inRoom(t)
	room.live("coven@chat.lit/first", "1", body("x")+sid("s1", "coven@chat.lit")+occupantIs("w1"))
	assert.True(t, room.c.Synced(ReadMark{coven, stamp.StanzaID{ID: "s1", By: coven}}))
	assert.Zero(t, room.c.Unread())
}

// TestExamplesOfDisplayedSync holds the payload to the examples of XEP-0490.
func TestExamplesOfDisplayedSync(t *testing.T) {
	features := "service discovery: package disco's"
	specexample.Run(t, "testdata/xep0490.xml", map[string]specexample.Codec{
		"urn:xmpp:mds:displayed:0 displayed": specexample.As[ReadPayload](),
		"urn:xmpp:chat-markers:0 displayed":  specexample.As[Displayed](),
		"urn:xmpp:chat-markers:0 markable":   specexample.As[Markable](),
	}, map[string]string{"2": "an answer without anything", "3": "a question of package pubsub's", "5": features, "6": features})
}
