package chat

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/disco"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	romeo  = jid.MustParse("romeo@montague.lit")
	juliet = jid.MustParse("juliet@capulet.lit")
	coven  = jid.MustParse("coven@chat.lit")
	naming = &disco.Info{Features: []string{ns.StanzaID, ns.OccupantID}}
)

// A script is a conversation and what has been given to it.
type script struct {
	t     *testing.T
	c     *Conversation
	clock time.Time
	bytes int // of all messages
}

func direct(t *testing.T) *script { return newScript(t, juliet, &ConversationOptions{Host: naming}) }
func inRoom(t *testing.T) *script {
	return newScript(t, coven, &ConversationOptions{Room: true, Host: naming})
}

func newScript(t *testing.T, with jid.JID, o *ConversationOptions) *script {
	return &script{t: t, c: NewConversation(romeo, with, o), clock: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// live is a message that arrives a second after the one before.
func (s *script) live(from, id, inside string) (Entry, bool) {
	s.t.Helper()
	s.clock = s.clock.Add(time.Second)
	return s.c.add(s.message(from, id, inside), arrival{at: s.clock})
}

// message is one from there; to say is who it's from: "me" is our own account.
func (s *script) message(from, id, inside string) *stanza.Message {
	s.t.Helper()
	s.bytes += len(inside)
	kind, to := "chat", romeo.String()
	if s.c.room {
		kind = "groupchat"
	}
	if from == "me" {
		from, to = romeo.String()+"/pda", s.c.with.String()
	}
	return read(s.t, fmt.Sprintf("<message xmlns='jabber:client' type='%s' from='%s' to='%s' id='%s'>%s</message>", kind, from, to, id, inside))
}

// show writes a conversation, an entry a line.
func show(c *Conversation) string {
	var lines []string
	for e := range c.All() {
		lines = append(lines, line(e))
	}
	return strings.Join(lines, "\n")
}

func line(e Entry) string {
	text := e.ID + ": retracted"
	if e.Message != nil {
		text = e.ID + ": " + e.Message.Body
	}
	if e.Own {
		text = "> " + text
	}
	if !e.Edited.IsZero() && e.Original != nil {
		text += " (was " + e.Original.Body + ")"
	}
	for _, r := range e.Reactions {
		text += " " + r.Emoji + fmt.Sprint(r.By)
	}
	if e.Retracted != nil {
		text += " " + e.Retracted.ID + " " + e.Retracted.Reason
	}
	if e.Received {
		text += " ✓"
	}
	if e.Displayed {
		text += " ✓✓"
	}
	if e.Err != nil {
		text += " ! " + string(e.Err.Condition)
	}
	return strings.TrimSpace(text)
}

func body(s string) string { return "<body>" + s + "</body>" }
func replace(id string) string {
	return "<replace xmlns='urn:xmpp:message-correct:0' id='" + id + "'/>"
}
func retract(id string) string {
	return "<retract xmlns='urn:xmpp:message-retract:1' id='" + id + "'/>"
}
func received(id string) string { return "<received xmlns='urn:xmpp:receipts' id='" + id + "'/>" }
func displayed(id string) string {
	return "<displayed xmlns='urn:xmpp:chat-markers:0' id='" + id + "'/>"
}
func sid(id, by string) string {
	return "<stanza-id xmlns='urn:xmpp:sid:0' id='" + id + "' by='" + by + "'/>"
}
func occupantIs(id string) string {
	return "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='" + id + "'/>"
}
func moderated(id string) string {
	return "<retract xmlns='urn:xmpp:message-retract:1' id='" + id + "'><moderated xmlns='urn:xmpp:message-moderate:1' by='coven@chat.lit/mod'/><reason>spam</reason></retract>"
}
func reactions(id string, emoji ...string) string {
	s := "<reactions xmlns='urn:xmpp:reactions:0' id='" + id + "'>"
	for _, e := range emoji {
		s += "<reaction>" + e + "</reaction>"
	}
	return s + "</reactions>"
}

// TestConversation goes through a chat.
func TestConversation(t *testing.T) {
	s := direct(t)
	s.live("me", "r1", body("But soft, what light through yonder airlock breaks?"))
	e, ok := s.live("me", "r2", body("But soft, what light through yonder window breaks?")+replace("r1"))
	require.True(t, ok)
	assert.Equal(t, "> r1: But soft, what light through yonder window breaks? (was But soft, what light through yonder airlock breaks?)", line(e))
	s.live("juliet@capulet.lit/balcony", "x1", received("r1"))
	s.live("juliet@capulet.lit/balcony", "j1", body("Ay me!"))
	s.live("me", "r3", reactions("j1", "💘", "👋"))
	s.live("juliet@capulet.lit/phone", "x2", reactions("r1", "❤️"))
	s.live("juliet@capulet.lit/phone", "x3", reactions("r2", "❤️", "🐢")) // XEP-0444 §4: the id of the correction is good, too
	s.live("me", "r4", reactions("j1", "💘"))
	s.live("me", "r5", body("oops"))
	s.live("me", "r6", retract("r5"))
	s.live("juliet@capulet.lit/balcony", "x4", displayed("r2"))
	s.live("me", "r7", body("She speaks"))
	assert.Equal(t, `> r1: But soft, what light through yonder window breaks? (was But soft, what light through yonder airlock breaks?) ❤️[juliet@capulet.lit] 🐢[juliet@capulet.lit] ✓ ✓✓
j1: Ay me! 💘[romeo@montague.lit]
> r5: retracted r6
> r7: She speaks`, show(s.c))
	assert.Equal(t, 4, s.c.Len())
	assert.Equal(t, map[jid.JID]string{juliet: "r1"}, s.c.Read())
	assert.Zero(t, s.c.Unread())
	s.live("juliet@capulet.lit/balcony", "j2", body("O Romeo"))
	s.live("juliet@capulet.lit/balcony", "j3", body("Romeo!"))
	assert.Equal(t, 2, s.c.Unread())
	s.live("me", "x5", displayed("j2"))
	assert.Equal(t, 1, s.c.Unread())
	s.live("me", "r8", reactions("j1"))
	e, _ = s.c.Get("j1")
	assert.Empty(t, e.Reactions)
	e, ok = s.c.Get("r2")
	assert.True(t, ok)
	assert.Equal(t, "r1", e.ID)
	_, ok = s.c.Get("r8")
	assert.False(t, ok, "a reaction is no entry")
	_, ok = s.live("juliet@capulet.lit/balcony", "", "<composing xmlns='http://jabber.org/protocol/chatstates'/>")
	assert.False(t, ok)
}

// TestTextBesideAReceipt holds that nothing which somebody has written is lost since it came with something else (XEP-0184 §7 only
// recommends that receipts come alone).
func TestTextBesideAReceipt(t *testing.T) {
	s := direct(t)
	s.live("me", "r1", body("x"))
	s.live("juliet@capulet.lit/b", "j1", body("y")+received("r1"))
	s.live("juliet@capulet.lit/b", "j2", body("z")+displayed("r1"))
	assert.Equal(t, "> r1: x\nj1: y\nj2: z", show(s.c))
}

// TestErrors holds that what could not be delivered says so, and that reactions which were refused are what they were (XEP-0444 §3.3).
func TestErrors(t *testing.T) {
	s := direct(t)
	s.live("me", "r1", body("x"))
	s.live("juliet@capulet.lit/b", "j1", body("y"))
	s.live("me", "a1", reactions("j1", "👋"))
	s.live("me", "a2", reactions("j1", "🐢"))
	fails := func(from, id string) (Entry, bool) {
		return s.c.Add(read(t, "<message xmlns='jabber:client' type='error' from='"+from+"' id='"+id+"'><error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"))
	}
	for _, from := range []string{"mallory@capulet.lit", "mallory.lit"} {
		_, ok := fails(from, "r1")
		assert.False(t, ok, from)
	}
	_, ok := fails("juliet@capulet.lit", "other")
	assert.False(t, ok)
	e, ok := fails("juliet@capulet.lit", "a2")
	assert.True(t, ok)
	assert.Equal(t, "j1: y 👋[romeo@montague.lit]", line(e))
	e, ok = fails("capulet.lit", "r1")
	assert.True(t, ok)
	assert.Equal(t, "> r1: x ! not-acceptable", line(e))
}

// TestSecurityS07ChangesByOthers holds that nobody but the sender corrects, retracts or takes back anything, in a chat.
func TestSecurityS07ChangesByOthers(t *testing.T) {
	s := direct(t)
	s.live("me", "r1", body("mine"))
	s.live("juliet@capulet.lit/balcony", "j1", body("hers"))
	s.live("juliet@capulet.lit/balcony", "x1", reactions("r1", "👋"))
	before := show(s.c)
	s.live("juliet@capulet.lit/balcony", "x2", retract("r1"))
	s.live("me", "x3", retract("j1"))
	s.live("juliet@capulet.lit/balcony", "x4", moderated("r1"))
	s.live("me", "x5", received("j1"))
	s.live("juliet@capulet.lit/balcony", "x6", received("j1"))
	for _, stranger := range []string{"mallory@capulet.lit/balcony", "capulet.lit", "juliet@capulet.lit.evil/balcony"} {
		for i, inside := range []string{body("x"), body("x") + replace("j1"), retract("j1"), reactions("j1", "👋"), displayed("r1"), received("r1")} {
			_, ok := s.live(stranger, fmt.Sprint("m", i), inside)
			assert.False(t, ok)
		}
	}
	assert.Equal(t, before, show(s.c))
	s.live("juliet@capulet.lit/balcony", "x7", body("not mine")+replace("r1"))
	assert.Equal(t, before+"\nx7: not mine", show(s.c), "what she says is hers")
	// Her other clients are her.
	s.live("juliet@capulet.lit/phone", "x8", body("still hers")+replace("j1"))
	assert.Contains(t, show(s.c), "j1: still hers (was hers)")
	// What is said in a room is nothing that she says to us, and neither is what another account claims to have had from us.
	m := read(t, "<message xmlns='jabber:client' type='groupchat' from='juliet@capulet.lit/balcony' id='x9'>"+retract("j1")+"</message>")
	_, ok := s.c.Add(m)
	assert.False(t, ok)
	m = read(t, "<message xmlns='jabber:client' type='chat' from='romeo@montague.lit/x' to='mallory@capulet.lit' id='x10'>"+retract("r1")+"</message>")
	_, ok = s.c.Add(m)
	assert.False(t, ok)
}

// TestSecurityS07ForgedIDs holds that ids and tombstones count only from who may give them.
func TestSecurityS07ForgedIDs(t *testing.T) {
	s := inRoom(t)
	s.live("coven@chat.lit/first", "a", body("one")+sid("s1", "coven@chat.lit")+occupantIs("w1"))
	before := show(s.c)
	for _, forged := range []string{sid("s1", "coven@chat.lit/evil"), sid("s1", "other@chat.lit")} {
		e, ok := s.live("coven@chat.lit/evil", "a", body("evil")+forged+occupantIs("w6"))
		assert.True(t, ok)
		assert.Empty(t, e.ID)
	}
	s.live("coven@chat.lit/evil", "b", "<retracted xmlns='urn:xmpp:message-retract:1' id='x'/>"+sid("s2", "coven@chat.lit")+occupantIs("w6"))
	s.live("coven@chat.lit/evil", "c", reactions("a", "👋")+sid("s3", "coven@chat.lit")+occupantIs("w6"))
	assert.True(t, strings.HasPrefix(show(s.c), before+"\n"), show(s.c))
	assert.NotContains(t, show(s.c), "retracted", "a tombstone is for an archive to put up")
	// A room that says nothing of ids names nothing.
	deaf := newScript(t, coven, &ConversationOptions{Room: true})
	e, _ := deaf.live("coven@chat.lit/first", "a", body("one")+sid("s1", "coven@chat.lit")+occupantIs("w1"))
	assert.Empty(t, e.ID)
	deaf.live("coven@chat.lit/evil", "b", body("evil")+replace("a")+occupantIs("w1"))
	assert.Equal(t, ": one\n: evil", show(deaf.c))
}

// TestSecurityS07InARoom holds that an occupant changes only what the same occupant has said, and that the room moderates.
func TestSecurityS07InARoom(t *testing.T) {
	s := inRoom(t)
	in := func(nick, who, id, inside string) {
		s.live("coven@chat.lit/"+nick, id, inside+sid("s"+id, "coven@chat.lit")+occupantIs(who))
	}
	in("first", "w1", "1", body("thrice"))
	in("second", "w2", "2", body("the brinded cat"))
	before := show(s.c)
	in("second", "w2", "3", retract("s1"))
	in("second", "w2", "4", retract("1"))
	in("second", "w2", "5", moderated("s1"))
	in("first", "w1", "5a", moderated("s1")) // XEP-0425 §5: only the room moderates, one's own messages, too
	in("first", "w2", "6", retract("s1"))    // the nickname has a new owner
	s.live("coven@chat.lit", "7", retract("s1"))
	s.live("coven@chat.lit", "8", moderated("1"))
	s.live("other@chat.lit", "9", moderated("s1"))
	assert.Equal(t, before, show(s.c))
	in("first", "w2", "10", body("evil")+replace("1"))
	assert.Equal(t, before+"\ns10: evil", show(s.c))
	in("first the greater", "w1", "11", body("thrice hath")+replace("1"))
	in("third", "w3", "12", reactions("s1", "👋", "🐢"))
	in("third renamed", "w3", "13", reactions("s1", "🐢"))
	in("fourth", "w4", "14", reactions("s1", "🐢"))
	assert.Contains(t, show(s.c), "s1: thrice hath (was thrice) 🐢[coven@chat.lit/third renamed coven@chat.lit/fourth]")
	s.live("coven@chat.lit", "15", moderated("s2"))
	assert.Contains(t, show(s.c), "s2: retracted 15 spam")
	in("first", "w1", "16", retract("s1"))
	assert.Contains(t, show(s.c), "s1: retracted 16")
}

// TestSecurityS07Nicknames holds that in a room without occupant ids, a nickname is a person as long as nobody has left who had it, and
// that nothing of the time before we came can be changed by anybody.
func TestSecurityS07Nicknames(t *testing.T) {
	s := newScript(t, coven, &ConversationOptions{Room: true, Host: &disco.Info{Features: []string{ns.StanzaID}}})
	in := func(nick, id, inside string) {
		s.live("coven@chat.lit/"+nick, id, inside+sid("s"+id, "coven@chat.lit"))
	}
	presence := func(nick, kind, inside string) {
		st, err := stanza.Parse([]byte("<presence xmlns='jabber:client' from='coven@chat.lit/" + nick + "'" + kind + ">" + inside + "</presence>"))
		require.NoError(t, err)
		s.c.Presence(st.(*stanza.Presence))
	}
	const gone, self = " type='unavailable'", "<x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x>"
	s.c.add(s.message("coven@chat.lit/first", "h", body("history")+sid("sh", "coven@chat.lit")), arrival{at: s.clock, late: true})
	in("first", "0", retract("sh"))
	in("first", "1", body("one"))
	in("first", "2", body("one!")+replace("1"))
	presence("first", gone, "")
	presence("first", "", "")
	in("first", "3", body("evil")+replace("1"))
	in("first", "4", retract("s1"))
	in("first", "5", body("two"))
	presence("second", gone, "")
	in("first", "6", body("two!")+replace("5"))
	s.c.Rejoined()
	in("first", "7", retract("s5"))
	assert.Equal(t, "sh: history\ns1: one! (was one)\ns3: evil\ns5: two! (was two)", show(s.c))
	presence("me", "", self)
	in("me", "8", body("ours"))
	in("me", "9", displayed("s5"))
	e, _ := s.c.Get("s8")
	assert.True(t, e.Own)
	assert.Equal(t, "s8", slices.Collect(s.c.All())[4].ID)
	presence("me", gone, self)
	in("me", "10", retract("s8"))
	assert.Contains(t, show(s.c), "s8: ours")
}

// TestPrivateMessages holds that what an occupant says to us alone is kept apart from the room and from the other occupants.
func TestPrivateMessages(t *testing.T) {
	first := jid.MustParse("coven@chat.lit/first")
	s := newScript(t, first, &ConversationOptions{Host: &disco.Info{Features: []string{ns.OccupantID}}})
	s.live("me", "r1", body("psst"))
	s.live("coven@chat.lit/first", "1", body("what?")+occupantIs("w1"))
	s.live("coven@chat.lit/first", "2", reactions("r1", "👋")+occupantIs("w1"))
	s.live("me", "r2", reactions("1", "🐢"))
	s.live("coven@chat.lit/first", "3", received("r1")+occupantIs("w1"))
	before := show(s.c)
	assert.Equal(t, "> r1: psst 👋[coven@chat.lit/first] ✓\n1: what? 🐢[romeo@montague.lit]", before)
	s.live("coven@chat.lit/first", "4", retract("1")+occupantIs("w2"))
	for _, other := range []string{"coven@chat.lit/second", "coven@chat.lit"} {
		_, ok := s.live(other, "5", body("x")+occupantIs("w1"))
		assert.False(t, ok)
	}
	_, ok := s.c.Add(read(t, "<message xmlns='jabber:client' type='groupchat' from='coven@chat.lit/first' id='6'>"+retract("1")+occupantIs("w1")+"</message>"))
	assert.False(t, ok)
	assert.Equal(t, before, show(s.c))
	s.live("coven@chat.lit/first", "7", retract("1")+occupantIs("w1"))
	assert.Contains(t, show(s.c), "1: retracted 7")
}

// TestTombstones holds that an archive has the last word about what is gone (XEP-0424 §4, XEP-0425 §4).
func TestTombstones(t *testing.T) {
	for _, first := range []bool{true, false} {
		s := inRoom(t)
		tomb := s.message("coven@chat.lit/oldhag", "m", "<retracted stamp='2019-09-20T23:19:12Z' xmlns='urn:xmpp:message-retract:1' id='r'><moderated xmlns='urn:xmpp:message-moderate:1'/><reason>spam</reason></retracted>"+occupantIs("w1"))
		if first {
			s.c.AddArchived(tomb, "s1", s.clock)
		}
		s.live("coven@chat.lit/oldhag", "m", body("potion!")+sid("s1", "coven@chat.lit")+occupantIs("w1"))
		if !first {
			assert.Equal(t, "s1: potion!", show(s.c))
			_, ok := s.c.AddArchived(tomb, "s1", s.clock)
			assert.True(t, ok)
		}
		assert.Equal(t, "s1: retracted r spam", show(s.c))
	}
}
