package stanza

import (
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/stretchr/testify/require"
)

// decodeTable holds what is sent and what is read from it. What the fields show is written again as want, or as sent when
// that is empty.
var decodeTable = []struct {
	name string
	sent string
	read Stanza
	want string
}{
	{
		name: "nothing", sent: `<message/>`,
		read: &Message{Type: Normal},
	},
	{
		name: "all attributes",
		sent: `<message type='chat' id='a1' from='romeo@example.net/orchard' to='juliet@im.example.com/balcony' xml:lang='en'/>`,
		read: &Message{Type: Chat, ID: "a1", From: romeo, To: juliet, Lang: "en"},
	},
	{
		name: "body", sent: `<message type='chat'><body>Hi &lt;there&gt; &amp; you</body></message>`,
		read: &Message{Type: Chat, Body: "Hi <there> & you"},
		want: `<message type='chat'><body>Hi &lt;there&gt; &amp; you</body></message>`,
	},
	{
		name: "subject, body, thread",
		sent: `<message><subject>s</subject><body>b</body><thread parent='p'>t</thread></message>`,
		read: &Message{Type: Normal, Subject: "s", Body: "b", Thread: "t", ParentThread: "p"},
	},
	{
		name: "one body with a language",
		sent: `<message><body xml:lang='cs'>b</body></message>`,
		read: &Message{Type: Normal, Body: "b", Bodies: []Text{{"cs", "b"}}},
	},
	{
		name: "two bodies",
		sent: `<message xml:lang='en'><body>Wherefore</body><body xml:lang='cs'>Proč</body></message>`,
		read: &Message{Type: Normal, Lang: "en", Body: "Wherefore", Bodies: []Text{{"", "Wherefore"}, {"cs", "Proč"}}},
	},
	{
		name: "two bodies, the plain one last",
		sent: `<message><body xml:lang='cs'>Proč</body><body>Wherefore</body></message>`,
		read: &Message{Type: Normal, Body: "Wherefore", Bodies: []Text{{"cs", "Proč"}, {"", "Wherefore"}}},
	},
	{
		name: "empty subject", sent: `<message type='groupchat'><subject/></message>`,
		read: &Message{Type: GroupChat, Subjects: []Text{{}}},
	},
	{
		name: "white space between the children is dropped",
		sent: "<message>\n  <body> b </body>\n  <x xmlns='urn:x'/> </message>",
		read: &Message{Type: Normal, Body: " b ", Payloads: []Element{rawElement("urn:x", "x", `<x xmlns='urn:x'/>`)}},
		want: `<message><body> b </body><x xmlns='urn:x'/></message>`,
	},
	{
		name: "payloads in order, after the fields",
		sent: `<message><a xmlns='urn:a'/><body>b</body><b xmlns='urn:b'>t<c/></b></message>`,
		read: &Message{Type: Normal, Body: "b", Payloads: []Element{
			rawElement("urn:a", "a", `<a xmlns='urn:a'/>`), rawElement("urn:b", "b", `<b xmlns='urn:b'>t<c/></b>`),
		}},
		want: `<message><body>b</body><a xmlns='urn:a'/><b xmlns='urn:b'>t<c/></b></message>`,
	},
	{
		name: "a body of another namespace is a payload",
		sent: `<message><body xmlns='http://www.w3.org/1999/xhtml'>x</body></message>`,
		read: &Message{Type: Normal, Payloads: []Element{
			rawElement("http://www.w3.org/1999/xhtml", "body", `<body xmlns='http://www.w3.org/1999/xhtml'>x</body>`),
		}},
	},
	{
		name: "available presence", sent: `<presence/>`,
		read: &Presence{},
	},
	{
		name: "presence with everything",
		sent: `<presence from='romeo@example.net/orchard'><show>dnd</show><status>Wooing</status><priority>1</priority></presence>`,
		read: &Presence{From: romeo, Show: DoNotDisturb, Status: "Wooing", Priority: 1},
	},
	{
		name: "two statuses",
		sent: `<presence><status>Wooing</status><status xml:lang='cs'>Dvořím</status></presence>`,
		read: &Presence{Status: "Wooing", Statuses: []Text{{"", "Wooing"}, {"cs", "Dvořím"}}},
	},
	{
		name: "least priority", sent: `<presence><priority>-128</priority></presence>`,
		read: &Presence{Priority: -128},
	},
	{
		name: "greatest priority", sent: `<presence><priority>127</priority></presence>`,
		read: &Presence{Priority: 127},
	},
	{
		name: "priority of 0 is the default", sent: `<presence><priority> 0
		</priority></presence>`,
		read: &Presence{},
		want: `<presence/>`,
	},
	{
		name: "subscription", sent: `<presence type='subscribe' to='romeo@example.net/orchard'/>`,
		read: &Presence{Type: Subscribe, To: romeo},
	},
	{
		name: "request", sent: `<iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>`,
		read: &IQ{Type: Get, ID: "r1", Payload: rawElement(ns.Roster, "query", `<query xmlns='jabber:iq:roster'/>`)},
	},
	{
		name: "empty result", sent: `<iq type='result' id='r1'/>`,
		read: &IQ{Type: Result, ID: "r1"},
	},
	{
		name: "error without the request",
		sent: `<iq type='error' id='r1'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
		read: &IQ{Type: IQError, ID: "r1", Error: &Error{Type: Cancel, Condition: ItemNotFound}},
	},
	{
		name: "error with the request",
		sent: `<iq type='error' id='r1'><query xmlns='jabber:iq:roster'/>` +
			`<error type='auth' by='im.example.com'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
		read: &IQ{
			Type: IQError, ID: "r1", Payload: rawElement(ns.Roster, "query", `<query xmlns='jabber:iq:roster'/>`),
			Error: &Error{Type: Auth, Condition: Forbidden, By: example},
		},
	},
}

