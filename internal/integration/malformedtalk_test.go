package integration

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/bookmarks"
	"github.com/canto-im/canto/xmpp/carbons"
	"github.com/canto-im/canto/xmpp/chat"
	"github.com/canto-im/canto/xmpp/mam"
	"github.com/canto-im/canto/xmpp/muc"
	"github.com/canto-im/canto/xmpp/pubsub"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// talkPushes are malformedPushes of those who talk to each other: rooms, other devices of ours, copies, bookmarks. What says "forged" is from
// somebody who can't say that.
var talkPushes = []string{
	`<presence from='garden@conference.canto.test/x' id='§'><show>§</show><status>§</status><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='§' role='§' jid='§' nick='§'>` +
		`<actor jid='§' nick='§'/><continue thread='§'/><reason>§</reason></item><status code='§'/></x><occupant-id xmlns='urn:xmpp:occupant-id:0' id='§'/>` +
		`<hats xmlns='urn:xmpp:hats:0'><hat uri='§' title='§' hue='§' xml:lang='§'/></hats></presence>`,
	`<presence from='garden@conference.canto.test/x' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='§' role='§' nick='§'/>` +
		`<destroy jid='§'><reason>§</reason><password>§</password></destroy><status code='§'/><status code='303'/></x></presence>`,
	`<presence from='garden@conference.canto.test/x' type='error' id='§'><x xmlns='http://jabber.org/protocol/muc'/><error type='§' by='§'><§x xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>`,
	`<message from='garden@conference.canto.test/x' type='groupchat' id='§'><subject>§</subject><delay xmlns='urn:xmpp:delay' from='garden@conference.canto.test' stamp='§'/></message>`,
	`<message from='garden@conference.canto.test/x' type='groupchat' id='§'><body>b</body><delay xmlns='urn:xmpp:delay' from='garden@conference.canto.test' stamp='§'/>` +
		`<stanza-id xmlns='urn:xmpp:sid:0' id='§' by='garden@conference.canto.test'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='§'/><origin-id xmlns='urn:xmpp:sid:0' id='§'/></message>`,
	`<message from='garden@conference.canto.test' type='groupchat'><x xmlns='http://jabber.org/protocol/muc#user'><status code='§'/></x></message>`,
	`<message from='garden@conference.canto.test' type='groupchat'><retract xmlns='urn:xmpp:message-retract:1' id='§'><moderated xmlns='urn:xmpp:message-moderate:1' by='§'>` +
		`<occupant-id xmlns='urn:xmpp:occupant-id:0' id='§'/></moderated><reason>§</reason></retract></message>`,
	`<message from='garden@conference.canto.test'><x xmlns='http://jabber.org/protocol/muc#user'><decline from='§' to='§'><reason>§</reason></decline></x></message>`,
	`<message from='garden@conference.canto.test'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='§' jid='§'/></x></message>`,
	`<message from='garden@conference.canto.test'><x xmlns='jabber:x:data' type='§'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc#request</value></field>` +
		`<field var='muc#jid' type='§'><value>§</value></field><field var='muc#roomnick'><value>§</value></field></x></message>`,
	`<message from='other@conference.canto.test'><x xmlns='http://jabber.org/protocol/muc#user'><invite from='§' to='§'><reason>§</reason><continue thread='§'/></invite><password>§</password></x></message>`,
	`<message from='bob@canto.test/x'><x xmlns='jabber:x:conference' jid='§' continue='§' password='§' reason='§' thread='§'/></message>`,

	`<message from='alice@canto.test'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' from='§' stamp='§'/>` +
		`<message xmlns='jabber:client' from='§' to='§' type='§' id='§'><body>b</body></message></forwarded></received></message>`,
	`<message from='alice@canto.test'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='§' to='§' type='§'/>` +
		`<message xmlns='jabber:client' from='alice@canto.test/§'/></forwarded></sent></message>`,
	`<message from='bob@canto.test'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='§' to='§' id='forged'><body>forged</body></message></forwarded></received></message>`,
	`<message from='alice@canto.test'><result xmlns='urn:xmpp:mam:2' queryid='§' id='§'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='§' id='forged'><body>b</body></message></forwarded></result></message>`,

	`<message from='alice@canto.test'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:bookmarks:1'><item id='§'><conference xmlns='urn:xmpp:bookmarks:1' name='§' autojoin='§'>` +
		`<nick>§</nick><password>§</password><extensions><x xmlns='urn:x' a='§'/></extensions></conference></item><retract id='§'/></items></event></message>`,
	`<message from='alice@canto.test'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='storage:bookmarks'><item id='§'><storage xmlns='storage:bookmarks'>` +
		`<conference jid='§' name='§' autojoin='§'><nick>§</nick></conference><url name='§' url='§'/></storage></item></items></event></message>`,
	`<message from='bob@canto.test'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:bookmarks:1'><item id='forged@conference.canto.test'><conference xmlns='urn:xmpp:bookmarks:1' name='§' autojoin='true'/></item></items></event></message>`,
	`<message from='alice@canto.test'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:mds:displayed:0'><item id='§'><displayed xmlns='urn:xmpp:mds:displayed:0'>` +
		`<stanza-id xmlns='urn:xmpp:sid:0' id='§' by='§'/></displayed></item></items></event></message>`,
	`<message from='bob@canto.test/x' type='chat' id='§'><body>b</body><request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/><active xmlns='http://jabber.org/protocol/chatstates'/><thread>§</thread></message>`,
	`<message from='bob@canto.test/x' type='chat' id='§'><retracted xmlns='urn:xmpp:message-retract:1' id='§' stamp='§' by='§'><reason>§</reason></retracted></message>`,
}

