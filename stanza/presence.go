package stanza

import "github.com/canto-im/canto/jid"

// A PresenceType says what a presence stanza is for (RFC 6121 §4.7.1).
type PresenceType string

// The presence types of RFC 6121 §4.7.1.
const (
	Available     PresenceType = ""             // the sender is available; Show says how
	Unavailable   PresenceType = "unavailable"  // the sender has gone
	Subscribe     PresenceType = "subscribe"    // the sender wishes to see the recipient's presence
	Subscribed    PresenceType = "subscribed"   // the sender lets the recipient see its presence
	Unsubscribe   PresenceType = "unsubscribe"  // the sender no longer wishes to see the recipient's presence
	Unsubscribed  PresenceType = "unsubscribed" // the sender no longer lets the recipient see its presence
	Probe         PresenceType = "probe"        // a server asks for presence; clients should not
	PresenceError PresenceType = "error"        // an earlier presence stanza has failed: see Presence.Error
)

// A Show is how available an available entity is (RFC 6121 §4.7.2.1). A value that RFC 6121 does not define is read as Online.
type Show string

// The values of RFC 6121 §4.7.2.1.
const (
	Online       Show = ""     // simply available
	Away         Show = "away" // away for a while
	FreeForChat  Show = "chat" // interested in chatting
	DoNotDisturb Show = "dnd"  // busy
	ExtendedAway Show = "xa"   // away for a longer time
)

// A Presence tells that its sender is available or not, or manages a subscription (RFC 6120 §8.2.2, RFC 6121 §4.7). The zero
// value, sent without To, makes a session available.
//
// Status and Statuses follow the rule of Message.Body and Bodies.
type Presence struct {
	ID   string // RFC 6120 §8.1.3
	From jid.JID
	To   jid.JID
	Type PresenceType
	Lang string // xml:lang of the texts; "" is the language of the stream

	Show     Show
	Status   string
	Statuses []Text

	// Priority orders the resources of an account: −128 to 127, and a negative one receives no messages to the bare JID.
	// What is received and is no integer of that range is read as 0, the value that RFC 6121 §4.7.2.3 gives to presence
	// without priority: an element that breaks the rule is ignored (RFC 6120 §11.4), not answered.
	Priority int8

	Error    *Error    // what failed; goes with the type PresenceError and with no other
	Payloads []Element // every other child, in order

	kept *kept // what was received and stands in no field
}

// Kind returns "presence".
func (p *Presence) Kind() string { return KindPresence }

// Header returns a copy of the attributes that all kinds of stanza have.
func (p *Presence) Header() Header { return Header{p.ID, p.From, p.To, string(p.Type), p.Lang} }

// Elements returns p.Payloads.
func (p *Presence) Elements() []Element { return p.Payloads }

// Failure returns p.Error.
func (p *Presence) Failure() *Error { return p.Error }

func (p *Presence) payloads() payloadList { return payloadList{many: p.Payloads} }

// Fail returns a presence stanza of type "error" to the sender of p that says why p could not be handled: err is read as
// IQ.Fail does. Presence that is an error itself must not be answered so (RFC 6120 §8.3.1): sending the result fails.
func (p *Presence) Fail(err error) *Presence {
	r := &Presence{ID: p.ID, From: p.To, To: p.From, Type: PresenceError, Error: asError(err)}
	if p.Type == PresenceError {
		r.Payloads = []Element{failedElement(errAnswerToError)}
	}
	return r
}

// knownPresenceType returns the type named s; ok is false for a name that RFC 6121 §4.7.1 does not define. There is no
// value "available" (§4.7.1).
func knownPresenceType(s string) (t PresenceType, ok bool) {
	switch t := PresenceType(s); t {
	case Unavailable:
		return Unavailable, true
	case Subscribe:
		return Subscribe, true
	case Subscribed:
		return Subscribed, true
	case Unsubscribe:
		return Unsubscribe, true
	case Unsubscribed:
		return Unsubscribed, true
	case Probe:
		return Probe, true
	case PresenceError:
		return PresenceError, true
	}
	return Available, false
}

// knownShow returns the value named s, and Online for a name that RFC 6121 §4.7.2.1 does not define.
func knownShow(s string) Show {
	switch v := Show(s); v {
	case Away:
		return Away
	case FreeForChat:
		return FreeForChat
	case DoNotDisturb:
		return DoNotDisturb
	case ExtendedAway:
		return ExtendedAway
	}
	return Online
}
