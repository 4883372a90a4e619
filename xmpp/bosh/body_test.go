package bosh

import (
	"errors"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/stretchr/testify/require"
)

const features = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"

// nothing are attributes that say nothing.
var nothing = attrs{wait: -1, inactivity: -1, polling: -1, maxPause: -1, requests: -1, hold: -1}

// bodies are responses, mostly the examples of XEP-0124 and XEP-0206, and what they are.
var bodies = []struct {
	name, text string
	want       body
}{
	{"124 ex 2", `<body wait='60'
      inactivity='30'
      polling='5'
      requests='2'
      hold='1'
      ack='1573741820'
      accept='deflate,gzip'
      maxpause='120'
      sid='SomeSID'
      charsets='ISO_8859-1 ISO-2022-JP'
      ver='1.6'
      from='example.com'
      xmlns='http://jabber.org/protocol/httpbind'/>`,
		body{attrs: attrs{sid: "SomeSID", from: "example.com", ver: "1.6", wait: 60, inactivity: 30, polling: 5, maxPause: 120, requests: 2, hold: 1}}},
	{"124 ex 5", `<body xmlns='http://jabber.org/protocol/httpbind'/>`, body{attrs: nothing}},
	{"124 ex 6", `<body xmlns='http://jabber.org/protocol/httpbind'
      xmlns:json='http://json.org/'>
  <message from='contact@example.com'
           to='user@example.com'
           xmlns='jabber:client'>
    <body>Good morning to you!</body>
  </message>
  <json:json>["&lt;"]</json:json>
</body>`, body{attrs: nothing, xml: []byte(`<message from='contact@example.com'
           to='user@example.com'
           xmlns='jabber:client'>
    <body>Good morning to you!</body>
  </message><json:json xmlns:json='http://json.org/'>["&lt;"]</json:json>`)}},
	{"124 ex 8", `<body ack='1249243564' xmlns='http://jabber.org/protocol/httpbind'/>`, body{attrs: nothing}},
	{"124 ex 10", `<body report='1249243565' time='852' xmlns='http://jabber.org/protocol/httpbind'/>`, body{attrs: nothing, missing: 1249243565}},
	{"124 ex 12", `<body type='terminate' condition='policy-violation' xmlns='http://jabber.org/protocol/httpbind'/>`, body{attrs: nothing, end: true, why: PolicyViolation}},
	{"124 ex 16", `<body type='terminate' xmlns='http://jabber.org/protocol/httpbind'/>`, body{attrs: nothing, end: true}},
	{"124 ex 33", `<body condition='see-other-uri'
      type='terminate'
      xmlns='http://jabber.org/protocol/httpbind'>
  <uri>https://secure.jabber.org/xmppcm</uri>
</body>`, body{attrs: nothing, end: true, why: SeeOtherURI, uri: "https://secure.jabber.org/xmppcm"}},
	{"124 ex 35", `<body type='error' xmlns='http://jabber.org/protocol/httpbind'/>`, body{attrs: nothing, again: true}},
	{"206 ex 2", `<body wait='60' requests='2' hold='1' from='example.com' sid='SomeSID' xmpp:restartlogic='true' xmpp:version='1.0' authid='ServerStreamID'
      xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh' xmlns:stream='http://etherx.jabber.org/streams'>
  <stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features></body>`,
		body{xml: []byte(features), attrs: attrs{sid: "SomeSID", authid: "ServerStreamID", from: "example.com", version: "1.0", restart: "true", wait: 60, inactivity: -1, polling: -1, maxPause: -1, requests: 2, hold: 1}}},
	{"206 ex 12", `<body condition='remote-stream-error' type='terminate' xmlns='http://jabber.org/protocol/httpbind' xmlns:stream='http://etherx.jabber.org/streams'>
  <message from='contact@example.com' to='user@example.com' xmlns='jabber:client'><body>I said "Hi!"</body></message>
  <stream:error><xml-not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></body>`,
		body{attrs: nothing, end: true, why: RemoteStreamError, failed: true, xml: []byte(`<message from='contact@example.com' to='user@example.com' xmlns='jabber:client'><body>I said "Hi!"</body></message>` +
			`<stream:error xmlns:stream='http://etherx.jabber.org/streams'><xml-not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`)}},
	{"no namespace for stanzas", `<body xmlns='http://jabber.org/protocol/httpbind'><message to='a'><body>b</body></message><iq/></body>`,
		body{attrs: nothing, xml: []byte(`<message xmlns='jabber:client' to='a'><body>b</body></message><iq xmlns='jabber:client'/>`)}},
	{"no namespace, and prefixes", `<b:body xmlns:b='http://jabber.org/protocol/httpbind' xmlns='http://jabber.org/protocol/httpbind' xmlns:x='urn:x'><message x:a='1'/></b:body>`,
		body{attrs: nothing, xml: []byte(`<message xmlns='jabber:client' xmlns:x='urn:x' x:a='1'/>`)}},
	{"a language, a declaration, white space", "<?xml version='1.0'?>\n<body xml:lang='de' xmlns='http://jabber.org/protocol/httpbind'/>\n",
		body{attrs: attrs{lang: "de", wait: -1, inactivity: -1, polling: -1, maxPause: -1, requests: -1, hold: -1}}},
	{"absurd numbers", `<body wait='-1' inactivity='99999999999999999999' polling='1e3' maxpause='' requests='0x2' hold='+1' report='-5' xmlns='http://jabber.org/protocol/httpbind'/>`,
		body{attrs: attrs{wait: -1, inactivity: maxSeconds, polling: -1, maxPause: -1, requests: -1, hold: -1}}},
}

