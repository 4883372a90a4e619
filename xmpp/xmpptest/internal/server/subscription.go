package server

// A Subscription is the state between an account and one contact, seen from the account: the nine states of RFC 6121 appendix A.1 and
// pre-approval (§3.4).
type Subscription struct {
	To       bool // the account sees the contact's presence
	From     bool // the contact sees the account's
	Out      bool // the account has asked and waits ("ask")
	In       bool // the contact has asked and waits
	Approved bool // a request of the contact would be granted at once
}

// String is the value of the 'subscription' attribute of a roster item.
func (s Subscription) String() string {
	switch {
	case s.To && s.From:
		return "both"
	case s.To:
		return "to"
	case s.From:
		return "from"
	}
	return "none"
}

// outbound is what happens to a subscription stanza that the account sends: the new state, and whether it's routed to
// the contact. RFC 6121 appendix A.2.
func (s Subscription) outbound(typ string) (next Subscription, route bool) {
	next = s
	switch typ {
	case "subscribe": // table 2
		next.Out = s.Out || !s.To
		return next, true
	case "unsubscribe": // table 3
		next.To, next.Out = false, false
		return next, true
	case "subscribed": // table 4
		if s.In {
			next.In, next.From = false, true
			return next, true
		}
		next.Approved = s.Approved || !s.From
		return next, false
	case "unsubscribed": // table 5
		next.In, next.From, next.Approved = false, false, false
		return next, s.In || s.From
	}
	return next, false
}

// inbound is what happens to a subscription stanza from the contact: the new state, whether the account is shown the
// stanza, and the type of presence that the server answers on the account's behalf ("": none). RFC 6121 appendix A.3.
func (s Subscription) inbound(typ string) (next Subscription, show bool, answer string) {
	next = s
	switch typ {
	case "subscribe": // table 6
		switch {
		case s.From:
			return next, false, "subscribed"
		case s.Approved:
			// RFC 6121 §3.4.2: MUST NOT be delivered, is answered at once
			next.From, next.In = true, false
			return next, false, "subscribed"
		}
		next.In = true
		return next, !s.In, ""
	case "unsubscribe": // table 7
		if !s.In && !s.From {
			return next, false, ""
		}
		next.In, next.From = false, false
		return next, true, "unsubscribed"
	case "subscribed": // table 8
		if !s.Out {
			return next, false, ""
		}
		next.Out, next.To = false, true
		return next, true, ""
	case "unsubscribed": // table 9
		if !s.Out && !s.To {
			return next, false, ""
		}
		next.Out, next.To = false, false
		return next, true, ""
	}
	return next, false, ""
}
