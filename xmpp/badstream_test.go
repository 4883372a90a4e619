package xmpp_test

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// tight are limits that a test reaches with little.
var tight = xmpp.Limits{StanzaBytes: 4096, Depth: 8, Attributes: 16, NameBytes: 64}

// badStreams are what no stream may carry, with the stream error that the server is told.
var badStreams = []struct {
	name, xml string
	condition xmpp.StreamCondition
	says      string // a part of the error's text
}{
	{"crossed tags", `<message><body></message></body>`, xmpp.NotWellFormed, ""},
	{"the end of another element", `<message><a></b></message>`, xmpp.NotWellFormed, ""},
	{"attribute twice", `<message id='1' id='2'/>`, xmpp.NotWellFormed, ""},
	{"attribute twice by namespace", `<message xmlns:a='urn:x' xmlns:b='urn:x' a:i='1' b:i='2'/>`, xmpp.NotWellFormed, ""},
	{"undeclared prefix", `<message><x:y/></message>`, xmpp.NotWellFormed, ""},
	{"the prefix xml bound anew", `<message xmlns:xml='urn:x'/>`, xmpp.NotWellFormed, ""},
	{"another prefix for xml", `<message xmlns:x='http://www.w3.org/XML/1998/namespace'/>`, xmpp.NotWellFormed, ""},
	{"the prefix xmlns bound", `<message xmlns:xmlns='urn:x'/>`, xmpp.NotWellFormed, ""},
	{"the namespace of declarations bound", `<message xmlns:x='http://www.w3.org/2000/xmlns/'/>`, xmpp.NotWellFormed, ""},
	{"a prefix unbound", `<message xmlns:x=''/>`, xmpp.NotWellFormed, ""},
	{"bad UTF-8", "<message><body>\xff</body></message>", xmpp.UnsupportedEncoding, ""},
	{"overlong UTF-8", "<message><body>\xc0\xaf</body></message>", xmpp.UnsupportedEncoding, ""},
	{"NUL", "<message><body>\x00</body></message>", xmpp.NotWellFormed, ""},
	{"U+FFFE", "<message><body>\uFFFE</body></message>", xmpp.NotWellFormed, ""},
	{"NUL by reference", `<message><body>&#0;</body></message>`, xmpp.NotWellFormed, ""},
	{"bare ampersand", `<message><body>a & b</body></message>`, xmpp.NotWellFormed, ""},
	{"text at the top", `<message/>text`, xmpp.BadFormat, ""},
	{"comment", `<message><!-- hello --></message>`, xmpp.RestrictedXML, ""},
	{"comment at the top", `<!-- hello -->`, xmpp.RestrictedXML, ""},
	{"processing instruction", `<message><?php ?></message>`, xmpp.RestrictedXML, ""},
	{"DTD", `<!DOCTYPE x [<!ENTITY a "b">]>`, xmpp.RestrictedXML, ""},
	{"foreign entity", `<message><body>&lol;</body></message>`, xmpp.RestrictedXML, ""},
	{"stanza of jabber:server", `<message xmlns='jabber:server'><body>b</body></message>`, xmpp.InvalidNamespace, ""},
	{"too many bytes", `<message><body>` + strings.Repeat("x", 5000) + `</body></message>`, xmpp.PolicyViolation, "too many bytes"},
	{"too deep", `<message>` + strings.Repeat("<a>", 20) + strings.Repeat("</a>", 20) + `</message>`, xmpp.PolicyViolation, "nested too deep"},
	{"too many attributes", `<message` + manyAttributes(40) + `/>`, xmpp.PolicyViolation, "attributes"},
	{"a name too long", `<message><` + strings.Repeat("n", 100) + `/></message>`, xmpp.PolicyViolation, "a name too long"},
	{"an endless start tag", `<message ` + strings.Repeat(" ", 5000), xmpp.PolicyViolation, "too many bytes"},
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" a" + strings.Repeat("x", i) + "='1'")
	}
	return b.String()
}

