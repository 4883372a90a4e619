package stream

import (
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/stretchr/testify/require"
)

// conditions is RFC 6120 §4.9.3, sections 1 to 25.
var conditions = []string{
	"bad-format", "bad-namespace-prefix", "conflict", "connection-timeout", "host-gone", "host-unknown", "improper-addressing",
	"internal-server-error", "invalid-from", "invalid-namespace", "invalid-xml", "not-authorized", "not-well-formed",
	"policy-violation", "remote-connection-failed", "reset", "resource-constraint", "restricted-xml", "see-other-host",
	"system-shutdown", "undefined-condition", "unsupported-encoding", "unsupported-feature", "unsupported-stanza-type",
	"unsupported-version",
}

// TestConditions: each condition comes and goes.
func TestConditions(t *testing.T) {
	t.Attr("conformance", "6120-4.9.2-2 6120-4.9.2-4")
	require.Len(t, conditions, 25)
	for i, c := range conditions {
		t.Run(fmt.Sprintf("4.9.3.%d %s", i+1, c), func(t *testing.T) {
			require.True(t, Known(c))
			sent := &Error{Condition: c}
			require.Equal(t, `<stream:error><`+c+` xmlns='urn:ietf:params:xml:ns:xmpp-streams'></`+c+`></stream:error>`, string(sent.Append(nil)))
			got, err := ReadError(inStream(t, string(sent.Append(nil))))
			require.NoError(t, err)
			require.Equal(t, sent, got)
		})
	}
	require.False(t, Known("text"))
	require.False(t, Known(""))
}

func TestReadError(t *testing.T) {
	for name, c := range map[string]struct {
		sent string
		want Error
	}{
		"6120-4.9.2-5 text with language": {
			`<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>Replaced by &lt;new></text>`,
			Error{Condition: "conflict", Text: "Replaced by <new>", Lang: "en"},
		},
		"4.9.3.19 see-other-host": {
			`<see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>[2001:41D0:1:A49b::1]:9222</see-other-host>`,
			Error{Condition: "see-other-host", Content: "[2001:41D0:1:A49b::1]:9222"},
		},
		"6120-4.9.2-6 6120-4.9.4-1 a specific condition": {
			`<not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xml:lang='en' xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Some</text>` +
				`<escape-your-data xmlns='http://example.org/ns'/><second xmlns='http://example.org/ns'/>`,
			Error{Condition: "not-well-formed", Text: "Some", Lang: "en", App: `<escape-your-data xmlns='http://example.org/ns'/>`},
		},
		"6120-4.9.2-3 unknown condition": {
			`<too-tired xmlns='urn:ietf:params:xml:ns:xmpp-streams'>x</too-tired>`,
			Error{Condition: "undefined-condition", App: `<too-tired xmlns='urn:ietf:params:xml:ns:xmpp-streams'>x</too-tired>`},
		},
		"unknown beside application-specific": {
			`<too-tired xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><x xmlns='urn:x'/>`,
			Error{Condition: "undefined-condition", App: `<x xmlns='urn:x'/>`},
		},
		"6120-4.9.2-1 6120-4.9.2-7 nothing": {``, Error{Condition: "undefined-condition"}},
		"the first of two counts": {
			`<reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'>x</conflict>` +
				`<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>1</text><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>2</text>`,
			Error{Condition: "reset", Text: "1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Attr("conformance", name)
			sent := `<stream:error>` + c.sent + `</stream:error>`
			got, err := ReadError(inStream(t, sent, iotest.OneByteReader))
			require.NoError(t, err)
			require.Equal(t, &c.want, got)

			again, err := ReadError(inStream(t, string(got.Append(nil))))
			require.NoError(t, err)
			require.Equal(t, got, again)
		})
	}
}

func TestReadErrorFails(t *testing.T) {
	const sent = `<stream:error><x xmlns='urn:x'><y/></x><z xmlns='urn:x'/><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'>c</conflict>` +
		`<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>t</text></stream:error>`
	for i := len(`<stream:error>`); i < len(sent); i++ {
		e, err := ReadError(inStream(t, sent[:i]))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Nil(t, e)
	}
}

