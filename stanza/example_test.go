package stanza_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"log"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// Receipt asks the recipient to say that the message has arrived (XEP-0184).
type Receipt struct {
	XMLName xml.Name `xml:"urn:xmpp:receipts request"`
}

// Version is a payload with content (XEP-0092).
type Version struct {
	XMLName xml.Name `xml:"jabber:iq:version query"`
	Name    string   `xml:"name,omitempty"`
	Version string   `xml:"version,omitempty"`
}

// The example of the package documentation.
func Example() {
	m := &stanza.Message{
		To:   jid.MustParse("romeo@example.net"),
		Type: stanza.Chat,
		Body: "Art thou not Romeo, and a Montague?",
		Payloads: []stanza.Element{
			stanza.Payload(Receipt{}), // any struct that encoding/xml can marshal
		},
	}
	b, err := stanza.Append(nil, m)
	if err != nil {
		log.Fatal(err)
	}
	st, err := stanza.Parse(b)
	if err != nil {
		log.Fatal(err)
	}
	if _, asked := stanza.Find[Receipt](st); asked {
		fmt.Println("a receipt is asked for")
	}
	// Output: a receipt is asked for
}

func ExampleMessage() {
	m := &stanza.Message{
		Type: stanza.Chat,
		Body: "Wherefore art thou, Romeo?",
		Bodies: []stanza.Text{
			{Lang: "cs", Value: "Proč jsi ty, Romeo?"},
		},
	}
	b, err := stanza.Append(nil, m)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", b)
	// Output: <message xmlns='jabber:client' type='chat'><body>Wherefore art thou, Romeo?</body><body xml:lang='cs'>Proč jsi ty, Romeo?</body></message>
}

func ExampleMessage_Reply() {
	m := &stanza.Message{
		From: jid.MustParse("chat@rooms.example.org/nurse"),
		Type: stanza.GroupChat, Body: "ping",
	}
	r := m.Reply("pong")
	fmt.Println(r.To, r.Type, r.Body)
	// Output: chat@rooms.example.org groupchat pong
}

func ExampleIQ_Result() {
	iq := &stanza.IQ{
		ID: "v1", From: jid.MustParse("romeo@example.net/orchard"),
		Type: stanza.Get, Payload: stanza.Payload(Version{}),
	}
	b, err := stanza.Append(nil, iq.Result(Version{Name: "mybot", Version: "1.0"}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", b)
	// Output: <iq xmlns='jabber:client' type='result' id='v1' to='romeo@example.net/orchard'><query xmlns='jabber:iq:version'><name>mybot</name><version>1.0</version></query></iq>
}

func ExampleIQ_Fail() {
	iq := &stanza.IQ{ID: "v1", Type: stanza.Get, Payload: stanza.Payload(Version{})}

	fmt.Println(iq.Fail(stanza.Forbidden).Error)
	fmt.Println(iq.Fail(errors.New("open /etc/shadow: permission denied")).Error) // not for the peer to know
	fmt.Println(iq.Fail(&stanza.Error{Condition: stanza.ResourceConstraint, Text: "one at a time"}).Error)
	// Output:
	// stanza: forbidden (auth)
	// stanza: internal-server-error (cancel)
	// stanza: resource-constraint (wait): "one at a time"
}

func ExampleError() {
	st, err := stanza.Parse([]byte(`<iq xmlns='jabber:client' type='error' id='1' from='example.net'>
  <error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
</iq>`))
	if err != nil {
		log.Fatal(err)
	}
	err = fmt.Errorf("asking %s: %w", st.Header().From, st.Failure())
	if errors.Is(err, stanza.ItemNotFound) {
		fmt.Println(err)
	}
	// Output: asking example.net: stanza: item-not-found (cancel)
}

func ExampleElement() {
	e, err := stanza.ParseElement(`<query xmlns='http://jabber.org/protocol/disco#items' node='music'>
  <item jid='people.example.org'/>
  <item jid='rooms.example.org' name='Rooms'/>
</query>`)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Name().Local, e.Attr("node"))
	for item := range e.Children() {
		fmt.Println(item.Attr("jid"))
	}
	// Output:
	// query music
	// people.example.org
	// rooms.example.org
}

func ExampleElement_Decode() {
	e, err := stanza.ParseElement(`<query xmlns='jabber:iq:version'><name>Exodus</name></query>`)
	if err != nil {
		log.Fatal(err)
	}
	var v Version
	if err := e.Decode(&v); err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.Name)
	// Output: Exodus
}

func ExamplePayload() {
	m := &stanza.Message{Payloads: []stanza.Element{stanza.Payload(struct{ A int }{1})}}
	_, err := stanza.Append(nil, m)
	fmt.Println(err != nil)
	// Output: true
}

func ExampleParse() {
	st, err := stanza.Parse([]byte(`<presence xmlns='jabber:client' from='romeo@example.net/orchard'><show>dnd</show></presence>`))
	if err != nil {
		log.Fatal(err)
	}
	switch st := st.(type) {
	case *stanza.Presence:
		fmt.Println(st.From, st.Show == stanza.DoNotDisturb)
	case *stanza.Message, *stanza.IQ:
		fmt.Println("something else")
	}
	// Output: romeo@example.net/orchard true
}
