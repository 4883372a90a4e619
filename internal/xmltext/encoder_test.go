package xmltext

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func client(local string) Name { return Name{"jabber:client", local} }

func TestEncoder(t *testing.T) {
	for _, r := range []struct {
		name string
		do   func(e *Encoder)
		want string
	}{
		{"nothing", func(e *Encoder) {}, ``},
		{"default in scope", func(e *Encoder) { e.Empty(client("a")) }, `<a/>`},
		{"another namespace", func(e *Encoder) { e.Start(Name{"u", "a"}); e.Empty(Name{"u", "b"}); e.Empty(client("c")); e.End() },
			`<a xmlns='u'><b/><c xmlns='jabber:client'/></a>`},
		{"default restored", func(e *Encoder) {
			e.Start(client("a"))
			e.Empty(Name{"u", "b"})
			e.Empty(client("c"))
			e.Empty(Name{"u", "d"})
			e.End()
		},
			`<a><b xmlns='u'/><c/><d xmlns='u'/></a>`},
		{"no namespace", func(e *Encoder) { e.Start(Name{"", "a"}); e.Empty(Name{"", "b"}); e.End() }, `<a xmlns=''><b/></a>`},
		{"stream prefix", func(e *Encoder) {
			e.Start(Name{nsStream, "features"})
			e.Empty(Name{"u", "a"})
			e.Empty(Name{nsStream, "b"})
			e.End()
		}, `<stream:features><a xmlns='u'/><stream:b/></stream:features>`},
		{"stream prefix, standing alone", func(e *Encoder) {
			e.Standalone()
			e.Start(Name{nsStream, "features"})
			e.Empty(Name{nsStream, "b"})
			e.End()
			e.Empty(Name{nsStream, "c"})
		}, `<stream:features xmlns:stream='http://etherx.jabber.org/streams'><stream:b/></stream:features>` +
			`<stream:c xmlns:stream='http://etherx.jabber.org/streams'/>`},
		{"stream header", func(e *Encoder) {
			e.Reset(nil, "")
			e.Start(Name{nsStream, "stream"})
			e.Declare("", "jabber:client")
			e.Declare("stream", nsStream)
			e.Attr("to", "a.example")
			e.AttrNS(Name{nsXML, "lang"}, "de")
		}, `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='a.example' xml:lang='de'>`},
		{"stream header, standing alone", func(e *Encoder) {
			e.Reset(nil, "")
			e.Standalone()
			e.Start(Name{nsStream, "stream"})
			e.Declare("stream", nsStream)
			e.Declare("", "jabber:client")
			e.Empty(client("a"))
		}, `<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'><a/>`},
		{"declared prefix", func(e *Encoder) {
			e.Start(client("a"))
			e.Declare("p", "u")
			e.AttrNS(Name{"u", "b"}, "1")
			e.Empty(Name{"u", "c"})
			e.End()
			e.Empty(Name{"u", "d"})
		}, `<a xmlns:p='u' p:b='1'><p:c/></a><d xmlns='u'/>`},
		{"declared prefix hidden", func(e *Encoder) {
			e.Start(client("a"))
			e.Declare("p", "u")
			e.Start(client("b"))
			e.Declare("p", "v")
			e.Empty(Name{"u", "c"})
			e.Empty(Name{"v", "d"})
			e.End()
			e.Empty(Name{"u", "e"})
			e.End()
		}, `<a xmlns:p='u'><b xmlns:p='v'><c xmlns='u'/><p:d/></b><p:e/></a>`},
		{"declared twice the same", func(e *Encoder) {
			e.Start(client("a"))
			e.Declare("p", "u")
			e.Declare("p", "u")
			e.Declare("", "jabber:client")
			e.End()
		}, `<a xmlns:p='u'/>`},
		{"attributes with namespaces", func(e *Encoder) {
			e.Start(client("a"))
			e.AttrNS(Name{"u", "b"}, "1")
			e.AttrNS(Name{"v", "b"}, "2")
			e.AttrNS(Name{"u", "c"}, "3")
			e.Attr("b", "4")
			e.Start(Name{"u", "d"})
			e.AttrNS(Name{"u", "e"}, "5")
			e.AttrNS(Name{"w", "e"}, "6")
			e.End()
			e.End()
		}, `<a xmlns:ns1='u' ns1:b='1' xmlns:ns2='v' ns2:b='2' ns1:c='3' b='4'><d xmlns='u' ns1:e='5' xmlns:ns3='w' ns3:e='6'/></a>`},
		{"attribute in the namespace of streams", func(e *Encoder) { e.Start(client("a")); e.AttrNS(Name{nsStream, "b"}, "1"); e.End() }, `<a stream:b='1'/>`},
		{"made prefix is free", func(e *Encoder) { e.Start(client("a")); e.Declare("ns2", "x"); e.AttrNS(Name{"u", "b"}, "1"); e.End() },
			`<a xmlns:ns2='x' xmlns:ns3='u' ns3:b='1'/>`},
		{"text", func(e *Encoder) { e.Element(client("a"), "b <>&\"'\r\n\t]]>é€😀") }, "<a>b &lt;&gt;&amp;\"'&#13;\n\t]]&gt;é€😀</a>"},
		{"text, empty", func(e *Encoder) { e.Element(client("a"), "") }, `<a/>`},
		{"text, pieces", func(e *Encoder) { e.Start(client("a")); e.Text("1"); e.TextBytes([]byte("2")); e.End() }, `<a>12</a>`},
		{"value", func(e *Encoder) {
			e.Start(client("a"))
			e.Attr("b", "<>&\"' \t\r\né")
			e.End()
		},
			`<a b='&lt;>&amp;&quot;&apos; &#9;&#13;&#10;é'/>`},
		{"raw", func(e *Encoder) { e.Start(client("a")); e.Raw("<b xmlns='u'/>"); e.RawBytes([]byte("<c/>")); e.End() }, `<a><b xmlns='u'/><c/></a>`},
		{"element in xml", func(e *Encoder) { e.Empty(Name{nsXML, "a"}) }, `<xml:a/>`},
	} {
		t.Run(r.name, func(t *testing.T) {
			var e Encoder
			e.Reset([]byte("before"), "jabber:client")
			r.do(&e)
			out, err := e.Bytes()
			require.NoError(t, err)
			assert.Equal(t, r.want, strings.TrimPrefix(string(out), "before"))
		})
	}
}

