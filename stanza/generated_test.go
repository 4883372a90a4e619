package stanza

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNoExtensionAttributes: what Canto makes, answers included, has no attributes in its jabber:client elements but those of
// RFC 6120 and RFC 6121 (RFC 6120 §8.4); those of others survive in what is only sent on, and in payloads.
func TestNoExtensionAttributes(t *testing.T) {
	t.Attr("conformance", "6120-8.4-4")
	to, from := jid.MustParse("romeo@example.net/orchard"), jid.MustParse("juliet@example.net/balcony")
	failure := &Error{Type: Cancel, Condition: Gone, Content: "xmpp:x@example.net", Text: "t", Lang: "en"}
	texts := []Text{{Lang: "cs", Value: "ahoj"}, {Value: "hi"}}
	payload, err := ParseElement(`<x xmlns='urn:x' a='1'/>`)
	require.NoError(t, err)
	made := []Stanza{
		&Message{ID: "1", From: from, To: to, Type: Chat, Lang: "en", Subjects: texts, Bodies: texts, Thread: "t", ParentThread: "p", Payloads: []Element{payload}},
		&Message{ID: "1", From: from, To: to, Type: MessageError, Error: failure},
		&Presence{ID: "1", From: from, To: to, Lang: "en", Show: Away, Statuses: texts, Priority: 5, Payloads: []Element{payload}},
		&Presence{ID: "1", From: from, To: to, Type: PresenceError, Error: failure},
		&IQ{ID: "1", From: from, To: to, Lang: "en", Type: Set, Payload: payload},
		&IQ{ID: "1", From: from, To: to, Type: IQError, Error: failure},
	}
	const odd = ` xmlns:p='urn:p' p:q='1' odd='2' `
	m := read[Message](t, `<message`+odd+`id='2' type='chat' from='romeo@example.net/orchard'><body`+odd+`>b</body><thread`+odd+`>t</thread></message>`)
	require.Contains(t, write(t, m), "odd", "sent on as it is")
	iq := read[IQ](t, `<iq`+odd+`id='2' type='get' from='romeo@example.net/orchard'><x xmlns='urn:x'`+odd+`/></iq>`)
	made = append(made, m.Reply("yes"), m.Fail(Conflict), iq.Result(payload), iq.Fail(Conflict))
	for _, st := range made {
		assert.Empty(t, extensionAttributes(t, write(t, st)), write(t, st))
	}
	assert.Len(t, extensionAttributes(t, write(t, m)), 6, "the test sees them")
}

// extensionAttributes returns the attributes in elements of jabber:client that the RFCs don't define there.
func extensionAttributes(t *testing.T, sent string) (odd []string) {
	t.Helper()
	defined := map[string]string{"message": "id from to type", "presence": "id from to type", "iq": "id from to type", "thread": "parent", "error": "type by"}
	d := xml.NewDecoder(strings.NewReader("<stream xmlns='jabber:client'>" + sent + "</stream>"))
	for {
		tok, err := d.Token()
		if err != nil {
			return odd
		}
		start, ok := tok.(xml.StartElement)
		if !ok || start.Name.Space != "jabber:client" {
			continue
		}
		for _, a := range start.Attr {
			switch {
			case a.Name.Local == "xmlns" || a.Name.Space == "xmlns":
			case a.Name.Space == "xml" || a.Name.Space == "http://www.w3.org/XML/1998/namespace":
			case a.Name.Space == "" && strings.Contains(" "+defined[start.Name.Local]+" ", " "+a.Name.Local+" "):
			default:
				odd = append(odd, start.Name.Local+" "+a.Name.Local)
			}
		}
	}
}
