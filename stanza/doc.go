// Package stanza holds the three kinds of stanza that XMPP entities exchange (RFC 6120 §8, RFC 6121 §4.7 and §5.2): Message,
// Presence and IQ, their Error, and Element, the XML that they carry for extensions. All are plain data:
//
//	m := &stanza.Message{
//		To:   jid.MustParse("romeo@example.net"),
//		Type: stanza.Chat,
//		Body: "Art thou not Romeo, and a Montague?",
//		Payloads: []stanza.Element{
//			stanza.Payload(Receipt{}), // any struct that encoding/xml can marshal
//		},
//	}
//	b, err := stanza.Append(nil, m)
//	if err != nil {
//		log.Fatal(err)
//	}
//	st, err := stanza.Parse(b)
//	if err != nil {
//		log.Fatal(err)
//	}
//	if _, asked := stanza.Find[Receipt](st); asked {
//		fmt.Println("a receipt is asked for")
//	}
//
//	type Receipt struct {
//		XMLName xml.Name `xml:"urn:xmpp:receipts request"`
//	}
//
// # Payloads
//
// What a program does not ask for is not decoded: the children of a stanza that have no field stay in Payloads (an IQ's in
// Payload) as they came, and Find, Element.Decode, Element.Attr and Element.Children read them. Payload makes an Element of
// a struct; what goes wrong there is kept in the Element and becomes the error of sending it, so that a stanza may be
// written as one literal.
//
// A stanza that was received can be sent on: attributes and children that no field shows are kept with it, those that the
// receiver does not understand too. Character data between the children, which the schemas of RFC 6120 §A.5 do not foresee,
// comes first; white space there is not kept. Then come the children with a field of their own, then the payloads, in order.
//
// The strings and payloads of a stanza that was received are parts of one string, so that a small one that is kept keeps all:
// strings.Clone parts it. Its addresses stand apart.
//
// # Errors
//
// A Condition is an error, and an *Error is one of its condition:
//
//	if errors.Is(err, stanza.ItemNotFound) { … }
//
// Parse and the Decoder return a *MalformedError for a stanza that breaks the rules, such as an address that is no JID. It
// harms no other stanza. What is merely odd is read as RFC 6120 and RFC 6121 say: a message of an unknown type is Normal, an
// unknown condition is UndefinedCondition, an unknown show is Online, a priority that is no number from −128 to 127 is 0.
//
// # Architecture
//
// The package stands on jid and on the tokens of internal/xmltext, and does no input or output of its own. Decoder gathers a
// stanza in one pass (decode.go, work.go, child.go): text, attributes and the raw payloads go into one buffer, which becomes
// the one string that the stanza's strings are parts of (finish.go). Its state stands in the Decoder, so that a read that
// timed out can be taken up again. AppendTo (encode.go) writes with the xmltext.Encoder and allocates nothing for a stanza
// without error. Only payloads of the user's own cross the bridge to encoding/xml (element.go); xml.go is the way back, for
// stanzas inside a user's structs. What no field shows is in kept.go.
package stanza
