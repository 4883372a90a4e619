package stanza

import (
	"errors"
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/stretchr/testify/require"
)

// Seeds are examples of RFC 6120 and RFC 6121, and what the tables of the other tests hold.
var messageSeeds = []string{
	`<message from='juliet@example.com/balcony' id='ktx72v49' to='romeo@example.net' type='chat' xml:lang='en'><body>Art thou not Romeo, and a Montague?</body></message>`,
	`<message from='juliet@example.com/balcony' id='c8xg3nf8' to='romeo@example.net' type='chat' xml:lang='en'><subject>I implore you!</subject><subject xml:lang='cs'>&#x00DA;p&#x011B;nliv&#x011B; v&#x00E1;s pros&#x00ED;m!</subject><body>Wherefore art thou, Romeo?</body><body xml:lang='cs'>Pro&#x010D;e&#x017D; jsi ty, Romeo?</body></message>`,
	`<message from='romeo@example.net/orchard' id='sl3nx51f' to='juliet@example.com/balcony' type='chat'><body>b</body><thread parent='e0ffe42b28561960c6b12b944a092794b9683a38'>0e3141cd80894871a68e6fe6b1ec56fa</thread></message>`,
	`<message type='error'><body>b</body><error by='im.example.com' type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:romeo@afterlife.example.net</gone></error></message>`,
	`<message type='telegram' a='1' p:b='2' xmlns:p='urn:p'><body c='3'>x<i/>y</body><![CDATA[z]]></message>`,
	chatStanza,
}

var presenceSeeds = []string{
	`<presence from='romeo@example.net/orchard' xml:lang='en'><show>dnd</show><status>Wooing Juliet</status><status xml:lang='cs'>Dvo&#x0159;&#x00ED;m se Julii</status><priority>1</priority></presence>`,
	`<presence from='romeo@example.net' id='uc51xs63' to='nurse@example.com' type='subscribe'><status>Hi</status></presence>`,
	`<presence from='romeo@example.net'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://psi-im.org' ver='q07IKJEyjvHSyhy//CH0CxmKi8w='/></presence>`,
	`<presence type='error'><error type='auth'><registration-required xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>`,
	`<presence><show>x</show><show/><priority>-129</priority><priority/></presence>`,
}

var iqSeeds = []string{
	`<iq from='juliet@im.example.com/balcony' id='b4vs9km4' to='romeo@example.net' type='get'><query xmlns='jabber:iq:roster'/></iq>`,
	`<iq id='rg1' to='a@b' type='result'/>`,
	`<iq from='example.com' id='wy2xa82b4' type='error'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>balcony</resource></bind><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
	`<iq type='error' id='1'><a xmlns='b'/><c xmlns='d'/><error code='302' by='@'><payment-required xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
	`<iq type='set' id='1'/>`,
}

var errorSeeds = []string{
	`<error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>t</text></error>`,
	`<error type='cancel'><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><unsupported xmlns='http://jabber.org/protocol/pubsub#errors' feature='retrieve-subscriptions'/></error>`,
	`<error by='example.net' type='cancel' code='404'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>x<y/></remote-server-not-found></error>`,
	`<error><payment-required xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`,
}

func FuzzMessage(f *testing.F)  { fuzzStanza(f, messageSeeds) }
func FuzzPresence(f *testing.F) { fuzzStanza(f, presenceSeeds) }
func FuzzIQ(f *testing.F)       { fuzzStanza(f, iqSeeds) }

func FuzzError(f *testing.F) {
	var seeds []string
	for _, s := range errorSeeds {
		seeds = append(seeds, `<message type='error'>`+s+`</message>`)
	}
	fuzzStanza(f, seeds)
}

