package chat

import (
	"fmt"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// read parses a message that stands in the test.
func read(t testing.TB, xml string) *stanza.Message {
	t.Helper()
	st, err := stanza.Parse([]byte(xml))
	require.NoError(t, err, xml)
	return st.(*stanza.Message)
}

// with is a message of that type with that inside.
func with(t testing.TB, kind stanza.MessageType, inside string) *stanza.Message {
	t.Helper()
	return read(t, "<message xmlns='jabber:client' from='juliet@capulet.lit/balcony' to='romeo@montague.lit' id='m1' type='"+string(kind)+"'>"+inside+"</message>")
}

func TestStateOf(t *testing.T) {
	const ns = " xmlns='http://jabber.org/protocol/chatstates'/>"
	for _, c := range []struct {
		kind   stanza.MessageType
		inside string
		want   State
	}{
		{stanza.Chat, "<body>x</body><active" + ns, Active},
		{stanza.Chat, "<composing" + ns, Composing},
		{stanza.Chat, "<paused" + ns, Paused},
		{stanza.GroupChat, "<inactive" + ns, Inactive},
		{stanza.Chat, "<gone" + ns, Gone},
		{stanza.Normal, "<gone" + ns, Gone},
		{stanza.GroupChat, "<gone" + ns, ""},
		{stanza.Chat, "<active" + ns + "<gone" + ns, ""},
		{stanza.Chat, "<asleep" + ns, ""},
		{stanza.Chat, "<active xmlns='urn:x'/>", ""},
		{stanza.Headline, "<active" + ns, ""},
	} {
		got, ok := StateOf(with(t, c.kind, c.inside))
		assert.Equal(t, c.want != "", ok, c.inside)
		if ok {
			assert.Equal(t, c.want, got, c.inside)
		}
	}
	_, ok := StateOf(&stanza.Message{Type: stanza.MessageError, Payloads: []stanza.Element{stanza.Payload(Active)}})
	assert.False(t, ok)
}

func TestHints(t *testing.T) {
	m := with(t, stanza.Chat, "<no-copy xmlns='urn:xmpp:hints'/><store xmlns='urn:x'/>")
	assert.True(t, NoCopy.Has(m))
	assert.False(t, Store.Has(m) || NoStore.Has(m) || NoPermanentStore.Has(m))
	m.Type = stanza.MessageError
	assert.False(t, NoCopy.Has(m))
	assert.Equal(t, `<no-permanent-store xmlns='urn:xmpp:hints'/>`, stanza.Payload(NoPermanentStore).String())
}

func TestAttention(t *testing.T) {
	const attention = "<attention xmlns='urn:xmpp:attention:0'/>"
	for inside, want := range map[string]bool{
		attention: true,
		attention + "<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/>": false,
		attention + "<delay xmlns='urn:xmpp:delay'/>":                              false,
		attention + "<x xmlns='jabber:x:delay' stamp='20020910T23:08:25'/>":        false,
		"<attention xmlns='urn:x'/>":                                               false,
	} {
		assert.Equal(t, want, WantsAttention(with(t, stanza.Headline, inside)), inside)
	}
	assert.False(t, WantsAttention(&stanza.Message{Type: stanza.MessageError, Payloads: []stanza.Element{stanza.Payload(Attention{})}}))
}

func TestEncryption(t *testing.T) {
	for _, c := range []struct{ ns, name, want string }{
		{"urn:xmpp:omemo:2", "", "OMEMO 2"}, {"urn:xmpp:omemo:2", "Plain", "OMEMO 2"}, {"urn:x", "X", "X"}, {"urn:x", "", "urn:x"},
	} {
		assert.Equal(t, c.want, Encryption{Namespace: c.ns, Name: c.name}.Protocol())
	}
}

// TestReferences holds the parts of a body that references are about (XEP-0372 examples 3 to 5, and what is none).
func TestReferences(t *testing.T) {
	x := specexample.Get(t, "testdata/xep0372.xml", "3")
	m := read(t, x.Find(t, "jabber:client", "message"))
	list := References(m)
	require.Len(t, list, 1)
	text, ok := list[0].RefersTo(m.Body)
	assert.True(t, ok)
	assert.Equal(t, "Juliet", text)
	assert.Equal(t, ReferenceMention, list[0].Type)
	got := Mention("xmpp:juliet@capulet.lit", "é 𝄞 Juliet!", len("é 𝄞 "), len("é 𝄞 Juliet"))
	text, ok = got.RefersTo("é 𝄞 Juliet!")
	assert.True(t, ok)
	assert.Equal(t, "Juliet", text)
	assert.Equal(t, 4, *got.Begin)

	two, nine, less := 2, 9, -1
	for _, r := range []Reference{{}, {Begin: &two}, {End: &two}, {Begin: &nine, End: &two}, {Begin: &two, End: &nine}, {Begin: &less, End: &two}} {
		_, ok := r.RefersTo("12345")
		assert.False(t, ok, r)
	}
	assert.Empty(t, References(with(t, stanza.Chat, "<reference xmlns='urn:xmpp:reference:0' type='data'/><reference xmlns='urn:xmpp:reference:0' uri='x'/><reference xmlns='urn:xmpp:reference:0' type='data' uri='x' begin='?'/>")))
}

// TestFallback holds what is left of a body for whom (XEP-0428).
func TestFallback(t *testing.T) {
	const reply, body = "urn:xmpp:reply:0", "> Wörter 𝄞\nGreat"
	for _, c := range []struct {
		fallback, want string
	}{
		{"", body},
		{"<fallback xmlns='urn:xmpp:fallback:0' for='urn:x'/>", body},
		{"<fallback xmlns='urn:xmpp:fallback:0'/>", body},
		{"<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'/>", ""},
		{"<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body/></fallback>", ""},
		{"<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><subject/></fallback>", body},
		{"<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='11'/></fallback>", "Great"},
		{"<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body end='11'/></fallback>", "Great"},
		{"<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='11'/></fallback>", "> Wörter 𝄞\n"},
		{"<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='9' end='10'/><body start='0' end='2'/></fallback>", "Wörter \nGreat"},
		{"<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='9'/><body start='2' end='11'/></fallback>", "Great"},
		{"<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='17'/></fallback>", body},
		{"<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='5' end='2'/></fallback>", body},
		{"<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='x' end='2'/></fallback>", body},
		{"<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='4294967295'/></fallback>", body},
		{"<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='99999999999999999999'/></fallback>", body},
	} {
		m := with(t, stanza.Chat, "<subject>S</subject><body>"+body+"</body>"+c.fallback)
		assert.Equal(t, c.want, BodyFor(m, reply), c.fallback)
		assert.Equal(t, body, BodyFor(m), c.fallback)
	}
	m := with(t, stanza.Chat, "<subject>Subject</subject><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><subject start='0' end='3'/></fallback>")
	assert.Equal(t, "ject", SubjectFor(m, reply))
}

// TestReplyTo holds what is written, for a chat and a room, and that BodyFor takes the quotation off again.
// TestRegionsWithoutEnd holds that no more of a hostile message is looked for in its text than people put into one.
func TestRegionsWithoutEnd(t *testing.T) {
	const n = 1000
	regions := ""
	for i := range n {
		regions += fmt.Sprintf("<body start='%d' end='%d'/>", i, i+1)
	}
	m := with(t, stanza.Chat, "<body>"+strings.Repeat("é", n)+"</body><fallback xmlns='urn:xmpp:fallback:0' for='urn:x'>"+regions+"</fallback>")
	assert.Equal(t, strings.Repeat("é", n-maxRegions), BodyFor(m, "urn:x"))
}

func TestReplyTo(t *testing.T) {
	m := with(t, stanza.Chat, "<body>Wörter 𝄞\nand more</body><thread>th</thread>")
	r, err := ReplyTo(m, "Great")
	require.NoError(t, err)
	assert.Equal(t, "> Wörter 𝄞\n> and more\nGreat", r.Body)
	assert.Equal(t, "Great", BodyFor(r, "urn:xmpp:reply:0"))
	assert.Equal(t, []any{m.From, stanza.Chat, "th"}, []any{r.To, r.Type, r.Thread})
	reply, ok := stanza.Find[Reply](r)
	assert.True(t, ok)
	assert.Equal(t, "m1", reply.ID)
	assert.Equal(t, m.From, reply.To)
	again, err := ReplyTo(&stanza.Message{ID: "x", From: m.From, Body: r.Body, Payloads: r.Payloads}, "And?")
	require.NoError(t, err)
	assert.Equal(t, "> Great\nAnd?", again.Body, "quotations of quotations don't pile up")

	for inside, want := range map[string]string{
		"<stanza-id xmlns='urn:xmpp:sid:0' id='s1' by='juliet@capulet.lit'/><origin-id xmlns='urn:xmpp:sid:0' id='o1'/>": "s1",
		"<stanza-id xmlns='urn:xmpp:sid:0' id='s1' by='else@capulet.lit'/>":                                              "",
		"": "",
	} {
		r, err := ReplyTo(with(t, stanza.GroupChat, inside), "x")
		if want == "" {
			require.ErrorIs(t, err, ErrNoID)
			continue
		}
		require.NoError(t, err)
		reply, _ := stanza.Find[Reply](r)
		assert.Equal(t, want, reply.ID)
		assert.Equal(t, "x", r.Body, "there was nothing to quote")
		assert.Len(t, r.Payloads, 1)
		assert.Equal(t, jid.MustParse("juliet@capulet.lit"), r.To)
	}
	r, err = ReplyTo(with(t, stanza.Chat, "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/>"), "x")
	require.NoError(t, err)
	reply, _ = stanza.Find[Reply](r)
	assert.Equal(t, "o1", reply.ID)
	_, err = ReplyTo(&stanza.Message{}, "x")
	require.ErrorIs(t, err, ErrNoID)
}

// TestReact holds what is sent of reactions, and when (XEP-0444 §4).
func TestReact(t *testing.T) {
	m := with(t, stanza.Normal, "<body>x</body><thread>th</thread>")
	r, err := React(m, "👋", "no", "👋", "🐢")
	require.NoError(t, err)
	got, ok := stanza.Find[Reactions](r)
	assert.True(t, ok)
	assert.Equal(t, []string{"👋", "🐢"}, got.Emoji)
	assert.Equal(t, []any{"m1", m.From, stanza.Chat, "", ""}, []any{got.ID, r.To, r.Type, r.Thread, r.Body})
	assert.True(t, Store.Has(r))
	r, err = React(with(t, stanza.Chat, "<no-store xmlns='urn:xmpp:hints'/>"))
	require.NoError(t, err)
	assert.False(t, Store.Has(r))
	got, _ = stanza.Find[Reactions](r)
	assert.Empty(t, got.Emoji)
	_, err = React(with(t, stanza.GroupChat, ""), "👋")
	require.ErrorIs(t, err, ErrNoID)
	assert.Equal(t, []string{"👋", "🐢"}, Reactions{Emoji: []string{"👋", "xx", "🐢", "👋", ""}}.Valid())
}

// TestCorrect holds that a correction is the whole message, names the original, and drops what belonged to it alone.
func TestCorrect(t *testing.T) {
	t.Attr("conformance", "0479-correction")
	sent := &stanza.Message{ID: "bad1", To: jid.MustParse("juliet@capulet.net/balcony"), Type: stanza.Chat, Body: "airlock", Thread: "th",
		Payloads: []stanza.Element{stanza.Payload(Markable{}), mustElement(t, "<origin-id xmlns='urn:xmpp:sid:0' id='bad1'/>")}}
	one, err := Correct(sent, "window")
	require.NoError(t, err)
	two, err := Correct(one, "windows")
	require.NoError(t, err)
	for i, c := range []*stanza.Message{one, two} {
		replace, _ := stanza.Find[Replace](c)
		assert.Equal(t, "bad1", replace.ID, i)
		assert.Len(t, c.Payloads, 2, i)
		assert.NotEmpty(t, c.ID)
		assert.Equal(t, []any{sent.To, sent.Type, sent.Thread}, []any{c.To, c.Type, c.Thread})
	}
	assert.Equal(t, "windows", two.Body)
	assert.Len(t, sent.Payloads, 2)
	_, err = Correct(&stanza.Message{}, "x")
	require.ErrorIs(t, err, ErrNoID)
}

// TestRetract holds which id is named, and where it goes (XEP-0424 §5.1).
func TestRetract(t *testing.T) {
	room, contact := jid.MustParse("room@x.test"), jid.MustParse("lord@capulet.example")
	sid := "<stanza-id xmlns='urn:xmpp:sid:0' id='s1' by='room@x.test'/>"
	for name, c := range map[string]struct {
		sent *stanza.Message
		to   jid.JID
		id   string
	}{
		"chat":                {&stanza.Message{ID: "w1", To: contact, Type: stanza.Chat}, contact, "w1"},
		"room":                {read(t, "<message xmlns='jabber:client' type='groupchat' from='room@x.test/me' id='a'>"+sid+"</message>"), room, "s1"},
		"room without ids":    {&stanza.Message{ID: "a", To: room, Type: stanza.GroupChat, Payloads: []stanza.Element{mustElement(t, "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/>")}}, room, "o1"},
		"room without any id": {&stanza.Message{ID: "a", To: room, Type: stanza.GroupChat}, room, ""},
		"chat without an id":  {&stanza.Message{To: contact, Type: stanza.Chat}, contact, ""},
	} {
		r, err := Retract(c.sent)
		if c.id == "" {
			require.ErrorIs(t, err, ErrNoID, name)
			continue
		}
		require.NoError(t, err, name)
		got, _ := stanza.Find[Retraction](r)
		assert.Equal(t, []any{c.id, c.to, c.sent.Type}, []any{got.ID, r.To, r.Type}, name)
		assert.True(t, Store.Has(r))
		assert.Empty(t, BodyFor(r, "urn:xmpp:message-retract:1"), "all of it is fallback")
		_, ok := Me(r.Body)
		assert.True(t, ok)
	}
}

// TestDisplayedFor holds when a marker is due, and what it names (XEP-0333 §4).
func TestDisplayedFor(t *testing.T) {
	const markable = "<markable xmlns='urn:xmpp:chat-markers:0'/>"
	sid := "<stanza-id xmlns='urn:xmpp:sid:0' id='s1' by='juliet@capulet.lit'/>"
	for _, c := range []struct {
		kind         stanza.MessageType
		inside, want string
	}{
		{stanza.Chat, markable, "m1"},
		{stanza.Chat, markable + sid, "m1"},
		{stanza.Chat, "", ""},
		{stanza.Chat, markable + "<x xmlns='http://jabber.org/protocol/muc#user'/>", "m1"},
		{stanza.Chat, markable + "<displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>", ""},
		{stanza.GroupChat, markable + sid, "s1"},
		{stanza.GroupChat, sid, "s1"},
		{stanza.GroupChat, markable, ""},
	} {
		r := DisplayedFor(with(t, c.kind, c.inside))
		if c.want == "" {
			assert.Nil(t, r, c.inside)
			continue
		}
		d, _ := stanza.Find[Displayed](r)
		to := jid.MustParse("juliet@capulet.lit")
		if strings.Contains(c.inside, "muc#user") {
			to = jid.MustParse("juliet@capulet.lit/balcony") // XEP-0045 §7.5: to the occupant, not to the room
		}
		assert.Equal(t, []any{c.want, to, c.kind}, []any{d.ID, r.To, r.Type}, c.inside)
	}
	assert.Nil(t, DisplayedFor(&stanza.Message{ID: "x", Type: stanza.MessageError, Payloads: []stanza.Element{stanza.Payload(Markable{})}}))
}

func mustElement(t testing.TB, s string) stanza.Element {
	t.Helper()
	e, err := stanza.ParseElement(s)
	require.NoError(t, err)
	return e
}