// rawElement is the element as it is expected, character for character.
func rawElement(space, local, raw string) Element {
	e := Element{raw: raw}
	e.name.Space, e.name.Local = space, local
	return e
}

func TestDecode(t *testing.T) {
	for _, c := range decodeTable {
		t.Run(c.name, func(t *testing.T) {
			st, err := Parse([]byte(wire(c.sent)))
			require.NoError(t, err)
			require.Equal(t, c.read, st)

			want := c.want
			if want == "" {
				want = c.sent
			}
			require.Equal(t, want, write(t, st))
		})
	}
}

// TestDecodeNamespaces: the content namespace of a stanza is that of its stream, and that of its children is its own.
func TestDecodeNamespaces(t *testing.T) {
	for _, space := range []string{ns.Client, ns.Server, ns.Component} {
		st, err := Parse([]byte(`<message xmlns='` + space + `'><body a='1'>b</body><x xmlns='urn:x'/></message>`))
		require.NoError(t, err)
		m := st.(*Message)
		require.Equal(t, "b", m.Body)

		out, err := writeIn(m, ns.Server, "")
		require.NoError(t, err)
		require.Equal(t, `<message><body a='1'>b</body><x xmlns='urn:x'/></message>`, out)
	}
	_, err := Parse([]byte(`<message xmlns='urn:x'/>`))
	require.ErrorIs(t, err, ServiceUnavailable)

	d := xmltext.NewBytesDecoder([]byte(`<message xmlns='jabber:server'/>`), xmltext.Limits{})
	start, err := d.ReadToken()
	require.NoError(t, err)
	sd := NewDecoder(d)
	sd.Namespace = ns.Client
	_, err = sd.Decode(start)
	require.ErrorIs(t, err, ServiceUnavailable)
}

// TestDecodeStreamLang: RFC 6120 §8.1.5 (6120-8.1.5-4): a stanza without xml:lang is in the language of its stream.
func TestDecodeStreamLang(t *testing.T) {
	t.Attr("conformance", "6120-8.1.5-4")
	for sent, want := range map[string]string{`<message xmlns='jabber:client'/>`: "de", `<message xmlns='jabber:client' xml:lang='en'/>`: "en"} {
		d := xmltext.NewBytesDecoder([]byte(sent), xmltext.Limits{})
		start, err := d.ReadToken()
		require.NoError(t, err)
		sd := NewDecoder(d)
		sd.Lang = "de"
		st, err := sd.Decode(start)
		require.NoError(t, err)
		require.Equal(t, want, st.Header().Lang)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, sent := range map[string]string{
		"nothing":         ``,
		"half a stanza":   `<message xmlns='jabber:client'><body>`,
		"two":             `<message xmlns='jabber:client'/><message xmlns='jabber:client'/>`,
		"text after it":   `<message xmlns='jabber:client'/>x`,
		"a comment in it": `<message xmlns='jabber:client'><!-- c --></message>`,
		"no stanza":       `<query xmlns='jabber:client'/>`,
		"no namespace":    `<message/>`,
		"not well-formed": `<message xmlns='jabber:client'><a></b></message>`,
	} {
		t.Run(name, func(t *testing.T) {
			st, err := Parse([]byte(sent))
			require.Error(t, err)
			require.Nil(t, st)
		})
	}
	st, err := Parse([]byte("<message xmlns='jabber:client'/> \r\n\t"))
	require.NoError(t, err)
	require.Equal(t, &Message{Type: Normal}, st)
}

func TestHeaders(t *testing.T) {
	head := Header{ID: "1", From: romeo, To: juliet, Lang: "en"}
	m := &Message{ID: "1", From: romeo, To: juliet, Lang: "en", Type: Normal, Payloads: []Element{element(t, `<a xmlns='b'/>`)}}
	require.Equal(t, head, m.Header())
	require.Equal(t, m.Payloads, m.Elements())
	require.Equal(t, "message", m.Kind())

	p := &Presence{ID: "1", From: romeo, To: juliet, Lang: "en", Type: Probe, Error: &Error{}}
	head.Type = "probe"
	require.Equal(t, head, p.Header())
	require.Empty(t, p.Elements())
	require.Same(t, p.Error, p.Failure())
	require.Equal(t, "presence", p.Kind())

	iq := &IQ{ID: "1", From: romeo, To: juliet, Lang: "en", Type: Set, Payload: m.Payloads[0]}
	head.Type = "set"
	require.Equal(t, head, iq.Header())
	require.Equal(t, m.Payloads, iq.Elements())
	require.Nil(t, (&IQ{}).Elements())
	require.Nil(t, iq.Failure())
	require.Nil(t, m.Failure())
	require.Equal(t, "iq", iq.Kind())
}