// TestErrorWords: SECURITY S21: what came over the wire is quoted.
func TestErrorWords(t *testing.T) {
	e := &Error{Condition: "see-other-host", Text: "go\naway", Content: "evil\x1b[31m"}
	require.Equal(t, `stream error see-other-host "evil\x1b[31m": "go\naway"`, e.Error())
	require.NoError(t, e.Unwrap())
}

// TestErrorAppendLeavesOut: what XML cannot carry is not sent.
func TestErrorAppendLeavesOut(t *testing.T) {
	e := &Error{Condition: "see-other-host", Text: "\x00", Lang: "\xff", Content: "\x00"}
	got, err := ReadError(inStream(t, string(e.Append(nil))))
	require.NoError(t, err)
	require.Equal(t, &Error{Condition: "see-other-host"}, got)
}

// TestSyntaxError: RFC 6120 §11: each way to break XML has its condition.
func TestSyntaxError(t *testing.T) {
	for sent, want := range map[string]string{
		`<a></b>`:                         "not-well-formed",
		`<p:a/>`:                          "not-well-formed",
		`<!-- x -->`:                      "restricted-xml",
		`<?pi x?>`:                        "restricted-xml",
		`<a>&nbsp;</a>`:                   "restricted-xml",
		"<a>\xff</a>":                     "unsupported-encoding",
		`text`:                            "bad-format",
		`<a ` + manyAttrs(1000) + `></a>`: "policy-violation",
	} {
		d := newDecoder(streamOpen + sent)
		var err error
		for err == nil {
			_, err = d.ReadToken()
		}
		var syntax *xmltext.SyntaxError
		require.ErrorAs(t, err, &syntax)
		e := SyntaxError(syntax)
		require.Equal(t, want, e.Condition, sent)
		require.ErrorIs(t, e, syntax)
		require.NotEmpty(t, e.Text)
	}
}

func manyAttrs(n int) string {
	s := ""
	for i := range n {
		s += fmt.Sprintf(" a%d=''", i)
	}
	return s
}

func FuzzHeader(f *testing.F) {
	f.Add(string(Header{From: "juliet@im.example.com", To: "im.example.com", Version: "1.0", Lang: "en"}.Append(nil)))
	f.Add(`<stream:stream from='im.example.com' id='++TR84Sm6A3hnt3Q065SnAbbk3Y=' to='juliet@im.example.com' version='1.0' xml:lang='en' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`)
	f.Add(`<stream xmlns='http://etherx.jabber.org/streams' version='0.9'>`)
	f.Fuzz(func(t *testing.T, s string) {
		h, err := ReadHeader(newDecoder(s))
		if err != nil {
			return
		}
		again, err := ReadHeader(newDecoder(string(h.Append(nil))))
		require.NoError(t, err)
		require.Equal(t, h, again)
	})
}

func FuzzFeatures(f *testing.F) {
	f.Add(`<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>`)
	f.Add(`<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>`)
	f.Add(`<authentication xmlns='urn:xmpp:sasl:2'><mechanism>A</mechanism><inline><bind xmlns='urn:xmpp:bind:0'><inline><feature var='a'/></inline></bind><fast xmlns='urn:xmpp:fast:0'/></inline></authentication>`)
	f.Add(`<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>1</max-bytes></limits><sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='a'/></sasl-channel-binding>`)
	f.Fuzz(func(t *testing.T, s string) {
		d := inStream(t, `<stream:features>`+s+`</stream:features><next/>`)
		got, err := ReadFeatures(d)
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(got.Names), maxChildren)
		require.Equal(t, 1, d.Depth())
		_, err = d.ReadToken()
		require.NotErrorIs(t, err, io.ErrUnexpectedEOF)
	})
}

func FuzzStreamError(f *testing.F) {
	f.Add(`<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>t</text>`)
	f.Add(`<see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>[2001:41D0:1:A49b::1]:9222</see-other-host>`)
	f.Add(`<x xmlns='` + ns.StreamErrors + `'><y/></x><z:z xmlns:z='urn:z'/>`)
	f.Add(`<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='0'></text>`)
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ReadError(inStream(t, `<stream:error>`+s+`</stream:error>`))
		if err != nil {
			return
		}
		require.NotEmpty(t, got.Error())
		require.True(t, Known(got.Condition))
		again, err := ReadError(inStream(t, string(got.Append(nil))))
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}
