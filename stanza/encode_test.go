package stanza

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/stretchr/testify/require"
)

// encodeTable holds literals as a program writes them.
var encodeTable = []struct {
	name string
	st   Stanza
	want string
}{
	{"zero message", &Message{}, `<message/>`},
	{"normal is left out", &Message{Type: Normal}, `<message/>`},
	{
		"escapes", &Message{ID: `a'"<&`, Body: "<&>'\""},
		`<message id='a&apos;&quot;&lt;&amp;'><body>&lt;&amp;&gt;'"</body></message>`,
	},
	{
		"body beside bodies", &Message{Body: "main", Bodies: []Text{{"de", "Haupt"}, {"fr", "principal"}}},
		`<message><body>main</body><body xml:lang='de'>Haupt</body><body xml:lang='fr'>principal</body></message>`,
	},
	{
		"body among bodies", &Message{Body: "main", Bodies: []Text{{"de", "Haupt"}, {"", "main"}}},
		`<message><body xml:lang='de'>Haupt</body><body>main</body></message>`,
	},
	{
		"bodies alone", &Message{Bodies: []Text{{"de", "Haupt"}}, Subjects: []Text{{}}},
		`<message><subject></subject><body xml:lang='de'>Haupt</body></message>`,
	},
	{
		"thread", &Message{Thread: "t", ParentThread: "p", Subject: "s"},
		`<message><subject>s</subject><thread parent='p'>t</thread></message>`,
	},
	{"zero presence", &Presence{}, `<presence/>`},
	{
		"presence", &Presence{Show: FreeForChat, Status: "s", Priority: -5, Lang: "en"},
		`<presence xml:lang='en'><show>chat</show><status>s</status><priority>-5</priority></presence>`,
	},
	{
		"iq", &IQ{Type: Set, ID: "1", To: juliet, From: romeo, Payload: rawElement("urn:x", "x", `<x xmlns='urn:x'/>`)},
		`<iq type='set' id='1' from='romeo@example.net/orchard' to='juliet@im.example.com/balcony'><x xmlns='urn:x'/></iq>`,
	},
	{"result without id", &IQ{Type: Result}, `<iq type='result' id=''/>`},
}

func TestEncode(t *testing.T) {
	for _, c := range encodeTable {
		t.Run(c.name, func(t *testing.T) {
			sameXML(t, c.want, write(t, c.st))

			alone, err := Append([]byte("<!"), c.st)
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(string(alone), "<!<"+c.st.Kind()+" xmlns='jabber:client'"), "%s", alone)
			sameXML(t, c.want, string(alone[2:]))
		})
	}
}