func TestEncoderErrors(t *testing.T) {
	for _, r := range []struct {
		name string
		do   func(e *Encoder)
		want string
	}{
		{"control in text", func(e *Encoder) { e.Text("ab\x00") }, `a character that XML does not allow (byte 2) in "/root"`},
		{"U+FFFE in text", func(e *Encoder) { e.Text("é\ufffe") }, `a character that XML does not allow (byte 2) in "/root"`},
		{"bad UTF-8 in text", func(e *Encoder) { e.Text("\xff") }, `malformed UTF-8 (byte 0) in "/root"`},
		{"cut character in text", func(e *Encoder) { e.Text("a\xe2\x82") }, `malformed UTF-8 (byte 1) in "/root"`},
		{"surrogate in text", func(e *Encoder) { e.TextBytes([]byte("\xed\xa0\x80")) }, `malformed UTF-8 (byte 0)`},
		{"control in a value", func(e *Encoder) { e.Start(client("a")); e.Attr("b", "\x1f") }, `a character that XML does not allow (byte 0) in "/root/a"`},
		{"bad UTF-8 in a value", func(e *Encoder) { e.Start(client("a")); e.Attr("b", "a\xc3") }, `malformed UTF-8 (byte 1) in "/root/a"`},
		{"bad namespace", func(e *Encoder) { e.Start(Name{"\x00", "a"}) }, `a character that XML does not allow`},
		{"empty name", func(e *Encoder) { e.Start(Name{"", ""}) }, `the element name ""`},
		{"name with colon", func(e *Encoder) { e.Start(client("a:b")) }, `the element name "a:b"`},
		{"name with markup", func(e *Encoder) { e.Start(client("a><b")) }, `the element name "a><b"`},
		{"attribute name", func(e *Encoder) { e.Start(client("a")); e.Attr("1", "") }, `the attribute name "1"`},
		{"attribute xmlns", func(e *Encoder) { e.Start(client("a")); e.Attr("xmlns", "u") }, `the attribute name "xmlns"`},
		{"attribute after text", func(e *Encoder) { e.Text("a"); e.Attr("b", "") }, `an attribute outside of a start tag`},
		{"attribute twice", func(e *Encoder) { e.Start(client("a")); e.Attr("b", ""); e.Attr("b", ""); e.End() }, `a second attribute "b"`},
		{"attribute twice, open", func(e *Encoder) { e.Start(client("a")); e.AttrNS(Name{"u", "b"}, ""); e.AttrNS(Name{"u", "b"}, "") }, `a second attribute "b"`},
		{"many attributes, one twice", func(e *Encoder) {
			e.Start(client("a"))
			for i := range 30 {
				e.Attr("b"+string(rune('a'+i%26))+string(rune('a'+i%25)), "")
			}
			e.Attr("bcc", "")
			e.End()
		}, `a second attribute "bcc"`},
		{"end without start", func(e *Encoder) { e.End(); e.End() }, `an end tag without a start tag`},
		{"namespace xmlns", func(e *Encoder) { e.Start(Name{nsXMLNS, "a"}) }, `a declaration of the namespace "http://www.w3.org/2000/xmlns/"`},
		{"prefix xml", func(e *Encoder) { e.Start(client("a")); e.Declare("xml", "u") }, `a declaration of the namespace "u"`},
		{"xml as default", func(e *Encoder) { e.Start(Name{nsStream, "a"}); e.Declare("", nsXML) }, `a declaration of the namespace`},
		{"declared late", func(e *Encoder) { e.Text("a"); e.Declare("p", "u") }, `a declaration outside of a start tag`},
		{"prefix that is none", func(e *Encoder) { e.Start(client("a")); e.Declare("p:", "u") }, `a declaration of the prefix "p:"`},
		{"prefix xmlns", func(e *Encoder) { e.Start(client("a")); e.Declare("xmlns", "u") }, `a declaration of the prefix "xmlns"`},
		{"prefix to nothing", func(e *Encoder) { e.Start(client("a")); e.Declare("p", "") }, `a declaration of the prefix "p"`},
		{"prefix twice", func(e *Encoder) { e.Start(client("a")); e.Declare("p", "u"); e.Declare("p", "v") }, `a second declaration of the prefix "p"`},
		{"default under the element", func(e *Encoder) { e.Start(client("a")); e.Declare("", "v") }, `a default namespace other than that of the element`},
		{"default twice", func(e *Encoder) { e.Start(Name{nsStream, "a"}); e.Declare("", "u"); e.Declare("", "v") }, `a second declaration of the default namespace`},
	} {
		t.Run(r.name, func(t *testing.T) {
			var e Encoder
			e.Start(Name{"", "root"})
			r.do(&e)
			first := e.Err()
			e.Start(client("more"))
			e.Attr("a", "b")
			e.Text("more")
			e.Raw("<more/>")
			e.Declare("p", "u")
			e.End()
			out, err := e.Bytes()
			assert.Nil(t, out)
			require.ErrorContains(t, err, r.want)
			if first != nil {
				assert.Same(t, first, err, "the first error sticks")
			}
			e.Reset(nil, "")
			e.Empty(Name{"", "a"})
			out, err = e.Bytes()
			assert.NoError(t, err)
			assert.Equal(t, "<a/>", string(out))
		})
	}
}