func decoder() *xmltext.Decoder { return xmltext.NewDecoder(strings.NewReader(""), xmltext.Limits{}) }

func TestReadBody(t *testing.T) {
	for _, c := range bodies {
		t.Run(c.name, func(t *testing.T) {
			got, err := readBody(decoder(), []byte(c.text))
			require.NoError(t, err)
			require.Equal(t, string(c.want.xml), string(got.xml))
			c.want.xml, got.xml = nil, nil
			require.Equal(t, &c.want, got)
		})
	}
}

// TestSecurityS12Bodies: what is no body is an error, and which.
func TestSecurityS12Bodies(t *testing.T) {
	const begin, end = "<body xmlns='http://jabber.org/protocol/httpbind'>", "</body>"
	for _, c := range []struct{ text, want string }{
		{"", "not-well-formed"},
		{begin, "not-well-formed"},
		{begin + "<message>" + end, "not-well-formed"},
		{begin + end + begin + end, "not-well-formed"},
		{begin + end + "text", "not-well-formed"},
		{begin + "text" + end, "bad-format"}, // §6: no character data
		{begin + "<message xmlns='jabber:client'/>text" + end, "bad-format"},
		{begin + "<x:message/>" + end, "not-well-formed"},
		{begin + "<!-- c -->" + end, "restricted-xml"}, // §6
		{begin + "<?pi?>" + end, "restricted-xml"},
		{"<!DOCTYPE body>" + begin + end, "restricted-xml"},
		{begin + "<message xmlns='jabber:client'>&a;</message>" + end, "restricted-xml"},
		{begin + strings.Repeat("<a>", 100), "policy-violation"},
		{"<html><body>Sign in to the network</body></html>", ""},
		{"<body>no namespace</body>", ""},
		{"<message xmlns='jabber:client'/>", ""},
	} {
		_, err := readBody(decoder(), []byte(c.text))
		var syntax *xmltext.SyntaxError
		var broken *stream.Error
		switch {
		case c.want == "":
			require.ErrorIs(t, err, errNoBody, c.text)
			continue
		case errors.As(err, &syntax):
			broken = stream.SyntaxError(syntax)
		default:
			require.ErrorAs(t, err, &broken, c.text)
		}
		require.Equal(t, c.want, broken.Condition, c.text)
	}
}

// FuzzReadBody: whatever a connection manager sends, what is accepted means the same inside a stream.
func FuzzReadBody(f *testing.F) {
	for _, c := range bodies {
		f.Add([]byte(c.text))
	}
	f.Add([]byte("<body xmlns='http://jabber.org/protocol/httpbind'><message a=\" xmlns='http://jabber.org/protocol/httpbind'\"/></body>"))
	f.Add([]byte("<b:body xmlns:b='http://jabber.org/protocol/httpbind'><b:message b:a=''/></b:body>"))
	d := decoder()
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := readBody(d, b)
		if err != nil {
			return
		}
		const root = "<stream:stream xmlns='" + ns.Client + "' xmlns:stream='" + ns.Stream + "'>"
		in := xmltext.NewDecoder(strings.NewReader(root+string(got.xml)+stream.Close), xmltext.Limits{StanzaBytes: 16 << 20, NameBytes: 1 << 20})
		depth := 0
		for {
			tok, err := in.ReadToken()
			if err != nil {
				require.Zero(t, depth, "%q: %v", got.xml, err)
				return
			}
			switch tok.Kind {
			case xmltext.KindStart:
				depth++
			case xmltext.KindEnd:
				depth--
			}
		}
	})
}