// drained yields all, for its error.
func drained[T any](seq func(yield func(T, error) bool)) (last error) {
	for _, err := range seq {
		last = err
	}
	return last
}

// talkAnswers are malformedAnswers of theirs. Those of a room stand for it at the address of an account.
var talkAnswers = map[string]malformedAnswer{
	"a page of an archive": {`<fin xmlns='urn:xmpp:mam:2' complete='§' stable='§'><set xmlns='http://jabber.org/protocol/rsm'><first index='§'>§</first><last>§</last><count>§</count></set></fin>`,
		func(ctx context.Context, e xmpp.Endpoint) error { return drained(mam.Query(ctx, e, mam.Filter{})) }},
	"the edges of an archive": {`<metadata xmlns='urn:xmpp:mam:2'><start id='§' timestamp='§'/><end id='§' timestamp='§'/></metadata>`, func(ctx context.Context, e xmpp.Endpoint) error {
		_, err := mam.GetMetadata(ctx, e, jid.JID{})
		return err
	}},
	"preferences": {`<prefs xmlns='urn:xmpp:mam:2' default='§'><always><jid>§</jid></always><never><jid>§</jid></never></prefs>`, func(ctx context.Context, e xmpp.Endpoint) error {
		_, err := mam.GetPreferences(ctx, e)
		return err
	}},
	"fields of an archive": {`<query xmlns='urn:xmpp:mam:2'><x xmlns='jabber:x:data' type='§'><field type='§' var='§'/></x></query>`, func(ctx context.Context, e xmpp.Endpoint) error {
		_, err := mam.Fields(ctx, e, jid.JID{})
		return err
	}},
	"a list of a room": {`<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='§' jid='§' nick='§' role='§'><actor jid='§' nick='§'/><reason>§</reason></item></query>`,
		func(ctx context.Context, e xmpp.Endpoint) error {
			_, err := muc.Manage(e, asRoom).Affiliated(ctx, muc.Member)
			return err
		}},
	"a room's configuration": {`<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='§'><field type='§' var='muc#maxhistoryfetch'><value>§</value></field></x></query>`,
		func(ctx context.Context, e xmpp.Endpoint) error {
			_, err := muc.Manage(e, asRoom).Config(ctx)
			return err
		}},
	"a room": {`<query xmlns='http://jabber.org/protocol/disco#info'><identity category='conference' type='§' name='§'/><feature var='http://jabber.org/protocol/muc'/><feature var='§'/>` +
		`<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc#roominfo</value></field><field var='muc#roominfo_occupants'><value>§</value></field>` +
		`<field var='muc#roominfo_contactjid'><value>§</value></field><field var='muc#maxhistoryfetch'><value>§</value></field></x></query>`, func(ctx context.Context, e xmpp.Endpoint) error {
		_, err := muc.Lookup(ctx, e, asRoom)
		return err
	}},
	"a reserved nickname": {`<query xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'><identity category='conference' type='text' name='§'/></query>`, func(ctx context.Context, e xmpp.Endpoint) error {
		_, err := muc.Manage(e, asRoom).ReservedNick(ctx)
		return err
	}},
	"subscriptions": {`<pubsub xmlns='http://jabber.org/protocol/pubsub'><subscriptions><subscription node='§' jid='§' subid='§' subscription='§' expiry='§'><subscribe-options><required/></subscribe-options></subscription></subscriptions></pubsub>`,
		func(ctx context.Context, e xmpp.Endpoint) error {
			_, err := pubsub.Subscriptions(ctx, e, jid.JID{}, "n")
			return err
		}},
	"read marks": {`<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:mds:displayed:0'><item id='§'><displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0' id='§' by='§'/></displayed></item></items></pubsub>`,
		func(ctx context.Context, e xmpp.Endpoint) error { return drained(chat.ReadMarks(ctx, e)) }},
}

