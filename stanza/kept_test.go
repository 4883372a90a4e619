package stanza

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUnknownSurvives: DESIGN promise 10: a stanza that is sent on is the XML that came, with what its recipient does not
// understand (RFC 6120 §8.4: ignored, not lost).
func TestUnknownSurvives(t *testing.T) {
	t.Attr("conformance", "6120-4.1-2 6120-8.4-3")
	for name, c := range map[string]struct{ sent, want string }{
		"attribute":              {`<message foo='bar'/>`, ""},
		"attribute in namespace": {`<message xmlns:p='urn:p' p:foo='bar'/>`, ""},
		"unknown type":           {`<message type='telegram'><body>b</body></message>`, `<message type='telegram'><body>b</body></message>`},
		"text in a message":      {"<message>\n a &lt;<body>b</body>\n\t<x xmlns='urn:x'/> c</message>", "<message>\n a &lt; c<body>b</body><x xmlns='urn:x'/></message>"},
		"text in presence":       {`<presence>a<show>xa</show></presence>`, ""},
		"text in an iq":          {`<iq type='get' id='1'>a<x xmlns='urn:x'/></iq>`, ""},
		"white space":            {"<message> <body>b</body>\n</message>", `<message><body>b</body></message>`},
		"attribute of the body":  {`<message><body foo='1'>b</body></message>`, ""},
		"element in the body":    {`<message><body>a<i xmlns='urn:i'>b</i>c</body></message>`, ""},
		"elements in the body":   {`<message><body><i xmlns='urn:i'/>c<j xmlns='urn:j'><k/></j>&lt;</body></message>`, ""},
		"two odd bodies alike":   {`<message><body a='1'>b</body><body a='2'>b</body></message>`, ""},
		"second thread":          {`<message><thread>1</thread><thread>2</thread></message>`, ""},
		"empty thread":           {`<message><thread/></message>`, ""},
		"language of a thread":   {`<message><thread xml:lang='en'>t</thread></message>`, ""},
		"unknown show":           {`<presence><show>bored</show></presence>`, ""},
		"empty show":             {`<presence><show/></presence>`, ""},
		"second show":            {`<presence><show>xa</show><show>dnd</show></presence>`, ""},
		"odd priority":           {`<presence><priority>1000</priority></presence>`, ""},
		"priority of words":      {`<presence><priority>high</priority></presence>`, ""},
		"second priority":        {`<presence><priority>5</priority><priority>6</priority></presence>`, ""},
		"child of jabber:client": {`<presence><x xmlns='jabber:client'/></presence>`, ""},
		"error beside no error":  {`<message type='chat'><error xmlns='jabber:client' type='wait'/></message>`, ""},
		"more than one echo":     {`<iq type='error' id='1'><a xmlns='urn:a'/><b xmlns='urn:b'/><error type='wait'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`, ""},
		"attribute of the error": {`<iq type='error' id='1'><error code='404' type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`, `<iq type='error' id='1'><error type='cancel' code='404'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want == "" {
				c.want = c.sent
			}
			st, err := Parse([]byte(wire(c.sent)))
			require.NoError(t, err)
			sameXML(t, c.want, write(t, st))
		})
	}
}

// TestKeptYields: a field that was changed is written as it stands now.
func TestKeptYields(t *testing.T) {
	m := read[Message](t, `<message type='telegram'><body a='1'>b</body></message>`)
	require.Equal(t, Normal, m.Type)
	m.Type, m.Body = Chat, "c"
	sameXML(t, `<message type='chat'><body>c</body></message>`, write(t, m))

	p := read[Presence](t, `<presence><show>bored</show><priority>high</priority></presence>`)
	require.Equal(t, Online, p.Show)
	require.Equal(t, int8(0), p.Priority)
	p.Show, p.Priority = Away, 1
	sameXML(t, `<presence><show>away</show><priority>1</priority></presence>`, write(t, p))
}

// TestMixedContent: RFC 6121 §5.2.3, §5.2.4, §5.2.5, §4.7.2.1–3 (6121-5.2.3-3, 6121-5.2.4-2, 6121-5.2.5-10, 6121-4.7.2.1-3,
// 6121-4.7.2.2-2, 6121-4.7.2.3-4): such children must not hold elements; those that do are read without them.
func TestMixedContent(t *testing.T) {
	m := read[Message](t, `<message><subject>a<i>x</i>b</subject><body><i/>hi</body><thread>1<i/></thread></message>`)
	require.Equal(t, []string{"ab", "hi", "1"}, []string{m.Subject, m.Body, m.Thread})
	p := read[Presence](t, `<presence><show>a<i>x</i>way</show><status>s<i/></status><priority>1<i/>2</priority></presence>`)
	require.Equal(t, Away, p.Show)
	require.Equal(t, "s", p.Status)
	require.Equal(t, int8(12), p.Priority)
}
