package chat

import (
	"encoding/xml"
	"slices"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/stanza"
)

// Replace says that a message takes the place of another one of the same sender (XEP-0308): a payload.
type Replace struct {
	XMLName xml.Name `xml:"urn:xmpp:message-correct:0 replace"`
	ID      string   `xml:"id,attr"` // the ID of the other one, as it was sent first
}

// Correct returns a message that takes the place of sent, which is ours and was sent with its ID: with a new body, and else as that was
// (XEP-0308 §4). To correct it again, it may be given sent or what Correct returned. The error is ErrNoID.
func Correct(sent *stanza.Message, body string) (*stanza.Message, error) {
	id := sent.ID
	payloads := slices.DeleteFunc(slices.Clone(sent.Payloads), func(e stanza.Element) bool {
		if e.Is(ns.Correct, "replace") {
			id = e.Attr("id") // XEP-0308 §4: a second correction names the original, too
			return true
		}
		return e.Name().Space == ns.StanzaID // the metadata of sent are not those of its correction
	})
	if id == "" || sent.Type == stanza.MessageError {
		return nil, ErrNoID
	}
	return &stanza.Message{ID: stanza.NewID(), To: addressee(sent), Type: sent.Type, Lang: sent.Lang, Subject: sent.Subject, Subjects: sent.Subjects,
		Body: body, Thread: sent.Thread, ParentThread: sent.ParentThread, Payloads: append(payloads, stanza.Payload(Replace{ID: id}))}, nil
}
