package integration

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/relay"
	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/chat"
	"github.com/canto-im/canto/xmpp/mam"
	"github.com/canto-im/canto/xmpp/muc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestForeignArchive: two of ours, one of them a Client, and one of another make share a chat and a room. The Client is cut off, for so long that the
// server gives it up, while the others go on; what it has followed is what all have said, once and in order.
func TestForeignArchive(t *testing.T) {
	for _, kind := range foreigners(t) {
		t.Run(string(kind), func(t *testing.T) {
			m := meets(t, outside(servers.Shared(t, kind, servers.Config{Archive: true, Resume: time.Second})))
			m.talk(3)
			m.foreign(order{ID: "asks", Body: "do you read me?", Receipt: true})
			m.f.until(func(s sight) bool { return s.Event == "receipt" && s.Of == "asks" })
			require.NoError(t, m.bob.Send(within(t), &stanza.Message{ID: "asked", To: m.s.JID(), Type: stanza.Chat, Body: "and you?"}))
			untilMessage(t, m.inbox, func(m *stanza.Message) bool { return m.ID == "asked" })

			require.NoError(t, m.net.Refuse(true))
			m.net.Cut()
			m.talk(4)
			forget(t, m.p, m.us.Localpart())
			m.talk(4)
			m.ours(&stanza.Message{Payloads: []stanza.Element{stanza.Payload(chat.Receipt{ID: "asked"}), stanza.Payload(chat.Store)}})
			m.foreign(order{ID: "right", Body: "foreign 0, I meant", Replaces: "f0"})
			m.foreign(order{ID: "right", Body: "foreign 0, I meant", Replaces: "g0", Room: "x"})
			m.arrives("away")
			require.NoError(t, m.net.Refuse(false))
			m.talk(3)
			m.arrives("over")
			m.compare("over")
		})
	}
}

// A meeting is two of ours and one of another make, in a chat with one of ours and in a room.
type meeting struct {
	t         *testing.T
	p         *place
	at        jid.JID // the room
	s         *xmpp.Session
	alice     *muc.Room
	told      <-chan *muc.Message // what alice has heard in the room
	inbox     <-chan *stanza.Message
	f         *foreigner
	us        jid.JID // bob
	bob       *running
	net       *relay.Relay
	chat, all *follower // of bob's own archive and of the room's
	n         int       // how often they have talked
	// What the archives have to have: what who has said to bob, and what alice has heard in the room.
	said  map[jid.JID][]string
	heard []string
}

func meets(t *testing.T, p *place) *meeting {
	t.Helper()
	m := &meeting{t: t, p: p, at: p.room(), said: map[jid.JID][]string{}}
	m.alice, m.s = p.enter(t, m.at, "alice", nil)
	m.told, m.inbox = m.alice.Messages(t.Context()), m.s.Messages(t.Context(), stanza.Chat)
	q, net := p.through(t, false, nil)
	user, password := p.account(t)
	c := xmpp.NewClient(p.jid(user), q.options(password))
	c.Online = available
	t.Cleanup(chat.AnswerReceipts(c, nil))
	m.us, m.net, m.bob = p.jid(user), net, keep(t, c)
	_, err := muc.Join(within(t), c, as(m.at, "bob"), nil)
	require.NoError(t, err)
	m.f = p.foreign(t)
	m.f.do(order{Do: "join", Room: m.at.String(), Nick: "foreign"})
	m.f.until(func(s sight) bool { return s.Event == "presence" && s.Own })
	m.chat, m.all = follows(t, c, jid.JID{}), follows(t, c, m.at)
	return m
}

// foreign has the foreign client say something to bob, or in the room if one is named.
func (m *meeting) foreign(o order) {
	m.t.Helper()
	o.Do, o.To, o.Type = "say", m.us.String(), "chat"
	if o.Room != "" {
		o.To, o.Type, o.Room = m.at.String(), "groupchat", ""
	} else {
		m.said[m.f.jid] = append(m.said[m.f.jid], o.Body)
	}
	m.f.do(o)
}

// ours has alice say something to bob.
func (m *meeting) ours(what *stanza.Message) {
	m.t.Helper()
	what.ID, what.To, what.Type = stanza.NewID(), m.us, stanza.Chat
	require.NoError(m.t, m.s.Send(within(m.t), what))
	m.said[m.s.JID()] = append(m.said[m.s.JID()], what.Body)
}

// talk has alice and the foreign client say so many things each, to bob and in the room, one after the other: ejabberd names what it
// archives by the microsecond, and two messages of one microsecond have one id.
func (m *meeting) talk(n int) {
	m.t.Helper()
	for range n {
		i := fmt.Sprint(m.n)
		m.n++
		m.foreign(order{ID: "f" + i, Body: "foreign " + i})
		m.foreign(order{ID: "g" + i, Body: "foreign " + i, Room: "x"})
		m.hears("foreign: foreign " + i)
		m.ours(&stanza.Message{Body: "alice " + i})
		require.NoError(m.t, ping(m.t, m.s, m.p))
		require.NoError(m.t, m.alice.Say(within(m.t), "alice "+i))
	}
}

// hears returns when alice has heard that in the room.
func (m *meeting) hears(what string) {
	m.t.Helper()
	for said := ""; said != what; {
		got := next(m.t, m.told)
		said = got.Nick + ": " + got.Body
		m.heard = append(m.heard, said)
	}
}

// arrives returns when the server has all that was said, and says so itself.
func (m *meeting) arrives(mark string) {
	m.t.Helper()
	m.foreign(order{ID: mark, Body: mark, Room: "x"})
	m.hears("foreign: " + mark)
	m.ours(&stanza.Message{Body: mark})
	require.NoError(m.t, ping(m.t, m.s, m.p))
}

// compare holds what bob has followed, up to the last thing that was said, against what was said.
func (m *meeting) compare(last string) {
	m.t.Helper()
	var room []string
	for _, it := range m.all.until(m.t, last) {
		if it.Message.Body == "" { // a subject
			continue
		}
		room = append(room, it.Message.From.Resourcepart()+": "+it.Message.Body)
		if r, _ := stanza.Find[chat.Replace](it.Message); it.Message.ID == "right" {
			assert.Equal(m.t, "g0", r.ID)
		}
	}
	assert.Equal(m.t, m.heard, room)
	items := m.chat.until(m.t, last)
	said, ids, receipts, corrections := map[jid.JID][]string{}, []string{}, 0, 0
	for _, it := range items {
		if it.Message.From.Bare() == m.us { // our own words
			continue
		}
		said[it.Message.From] = append(said[it.Message.From], it.Message.Body)
		if r, found := stanza.Find[chat.Receipt](it.Message); found && r.ID == "asked" {
			receipts++
		}
		if r, found := stanza.Find[chat.Replace](it.Message); found && r.ID == "f0" {
			corrections++
		}
		ids = append(ids, it.Message.ID)
	}
	assert.Equal(m.t, m.said, said)
	assert.Equal(m.t, 1, receipts)
	assert.Equal(m.t, 1, corrections)
	assert.Less(m.t, slices.Index(ids, "f0"), slices.Index(ids, "right"))
	assert.Equal(m.t, names(found(m.t, m.bob, mam.Filter{})), names(items))
}
