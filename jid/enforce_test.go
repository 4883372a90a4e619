package jid

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The tables here go beyond the shared vectors: each row is a rule of an RFC, a departure of x/text or x/net from it, or
// a limit. An empty reason means that want comes out.
type enforceTest struct {
	name, in, want string
	reason         Reason
}

func testEnforce(t *testing.T, part Part, enforce func(string) (string, *ParseError), tests []enforceTest) {
	for _, tt := range tests {
		t.Run(string(part)+" "+tt.name, func(t *testing.T) {
			got, fault := enforce(tt.in)
			if tt.reason != "" {
				require.NotNil(t, fault, "%q came out", got)
				assert.Equal(t, tt.reason, fault.Reason)
				return
			}
			require.Nil(t, fault)
			assert.Equal(t, tt.want, got)
			again, fault := enforce(got)
			require.Nil(t, fault)
			assert.Equal(t, got, again, "idempotent")
		})
	}
}

func TestEnforceLocal(t *testing.T) {
	t.Attr("conformance", "8265-3.3.2-1 8265-3.3.3-1 8265-3.3.3-3")
	testEnforce(t, Localpart, enforceLocal, []enforceTest{
		{"digit before a non-ASCII letter: no Bidi Rule without right-to-left text", "1é", "1é", ""},
		{"full stop at the end, the same", "été.", "été.", ""},
		{"sigma before the end is no final sigma", "ΑΣ", "ασ", ""},
		{"capital I with dot above", "İ", "i\u0307", ""},
		{"fullwidth digits", "１２", "12", ""},
		{"halfwidth katakana with voiced mark", "ｶﾞ", "ガ", ""},
		{"halfwidth Hangul is compatibility jamo", "ﾡ", "", Disallowed},
		{"conjoining jamo", "\u1100\u1161", "", Disallowed},
		{"jamo after a syllable", "\uac00\u11a8", "", Disallowed},
		{"ohm sign", "\u2126", "", Disallowed},
		{"angstrom sign", "\u212b", "", Disallowed},
		{"titlecase digraph", "\u01c5", "", Disallowed},
		{"superscript", "x²", "", Disallowed},
		{"emoji", "🐎", "", Disallowed},
		{"euro sign", "€", "", Disallowed},
		{"ideographic space", "a\u3000b", "", Disallowed},
		{"variation selector", "a\ufe0f", "", Disallowed},
		{"combining grapheme joiner", "a\u034f", "", Disallowed},
		{"private use", "\ue000", "", Disallowed},
		{"fullwidth @", "a＠b", "", Disallowed},
		{"small @ is a compatibility character", "a\ufe6bb", "", Disallowed},
		{"DEL", "a\x7f", "", Disallowed},
		{"broken UTF-8", "a\xff", "", NotUTF8},
		{"surrogate in UTF-8", "\xed\xa0\x80", "", NotUTF8},
		{"overlong UTF-8", "\xc0\xaf", "", NotUTF8},
		{"middle dot between capital letters", "L·L", "l·l", ""},
		{"middle dot elsewhere", "a·l", "", OutOfContext},
		{"Greek numeral sign", "\u0375α", "\u0375α", ""},
		{"Greek numeral sign before Latin", "\u0375a", "", OutOfContext},
		{"geresh", "א\u05f3", "א\u05f3", ""},
		{"geresh first", "\u05f3א", "", OutOfContext},
		{"katakana middle dot with kanji", "a・日", "a・日", ""},
		{"katakana middle dot with Latin only", "a・b", "", OutOfContext},
		{"Arabic-Indic digits", "ا\u0661", "ا\u0661", ""},
		{"both kinds of Arabic digits", "ا\u0661\u06f1", "", OutOfContext},
		{"ZWNJ between joining letters", "ب\u200cب", "ب\u200cب", ""},
		{"ZWNJ before a letter that does not join", "ب\u200cء", "", OutOfContext},
		{"ZWNJ at the end", "ب\u200c", "", OutOfContext},
		{"Arabic tatweel", "ب\u0640ب", "", Disallowed},
		{"LTR mark in RTL text", "אa", "", MixedBidi},
		{"RTL text that ends in a full stop", "א.", "", MixedBidi},
		{"longest", strings.Repeat("x", maxPart), strings.Repeat("x", maxPart), ""},
		{"one byte too long", strings.Repeat("x", maxPart+1), "", TooLong},
		{"too long after mapping", strings.Repeat("ｘ", maxPart+1), "", TooLong},
		{"far too long", strings.Repeat("é", maxInput), "", TooLong},
	})
}

