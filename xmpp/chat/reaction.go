package chat

import (
	"encoding/xml"
	"slices"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// Reactions are what somebody shows towards a message (XEP-0444): a payload. They take the place of those that the same person had sent
// about it before; none takes them back.
type Reactions struct {
	XMLName xml.Name `xml:"urn:xmpp:reactions:0 reactions"`
	ID      string   `xml:"id,attr"` // of the message
	Emoji   []string `xml:"reaction"`
}

// Valid returns the reactions that count, in order: those that are one emoji, each of them once (XEP-0444 §4).
func (r Reactions) Valid() []string {
	var list []string
	for _, e := range r.Emoji {
		if IsEmoji(e) && !slices.Contains(list, e) {
			list = append(list, e)
		}
	}
	return list
}

// React returns a message with all our reactions to m, a message that we got, in place of those that there were; without any, it takes
// them back. Those that are no emoji, or there twice, are left out. The error is ErrNoID. Where the other side allows only some (XEP-0444
// §2.2), a message of type error with stanza.NotAcceptable comes back: the reactions are then what they were.
func React(m *stanza.Message, emoji ...string) (*stanza.Message, error) {
	id, ok := referenceID(m)
	if !ok {
		return nil, ErrNoID
	}
	r := answerTo(m)
	if r.Type != stanza.GroupChat {
		r.Type = stanza.Chat // XEP-0444 §4: of type chat or groupchat
	}
	r.Thread, r.ParentThread = "", ""
	r.Payloads = []stanza.Element{stanza.Payload(Reactions{ID: id, Emoji: Reactions{Emoji: emoji}.Valid()})}
	if !NoStore.Has(m) && !NoPermanentStore.Has(m) {
		r.Payloads = append(r.Payloads, stanza.Payload(Store)) // XEP-0444 §4
	}
	return r, nil
}

// A Reaction is an emoji and who shows it.
type Reaction struct {
	Emoji string
	By    []jid.JID // each once, in order
}
