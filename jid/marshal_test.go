package jid

import (
	"encoding"
	"encoding/json"
	"encoding/xml"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	_ encoding.TextAppender    = JID{}
	_ encoding.TextMarshaler   = JID{}
	_ encoding.TextUnmarshaler = (*JID)(nil)
	_ xml.MarshalerAttr        = JID{}
	_ xml.UnmarshalerAttr      = (*JID)(nil)
	_ encoding.TextMarshaler   = URI{}
	_ encoding.TextUnmarshaler = (*URI)(nil)
)

type item struct {
	XMLName xml.Name `xml:"item"`
	JID     JID      `xml:"jid,attr"`
	By      JID      `xml:"by,attr"`
	Owner   JID      `xml:"owner"`
	Link    *URI     `xml:"link"`
}

func TestXML(t *testing.T) {
	const doc = `<item jid="a@h/it&#39;s"><owner>b@h</owner><link>xmpp:c@h?join</link></item>`
	in := item{JID: MustParse("a@h/it's"), Owner: MustParse("b@h"), Link: &URI{Address: MustParse("c@h"), Action: "join"}}
	b, err := xml.Marshal(in)
	require.NoError(t, err)
	assert.Equal(t, doc, string(b), "the absent by is left out")
	var out item
	require.NoError(t, xml.Unmarshal([]byte(`<item jid="A@H/it's"><owner>B@h</owner><link>xmpp:c@h?join</link></item>`), &out))
	out.XMLName = xml.Name{}
	assert.Equal(t, in, out)
}

func TestXMLErrors(t *testing.T) {
	for doc, reason := range map[string]Reason{
		`<item jid=""/>`:                     Empty, // an attribute that is present holds an address
		`<item jid="a@"/>`:                   Empty,
		`<item><owner>@</owner></item>`:      Empty,
		`<item><link>mailto:x</link></item>`: BadScheme,
	} {
		var out item
		require.ErrorIs(t, xml.Unmarshal([]byte(doc), &out), reason, doc)
		assert.Zero(t, out.JID)
		assert.Zero(t, out.Owner)
	}
}

func TestJSON(t *testing.T) {
	in := map[JID][]JID{MustParse("a@h/r"): {MustParse("b@h"), {}}}
	b, err := json.Marshal(in)
	require.NoError(t, err)
	assert.JSONEq(t, `{"a@h/r":["b@h",""]}`, string(b))
	var out map[JID][]JID
	require.NoError(t, json.Unmarshal(b, &out))
	assert.Equal(t, in, out)
}

func TestUnmarshalKeepsValueOnError(t *testing.T) {
	j := MustParse("a@h")
	require.Error(t, j.UnmarshalText([]byte("@")))
	require.Error(t, j.UnmarshalXMLAttr(xml.Attr{Value: "@"}))
	assert.Equal(t, MustParse("a@h"), j)
	u := URI{Address: j}
	require.Error(t, u.UnmarshalText([]byte("@")))
	assert.Equal(t, URI{Address: j}, u)
}

func TestMarshalText(t *testing.T) {
	b, err := MustParse("a@h").AppendText([]byte("to "))
	require.NoError(t, err)
	assert.Equal(t, "to a@h", string(b))
	_, err = URI{Action: "join"}.MarshalText()
	assert.Error(t, err)
}

// TestUnmarshalCopies: decoders reuse their buffers.
func TestUnmarshalCopies(t *testing.T) {
	b := []byte("a@h")
	var j JID
	require.NoError(t, j.UnmarshalText(b))
	b[0] = 'z'
	assert.Equal(t, "a@h", j.String())
}