func TestEnforceDomain(t *testing.T) {
	label63 := strings.Repeat("x", maxLabel)
	name253 := label63 + "." + label63 + "." + label63 + "." + label63[:61]
	testEnforce(t, Domainpart, enforceDomain, []enforceTest{
		{"final dot", "example.com.", "example.com", ""},
		{"two final dots", "example.com..", "", BadLabel},
		{"dot alone", ".", "", Empty},
		{"fullwidth dot", "example．com", "example.com", ""},
		{"ideographic full stop", "example。com", "example.com", ""},
		{"mapped dot at the end", "example。", "", BadLabel},
		{"IPv4", "127.0.0.1", "127.0.0.1", ""},
		{"IPv4 with a final dot", "127.0.0.1.", "127.0.0.1", ""},
		{"IPv6 in capitals", "[2001:DB8::FF]", "[2001:db8::ff]", ""},
		{"IPv6 with IPv4", "[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]", ""},
		{"IPv6 with a zone", "[FE80::1%25Eth0]", "[fe80::1%25Eth0]", ""},
		{"IPv6 with an encoded zone", "[fe80::1%25a%2Fb]", "[fe80::1%25a%2Fb]", ""},
		{"IPv6 with a zone that is not encoded", "[fe80::1%eth0]", "", BadIP},
		{"IPv6 with an empty zone", "[fe80::1%25]", "", BadIP},
		{"IPv6 with a bad zone", "[fe80::1%25a b]", "", BadIP},
		{"IPv6 with a badly encoded zone", "[fe80::1%25a%2]", "", BadIP},
		{"IPv6 without end", "[::1", "", BadIP},
		{"IPv6 and more", "[::1]x", "", BadIP},
		{"IPv6 with a zone too long", "[fe80::1%25" + strings.Repeat("z", maxPart) + "]", "", TooLong},
		{"future address", "[v1.x]", "", BadIP},
		{"fullwidth brackets", "［::1］", "", Disallowed},
		{"port", "example.com:5222", "", Disallowed},
		{"underscore is no LDH", "_xmpp.example", "", Disallowed},
		{"reserved LDH label", "ab--cd.example", "", BadLabel},
		{"hyphen at the end", "ab-.example", "", BadLabel},
		{"hyphens within", "a-b-c.example", "a-b-c.example", ""},
		{"reserved U-label", "ab--é.example", "", BadLabel},
		{"U-label with hyphen at the end", "é-.example", "", BadLabel},
		{"capitals and U-label", "ÉCOLE.Example", "école.example", ""},
		{"NFD", "e\u0301.example", "é.example", ""},
		{"KELVIN SIGN is mapped, RFC 5895", "\u212a.example", "k.example", ""},
		{"conjoining jamo are composed, RFC 5895", "\u1100\u1161.example", "가.example", ""},
		{"jamo alone", "\u1100.example", "", Disallowed},
		{"capital sharp s", "\u1e9e.example", "ß.example", ""},
		{"final sigma stays", "ας.example", "ας.example", ""},
		{"capital I with dot above", "İ.example", "i\u0307.example", ""},
		{"Cherokee, whose capitals are the valid ones", "\u13a0\u13a1", "\u13a0\u13a1", ""},
		{"small Cherokee", "\uab70", "", Disallowed},
		{"emoji", "🐎.example", "", Disallowed},
		{"emoji as A-label", "xn--8r8h.example", "", Disallowed},
		{"symbol as A-label", "xn--g6h.example", "", Disallowed},
		{"superscript", "x².example", "", Disallowed},
		{"ligature", "ﬁ.example", "", Disallowed},
		{"combining mark for symbols", "a\u20d0.example", "", Disallowed},
		{"leading combining mark", "\u0301a.example", "", BadLabel},
		{"A-label in capitals", "XN--MNCHEN-3YA.de", "münchen.de", ""},
		{"A-label, fullwidth", "ｘn--mnchen-3ya.de", "münchen.de", ""},
		{"A-label of capitals", "xn--MNCHEN-DKA", "", Disallowed},
		{"A-label of ASCII", "xn--abc-", "", BadLabel},
		{"A-label that is no Punycode", "xn--a-\u00b7", "", BadLabel},
		{"A-label with a broken tail", "xn--0", "", BadLabel},
		{"A-label of NFD", "xn--e-xbb", "", BadLabel},
		{"A-label of an A-label", "xn--xn---epa", "", BadLabel},
		{"Hebrew with a label that begins with a digit", "1a.אב", "", MixedBidi},
		{"Hebrew A-label with such a label", "1a.xn--4dbc", "", MixedBidi},
		{"Hebrew with digits", "אב1.example", "אב1.example", ""},
		{"ZWJ after a virama", "क\u094d\u200dष.example", "क\u094d\u200dष.example", ""},
		{"ZWJ elsewhere", "क\u200dष.example", "", OutOfContext},
		{"ZWNJ between joining letters", "ب\u200cب", "ب\u200cب", ""},
		{"ZWNJ before a letter that does not join", "ب\u200cء", "", OutOfContext},
		{"middle dot, mapped", "L·L.example", "l·l.example", ""},
		{"middle dot elsewhere", "a·l.example", "", OutOfContext},
		{"label of 63", label63 + ".example", label63 + ".example", ""},
		{"label of 64", label63 + "x.example", "", TooLong},
		{"U-label whose A-label has 64", "é" + strings.Repeat("x", 56), "", TooLong},
		{"U-label whose A-label has 63", "é" + strings.Repeat("x", 55), "é" + strings.Repeat("x", 55), ""},
		{"name of 253", name253, name253, ""},
		{"name of 253 and a dot", name253 + ".", name253, ""},
		{"name of 254", name253 + "x", "", TooLong},
		{"name of U-labels of 254", strings.Repeat("é.", 31) + name253[:37], "", TooLong},
		{"long label beyond ASCII", strings.Repeat("\U00020000", 1000), "", TooLong},
		{"far too long", strings.Repeat("é.", maxInput), "", TooLong},
		{"broken UTF-8", "a\xff", "", NotUTF8},
		{"control", "a\n", "", Disallowed},
	})
}

