package form

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDatatypes(t *testing.T) {
	// XEP-0122 §7.2.2.2
	for datatype, words := range map[string]string{
		"":                   "anything",
		"xs:string":          "anything",
		"x:mine":             "anything",
		"xs:anyURI":          "http://example.net/?a#b | http://[",
		"xs:boolean":         "1 true 0 false | yes",
		"xs:byte":            "-128 127 +1 007 | -129 128 1.0 a",
		"xs:short":           "-32768 32767 | 32768",
		"xs:int":             "-2147483648 2147483647 | 2147483648",
		"xs:long":            "-9223372036854775808 9223372036854775807 | 9223372036854775808",
		"xs:integer":         "99999999999999999999999 | 1e3 0x10 1_000 --1 . +",
		"xs:unsignedByte":    "0 255 | -1 256",
		"xs:positiveInteger": "1 | 0",
		"xs:decimal":         "1 -1.50 .5 1. | 1e3 INF 1,5",
		"xs:double":          "1 -1.5e-3 .5E9 INF -INF NaN 1e999999 | inf 0x1p4 1_0 e1",
		"xs:date":            "2003-10-06 2003-10-06Z 2003-10-06+02:00 | 2003-13-06 6.10.2003",
		"xs:dateTime":        "2003-10-06T11:22:00-07:00 2003-10-06T11:22:00.5Z 2003-10-06T11:22:00 | 2003-10-06",
		"xs:time":            "11:22:00 11:22:00.125Z | 25:00:00 11:22",
		"xs:language":        "en de-CH-1996 | en_US 1",
	} {
		good, bad, _ := strings.Cut(words, "|")
		f := Field{Var: "v", Rules: &Rules{Datatype: datatype}}
		for _, v := range strings.Fields(good) {
			require.NoError(t, f.check([]string{v}), "%s %q", datatype, v)
		}
		for _, v := range strings.Fields(bad) {
			require.ErrorIs(t, f.check([]string{v}), ErrType, "%s %q", datatype, v)
		}
	}
}

func TestRange(t *testing.T) {
	for _, c := range []struct{ datatype, min, max, good, bad string }{
		{"xs:int", "1", "10", "1 5 10", "0 11"},
		{"xs:int", "", "10", "-5", "11"},
		{"xs:int", "x", "", "5", ""}, // a bound that isn't understood
		{"xs:decimal", "0.5", "", "0.5 100", "0.4999999999999999999999"},
		{"xs:double", "-1e3", "1e3", "999.9 NaN", "1000.1"},
		{"xs:dateTime", "2003-10-05T00:00:00-07:00", "2003-10-24T23:59:59-07:00", "2003-10-06T11:22:00-07:00 2003-10-05T07:00:00Z", "2003-10-05T06:59:59Z 2003-10-25T07:00:00Z"},
		{"xs:date", "2003-10-05", "", "2003-10-05 9999-12-31", "2003-10-04 0001-01-01"},
		{"xs:string", "b", "c", "a", ""}, // XEP-0122 §4.7
	} {
		f := Field{Var: "v", Rules: &Rules{Datatype: c.datatype, Range: &Range{c.min, c.max}}}
		for _, v := range strings.Fields(c.good) {
			require.NoError(t, f.check([]string{v}), "%v %q", c, v)
		}
		for _, v := range strings.Fields(c.bad) {
			require.ErrorIs(t, f.check([]string{v}), ErrRange, "%v %q", c, v)
		}
	}
}

func TestPattern(t *testing.T) {
	f := find(t, "0122 Example 5").Field("ssn")
	require.NoError(t, f.check([]string{"123-12-1234"}))
	require.ErrorIs(t, f.check([]string{"123-12-12345"}), ErrPattern, "the whole value")
	for _, pattern := range []string{"(", "[[:nonsense:]]", strings.Repeat("a", maxPattern+1), strings.Repeat("(a{1000})", 20)} {
		f.Rules.Regex = pattern
		require.NoError(t, f.check([]string{"b"}), "XEP-0122 §4.1: what isn't understood is let pass")
	}
	f.Rules.Regex = "[[:digit:]]{3}"
	require.NoError(t, f.check([]string{"123"}))
	require.ErrorIs(t, f.check([]string{"12a"}), ErrPattern)
}

// A pattern and a value of the peer's choice cost little, whatever they are.
func TestSecurityS15PatternsAreCheap(t *testing.T) {
	value := strings.Repeat("a", maxMatched)
	numbers := strings.Repeat("9", 1<<20)
	start := time.Now()
	for _, pattern := range []string{"(a+)+b", "(a?){500}a{500}b", "(a|aa|aaa|a*)*b", strings.Repeat("a?", maxPattern/2), "(((a{10}){10}){10})*b"} {
		f := Field{Var: "v", Rules: &Rules{Regex: pattern}}
		_ = f.check([]string{value})
		_ = f.check([]string{numbers})
	}
	for _, datatype := range []string{"xs:integer", "xs:decimal", "xs:double", "xs:date", "xs:language", "xs:anyURI"} {
		f := Field{Var: "v", Rules: &Rules{Datatype: datatype, Range: &Range{Min: numbers}}}
		_ = f.check([]string{numbers})
	}
	require.Less(t, time.Since(start), 20*time.Second, "minutes, where there is no bound")
}

func TestLists(t *testing.T) {
	open := find(t, "0122 Example 3").Field("evt.category")
	require.NoError(t, open.check([]string{"something else"}), "XEP-0122 §3.2.2")
	open.Rules.Open = false
	require.ErrorIs(t, open.check([]string{"something else"}), ErrOption)
	open.Rules.Regex = "s.*"
	require.NoError(t, open.check([]string{"something else"}), "XEP-0122 §3.2: it implies <open/>")

	some := find(t, "0122 Example 6").Field("evt.notify-methods")
	require.NoError(t, some.check([]string{"e-mail"}))
	require.ErrorIs(t, some.check([]string{}), ErrTooFew)
	require.ErrorIs(t, some.check([]string{"e-mail", "jabber/xmpp", "work phone", "home phone"}), ErrTooMany)
	some.Type = TextMulti
	require.NoError(t, some.check([]string{}), "XEP-0122 §3.3: ignored but for list-multi")
}

func TestLinesAreOneText(t *testing.T) {
	f := Field{Var: "v", Type: TextMulti, Rules: &Rules{Regex: "", Datatype: "xs:int"}}
	require.ErrorIs(t, f.check([]string{"1", "2"}), ErrType, "together they are no number")
	f.Rules.Open = true
	require.NoError(t, f.check([]string{"1", "2"}), "XEP-0122 §3.2.2: each by itself")
	require.ErrorIs(t, f.check([]string{"1", "b"}), ErrType)
}
