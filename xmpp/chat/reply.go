package chat

import (
	"encoding/xml"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// A Reply says that a message answers a certain other one (XEP-0461): a payload.
type Reply struct {
	XMLName xml.Name `xml:"urn:xmpp:reply:0 reply"`
	To      jid.JID  `xml:"to,attr"` // who has written the other one; zero: that is not said
	ID      string   `xml:"id,attr"` // of the other one
}

// ReplyTo returns a message with that body which answers m, a message that we got. For those who don't understand that, it begins with a
// quotation of m (XEP-0461 §3.1), which BodyFor takes off again. The error is ErrNoID.
func ReplyTo(m *stanza.Message, body string) (*stanza.Message, error) {
	id, ok := referenceID(m)
	if !ok {
		return nil, ErrNoID
	}
	r := answerTo(m)
	quote := quoted(BodyFor(m, ns.Replies))
	r.Body = quote + body
	r.Payloads = []stanza.Element{stanza.Payload(Reply{To: m.From, ID: id})}
	if quote != "" {
		start, end := uint(0), uint(countPoints(quote))
		r.Payloads = append(r.Payloads, stanza.Payload(Fallback{For: ns.Replies, Bodies: []Region{{&start, &end}}}))
	}
	return r, nil
}

// quoted is a text as a quotation (XEP-0393 §6.1.3), its last line ended.
func quoted(text string) string {
	if text == "" {
		return ""
	}
	return "> " + strings.ReplaceAll(text, "\n", "\n> ") + "\n"
}