func TestEnforceResource(t *testing.T) {
	t.Attr("conformance", "8265-4.2.1-1 8265-4.2.2-1 8265-4.2.2-2 8265-4.2.2-3 8265-4.2.2-4 8265-4.2.2-5")
	testEnforce(t, Resourcepart, enforceResource, []enforceTest{
		{"spaces of all kinds", "a\u3000b\u2003c d", "a b c d", ""},
		{"fullwidth is kept", "Ａ", "Ａ", ""},
		{"conjoining jamo", "\u1100\u1161", "", Disallowed},
		{"emoji", "🐎", "🐎", ""},
		{"emoji with variation selector", "♥\ufe0f", "", Disallowed},
		{"line feed", "a\nb", "", Disallowed},
		{"control beyond ASCII", "a\u0085", "", Disallowed},
		{"directional override", "a\u202eb", "", Disallowed},
		{"unassigned", "\u0378", "", Disallowed},
		{"middle dot out of context", "a·b", "", OutOfContext},
		{"ano teleia becomes a middle dot", "l\u0387l", "l·l", ""},
		{"ano teleia out of context", "a\u0387", "", OutOfContext},
		{"family of emoji, joined", "👨\u200d👩", "", OutOfContext},
		{"longest", strings.Repeat("x", maxPart), strings.Repeat("x", maxPart), ""},
		{"longest after mapping", strings.Repeat("\u3000", maxPart), strings.Repeat(" ", maxPart), ""},
		{"too long after mapping", strings.Repeat("\u3000", maxPart+1), "", TooLong},
		{"too long, not ASCII", strings.Repeat("é", maxPart), "", TooLong},
		{"broken UTF-8", "a\xff", "", NotUTF8},
	})
}

// TestSettle shows the two ends of RFC 8264 §7: a fourth application may still change the text, a fifth is not made.
func TestSettle(t *testing.T) {
	t.Attr("conformance", "8265-5-1")
	shrink := func(s string) (string, *ParseError) { return s[:max(1, len(s)-1)], nil }
	got, fault := settle("abcd", shrink)
	require.Nil(t, fault)
	assert.Equal(t, "a", got)
	_, fault = settle("abcde", shrink)
	require.NotNil(t, fault)
	assert.Equal(t, Unstable, fault.Reason)
}

func TestHost(t *testing.T) {
	tests := map[string]string{
		"example.com":                "example.com",
		"a@München.example/r":        "xn--mnchen-3ya.example",
		"faß.de":                     "xn--fa-hia.de",
		"192.0.2.1":                  "192.0.2.1",
		"[2001:DB8::1]":              "2001:db8::1",
		"a@[fe80::1%25eth0%2E7]/x@y": "fe80::1%eth0.7",
	}
	for in, want := range tests {
		assert.Equal(t, want, MustParse(in).Host(), in)
	}
}
