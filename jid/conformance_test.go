package jid

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The requirements of RFC 7622 that bind a client. Each row of the two tables in testdata has a subtest of its name here,
// so that a report can pick the results up: TestRFC7622/7622-3.2-3, TestRFC7622/address-domain-prep.
var rfc7622 = map[string]func(t *testing.T){
	"address-domain-length":    domainLength,
	"address-domain-prep":      domainPrep,
	"address-localpart-length": func(t *testing.T) { partLength(t, Localpart, "%@h") },
	"address-localpart-prep":   localPrep,
	"address-resource-length":  func(t *testing.T) { partLength(t, Resourcepart, "h/%") },
	"address-resource-prep":    resourcePrep,

	"7622-3.2-1": func(t *testing.T) {
		parses(t, "example.com", "example.com")
		for _, s := range []string{"", "a@", "/r", "a@/r", "@", "a@."} {
			refuses(t, s, Domainpart, Empty, s == "@")
		}
	},
	"7622-3.2-2": func(t *testing.T) {
		for _, s := range []string{"chat.example.com", "192.0.2.1", "[2001:db8::1]", "localhost"} {
			parses(t, s, s)
		}
		refuses(t, "2001:db8::1", Domainpart, Disallowed, false)
		refuses(t, "[v7.future]", Domainpart, BadIP, false)
	},
	"7622-3.2-3": func(t *testing.T) {
		assert.Equal(t, MustParse("a@example.com/r"), MustParse("a@example.com./r"), "comparing")
		assert.Equal(t, "a@example.com/r", MustParse("a@example.com./r").String(), "routing")
		u, err := ParseURI("xmpp:a@example.com.")
		require.NoError(t, err)
		assert.Equal(t, "xmpp:a@example.com", u.String(), "constructing a URI")
	},
	"7622-3.2-4": func(t *testing.T) {
		// Were the dot stripped after mapping, this name would lose a fullwidth dot instead of being refused.
		refuses(t, "example．", Domainpart, BadLabel, false)
		parses(t, "[::1].", "[::1]")
	},
	"7622-3.2-5":   domainLength,
	"7622-3.2.1-1": domainPrep,
	"7622-3.2.1-2": func(t *testing.T) {
		parses(t, "xn--mnchen-3ya.de", "münchen.de")
		parses(t, "XN--FA-HIA.xn--4dbc", "faß.אב")
		for _, s := range []string{"xn--", "xn--0", "xn--abc-", "xn--e-xbb"} {
			refuses(t, s, Domainpart, BadLabel, false)
		}
	},
	"7622-3.2.1-3": func(t *testing.T) { refuses(t, "m\xfcnchen.de", Domainpart, NotUTF8, false) },
	"7622-3.2.2-1": func(t *testing.T) {
		parses(t, "MU\u0308NCHEN.ｄｅ", "münchen.de") // case, NFC and width
	},
	"7622-3.2.3-1": func(t *testing.T) {
		same := MustParse("münchen.de")
		for _, s := range []string{"MÜNCHEN.DE", "mu\u0308nchen.de.", "xn--mnchen-3ya.ｄｅ"} {
			assert.True(t, same == MustParse(s), "%+q", s)
		}
		assert.False(t, same == MustParse("munchen.de"))
	},
	"7622-3.3-1": func(t *testing.T) {
		t.Attr("conformance", "8265-3.1-1 8265-3.3.3-2")
		partLength(t, Localpart, "%@h")
	},
	"7622-3.3-2": localPrep,
	"7622-3.4-1": func(t *testing.T) {
		j := MustParse("room@h/a/b@c d")
		assert.Equal(t, "a/b@c d", j.Resourcepart(), "opaque: nothing in it means anything")
		assert.Equal(t, MustParse("room@h"), j.Bare())
	},
	"7622-3.4-2": func(t *testing.T) { partLength(t, Resourcepart, "h/%") },
	"7622-3.4-3": resourcePrep,
	"7622-4-1": func(t *testing.T) {
		// There is no JID that was not enforced: each way in refuses the same address.
		const bad = "foo bar@h"
		_, err := Parse(bad)
		require.ErrorIs(t, err, Disallowed)
		_, err = ParseBytes([]byte(bad))
		require.ErrorIs(t, err, Disallowed)
		_, err = New("foo bar", "h", "")
		require.ErrorIs(t, err, Disallowed)
		_, err = MustParse("h").WithResource("\x01")
		require.ErrorIs(t, err, Disallowed)
		_, err = ParseURI("xmpp:foo%20bar@h")
		require.ErrorIs(t, err, Disallowed)
		var j JID
		require.ErrorIs(t, json.Unmarshal([]byte(`"foo bar@h"`), &j), Disallowed)
		require.ErrorIs(t, j.UnmarshalXMLAttr(xml.Attr{Value: bad}), Disallowed)
		assert.Zero(t, j)
	},
	"7622-4-2": func(t *testing.T) {
		// A JID slot deep in a payload, which no server looks at: enforced by its type.
		var payload struct {
			Initiator JID `xml:"initiator,attr"`
		}
		require.NoError(t, xml.Unmarshal([]byte(`<jingle initiator="ROMEO@h/ｒ"/>`), &payload))
		assert.Equal(t, "romeo@h/ｒ", payload.Initiator.String())
		assert.ErrorIs(t, xml.Unmarshal([]byte(`<jingle initiator="♚@h"/>`), &payload), Disallowed)
	},
	"7622-5-1": func(t *testing.T) {
		parses(t, "ΣΊΣΥΦΟΣ@ΠΑΡΆΔΕΙΓΜΑ.example/ΒΡΆΧΟΣ ♚", "σίσυφοσ@παράδειγμα.example/ΒΡΆΧΟΣ ♚")
		refuses(t, "♚@h", Localpart, Disallowed, false)
		refuses(t, "♚.example", Domainpart, Disallowed, false)
		refuses(t, "h/\u200b", Resourcepart, Disallowed, false)
	},
}