// fuzzStanza: whatever is read can be sent on unchanged, is answered without a panic, and never gets the stream out of step.
func fuzzStanza(f *testing.F, seeds []string) {
	for _, s := range seeds {
		f.Add([]byte(wire(s)))
	}
	for _, c := range malformedTable {
		f.Add([]byte(wire(c.sent)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		st, err := Parse(b)
		var bad *MalformedError
		switch {
		case errors.As(err, &bad):
			checkMalformed(t, b, bad)
		case err == nil:
			checkSentOn(t, st)
		}
	})
}

// checkSentOn: DESIGN promise 10.
func checkSentOn(t testing.TB, st Stanza) {
	out, err := Append(nil, st)
	require.NoError(t, err)
	again, err := Parse(out)
	require.NoError(t, err, "%s", out)
	once := write(t, again)
	require.Equal(t, write(t, st), once)
	require.Equal(t, st.Header(), again.Header())
	require.Len(t, again.Elements(), len(st.Elements()))
	for i, e := range st.Elements() {
		if e.name.Space != "" { // one in no namespace is written anew
			require.Equal(t, e, again.Elements()[i])
		}
	}
	if f := st.Failure(); f != nil {
		require.NotEmpty(t, f.Error())
		require.ErrorIs(t, f, f.Condition)
	}
}

// checkMalformed: SECURITY S13: the stanza behind it is read right.
func checkMalformed(t testing.TB, b []byte, bad *MalformedError) {
	require.NotEmpty(t, bad.Error())
	if a := bad.Answer(); a != nil {
		_, err := Append(nil, a)
		require.NoError(t, err)
	}
	e, err := ParseElement(string(b))
	if err != nil {
		return // there is more behind the stanza
	}
	d := xmltext.NewBytesDecoder([]byte(`<s xmlns='`+ns.Stream+`'>`+e.String()+`<message xmlns='jabber:client' id='next'/></s>`), xmltext.Limits{})
	_, err = d.ReadToken()
	require.NoError(t, err)
	sd := NewDecoder(d)
	start, err := d.ReadToken()
	require.NoError(t, err)
	if _, err = sd.Decode(start); !errors.As(err, &bad) {
		return // the wrapping has used up a limit
	}
	start, err = d.ReadToken()
	require.NoError(t, err)
	st, err := sd.Decode(start)
	require.NoError(t, err)
	require.Equal(t, &Message{Type: Normal, ID: "next"}, st)
}

func FuzzElement(f *testing.F) {
	for _, list := range [][]string{messageSeeds, presenceSeeds, iqSeeds, errorSeeds} {
		for _, s := range list {
			f.Add(s)
		}
	}
	f.Add(`<a:x xmlns:a='urn:a' k='v' a:k='w'>one<a:y>&lt;two&gt;</a:y><z xmlns='urn:z' q="'&#10;"/>three</a:x>`)
	f.Add(`<x><y xmlns='urn:y'><z xmlns=''/></y></x>`)
	f.Add(`<a:x xmlns:a='urn:a'><y/></a:x>`)
	f.Add("<x a='>' b=\"b='1'\" c\n=\t'&quot;'>]]&gt;<![CDATA[<y/>]]>\r\n</x>")
	f.Fuzz(func(t *testing.T, s string) {
		e, err := ParseElement(s)
		if err != nil {
			return
		}
		again, err := ParseElement(e.String())
		require.NoError(t, err)
		require.Equal(t, e, again)
		checkAttrs(t, e)
		for c := range e.Children() {
			same, err := ParseElement(c.String())
			require.NoError(t, err)
			require.Equal(t, c, same)
		}
		st := &Message{Payloads: []Element{e}}
		out, err := Append(nil, st)
		require.NoError(t, err)
		got, err := Parse(out)
		require.NoError(t, err)
		if e.name.Space != ns.Client {
			require.Equal(t, canonRaw(t, e), canonRaw(t, got.(*Message).Payloads[0]))
		}
	})
}

// checkAttrs compares Attr, Lang and Text with what the decoder says.
func checkAttrs(t testing.TB, e Element) {
	d := e.decoder()
	start, err := d.ReadToken()
	require.NoError(t, err)
	lang, _ := start.Lang()
	require.Equal(t, string(lang), e.Lang())
	for _, a := range start.Attrs {
		if v, ok := start.Attr(a.Name.Local); ok {
			require.Equal(t, string(v), e.Attr(a.Name.Local))
		} else {
			require.Empty(t, e.Attr(a.Name.Local))
		}
	}
	text, err := d.AppendText(nil)
	require.NoError(t, err)
	require.Equal(t, string(text), e.Text())
}

// canonRaw writes the element anew, token by token.
func canonRaw(t testing.TB, e Element) string {
	var enc xmltext.Encoder
	d := e.decoder()
	for {
		tok, err := d.ReadToken()
		require.NoError(t, err)
		enc.Token(tok)
		if d.Depth() == 0 {
			b, err := enc.Bytes()
			require.NoError(t, err)
			return string(b)
		}
	}
}
