package chat

import (
	"encoding/xml"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/stanza"
)

// A State is what somebody is doing in a chat (XEP-0085): a payload.
type State string

// The states of XEP-0085 §2.
const (
	Active    State = "active"    // paying attention; it goes with what is said
	Composing State = "composing" // writing something
	Paused    State = "paused"    // has been writing
	Inactive  State = "inactive"  // has not been paying attention for some minutes
	Gone      State = "gone"      // has left the chat; not in rooms
)

// MarshalXML implements xml.Marshaler.
func (s State) MarshalXML(enc *xml.Encoder, _ xml.StartElement) error {
	return emptyElement(enc, ns.ChatStates, string(s))
}

// StateOf returns the state that m tells: of its sender, by their word. XEP-0085 §5.4, §5.5: it counts in messages of a chat and of a
// room, where nobody is Gone; §5.6: a message with two of them says nothing.
func StateOf(m *stanza.Message) (s State, ok bool) {
	if m.Type == stanza.MessageError || m.Type == stanza.Headline {
		return "", false
	}
	for _, e := range m.Payloads {
		if e.Name().Space != ns.ChatStates {
			continue
		}
		if ok {
			return "", false
		}
		s, ok = State(e.Name().Local), true
	}
	switch s {
	case Active, Composing, Paused, Inactive:
		return s, ok
	case Gone:
		return s, m.Type != stanza.GroupChat
	}
	return "", false
}

// isContent reports whether m says more than a state.
func isContent(m *stanza.Message) bool {
	if m.Body != "" || m.Subject != "" || len(m.Bodies) > 0 || len(m.Subjects) > 0 {
		return true
	}
	for _, e := range m.Payloads {
		switch e.Name().Space {
		case ns.ChatStates, ns.Delay, ns.StanzaID, ns.Hints: // what servers add to it, and what it's sent with
		default:
			return true
		}
	}
	return false
}
