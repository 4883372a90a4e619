package stanza

import (
	"encoding/xml"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// version is a payload of a user's own.
type version struct {
	XMLName xml.Name `xml:"jabber:iq:version query"`
	Name    string   `xml:"name,omitempty"`
	Version string   `xml:"version,omitempty"`
}

func TestParseElement(t *testing.T) {
	e := element(t, `<a:x xmlns:a='urn:a' k='v' a:k='w' xml:lang='en'>one<a:y>two</a:y><z xmlns='urn:z'/>three</a:x> `)
	require.Equal(t, xml.Name{Space: "urn:a", Local: "x"}, e.Name())
	require.True(t, e.Is("urn:a", "x"))
	require.False(t, e.Is("urn:a", "y"))
	require.False(t, e.Is("urn:b", "x"))
	require.False(t, e.IsZero())
	require.NoError(t, e.Err())
	require.Equal(t, "v", e.Attr("k"))
	require.Empty(t, e.Attr("none"))
	require.Equal(t, "en", e.Lang())
	require.Equal(t, "onethree", e.Text())

	var names []string
	for c := range e.Children() {
		names = append(names, c.Name().Space+" "+c.Name().Local+" "+c.Text())
		again := element(t, c.String())
		require.Equal(t, c.Name(), again.Name(), "it stands by itself")
	}
	require.Equal(t, []string{"urn:a y two", "urn:z z "}, names)
	for range e.Children() {
		break
	}
	require.Equal(t, "two", e.Child("urn:a", "y").Text())
	require.Equal(t, "two", e.Child("", "y").Text())
	require.True(t, e.Child("urn:z", "").Is("urn:z", "z"))
	require.True(t, e.Child("urn:a", "z").IsZero())
}

func TestParseElementRefuses(t *testing.T) {
	for name, s := range map[string]string{
		"nothing":       "",
		"text":          "x",
		"open":          "<a>",
		"crossed":       "<a><b></a></b>",
		"two":           "<a/><b/>",
		"comment":       "<a><!-- --></a>",
		"entity":        "<a>&nbsp;</a>",
		"prefix":        "<p:a/>",
		"DTD":           "<!DOCTYPE a><a/>",
		"comment after": "<a/><!-- -->",
	} {
		t.Run(name, func(t *testing.T) {
			e, err := ParseElement(s)
			require.Error(t, err)
			require.True(t, e.IsZero())
		})
	}
}

func TestZeroElement(t *testing.T) {
	var e Element
	require.True(t, e.IsZero())
	require.Empty(t, e.String())
	require.Empty(t, e.Text())
	require.Empty(t, e.Attr("a"))
	require.Empty(t, e.Lang())
	require.Equal(t, xml.Name{}, e.Name())
	require.Error(t, e.Decode(new(version)))
	for range e.Children() {
		t.Fatal("a child of nothing")
	}
	require.Equal(t, `<message/>`, write(t, &Message{Payloads: []Element{{}}}))
}

func TestPayload(t *testing.T) {
	e := Payload(version{Name: "bot <1>"})
	require.NoError(t, e.Err())
	require.True(t, e.Is("jabber:iq:version", "query"))
	sameXML(t, `<query xmlns='jabber:iq:version'><name>bot &lt;1></name></query>`, e.String())

	var v version
	require.NoError(t, e.Decode(&v))
	require.Equal(t, "bot <1>", v.Name)

	require.Equal(t, e, Payload(e))
	require.Equal(t, e, Payload(&e))
	require.True(t, Payload(nil).IsZero())
	require.True(t, Payload((*Element)(nil)).IsZero())
	require.Equal(t, Payload(&version{Name: "bot <1>"}), e)
}

// TestPayloadStanza: a stanza inside another keeps its namespace (XEP-0297).
func TestPayloadStanza(t *testing.T) {
	e := Payload(&Message{Type: Chat, Body: "b"})
	require.True(t, e.Is("jabber:client", "message"))
	var m Message
	require.NoError(t, e.Decode(&m))
	require.Equal(t, Message{Type: Chat, Body: "b"}, m)
	require.Error(t, e.Decode(new(Presence)))
	require.Error(t, Payload(&IQ{}).Err())

	var p Presence
	require.NoError(t, Payload(&Presence{Show: Away}).Decode(&p))
	require.Equal(t, Presence{Show: Away}, p)
	var iq IQ
	require.NoError(t, Payload(&IQ{Type: Result, ID: "1"}).Decode(&iq))
	require.Equal(t, IQ{Type: Result, ID: "1"}, iq)
	var same Element
	require.NoError(t, e.Decode(&same))
	require.Equal(t, e, same)
	require.Error(t, element(t, `<a xmlns='b'/>`).Decode(new(Message)))
}

// TestPayloadFails: what cannot be made is an error of Err, Decode and sending, on each kind.
func TestPayloadFails(t *testing.T) {
	for name, v := range map[string]any{
		"channel":      make(chan int),
		"no namespace": struct{ XMLName xml.Name }{xml.Name{Local: "x"}},
		"bad text": struct {
			XMLName xml.Name `xml:"urn:x x"`
			V       failing  `xml:"v"`
		}{},
	} {
		t.Run(name, func(t *testing.T) {
			e := Payload(v)
			require.Error(t, e.Err())
			require.False(t, e.IsZero())
			require.ErrorIs(t, e.Decode(new(version)), e.Err())
			for _, st := range []Stanza{
				&Message{Payloads: []Element{e}},
				&Presence{Payloads: []Element{e}},
				&IQ{Type: Set, ID: "1", Payload: e},
			} {
				b, err := Append([]byte("before"), st)
				require.ErrorIs(t, err, e.Err())
				require.Equal(t, "before", string(b))
			}
		})
	}
}

type failing struct{}

var errFailing = errors.New("cannot be marshalled")

func (failing) MarshalText() ([]byte, error) { return nil, errFailing }

func TestDecodeElementErrors(t *testing.T) {
	e := element(t, `<x xmlns='urn:x'><n>12a</n></x>`)
	var v struct {
		XMLName xml.Name `xml:"urn:x x"`
		N       int      `xml:"n"`
	}
	require.Error(t, e.Decode(&v))
	require.Error(t, e.Decode(new(version)))
}

// TestElementWithoutNamespace: it must have one (RFC 6120 §8.4, row 6120-8.4-2), but what came without is not lost, nor does
// it fall into the stanza's namespace.
func TestElementWithoutNamespace(t *testing.T) {
	t.Attr("conformance", "6120-8.4-2")
	const sent = `<message><x xmlns='' a='1'>t<y>u</y><z xmlns='urn:z' xml:lang='en'><w xmlns=''/></z></x></message>`
	m := read[Message](t, sent)
	require.True(t, m.Payloads[0].Is("", "x"))
	sameXML(t, sent, write(t, m))
	m.Payloads[0] = element(t, m.Payloads[0].String())
	sameXML(t, sent, write(t, m))
	m.Payloads[0] = element(t, `<x a='1'>t<y>u</y><z xmlns='urn:z' xml:lang='en'><w xmlns=''/></z></x>`)
	sameXML(t, sent, write(t, m))
}

func TestFind(t *testing.T) {
	type delay struct {
		XMLName xml.Name `xml:"urn:xmpp:delay delay"`
		Stamp   string   `xml:"stamp,attr"`
	}
	type number struct {
		XMLName xml.Name `xml:"urn:n n"`
		N       int      `xml:",chardata"`
	}
	m := read[Message](t, `<message><delay xmlns='urn:xmpp:delay' stamp='1'/><delay xmlns='urn:xmpp:delay' stamp='2'/>`+
		`<n xmlns='urn:n'>odd</n><n xmlns='urn:n'>7</n></message>`)
	d, ok := Find[delay](m)
	require.True(t, ok)
	require.Equal(t, "1", d.Stamp)
	p, ok := Find[*delay](m)
	require.True(t, ok)
	require.Equal(t, "1", p.Stamp)
	n, ok := Find[number](m)
	require.True(t, ok, "one that cannot be decoded is passed over")
	require.Equal(t, 7, n.N)
	_, ok = Find[version](m)
	require.False(t, ok)

	iq := read[IQ](t, `<iq type='get' id='1'><query xmlns='jabber:iq:version'/></iq>`)
	_, ok = Find[version](iq)
	require.True(t, ok)
	_, ok = Find[version](&IQ{})
	require.False(t, ok)
	_, ok = Find[version](&Presence{Payloads: iq.Elements()})
	require.True(t, ok)
	_, ok = Find[struct {
		XMLName xml.Name `xml:"query,omitempty"`
	}](iq)
	require.True(t, ok, "a tag without namespace matches any")
}

func TestNameOf(t *testing.T) {
	require.Equal(t, xml.Name{Space: "jabber:iq:version", Local: "query"}, NameOf[version]())
	require.Equal(t, NameOf[version](), NameOf[*version]())
	require.Panics(t, func() { NameOf[int]() })
	require.Panics(t, func() { NameOf[struct{ A int }]() })
	require.Panics(t, func() { NameOf[struct{ XMLName xml.Name }]() })
}

// TestElementScan: what is taken straight from the raw XML, and what must not be.
func TestElementScan(t *testing.T) {
	for _, c := range []struct{ raw, attr, lang, text string }{
		{`<x/>`, "", "", ""},
		{`<x a='1'/>`, "1", "", ""},
		{`<x a=""/>`, "", "", ""},
		{"<x\n\ta = \"1>2'\" >t</x >", "1>2'", "", "t"},
		{`<x b="a='no'" xmlns:a='urn:no' xml:lang='e&#110;' a='&lt;&amp;'>a&amp;b</x>`, "<&", "en", "a&b"},
		{"<x xml:lang='en' a='1\n2'>a\r\nb</x>", "1 2", "en", "a\nb"},
		{`<x p:a='no' xmlns:p='urn:p' aa='no'><a a='no'>no</a>te<![CDATA[<x>]]></x>`, "", "", "te<x>"},
		{`<p:x xmlns:p='urn:p' xmlns='urn:no' a='/>'>t</p:x>`, "/>", "", "t"},
		{`<x a='1'></x>`, "1", "", ""},
	} {
		e := element(t, c.raw)
		require.Equal(t, c.attr, e.Attr("a"), c.raw)
		require.Equal(t, c.lang, e.Lang(), c.raw)
		require.Equal(t, c.text, e.Text(), c.raw)
		require.Empty(t, e.Attr("xmlns"))
		require.Empty(t, e.Attr("xmlns:p"))
		require.Empty(t, e.Attr("p:a"))
		require.Empty(t, e.Attr("xml:lang"))
		require.Empty(t, e.Attr(""))
		checkAttrs(t, e)
	}
}
