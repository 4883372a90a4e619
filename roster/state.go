package roster

import "github.com/canto-im/canto/stanza"

// A State is how two parties stand to each other, from our side: one of the nine of RFC 6121 appendix A.1. Its methods are
// the tables of that appendix; they are pure functions.
type State struct {
	Subscription Subscription // "" is None
	PendingOut   bool         // we have asked and they have not answered; with None and From only
	PendingIn    bool         // they have asked and we have not answered; with None and To only
}

// sides takes a state apart: who sees whose presence.
func (s State) sides() (to, from bool) {
	return s.Subscription == To || s.Subscription == Both, s.Subscription == From || s.Subscription == Both
}

// stateOf puts a state together. There is nothing to ask for where it was granted (appendix A.1 has no "To + Pending Out").
func stateOf(to, from, out, in bool) State {
	s := State{Subscription: None, PendingOut: out && !to, PendingIn: in && !from}
	switch {
	case to && from:
		s.Subscription = Both
	case to:
		s.Subscription = To
	case from:
		s.Subscription = From
	}
	return s
}

// String returns the state's name in RFC 6121 appendix A.1, such as "None + Pending Out+In".
func (s State) String() string {
	names := map[Subscription]string{"": "None", None: "None", To: "To", From: "From", Both: "Both"}
	name := names[s.Subscription]
	switch {
	case s.PendingOut && s.PendingIn:
		return name + " + Pending Out+In"
	case s.PendingOut:
		return name + " + Pending Out"
	case s.PendingIn:
		return name + " + Pending In"
	}
	return name
}

// Sent returns what becomes of the state when we send a presence stanza of type t to the contact, and whether our server
// routes it: RFC 6121 appendix A.2, tables 2 to 5. Other types change nothing and are routed. A Subscribed that is not routed
// is a pre-approval (§3.4) unless they see our presence already.
func (s State) Sent(t stanza.PresenceType) (next State, routed bool) {
	to, from := s.sides()
	out, in := s.PendingOut, s.PendingIn
	switch t {
	case stanza.Subscribe: // table 2
		return stateOf(to, from, true, in), true
	case stanza.Unsubscribe: // table 3
		return stateOf(false, from, false, in), true
	case stanza.Subscribed: // table 4
		return stateOf(to, from || in, out, false), in
	case stanza.Unsubscribed: // table 5
		return stateOf(to, false, out, false), in || from
	}
	return stateOf(to, from, out, in), true
}

// Received returns what becomes of the state when a presence stanza of type t comes from the contact, and whether our
// server delivers it to us: RFC 6121 appendix A.3, tables 6 to 9. Other types change nothing and are delivered.
func (s State) Received(t stanza.PresenceType) (next State, delivered bool) {
	to, from := s.sides()
	out, in := s.PendingOut, s.PendingIn
	switch t {
	case stanza.Subscribe: // table 6
		return stateOf(to, from, out, true), !in && !from
	case stanza.Unsubscribe: // table 7
		return stateOf(to, false, out, false), in || from
	case stanza.Subscribed: // table 8
		return stateOf(to || out, from, false, in), out
	case stanza.Unsubscribed: // table 9
		return stateOf(false, from, false, in), out || to
	}
	return stateOf(to, from, out, in), true
}
