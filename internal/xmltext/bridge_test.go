package xmltext

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type version struct {
	XMLName xml.Name `xml:"jabber:iq:version query"`
	Name    string   `xml:"name,omitempty"`
	Version string   `xml:"version,omitempty"`
}

type form struct {
	XMLName xml.Name `xml:"jabber:x:data x"`
	Type    string   `xml:"type,attr"`
	Lang    string   `xml:"http://www.w3.org/XML/1998/namespace lang,attr,omitempty"`
	Fields  []struct {
		Var    string   `xml:"var,attr"`
		Values []string `xml:"value"`
		Other  []any    `xml:",any"`
	} `xml:"field"`
}

func TestUnmarshal(t *testing.T) {
	var v version
	require.NoError(t, Unmarshal([]byte(`<v:query xmlns:v='jabber:iq:version'><v:name>a &amp; <![CDATA[b]]></v:name><version xmlns='other'>no</version></v:query>`), &v))
	assert.Equal(t, "a & b", v.Name)
	var f form
	require.NoError(t, Unmarshal([]byte(`<x xmlns='jabber:x:data' type='form' xml:lang='de'><field var='a'><value>1</value><value>2</value></field></x>`), &f))
	assert.Equal(t, "form", f.Type)
	assert.Equal(t, "de", f.Lang)
	assert.Equal(t, []string{"1", "2"}, f.Fields[0].Values)
}

func TestUnmarshalChecks(t *testing.T) {
	for _, in := range []string{
		`<query xmlns='jabber:iq:version'/><b/>`, `<query xmlns='jabber:iq:version'><p:a/></query>`,
		`<query xmlns='jabber:iq:version'><!-- --></query>`, `<query xmlns='jabber:iq:version' a='' a=''/>`, `<query xmlns='jabber:iq:version'>`, ``,
	} {
		assert.Error(t, Unmarshal([]byte(in), new(version)), in)
		assert.Error(t, Unmarshal([]byte(in), new(inner)), in)
	}
	assert.Error(t, Unmarshal([]byte(`<query xmlns='other'/>`), new(version)))
}

type inner struct {
	XMLName xml.Name
	A       string `xml:"a,attr"`
	Nested  []struct {
		Inner string `xml:",innerxml"`
	} `xml:"b"`
}

func TestUnmarshalInnerXML(t *testing.T) {
	var v inner
	require.NoError(t, Unmarshal([]byte(`<x a='1'><b>c<d/>&amp;</b></x>`), &v))
	assert.Equal(t, "c<d/>&amp;", v.Nested[0].Inner)
	assert.Equal(t, "1", v.A)
}

// A tree of types that refer to each other is walked once.
func TestInnerXMLInRecursiveTypes(t *testing.T) {
	type node struct {
		Children []*struct {
			Next *inner
		}
	}
	type loop struct {
		Next  *loop
		Loops []loop
		Map   map[string]loop
	}
	assert.Error(t, Unmarshal([]byte(`<a`), new(loop)))
	require.NoError(t, Unmarshal([]byte(`<a><Next/></a>`), new(loop)))
	require.NoError(t, Unmarshal([]byte(`<a><Children/></a>`), new(node)))
	assert.Error(t, Unmarshal([]byte(`<a/>`), nil))
}

// S12: encoding/xml takes the Space of a token for a prefix. A namespace that is called like a prefix must not become
// another one, nor an attribute a declaration.
func TestSecurityS12NamespacesCrossTheBridge(t *testing.T) {
	type payload struct {
		XMLName xml.Name `xml:"bar a"`
	}
	assert.Error(t, Unmarshal([]byte(`<a xmlns='foo' xmlns:foo='bar'/>`), new(payload)), "not bar: a namespace foo and a prefix foo")
	assert.ErrorContains(t, Unmarshal([]byte(`<a xmlns='foo' xmlns:p='xmlns' p:foo='bar'/>`), new(payload)), "cannot be given to encoding/xml")
	assert.ErrorContains(t, Unmarshal([]byte(`<a xmlns:p='xml' p:lang='x'/>`), new(payload)), "cannot be given to encoding/xml")
	assert.ErrorContains(t, Unmarshal([]byte(`<a xmlns='xmlns'/>`), new(payload)), "cannot be given to encoding/xml")
	var any struct{ XMLName xml.Name }
	require.NoError(t, Unmarshal([]byte(`<a xmlns='foo' xmlns:foo='bar'/>`), &any))
	assert.Equal(t, xml.Name{Space: "foo", Local: "a"}, any.XMLName)
}

func TestMarshal(t *testing.T) {
	raw, name, err := Marshal(version{Name: "a & b"})
	require.NoError(t, err)
	assert.Equal(t, `<query xmlns='jabber:iq:version'><name>a &amp; b</name></query>`, string(raw))
	assert.Equal(t, Name{"jabber:iq:version", "query"}, name)

	type event struct {
		XMLName xml.Name `xml:"u event"`
		Lang    string   `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
		Items   []struct {
			XMLName xml.Name `xml:"u item"`
			ID      string   `xml:"v id,attr"`
		}
		Other version
	}
	e := event{Lang: "de"}
	e.Items = make([]struct {
		XMLName xml.Name `xml:"u item"`
		ID      string   `xml:"v id,attr"`
	}, 2)
	raw, name, err = Marshal(&e)
	require.NoError(t, err)
	assert.Equal(t, `<event xmlns='u' xml:lang='de'><item xmlns:ns1='v' ns1:id=''/><item xmlns:ns1='v' ns1:id=''/>`+
		`<query xmlns='jabber:iq:version'/></event>`, string(raw))
	assert.Equal(t, Name{"u", "event"}, name)
}

func TestMarshalRefuses(t *testing.T) {
	for _, v := range []any{nil, (*version)(nil), []version{{}, {}}, []version{}, make(chan int),
		struct {
			XMLName xml.Name `xml:"a"`
			C       string   `xml:",comment"`
		}{C: "x"},
		struct {
			XMLName xml.Name `xml:"a"`
			C       string   `xml:",innerxml"`
		}{C: "<b>"},
		struct{ XMLName xml.Name }{xml.Name{Local: "a b"}},
	} {
		_, _, err := Marshal(v)
		assert.Error(t, err, "%#v", v)
	}
}

func TestTokenReaderOfAnElement(t *testing.T) {
	d := NewDecoder(strings.NewReader(streamStart+`<iq><query xmlns='jabber:iq:version'><name>x</name></query><next/></iq>`), Limits{})
	for range 3 {
		_, err := d.ReadToken()
		require.NoError(t, err)
	}
	r := d.TokenReader()
	var v version
	require.NoError(t, xml.NewTokenDecoder(r).Decode(&v))
	assert.Equal(t, "x", v.Name)
	_, err := r.Token()
	assert.Equal(t, io.EOF, err)
	tok, err := d.ReadToken()
	require.NoError(t, err)
	assert.Equal(t, "next", tok.Name.Local)
}

func TestTokenReaderErrors(t *testing.T) {
	_, err := NewBytesDecoder([]byte("<a"), Limits{}).TokenReader().Token()
	assert.Equal(t, io.ErrUnexpectedEOF, err)
	r := NewBytesDecoder([]byte("<a>&x;</a>"), Limits{}).TokenReader()
	_, err = r.Token()
	require.NoError(t, err)
	_, err = r.Token()
	var se *SyntaxError
	require.ErrorAs(t, err, &se)
	assert.Equal(t, Restricted, se.Reason)
}
