package xmltext

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// at returns a Decoder whose last token is the start of the nth element of in.
func at(t *testing.T, in io.Reader, nth int) *Decoder {
	t.Helper()
	d := NewDecoder(in, Limits{})
	for nth >= 0 {
		tok, err := d.ReadToken()
		require.NoError(t, err)
		if tok.Kind == KindStart {
			nth--
		}
	}
	return d
}

func TestReadElement(t *testing.T) {
	const c, s, p = "xmlns='jabber:client'", "xmlns:stream='http://etherx.jabber.org/streams'", "xmlns:p='urn:p'"
	for _, r := range []struct{ name, in, want string }{
		{"inherits the default", `<a b="1">x &amp; <c/></a>`, `<a ` + c + ` b="1">x &amp; <c/></a>`},
		{"inherits the default, empty", `<a/>`, `<a ` + c + `/>`},
		{"has its own default", `<a xmlns='u'><b/></a>`, `<a xmlns='u'><b/></a>`},
		{"default undone", `<a xmlns=''><b/></a>`, `<a xmlns=''><b/></a>`},
		{"a prefix", `<p:a><p:b/></p:a>`, `<p:a ` + p + `><p:b/></p:a>`},
		{"a prefix inside", `<a xmlns='u'><b><p:c/></b></a>`, `<a ` + p + ` xmlns='u'><b><p:c/></b></a>`},
		{"a prefix of an attribute", `<a xmlns='u' p:b='1'/>`, `<a ` + p + ` xmlns='u' p:b='1'/>`},
		{"a prefix of an attribute inside", `<a xmlns='u'><b p:c=''/></a>`, `<a ` + p + ` xmlns='u'><b p:c=''/></a>`},
		{"a prefix redeclared inside", `<a xmlns='u'><p:b xmlns:p='v'/></a>`, `<a xmlns='u'><p:b xmlns:p='v'/></a>`},
		{"a prefix redeclared, then inherited", `<a xmlns='u'><p:b xmlns:p='v'/><p:c/></a>`, `<a ` + p + ` xmlns='u'><p:b xmlns:p='v'/><p:c/></a>`},
		{"a prefix redeclared on the element", `<p:a xmlns:p='v'><p:b/></p:a>`, `<p:a xmlns:p='v'><p:b/></p:a>`},
		{"default inherited inside only", `<p:a><b xmlns='u'/><c/></p:a>`, `<p:a ` + p + ` ` + c + `><b xmlns='u'/><c/></p:a>`},
		{"all three", `<stream:a><p:b/><c/></stream:a>`, `<stream:a ` + s + ` ` + p + ` ` + c + `><p:b/><c/></stream:a>`},
		{"each once", `<p:a p:b=''><p:c/><d/><d/></p:a>`, `<p:a ` + p + ` ` + c + ` p:b=''><p:c/><d/><d/></p:a>`},
		{"xml is always there", `<a xmlns='u' xml:lang='x'><xml:b/></a>`, `<a xmlns='u' xml:lang='x'><xml:b/></a>`},
		{"as written", "<a\txmlns = \"u\" ><![CDATA[<]]>\r\n&#65;</a >", "<a\txmlns = \"u\" ><![CDATA[<]]>\r\n&#65;</a >"},
	} {
		t.Run(r.name, func(t *testing.T) {
			in := streamStart + r.in + "<next/></stream:stream>"
			for i := len(streamStart); i < len(in); i++ {
				d := at(t, &chunks{in[:i], in[i:]}, 1)
				got, err := d.ReadElement()
				require.NoError(t, err)
				require.Equal(t, r.want, string(got))
				rest, err := drain(d)
				require.Equal(t, io.EOF, err)
				require.Contains(t, rest, "<{jabber:client}next>")
			}
		})
	}
}

// TestReadElementWithoutDefault: an element stands alone, wherever it's put, although it comes from where no default namespace is: a name
// without prefix stays in none (Namespaces in XML 1.0 §6.2).
func TestReadElementWithoutDefault(t *testing.T) {
	for _, r := range []struct{ name, in, want string }{
		{"a prefix, and none inside", `<p:a xmlns:p='u'><b/></p:a>`, `<p:a xmlns='' xmlns:p='u'><b/></p:a>`},
		{"inherited, and none inside", `<p:b><c/></p:b>`, `<p:b xmlns='' xmlns:p='v'><c/></p:b>`},
		{"prefixes only", `<p:a xmlns:p='u'><p:b c=''/></p:a>`, `<p:a xmlns:p='u'><p:b c=''/></p:a>`},
		{"a default of its own", `<p:a xmlns:p='u'><b xmlns='w'/></p:a>`, `<p:a xmlns:p='u'><b xmlns='w'/></p:a>`},
		{"the default undone", `<p:a xmlns='' xmlns:p='u'><b/></p:a>`, `<p:a xmlns='' xmlns:p='u'><b/></p:a>`},
		{"no prefix", `<a><b/></a>`, `<a><b/></a>`},
	} {
		t.Run(r.name, func(t *testing.T) {
			d := at(t, strings.NewReader(`<p:s xmlns:p='v'>`+r.in+`</p:s>`), 1)
			got, err := d.ReadElement()
			require.NoError(t, err)
			require.Equal(t, r.want, string(got))
			if !strings.Contains(r.in, "xmlns") {
				return
			}
			d = NewBytesDecoder([]byte(r.in), Limits{})
			_, err = d.ReadToken()
			require.NoError(t, err)
			got, err = d.ReadElement()
			require.NoError(t, err)
			require.Equal(t, r.want, string(got), "as the outermost element")
		})
	}
}

