package specexample

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMeaning(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`<a/>`, `<a xmlns='jabber:client'></a>`, true},
		{`<a/>`, `<a xmlns='urn:x'/>`, false},
		{`<p:a xmlns:p='urn:x' c='1' b='2'/>`, `<a xmlns="urn:x" b="2" c="1"/>`, true},
		{`<a b='1'/>`, `<a b='2'/>`, false},
		{`<a xml:lang='en'/>`, `<a lang='en'/>`, false},
		{`<a xml:lang='en'/>`, `<a xml:lang="en"/>`, true},
		{`<a xmlns:p='urn:x' p:b='1'/>`, `<a xmlns:q='urn:x' q:b='1'/>`, true},
		{`<a xmlns:p='urn:x' p:b='1'/>`, `<a b='1'/>`, false},
		{`<a>  text
			</a>`, `<a>text</a>`, true},
		{`<a>te xt</a>`, `<a>text</a>`, false},
		{`<a> <b/> … <c/> </a>`, `<a><b/><c/></a>`, true},
		{`<a><b/><c/></a>`, `<a><c/><b/></a>`, true},
		{`<a><b>1</b><b>2</b></a>`, `<a><b>2</b><b>1</b></a>`, false},
		{`<a><b>1</b><c/><b>2</b></a>`, `<a><b>1</b><b>2</b><c/></a>`, true},
		{`<a><b/></a>`, `<a><b/><b/></a>`, false},
		{`<a><b xmlns='urn:x'/></a>`, `<a><b/></a>`, false},
		{`<a>&lt;b/></a>`, `<a><b/></a>`, false},
		{`<a><!-- remark --></a>`, `<a/>`, true},
	} {
		a, err := Meaning(c.a)
		require.NoError(t, err)
		b, err := Meaning(c.b)
		require.NoError(t, err)
		require.Equal(t, c.same, a == b, "%s and %s mean\n%s%s", c.a, c.b, a, b)

		list, err := Parse(c.a, client)
		require.NoError(t, err)
		again, err := Meaning(list[0].String())
		require.NoError(t, err, list[0])
		require.Equal(t, a, again, "%s, written as %s", c.a, list[0])
	}
	for _, s := range []string{``, `text`, `<a/><b/>`, `<a>`, `<a></b>`, `<a/> text`} {
		_, err := Meaning(s)
		require.Error(t, err, s)
	}
}

const sample = `<examples xep="0000" version="1">
<example number="1" title="One" xmlns="jabber:client">
<message><x xmlns="urn:x" a="1"><y/></x></message>
</example>
<example number="2" title="Two" xmlns="jabber:client">
<iq/><iq type="get"/>
</example>
</examples>`

func TestFile(t *testing.T) {
	list, err := parseFile(sample)
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, "0000", list[0].XEP)
	require.Equal(t, "One", list[0].Title)
	require.Len(t, list[1].Elements, 2)
	require.Equal(t, `<x xmlns="urn:x" a="1"><y></y></x>`, list[0].Find(t, "urn:x", "x"))

	for name, change := range map[string][2]string{
		"another file":  {"examples", "other"},
		"another child": {"<example number=\"1\" title=\"One\" xmlns=\"jabber:client\">", "<example>"},
		"no namespace":  {` title="Two" xmlns="jabber:client"`, ``},
		"no number":     {`number="1"`, ``},
		"a number twice": {
			`number="2"`, `number="1"`},
		"empty": {`<iq/><iq type="get"/>`, `<!-- to be mended: <iq> -->`},
		"none":  {sample, `<examples/>`},
		"two":   {sample, sample + sample},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, sample, change[0])
			_, err := parseFile(strings.ReplaceAll(sample, change[0], change[1]))
			require.Error(t, err)
		})
	}
}

type faithful struct {
	XMLName xml.Name
	A       string   `xml:"a,attr"`
	Y       []string `xml:"urn:x y"`
}

type forgetful struct {
	XMLName xml.Name
	A       string `xml:"a,attr"`
}

type picky struct {
	XMLName xml.Name `xml:"urn:other x"`
}

func TestProblem(t *testing.T) {
	list, err := parseFile(sample)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		codec  Codec
		reason string
		want   string // what the problem says; "": there is none
	}{
		"good":                    {As[faithful](), "", ""},
		"something is lost":       {As[forgetful](), "", "-   {urn:x}y"},
		"can't be decoded":        {As[picky](), "", "can't be decoded"},
		"nonsense":                {func(string) (string, error) { return "<", nil }, "", "became"},
		"two":                     {func(s string) (string, error) { return s + s, nil }, "", "2 elements"},
		"nothing":                 {nil, "", "no reason"},
		"nothing, for a reason":   {nil, "it's another's", ""},
		"a reason, and something": {As[faithful](), "it's another's", "has a codec here"},
	} {
		t.Run(name, func(t *testing.T) {
			used := 0
			p := list[0].problem(map[string]Codec{"urn:x x": c.codec}, c.reason, func(string) { used++ })
			require.Contains(t, p, c.want)
			require.Equal(t, c.want == "", p == "", p)
			require.Equal(t, c.codec != nil, used == 1)
		})
	}
}

func TestDiff(t *testing.T) {
	require.Equal(t, "  a\n- b\n+ x\n+ y\n  c\n", diff("a\nb\nc\n", "a\nx\ny\nc\n"))
	require.Equal(t, "  a\n- a\n", diff("a\na\n", "a\n"))
}