var asRoom = jid.MustParse("bob@canto.test")

// archivedPart is what an archive sends before the end of a page.
const archivedPart = `<message from='alice@canto.test'><result xmlns='urn:xmpp:mam:2' queryid='${id}' id='§'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='§'/>` +
	`<message xmlns='jabber:client' from='§' to='§' type='§' id='§'><body>b</body></message></forwarded></result></message>`

// talk has e do all that people do, and returns what holds that nothing which was forged is believed, and that the room goes on.
func talk(t *testing.T, srv *xmpptest.Server, e xmpp.Endpoint) (check func()) {
	t.Helper()
	ctx := within(t)
	require.NoError(t, srv.Room("garden").Make(nil))
	room, err := muc.Join(ctx, e, srv.Room("garden").JID(), nil)
	require.NoError(t, err)
	marks, err := bookmarks.Open(ctx, e)
	require.NoError(t, err)
	var forged atomic.Int32
	see := func(m *stanza.Message) {
		if m != nil && (m.ID == "forged" || m.Body == "forged") {
			forged.Add(1)
		}
	}
	said, here := chat.NewConversation(e.JID(), asRoom, nil), chat.NewConversation(e.JID(), room.JID(), &chat.ConversationOptions{Room: true})
	undo := []func(){
		marks.Close,
		carbons.OnCopy(e, func(_ context.Context, c *carbons.Copy) error {
			see(c.Message)
			said.Add(c.Message)
			return nil
		}),
		chat.AnswerReceipts(e, nil),
		chat.OnReadMark(e, func(_ context.Context, m chat.ReadMark) error { said.Synced(m); return nil }),
		xmpp.OnMessage(e, func(_ context.Context, m *stanza.Message) error {
			see(m)
			said.Add(m)
			here.Add(m)
			return nil
		}, stanza.Normal, stanza.Chat, stanza.GroupChat, stanza.MessageError),
		xmpp.OnPresence(e, func(_ context.Context, p *stanza.Presence) error { here.Presence(p); return nil }, stanza.Available, stanza.Unavailable),
	}
	events, invitations := room.Events(t.Context()), muc.Invitations(t.Context(), e)
	go func() {
		for range events {
		}
	}()
	go func() {
		for range invitations {
		}
	}()
	return func() {
		t.Helper()
		require.Zero(t, forged.Load())
		_, trap := marks.Get(jid.MustParse("forged@conference.canto.test"))
		require.False(t, trap)
		require.NotEmpty(t, slices.Collect(said.All()))
		require.NotEmpty(t, slices.Collect(here.All()))
		require.True(t, room.Joined())
		_, err := room.Deliver(ctx, &stanza.Message{Body: "still here"})
		require.NoError(t, err)
		require.NoError(t, room.Leave(ctx))
		for _, f := range undo {
			f()
		}
	}
}