func TestReadElementEscapesDeclarations(t *testing.T) {
	d := at(t, strings.NewReader(`<s xmlns='a&lt;"&apos;&amp;&#10;'><b/></s>`), 1)
	got, err := d.ReadElement()
	require.NoError(t, err)
	assert.Equal(t, `<b xmlns='a&lt;&quot;&apos;&amp;&#10;'/>`, string(got))
}

// An element that lost the default namespace above it keeps that when it stands elsewhere.
func TestReadElementKeepsNoNamespace(t *testing.T) {
	d := at(t, strings.NewReader(`<s xmlns='u'><a xmlns=''><b/></a></s>`), 2)
	got, err := d.ReadElement()
	require.NoError(t, err)
	assert.Equal(t, `<b xmlns=''/>`, string(got))
}

func TestReadElementChecks(t *testing.T) {
	for _, r := range broken {
		if !strings.HasPrefix(r.want, "<a>") || r.why == 0 || r.at < 3 {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			d := NewBytesDecoder([]byte(r.in), Limits{})
			_, err := d.ReadToken()
			require.NoError(t, err)
			if _, err = d.ReadElement(); err == nil {
				_, err = d.ReadToken()
			}
			r.check(t, r.want, err, 0)
		})
	}
}

func TestElementTasksGoOnAfterReadErrors(t *testing.T) {
	in := streamStart + "<a>1<p:b>2</p:b>&lt;<![CDATA[3]]></a><c/></stream:stream>"
	begin := func() *Decoder {
		d := NewDecoder(&flaky{in: strings.NewReader(in)}, Limits{})
		for starts := 0; starts < 2; {
			if tok, err := d.ReadToken(); err == nil && tok.Kind == KindStart {
				starts++
			}
		}
		return d
	}
	errs := 0
	again := func(err error) bool {
		if err != nil {
			require.Equal(t, errTimeout, err)
			errs++
		}
		return err != nil
	}
	d := begin()
	elem, err := d.ReadElement()
	for again(err) {
		elem, err = d.ReadElement()
	}
	assert.Equal(t, `<a xmlns='jabber:client' xmlns:p='urn:p'>1<p:b>2</p:b>&lt;<![CDATA[3]]></a>`, string(elem))

	d = begin()
	text, err := d.AppendText([]byte("0"))
	for again(err) {
		text, err = d.AppendText(text)
	}
	assert.Equal(t, "01<3", string(text))

	d = begin()
	for again(d.SkipElement()) {
	}
	assert.Greater(t, errs, 90)
	tok, err := d.ReadToken()
	for again(err) {
		tok, err = d.ReadToken()
	}
	assert.Equal(t, "c", tok.Name.Local)
}

// A task that was given up leaves a Decoder that reads on inside the element.
func TestTaskGivenUp(t *testing.T) {
	d := at(t, &dataErr{chunks{"<s xmlns='u'><a>x<b/>", "y</a></s>"}}, 1)
	_, err := d.ReadElement()
	require.Equal(t, errTimeout, err)
	assert.ErrorIs(t, d.SkipElement(), errNotAtStart)
	var rest strings.Builder
	for {
		tok, err := d.ReadToken()
		if err == io.EOF {
			break
		}
		if err == nil {
			dump(&rest, tok)
		}
	}
	assert.Equal(t, "[y]</{u}a></{u}s>", rest.String())
}

// A task that was given up in the middle of a text leaves the whole text to be read.
func TestTaskGivenUpInsideText(t *testing.T) {
	for _, cut := range []string{"&lt;1&gt;|2</a>", "<![CDATA[12|3]]>4</a>", "1\r|\n2</a>", "1&a|mp;2</a>"} {
		first, second, _ := strings.Cut(cut, "|")
		d := at(t, &dataErr{chunks{"<s><a>" + first, second + "</s>"}}, 1)
		require.Equal(t, errTimeout, d.SkipElement())
		tok, err := d.ReadToken()
		require.NoError(t, err)
		want, err := drain(NewBytesDecoder([]byte("<a>"+first+second), Limits{}))
		require.Equal(t, io.EOF, err)
		assert.Equal(t, want, "<a>["+string(tok.Text)+"]</a>")
	}
}