// Every row that is well-formed reads, is written, and reads the same; written again it is the same bytes.
func TestRowsThroughEncoder(t *testing.T) {
	again := func(in []byte) string {
		var e Encoder
		e.Standalone()
		d := NewBytesDecoder(in, Limits{})
		for {
			tok, err := d.ReadToken()
			if err == io.EOF {
				out, err := e.Bytes()
				require.NoError(t, err)
				return string(out)
			}
			require.NoError(t, err)
			e.Token(tok)
		}
	}
	for _, r := range fragments {
		t.Run(r.name, func(t *testing.T) {
			once := again([]byte(r.in))
			got, err := drain(NewBytesDecoder([]byte(once), Limits{}))
			assert.Equal(t, io.EOF, err)
			assert.Equal(t, r.want, got)
			assert.Equal(t, once, again([]byte(once)))
		})
	}
}

func TestAppendEscaped(t *testing.T) {
	out, err := AppendEscapedText([]byte("x"), "a<b>&'\"\r")
	require.NoError(t, err)
	assert.Equal(t, `xa&lt;b&gt;&amp;'"&#13;`, string(out))
	out, err = AppendEscapedAttr([]byte("x"), "a<b>&'\"\r\n\t")
	require.NoError(t, err)
	assert.Equal(t, `xa&lt;b>&amp;&apos;&quot;&#13;&#10;&#9;`, string(out))
	out, err = AppendEscapedText([]byte("x"), "a<\x02")
	assert.EqualError(t, err, `xmltext: cannot write a character that XML does not allow (byte 2)`)
	assert.Equal(t, "x", string(out))
	out, err = AppendEscapedAttr([]byte("x"), "a<\xff")
	assert.EqualError(t, err, `xmltext: cannot write malformed UTF-8 (byte 2)`)
	assert.Equal(t, "x", string(out))
}
