package integration

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/carbons"
	"github.com/canto-im/canto/xmpp/chat"
	"github.com/canto-im/canto/xmpp/disco"
	"github.com/canto-im/canto/xmpp/muc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A talker is a client with what it has said and heard of one conversation.
type talker struct {
	t *testing.T
	s *xmpp.Session
	c *chat.Conversation
}

// talks returns a client's view of its chat with somebody.
func talks(t *testing.T, s *xmpp.Session, with jid.JID) *talker {
	t.Helper()
	host, err := disco.Get(within(t), s, s.JID().Bare(), "")
	require.NoError(t, err)
	k := &talker{t, s, chat.NewConversation(s.JID(), with, &chat.ConversationOptions{Host: host})}
	xmpp.OnMessage(s, func(_ context.Context, m *stanza.Message) error { k.c.Add(m); return nil })
	return k
}

// say sends a message of the chat.
func (k *talker) say(m *stanza.Message, err error) *stanza.Message {
	k.t.Helper()
	require.NoError(k.t, err)
	require.NoError(k.t, k.s.Send(within(k.t), m))
	k.c.Add(m)
	return m
}

// text is a new message.
func text(to jid.JID, body string, more ...stanza.Element) *stanza.Message {
	return &stanza.Message{ID: stanza.NewID(), To: to, Type: stanza.Chat, Body: body, Payloads: more}
}

// lines are the entries, from one side or the other.
func lines(c *chat.Conversation) string {
	var list []string
	for e := range c.All() {
		line := "retracted"
		if e.Message != nil {
			line = chat.BodyFor(e.Message, string(chat.FeatureReplies))
		}
		if e.Own {
			line = "> " + line
		}
		for _, r := range e.Reactions {
			line += fmt.Sprint(" ", r.Emoji, len(r.By))
		}
		if e.Received {
			line += " received"
		}
		if e.Displayed {
			line += " displayed"
		}
		if !e.Edited.IsZero() {
			line += " edited"
		}
		list = append(list, line)
	}
	return strings.Join(list, "\n")
}

// eventually waits until a conversation is that.
func (k *talker) eventually(want string) {
	k.t.Helper()
	if !assert.Eventually(k.t, func() bool { return lines(k.c) == want }, patience/4, 10*time.Millisecond) {
		require.Equal(k.t, want, lines(k.c))
	}
}

// got is the message of the other side with that text, as it came.
func (k *talker) got(body string) *stanza.Message {
	k.t.Helper()
	var m *stanza.Message
	require.Eventually(k.t, func() bool {
		for e := range k.c.All() {
			if e.Message != nil && chat.BodyFor(e.Message, string(chat.FeatureReplies)) == body && !e.Own {
				m = e.Message
			}
		}
		return m != nil
	}, patience, 10*time.Millisecond)
	return m
}

// TestChat has two people talk with all that package chat knows: both, and another client of one of them which sees copies alone, come
// to the same result.
func TestChat(t *testing.T) {
	each(t, servers.Config{Archive: true}, func(t *testing.T, p *place) {
		t.Attr("conformance", "0479-receipts 0479-correction")
		user, password := p.account(t)
		phone, desk := p.login(t, p.jid(user), p.options(password)), p.login(t, p.jid(user), p.options(password))
		bob := p.session(t)
		marks := make(chan chat.ReadMark, 10)
		t.Cleanup(chat.OnReadMark(desk, func(_ context.Context, mark chat.ReadMark) error { marks <- mark; return nil }))
		for _, s := range []*xmpp.Session{phone, desk, bob} {
			require.NoError(t, s.Send(within(t), &stanza.Presence{}))
		}
		off, err := carbons.Enable(within(t), desk)
		require.NoError(t, err)
		alice, other, his := talks(t, phone, bob.JID().Bare()), talks(t, desk, bob.JID().Bare()), talks(t, bob, phone.JID().Bare())
		carbons.OnCopy(desk, func(_ context.Context, c *carbons.Copy) error { other.c.Add(c.Message); return nil })
		t.Cleanup(chat.AnswerReceipts(bob, nil))

		first := alice.say(text(bob.JID(), "through yonder airlock", stanza.Payload(chat.ReceiptRequest{}), stanza.Payload(chat.Markable{})), nil)
		alice.eventually("> through yonder airlock received")
		m := his.got("through yonder airlock")
		alice.say(chat.Correct(first, "through yonder window"))
		his.eventually("through yonder window edited")
		his.say(chat.React(m, "👋", "🐢"))
		his.say(chat.React(m, "🐢"))
		his.say(chat.DisplayedFor(m), nil)
		his.say(chat.ReplyTo(m, "Ay me!"))
		alice.got("Ay me!")
		wrong := alice.say(text(bob.JID(), "to the wrong one"), nil)
		his.got("to the wrong one")
		alice.say(chat.Retract(wrong))
		his.eventually("through yonder window 🐢1 edited\n> Ay me!\nretracted")
		const mine = "> through yonder window 🐢1 received displayed edited\nAy me!\n> retracted"
		alice.eventually(mine)
		other.eventually(mine)
		require.NoError(t, off(within(t)))

		// What is read on one client is read on the other.
		reply := alice.got("Ay me!")
		require.NoError(t, chat.SyncRead(within(t), phone, reply))
		mark := next(t, marks)
		assert.Equal(t, bob.JID().Bare(), mark.Chat)
		assert.True(t, alice.c.Synced(mark))
		for found, err := range chat.ReadMarks(within(t), phone) {
			require.NoError(t, err)
			assert.Equal(t, mark, found)
		}
	})
}