func TestAppendTextAndSkipElement(t *testing.T) {
	for in, want := range map[string]string{
		"<a/>": "", "<a></a>": "", "<a>x</a>": "x", "<a>x<b>no<c>no</c></b>y<![CDATA[<z>]]>&amp;</a>": "xy<z>&", "<a><b/> </a>": " ",
	} {
		for i := range in {
			full := "<s>" + in + "<n/></s>"
			d := at(t, &chunks{full[:i+3], full[i+3:]}, 1)
			got, err := d.AppendText([]byte(">"))
			require.NoError(t, err)
			assert.Equal(t, ">"+want, string(got))
			rest, err := drain(d)
			assert.Equal(t, io.EOF, err)
			assert.Equal(t, "<n></n></s>", rest)

			d = at(t, iotest.OneByteReader(strings.NewReader(full)), 1)
			require.NoError(t, d.SkipElement())
			rest, err = drain(d)
			assert.Equal(t, io.EOF, err)
			assert.Equal(t, "<n></n></s>", rest)
		}
	}
}

func TestTasksNeedAStart(t *testing.T) {
	d := NewDecoder(strings.NewReader("<s><a>x</a></s>"), Limits{})
	_, err := d.ReadElement()
	assert.ErrorIs(t, err, errNotAtStart)
	d.ReadToken()
	_, err = d.ReadElement()
	assert.ErrorIs(t, err, errRootElement)
	assert.Equal(t, KindStart, d.PeekKind())
	assert.ErrorIs(t, d.SkipElement(), errNotAtStart, "after a look ahead the start token is no more the last")
	d.ReadToken()
	d.ReadToken()
	_, err = d.AppendText(nil)
	assert.ErrorIs(t, err, errNotAtStart)
	rest, err := drain(d)
	assert.Equal(t, "</a></s>", rest)
	assert.Equal(t, io.EOF, err)
}

func TestSkipRoot(t *testing.T) {
	d := at(t, strings.NewReader("<s><a>x</a></s>"), 0)
	require.NoError(t, d.SkipElement())
	_, err := d.ReadToken()
	assert.Equal(t, io.EOF, err)
	d = NewBytesDecoder([]byte("<s><a>x</a></s> "), Limits{})
	d.ReadToken()
	elem, err := d.ReadElement()
	require.NoError(t, err)
	assert.Equal(t, "<s><a>x</a></s>", string(elem))
	_, err = d.ReadToken()
	assert.Equal(t, io.EOF, err)
}

func TestTokenAttrs(t *testing.T) {
	d := NewBytesDecoder([]byte(`<a b='1' p:b='2' xml:lang='de' xmlns:p='u'/>`), Limits{})
	tok, err := d.ReadToken()
	require.NoError(t, err)
	v, is := tok.Attr("b")
	assert.Equal(t, "1", string(v))
	assert.True(t, is)
	v, is = tok.AttrNS("u", "b")
	assert.Equal(t, "2", string(v))
	assert.True(t, is)
	v, is = tok.Lang()
	assert.Equal(t, "de", string(v))
	assert.True(t, is)
	_, is = tok.Attr("lang")
	assert.False(t, is)
}

// Appending to a view does not write into the buffer.
func TestViewsAreClipped(t *testing.T) {
	undo := poisonStale.Swap(false)
	defer poisonStale.Store(undo)
	in := []byte(`<a b='1' c='2'>text<d/></a>`)
	d := NewBytesDecoder(in, Limits{})
	tok, _ := d.ReadToken()
	_ = append(tok.Attrs[0].Value, "xxxxxxxx"...)
	tok, _ = d.ReadToken()
	_ = append(tok.Text, "xxxxxxxx"...)
	d.ReadToken()
	elem, _ := d.ReadElement()
	_ = append(elem, "xxxxxxxx"...)
	assert.Equal(t, `<a b='1' c='2'>text<d/></a>`, string(in))
}

func TestPoison(t *testing.T) {
	d := NewBytesDecoder([]byte(`<a b='1'>text<c/></a>`), Limits{})
	tok, _ := d.ReadToken()
	value := tok.Attrs[0].Value
	next, _ := d.ReadToken()
	assert.Equal(t, []byte{poisonByte}, value)
	assert.Equal(t, Kind(poisonByte), tok.Kind)
	text := next.Text
	d.PeekKind()
	assert.Equal(t, strings.Repeat(string([]byte{poisonByte}), 4), string(text))
	d.ReadToken()
	elem, err := d.ReadElement()
	require.NoError(t, err)
	assert.Equal(t, "<c/>", string(elem))
	d.ReadToken()
	assert.Equal(t, strings.Repeat(string([]byte{poisonByte}), 4), string(elem))
}
