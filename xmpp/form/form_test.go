package form

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/require"
)

func TestFormType(t *testing.T) {
	// XEP-0068 §4.1 to §4.4
	require.Empty(t, find(t, "0068 Example 1").FormType())
	require.Equal(t, "http://jabber.org/protocol/pubsub#subscribe_authorization", find(t, "0068 Example 2").FormType())
	require.Empty(t, find(t, "0068 Example 3").FormType(), "it is not hidden")
	require.Equal(t, "http://jabber.org/protocol/muc#user", find(t, "0068 Example 6").FormType(), "a submission needs no types")
	require.Equal(t, "http://jabber.org/network/serverinfo", find(t, "0128 Example 1").FormType())
}

func TestWire(t *testing.T) {
	f := New(Asking, "urn:x", Field{Var: "a", Required: true, Values: []string{"<&>"}}, Of("b", true))
	require.Equal(t, `<x xmlns='jabber:x:data' type='form'><field var='FORM_TYPE' type='hidden'><value>urn:x</value></field>`+
		`<field var='a'><required/><value>&lt;&amp;&gt;</value></field><field var='b' type='boolean'><value>1</value></field></x>`,
		strings.ReplaceAll(stanza.Payload(f).String(), `"`, "'"))
	require.Equal(t, `<x xmlns='jabber:x:data' type='cancel'/>`, strings.ReplaceAll(stanza.Payload(Cancel()).String(), `"`, "'"))
}

// A form is found in a message, and in a payload that wraps it; by encoding/xml alone, too.
func TestFoundWhereItStands(t *testing.T) {
	m := &stanza.Message{Payloads: []stanza.Element{stanza.Payload(New(Result, "urn:x"))}}
	f, ok := stanza.Find[Form](m)
	require.True(t, ok)
	require.Equal(t, "urn:x", f.FormType())

	type wrapper struct {
		XMLName xml.Name `xml:"urn:wrapper query"`
		Form    *Form    `xml:"jabber:x:data x"`
	}
	var w wrapper
	require.NoError(t, stanza.Payload(wrapper{Form: &f}).Decode(&w))
	require.Equal(t, f, *w.Form)

	raw, err := xml.Marshal(w)
	require.NoError(t, err)
	var again wrapper
	require.NoError(t, xml.Unmarshal(raw, &again))
	require.Equal(t, w, again)
}

// What is in no field stays; what only looks like one of the form's elements is none.
func TestForeignElements(t *testing.T) {
	e, err := stanza.ParseElement(`<x xmlns='jabber:x:data' type='form'><field xmlns='urn:x' var='no'/><field var='a'><q xmlns='urn:y'/></field></x>`)
	require.NoError(t, err)
	var f Form
	require.NoError(t, e.Decode(&f))
	require.Len(t, f.Fields, 1)
	require.True(t, f.Other[0].Is("urn:x", "field"))
	require.True(t, f.Field("a").Other[0].Is("urn:y", "q"))
	require.Equal(t, meaning(t, e), meaning(t, stanza.Payload(f)))
}

// A namespace may be spelled as a prefix that is declared.
func TestNamesAreResolvedOnce(t *testing.T) {
	var f Form
	require.NoError(t, xml.Unmarshal([]byte(`<x xmlns='jabber:x:data' xmlns:a='b' type='form'><q xmlns='a'/><a:q/></x>`), &f))
	require.True(t, f.Other[0].Is("a", "q"))
	require.True(t, f.Other[1].Is("b", "q"))
}

func TestTable(t *testing.T) {
	f := find(t, "0004 Example 8")
	require.NotNil(t, f.Reported.Field("url"))
	require.Len(t, f.Items, 5)
	require.Equal(t, "http://www.comune.verona.it/", f.Items[0].Value("url"))
	require.Equal(t, "", f.Items[0].Value("nothing"))
}

func TestMedia(t *testing.T) {
	m := find(t, "0158 Example 11").Field("ocr").Media
	require.Equal(t, 80, m.Height)
	require.Equal(t, 290, m.Width)
	u, ok := m.Find("audio/", "IMAGE/")
	require.True(t, ok)
	require.Equal(t, MediaURI{Type: "image/jpeg", URI: "http://www.victim.com/challenges/ocr.jpeg?F3A6292C"}, u)
	_, ok = m.Find("audio/")
	require.False(t, ok)
	_, ok = (*Media)(nil).Find("")
	require.False(t, ok)
}

// A form that would be large in memory is refused, wherever its elements stand.
func TestSecurityS15FormsAreBounded(t *testing.T) {
	many := maxElements + 1
	for name, inside := range map[string]string{
		"fields":   strings.Repeat("<field/>", many),
		"values":   "<field>" + strings.Repeat("<value/>", many) + "</field>",
		"items":    strings.Repeat("<item/>", many),
		"layout":   "<page xmlns='" + layoutSpace + "'>" + strings.Repeat("<section/>", many) + "</page>",
		"strange":  "<q xmlns='urn:x'>" + strings.Repeat("<field/>", many) + "</q>",
		"rules":    "<field><validate xmlns='http://jabber.org/protocol/xdata-validate'>" + strings.Repeat("<basic/>", many) + "</validate></field>",
		"required": "<field>" + strings.Repeat("<required/>", many) + "</field>",
	} {
		e, err := stanza.ParseElement("<x xmlns='jabber:x:data' type='form'>" + inside + "</x>")
		require.NoError(t, err)
		var f Form
		require.ErrorContains(t, e.Decode(&f), "more than 65536 elements", name)
	}
}