func TestRFC7622(t *testing.T) {
	rows := map[string]bool{}
	for _, row := range readTSV(t, "conformance-rfc7622.tsv") {
		rows[row["feature"]] = true
	}
	for _, row := range readTSV(t, "conformance-rfc7622-client.tsv") {
		rows[row["id"]] = true
	}
	for id := range rows {
		require.Contains(t, rfc7622, id)
		t.Run(id, func(t *testing.T) {
			t.Attr("conformance", id)
			rfc7622[id](t)
		})
	}
	assert.Len(t, rfc7622, len(rows), "no test without its row")
}

// domainLength is RFC 7622 §3.2: 1 to 1023 octets, and the limits of RFC 1034 on labels and names.
func domainLength(t *testing.T) {
	label := strings.Repeat("x", 63)
	name := strings.Join([]string{label, label, label, label[:61]}, ".")
	parses(t, "x", "x")
	parses(t, label, label)
	parses(t, name, name)
	refuses(t, label+"x", Domainpart, TooLong, false)
	refuses(t, name+"x", Domainpart, TooLong, false)
	refuses(t, "é"+strings.Repeat("x", 56), Domainpart, TooLong, false) // 64 octets as an A-label
	refuses(t, "[fe80::1%25"+strings.Repeat("z", 1012)+"]", Domainpart, TooLong, false)
	refuses(t, "", Domainpart, Empty, false)
	refuses(t, ".", Domainpart, Empty, false)
}

// domainPrep is RFC 7622 §3.2.1 and §3.2.2: NR-LDH labels and U-labels of IDNA2008, in lower case.
func domainPrep(t *testing.T) {
	parses(t, "Example.ÉCOLE.xn--4dbc", "example.école.אב")
	parses(t, "ａb-c1.example", "ab-c1.example")
	for _, s := range []string{"a_b", "a b", "a%b", "♥", "\u2163", "x²", "a\u00ad", "\ue000", "\u0378"} {
		refuses(t, s, Domainpart, Disallowed, false)
	}
	for _, s := range []string{"-a", "a-", "ab--cd", "a..b", ".a", "\u0301a"} {
		refuses(t, s, Domainpart, BadLabel, false)
	}
	refuses(t, "a・b", Domainpart, OutOfContext, false)
	refuses(t, "aא", Domainpart, MixedBidi, false)
}

// localPrep is RFC 7622 §3.3: UsernameCaseMapped, and the excluded characters of §3.3.1.
func localPrep(t *testing.T) {
	parses(t, "JULIET@h", "juliet@h")
	parses(t, "ｊuliet@h", "juliet@h")
	parses(t, "Ångström@h", "ångström@h")
	parses(t, "e\u0301@h", "é@h")
	for _, s := range []string{`"`, "&", "'", ":", "<", ">", " ", "♚", "\u2163", "\u212a", "\u1100\u1161", "＠", "＆"} {
		refuses(t, "a"+s+"@h", Localpart, Disallowed, false)
	}
	refuses(t, "aא@h", Localpart, MixedBidi, false)
	refuses(t, "a\u200db@h", Localpart, OutOfContext, false)
}

// resourcePrep is RFC 7622 §3.4: OpaqueString.
func resourcePrep(t *testing.T) {
	parses(t, "h/FooBar ♚ \u2163", "h/FooBar ♚ \u2163")
	parses(t, "h/a\u00a0b\u3000c", "h/a b c")
	parses(t, "h/e\u0301\u212b", "h/éÅ")
	for _, s := range []string{"\x00", "\t", "\x7f", "\u0085", "\ue000", "\u200b", "\ufdd0", "\u1100\u1161"} {
		refuses(t, "h/a"+s, Resourcepart, Disallowed, false)
	}
	refuses(t, "h/a\u200db", Resourcepart, OutOfContext, false)
}

// partLength is RFC 7622 §3.3 and §3.4: 1 to 1023 octets after mapping; % in the pattern is the part.
func partLength(t *testing.T, part Part, pattern string) {
	address := func(s string) string { return strings.ReplaceAll(pattern, "%", s) }
	for _, s := range []string{"x", strings.Repeat("x", 1023), strings.Repeat("é", 511)} {
		parses(t, address(s), address(s))
	}
	// Decomposed, it is longer than the limit; composed, it is not.
	parses(t, address(strings.Repeat("e\u0301", 511)), address(strings.Repeat("é", 511)))
	refuses(t, address(""), part, Empty, false)
	refuses(t, address(strings.Repeat("x", 1024)), part, TooLong, false)
	refuses(t, address(strings.Repeat("é", 512)), part, TooLong, false)
	refuses(t, address(strings.Repeat("e\u0301", 512)), part, TooLong, false)
}

func parses(t *testing.T, in, want string) {
	t.Helper()
	j, err := Parse(in)
	if assert.NoError(t, err) {
		assert.Equal(t, want, j.String())
	}
}

// refuses checks the error of an address; anyPart is for those of which more than one part is wrong.
func refuses(t *testing.T, in string, part Part, reason Reason, anyPart bool) {
	t.Helper()
	_, err := Parse(in)
	var parseError *ParseError
	if assert.ErrorAs(t, err, &parseError, "%+q", in) {
		assert.Equal(t, reason, parseError.Reason, "%+q", in)
		assert.True(t, anyPart || part == parseError.Part, "%+q: %s", in, parseError.Part)
	}
}
