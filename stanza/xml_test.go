package stanza

import (
	"encoding/xml"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStandardXML: encoding/xml reads and writes the same as Parse and Append.
func TestStandardXML(t *testing.T) {
	for _, c := range decodeTable {
		t.Run(c.name, func(t *testing.T) {
			b, err := xml.Marshal(c.read)
			require.NoError(t, err)
			sameXML(t, write(t, c.read), string(b))

			for _, s := range []string{string(b), wire(c.sent), c.sent} { // the last one is in no namespace
				var got Stanza
				switch c.read.(type) {
				case *Message:
					got = new(Message)
				case *Presence:
					got = new(Presence)
				default:
					got = new(IQ)
				}
				require.NoError(t, xml.Unmarshal([]byte(s), got))
				require.Equal(t, plain(t, c.read), plain(t, got))
			}
		})
	}
}

// plain is st with its payloads in canonical form: encoding/xml keeps no prefixes.
func plain(t testing.TB, st Stanza) string { return canon(t, write(t, st)) }

// envelope is a struct of a user's own that holds stanzas.
type envelope struct {
	XMLName  xml.Name  `xml:"urn:envelope envelope"`
	Message  *Message  `xml:"message"`
	Presence *Presence `xml:"presence"`
	IQ       *IQ       `xml:"iq"`
	Error    *Error    `xml:"error"`
	Rest     []Element `xml:",any"`
}

func TestStandardXMLNested(t *testing.T) {
	const sent = `<envelope xmlns='urn:envelope'><message xmlns='jabber:client' type='chat'><body>b</body><p:x xmlns:p='urn:p' p:a='1'/></message>` +
		`<presence xmlns='jabber:client'><show>dnd</show></presence><iq xmlns='jabber:client' type='result' id='1'/>` +
		`<error xmlns='jabber:client' type='wait'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>` +
		`<other a='1'>t<y xmlns=''><z xml:lang='en'/></y></other></envelope>`
	var e envelope
	require.NoError(t, xml.Unmarshal([]byte(sent), &e))
	require.Equal(t, "b", e.Message.Body)
	require.Equal(t, DoNotDisturb, e.Presence.Show)
	require.Equal(t, Result, e.IQ.Type)
	require.Equal(t, &Error{Type: Wait, Condition: Conflict}, e.Error)
	require.Len(t, e.Rest, 1)
	require.True(t, e.Rest[0].Is("urn:envelope", "other"))
	require.True(t, e.Rest[0].Child("", "y").Child("", "z").Lang() == "en")

	b, err := xml.Marshal(e)
	require.NoError(t, err)
	sameXML(t, sent, string(b))

	el := Payload(e)
	require.NoError(t, el.Err())
	sameXML(t, sent, el.String())
	var again envelope
	require.NoError(t, el.Decode(&again))
	b, err = xml.Marshal(again)
	require.NoError(t, err)
	sameXML(t, sent, string(b))
}

// TestStandardXMLValues: values marshal as pointers do, zero elements vanish.
func TestStandardXMLValues(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{Message{Body: "b"}, `<message><body>b</body></message>`},
		{Presence{Show: Away}, `<presence><show>away</show></presence>`},
		{IQ{Type: Result, ID: "1"}, `<iq type='result' id='1'/>`},
		{Error{Condition: Gone}, `<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`},
		{Element{}, ``},
		{element(t, `<a xmlns='urn:a'><b xmlns=''/></a>`), `<a xmlns='urn:a'><b xmlns=''/></a>`},
	} {
		b, err := xml.Marshal(c.v)
		require.NoError(t, err)
		sameXML(t, c.want, string(b))
	}
}

func TestStandardXMLRefuses(t *testing.T) {
	for name, v := range map[string]any{
		"message":  Message{Type: "x"},
		"presence": Presence{Show: "x"},
		"iq":       IQ{},
		"error":    Error{Condition: "x"},
		"element":  Payload(make(chan int)),
		"text":     Error{Text: "\x00"},
	} {
		_, err := xml.Marshal(v)
		require.Error(t, err, name)
	}
	for name, v := range map[string]any{
		`<message>`:                         new(Message),
		`<presence type='x'/>`:              new(Presence),
		`<message/>`:                        new(Presence),
		`<iq type='get'/>`:                  new(IQ),
		`<message xmlns='urn:x'/>`:          new(Message),
		`<message from='@'/>`:               new(Message),
		`<error`:                            new(Error),
		`<error><a></error>`:                new(Error),
		`<element><a></element>`:            new(Element),
		`<iq type='result' id='1'><a></iq>`: new(IQ),
	} {
		require.Error(t, xml.Unmarshal([]byte(name), v), name)
	}
}