// Promise 7, SECURITY S12 and S15: XML that is not well-formed, restricted or without measure ends the stream with the right
// error for both sides, and nothing of it is dispatched; what came before it is.
func TestSecurityS12BadStreams(t *testing.T) {
	t.Attr("conformance", "stream-error-generate xml-restriction-comment xml-restriction-dtd xml-restriction-pi xml-restriction-ref xml-wellformed-xml xml-wellformed-ns 6120-4.8.3-4 6120-4.9-2 6120-4.9.1.1-1 6120-4.9.3.1-1 6120-11.1-1 6120-11.1-3 6120-11.3-2 6120-11.3-4 6120-11.6-3")
	for _, c := range badStreams {
		t.Run(c.name, func(t *testing.T) {
			underAttack(t, &xmpp.Options{Limits: tight}, bindFeature, func(t *testing.T, s *target) {
				inbox := s.messages(t.Context())
				s.say(chatOf("before"))
				require.Equal(t, "before", (<-inbox).Body)
				go func() { _, _ = io.WriteString(s.conn, c.xml+chatOf("after")) }()

				e := s.hear()
				require.Equal(t, "error", e.Name().Local)
				require.Equal(t, "http://etherx.jabber.org/streams", e.Name().Space)
				require.Equal(t, string(c.condition), firstChild(e).Name().Local)
				require.Equal(t, "urn:ietf:params:xml:ns:xmpp-streams", firstChild(e).Name().Space)
				<-s.ended
				require.ErrorIs(t, s.err, io.EOF, "the error is followed by the end of the stream (RFC 6120 §4.9.1.1)")

				<-s.session.Done()
				var se *xmpp.StreamError
				require.ErrorAs(t, s.session.Err(), &se)
				require.Equal(t, c.condition, se.Condition)
				require.True(t, se.Local, "we have found it")
				require.Contains(t, se.Text, c.says)
				s.close() // a Client's channel stays open as long as that runs
				for m := range inbox {
					require.Empty(t, m.Body, "handed over")
				}
			})
		})
	}
}

func firstChild(e stanza.Element) stanza.Element {
	for child := range e.Children() {
		return child
	}
	return stanza.Element{}
}

// A stream error of the server's is ours to read: condition, text, language, host, and what the application adds.
func TestStreamErrorOfTheServer(t *testing.T) {
	t.Attr("conformance", "6120-4.9-1 6120-4.9.1.1-2")
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		p.say(`<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>[2001:db8::1]:9222</see-other-host>` +
			`<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='la'>i alio&#10;</text><why xmlns='urn:why'/></stream:error></stream:stream>`)
		<-s.Done()
		var se *xmpp.StreamError
		require.ErrorAs(t, s.Err(), &se)
		require.Equal(t, xmpp.SeeOtherHost, se.Condition)
		require.Equal(t, "i alio\n", se.Text)
		require.Equal(t, "la", se.Lang)
		require.Equal(t, "[2001:db8::1]:9222", se.Host)
		require.True(t, se.App.Is("urn:why", "why"))
		require.False(t, se.Local)
		require.NotContains(t, se.Error(), "\n", "text from the wire is quoted")
		<-p.ended
		require.ErrorIs(t, p.err, io.EOF, "RFC 6120 §4.4: the end of the stream is answered")
		p.hearNothing()
	})
}

// A stream error needs no end of the stream behind it to end the session.
func TestStreamErrorWithoutAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		start := time.Now()
		p.say(strings.TrimSuffix(streamConflict, streamClose))
		<-s.Done()
		require.ErrorIs(t, s.Err(), xmpp.Conflict)
		require.Zero(t, time.Since(start))
	})
}

// However the bytes are cut, they mean the same.
func TestOneByteAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		inbox := s.Messages(t.Context())
		all := chatOf("one") + badStanzas[1].xml + " \n" + chatOf("t&#119;o &lt;3 \u00e9\U0001F642") + chatOf("<![CDATA[three]]>")
		go func() {
			for i := range len(all) {
				_, _ = io.WriteString(p.conn, all[i:i+1])
			}
		}()
		require.Equal(t, "one", (<-inbox).Body)
		require.Equal(t, "two <3 \u00e9\U0001F642", (<-inbox).Body)
		require.Equal(t, "three", (<-inbox).Body)
		require.NoError(t, s.Close())
	})
}