// TestChatStates has two people tell each other what they are doing.
func TestChatStates(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "0479-chat-states")
		one, two := p.session(t), p.session(t)
		inbox, back := two.Messages(t.Context(), stanza.Chat), one.Messages(t.Context(), stanza.Chat)
		o := &chat.TypistOptions{Paused: 50 * time.Millisecond}
		mine, theirs := chat.NewTypist(one, two.JID(), stanza.Chat, o), chat.NewTypist(two, one.JID(), stanza.Chat, nil)
		t.Cleanup(mine.Close)
		t.Cleanup(theirs.Close)
		say := func(s *xmpp.Session, by *chat.Typist, to jid.JID) {
			m := text(to, "x")
			by.Sending(m)
			require.NoError(t, s.Send(within(t), m))
		}
		expect := func(want chat.State, inbox <-chan *stanza.Message, by *chat.Typist) {
			t.Helper()
			by.Heard(next(t, inbox))
			s, _ := by.Peer()
			assert.Equal(t, want, s)
		}
		say(one, mine, two.JID())
		expect(chat.Active, inbox, theirs)
		require.NoError(t, theirs.Typing(within(t)))
		expect(chat.Composing, back, mine)
		require.NoError(t, mine.Typing(within(t)))
		expect(chat.Composing, inbox, theirs)
		expect(chat.Paused, inbox, theirs)
		require.NoError(t, mine.Leave(within(t)))
		expect(chat.Gone, inbox, theirs)
	})
}

// coven is the address of a room that there was not yet.
func coven(t *testing.T, p *place) jid.JID {
	t.Helper()
	domain := servers.RoomDomain
	if p.inside != nil {
		domain = "conference." + p.domain
	}
	room, err := jid.New("coven-"+stanza.NewID(), domain, "")
	require.NoError(t, err)
	return room
}

// TestChatInARoom has two people talk in a room of each server: both come to the same result, and neither changes what the other has said.
func TestChatInARoom(t *testing.T) {
	each(t, servers.Config{Archive: true}, func(t *testing.T, p *place) {
		room := coven(t, p)
		enter := func(nick string) (*talker, *muc.Room) {
			s := p.session(t)
			k := &talker{t: t, s: s}
			at, err := jid.New(room.Localpart(), room.Domainpart(), nick)
			require.NoError(t, err)
			stay, err := muc.Join(within(t), s, at, nil)
			require.NoError(t, err)
			t.Cleanup(func() { _ = stay.Leave(context.WithoutCancel(t.Context())) }) // the session ends it, too
			host, err := disco.Get(within(t), s, room, "")
			require.NoError(t, err)
			k.c = chat.NewConversation(s.JID(), room, &chat.ConversationOptions{Room: true, Host: host})
			xmpp.OnMessage(s, func(_ context.Context, m *stanza.Message) error { k.c.Add(m); return nil })
			xmpp.OnPresence(s, func(_ context.Context, pr *stanza.Presence) error { k.c.Presence(pr); return nil })
			t.Logf("%s: names messages %t, occupants %t", p.name, host.Has("urn:xmpp:sid:0"), host.Has("urn:xmpp:occupant-id:0"))
			return k, stay
		}
		first, _ := enter("first")
		second, _ := enter("second")
		sent := &stanza.Message{ID: stanza.NewID(), To: room, Type: stanza.GroupChat, Body: "thrice the cat"}
		first.say(sent, nil)
		m := second.got("thrice the cat")
		first.say(chat.Correct(sent, "thrice the brinded cat"))
		second.got("thrice the brinded cat")
		forged, err := chat.Correct(sent, "no cat at all")
		second.say(forged, err)
		second.say(chat.React(m, "👋"))
		const want = "thrice the brinded cat 👋1 edited\nno cat at all"
		plain := func(k *talker) string { return strings.ReplaceAll(lines(k.c), "> ", "") }
		for _, k := range []*talker{first, second} {
			if !assert.Eventually(t, func() bool { return plain(k) == want }, patience/4, 10*time.Millisecond) {
				require.Equal(t, want, plain(k))
			}
		}
	})
}