// TestEncodeRefuses: what breaks a rule of RFC 6120 §8 is not sent.
func TestEncodeRefuses(t *testing.T) {
	query := rawElement("urn:x", "x", `<x xmlns='urn:x'/>`)
	for name, st := range map[string]Stanza{
		"nothing":                          nil,
		"no message":                       (*Message)(nil),
		"no presence":                      (*Presence)(nil),
		"no iq":                            (*IQ)(nil),
		"message type":                     &Message{Type: "telegram"},
		"presence type":                    &Presence{Type: "available"},
		"6121-4.7.2.1-4 show":              &Presence{Show: "bored"},
		"6120-8.2.3-2 iq without type":     &IQ{ID: "1", Payload: query},
		"6120-8.2.3-3 iq type":             &IQ{Type: "ask", ID: "1", Payload: query},
		"6120-8.2.3-7 get without payload": &IQ{Type: Get, ID: "1"},
		"6120-8.2.3-1 6120-8.1.3-1 stanza-iq-id set without id": &IQ{Type: Set, Payload: query},
		"6120-8.3.1-6 stanza-error-child message":               &Message{Type: MessageError},
		"6121-4.7.1-2 stanza-error-child presence":              &Presence{Type: PresenceError},
		"6120-8.2.3-9 stanza-error-child iq":                    &IQ{Type: IQError, ID: "1"},
		"6120-8.3.1-10 error in a chat":                         &Message{Type: Chat, Error: &Error{}},
		"6120-8.3.1-10 error in presence":                       &Presence{Error: &Error{}},
		"6120-8.3.1-10 error in a result":                       &IQ{Type: Result, ID: "1", Error: &Error{}},
		"6121-5.2.5-6 thread that is its own parent":            &Message{Thread: "t", ParentThread: "t"},
		"6120-11.3-1 character that XML cannot carry":           &Message{Body: "\x01"},
		"6120-11.6-2 bytes that are no UTF-8":                   &Message{Body: "\xff"},
		"bad id":                                                &IQ{Type: Result, ID: "\x00"},
		"bad language":                                          &Message{Bodies: []Text{{"\x00", "x"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Attr("conformance", name)
			t.Attr("conformance", name)
			b, err := Append(nil, st)
			require.Error(t, err)
			require.Empty(t, b)
		})
	}
}

// TestEncodeID: the id of the options is for those that have none, and never for an answer.
func TestEncodeID(t *testing.T) {
	query := rawElement("urn:x", "x", `<x xmlns='urn:x'/>`)
	for _, c := range []struct {
		st   Stanza
		want string
	}{
		{&Message{}, `<message id='new'/>`},
		{&Message{ID: "own"}, `<message id='own'/>`},
		{&Presence{}, `<presence id='new'/>`},
		{&IQ{Type: Get, Payload: query}, `<iq type='get' id='new'><x xmlns='urn:x'/></iq>`},
		{&IQ{Type: Result}, `<iq type='result' id=''/>`},
	} {
		got, err := writeIn(c.st, ns.Client, "new")
		require.NoError(t, err)
		sameXML(t, c.want, got)
	}
}

// TestEncodeAllocates: PERFORMANCE: a plain message is written without allocation.
func TestEncodeAllocates(t *testing.T) {
	unpoisoned(t)
	m := &Message{Type: Chat, ID: "1", From: romeo, To: juliet, Lang: "en", Subject: "s", Body: "a <b>", Thread: "t", Payloads: []Element{
		rawElement("urn:xmpp:receipts", "request", `<request xmlns='urn:xmpp:receipts'/>`),
	}}
	var e xmltext.Encoder
	buf := make([]byte, 0, 1024)
	n := testing.AllocsPerRun(100, func() {
		e.Reset(buf, ns.Client)
		if err := AppendTo(&e, m, EncodeOptions{}); err != nil {
			t.Fatal(err)
		}
	})
	require.LessOrEqual(t, n, 0.0+allocSlack)
}

// TestDecodeAllocates: PERFORMANCE: a message costs at most four allocations.
func TestDecodeAllocates(t *testing.T) {
	unpoisoned(t)
	d, sd := openStream(t, io.MultiReader(strings.NewReader(streamOpen), &repeat{s: chatStanza}))
	decode := func() {
		start, err := d.ReadToken()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sd.Decode(start); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		decode()
	}
	require.LessOrEqual(t, testing.AllocsPerRun(1000, decode), 4.0+allocSlack)
}

// repeat is an endless stream of s.
type repeat struct {
	s  string
	at int
}

func (r *repeat) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		c := copy(p[n:], r.s[r.at:])
		n += c
		r.at = (r.at + c) % len(r.s)
	}
	return n, nil
}

func TestNewID(t *testing.T) {
	t.Attr("conformance", "6121-5.2.5-8 6121-5.2.5-9")
	seen := make(map[string]bool)
	for range 1000 {
		id := NewID()
		require.Len(t, id, 26)
		require.Empty(t, strings.Trim(id, idAlphabet))
		require.False(t, seen[id])
		seen[id] = true
	}
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { NewID() }), 1.0+allocSlack)
}

