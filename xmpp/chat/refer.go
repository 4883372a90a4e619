package chat

import (
	"errors"
	"slices"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/stamp"
)

// ErrNoID says that a message can't be referred to: it's an error, has no ID or, in a room, the room has given it none
// (XEP-0444 §4.2, XEP-0461 §4.1).
var ErrNoID = errors.New("chat: the message has no id by which another could refer to it")

// referenceID is the id by which reactions and replies name m (XEP-0444 §4.2, XEP-0461 §4.1): in a room, that of the room, and no other; else
// the sender's own id of XEP-0359, if there is one, or that of the stanza.
func referenceID(m *stanza.Message) (id string, ok bool) {
	if m.Type == stanza.GroupChat {
		return stamp.IDBy(m, m.From.Bare())
	}
	if own, found := stanza.Find[stamp.OriginID](m); found && own.ID != "" {
		return own.ID, true
	}
	return m.ID, m.ID != ""
}

// markerID is the id by which markers name m: XEP-0333 §4.3: in a room that of the room, §4.2: else that of the stanza.
func markerID(m *stanza.Message) (id string, ok bool) {
	if m.Type == stanza.GroupChat {
		return stamp.IDBy(m, m.From.Bare())
	}
	return m.ID, m.ID != ""
}

// isPrivate reports whether m is a private message of a room's occupant (XEP-0045 §7.5), who has no other address than the full one.
func isPrivate(m *stanza.Message) bool {
	return m.Type != stanza.GroupChat && slices.ContainsFunc(m.Payloads, func(e stanza.Element) bool { return e.Is(ns.MUCUser, "x") })
}

// answerTo is where what is about m goes, a message that we got: to the room, to the very occupant for a private message in a room, and
// else to where the sender of m may be by now.
func answerTo(m *stanza.Message) *stanza.Message {
	r := m.Reply("")
	r.ID = stanza.NewID()
	return r
}
