package chat

import (
	"encoding/xml"

	"github.com/canto-im/canto/stanza"
)

// Markable asks to be told when a message has been shown to the reader (XEP-0333): a payload of a message with an ID.
type Markable struct {
	XMLName xml.Name `xml:"urn:xmpp:chat-markers:0 markable"`
}

// A Displayed says that all messages up to one were shown to the reader (XEP-0333): a payload.
type Displayed struct {
	XMLName xml.Name `xml:"urn:xmpp:chat-markers:0 displayed"`
	ID      string   `xml:"id,attr"` // of the last one
}

// DisplayedFor returns what says that m, a message that we got, and all before it were shown to the reader; nil where that's not to
// be said: m has no id to name it by, is an error or a marker itself (XEP-0333 §4.2), or does not ask for it and comes from no room (§5). It
// goes to the bare address, in a room's private messages to the occupant. Whoever gets it learns that we have been online: it's for contacts, and for those who like it said.
func DisplayedFor(m *stanza.Message) *stanza.Message {
	_, asks := stanza.Find[Markable](m)
	_, marker := stanza.Find[Displayed](m)
	id, ok := markerID(m)
	if !ok || marker || m.Type == stanza.MessageError || !asks && m.Type != stanza.GroupChat {
		return nil
	}
	to := m.From.Bare()
	if isPrivate(m) {
		to = m.From
	}
	return &stanza.Message{To: to, Type: m.Type, Thread: m.Thread, Payloads: []stanza.Element{stanza.Payload(Displayed{ID: id})}}
}