func TestReply(t *testing.T) {
	for name, c := range map[string]struct {
		m    Message
		want Message
	}{
		"6121-5.1-1 6121-5.1-5 6121-5.2.1-2 6121-5.2.2-7 chat, to the full JID, in the thread": {
			Message{ID: "1", From: romeo, To: juliet, Type: Chat, Thread: "t", ParentThread: "p", Lang: "en"},
			Message{To: romeo, Type: Chat, Thread: "t", ParentThread: "p", Body: "b"},
		},
		"a room": {Message{From: roomie, Type: GroupChat}, Message{To: roomie.Bare(), Type: GroupChat, Body: "b"}},
		"normal": {Message{From: romeo, Type: Normal}, Message{To: romeo, Type: Normal, Body: "b"}},
		"a headline expects no reply": {
			Message{From: romeo, Type: Headline}, Message{To: romeo, Type: Normal, Body: "b"},
		},
		"6120-8.3.1-11 stanza-error-reply": {
			Message{From: romeo, Type: MessageError, Error: &Error{}}, Message{To: romeo, Type: Normal, Body: "b"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Attr("conformance", name)
			require.Equal(t, &c.want, c.m.Reply("b"))
		})
	}
}

// TestResultAndFail: the answer has the id of the request and the addresses swapped.
func TestResultAndFail(t *testing.T) {
	t.Attr("conformance", "stanza-iq-reply stanza-error-id 6120-8.2.3-4 6120-8.2.3-5 6120-8.3.1-2 6120-8.3.1-3")
	iq := read[IQ](t, `<iq type='get' id='1' from='romeo@example.net/orchard' to='juliet@im.example.com/balcony'><query xmlns='jabber:iq:version'/></iq>`)
	require.True(t, iq.IsRequest())
	sameXML(t, `<iq type='result' id='1' to='romeo@example.net/orchard' from='juliet@im.example.com/balcony'>`+
		`<query xmlns='jabber:iq:version'><name>n</name></query></iq>`, write(t, iq.Result(version{Name: "n"})))
	require.Equal(t, &IQ{Type: Result, ID: "1", From: juliet, To: romeo}, iq.Result(nil))

	busy := &Error{Type: Wait, Condition: ResourceConstraint, Text: "busy"}
	for name, c := range map[string]struct {
		err  error
		want *Error
	}{
		"error":             {busy, busy},
		"wrapped error":     {wrap(busy), busy},
		"condition":         {ItemNotFound, &Error{Type: Cancel, Condition: ItemNotFound}},
		"wrapped condition": {wrap(NotAuthorized), &Error{Type: Auth, Condition: NotAuthorized}},
		"any other":         {errors.New("the password is 1234"), &Error{Type: Cancel, Condition: InternalServerError}},
		"nil":               {nil, &Error{Type: Cancel, Condition: InternalServerError}},
		"nil *Error":        {(*Error)(nil), &Error{Type: Cancel, Condition: InternalServerError}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, &IQ{Type: IQError, ID: "1", From: juliet, To: romeo, Error: c.want}, iq.Fail(c.err))
			require.NotContains(t, write(t, iq.Fail(c.err)), "1234")

			m := &Message{ID: "1", From: romeo, To: juliet, Type: Chat}
			require.Equal(t, &Message{Type: MessageError, ID: "1", From: juliet, To: romeo, Error: c.want}, m.Fail(c.err))
			p := &Presence{ID: "1", From: romeo, To: juliet, Type: Subscribe}
			require.Equal(t, &Presence{Type: PresenceError, ID: "1", From: juliet, To: romeo, Error: c.want}, p.Fail(c.err))
		})
	}
}

func wrap(err error) error { return errors.Join(errors.New("handler"), err) }

// TestNoAnswerToAnswers: what answers an answer is not sent.
func TestNoAnswerToAnswers(t *testing.T) {
	t.Attr("conformance", "stanza-error-reply 6120-8.2.3-6 6120-8.3.1-11")
	for _, typ := range []IQType{Result, IQError} {
		iq := &IQ{Type: typ, ID: "1"}
		require.False(t, iq.IsRequest())
		for _, answer := range []*IQ{iq.Result(nil), iq.Result(version{}), iq.Fail(Conflict)} {
			_, err := Append(nil, answer)
			require.Error(t, err)
		}
	}
	_, err := Append(nil, (&Message{Type: MessageError}).Fail(Conflict))
	require.ErrorIs(t, err, errAnswerToError)
	_, err = Append(nil, (&Presence{Type: PresenceError}).Fail(Conflict))
	require.ErrorIs(t, err, errAnswerToError)
}
