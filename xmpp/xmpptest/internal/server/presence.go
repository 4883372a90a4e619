package server

import (
	"strconv"
	"strings"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
)

// broadcast handles presence without an address: it is for all who may see it; RFC 6121 §4.2, §4.4, §4.5.
func (s *Server) broadcast(st *stanza) {
	ses := st.sender
	switch st.typ() {
	case "":
		s.becomeAvailable(ses, st.el)
	case "unavailable":
		s.becomeUnavailable(ses, st.el)
	case "probe", "error":
	default:
		// RFC 6121 §4.7.1: a subscription to nobody, or no type at all
		s.bounce(st, errBadRequest)
	}
}

func (s *Server) becomeAvailable(ses *session, e *Element) {
	priority, ok := priorityOf(e)
	if !ok {
		ses.send(errorReply(e, errBadRequest))
		return
	}
	initial := ses.presence == nil
	ses.presence, ses.priority = e, priority
	s.tell(ses.account, e)
	defer s.announce(ses)
	if !initial {
		if priority >= 0 && s.opts.has("offline") {
			ses.deliverOffline()
		}
		return
	}
	s.introduce(ses)
	for _, m := range s.tables.modules {
		if m.present != nil {
			m.present(s, ses)
		}
	}
}

// announce shows an available presence to the modules.
func (s *Server) announce(ses *session) {
	for _, m := range s.tables.modules {
		if m.announced != nil {
			m.announced(s, ses)
		}
	}
}

// introduce tells a session that has become available what it missed: the presence of its other resources and of its
// contacts (RFC 6121 §4.2.2, §4.3.1: no probe is needed for local contacts) and the requests that wait (§3.1.3).
func (s *Server) introduce(ses *session) {
	a := ses.account
	for _, other := range a.available() {
		if other != ses {
			ses.send(other.presence.withAttr("to", ses.jid.String()))
		}
	}
	for _, item := range a.roster.items() {
		if contact := s.account(item.JID); item.To && contact != nil {
			for _, theirs := range contact.available() {
				ses.send(theirs.presence.withAttr("to", ses.jid.String()))
			}
		}
	}
	for _, who := range sortedJIDs(a.requests) {
		ses.send(a.requests[who])
	}
}

// becomeUnavailable tells everybody who was told that the session is available that it's not any more; RFC 6121 §4.5.2.
func (s *Server) becomeUnavailable(ses *session, e *Element) {
	e = e.withAttr("from", ses.jid.String())
	if ses.presence != nil {
		s.tell(ses.account, e)
		ses.presence, ses.wants = nil, nil
		ses.account.gone = e.with(delayNow(s.domain))
		ses.account.left = time.Now()
	}
	// RFC 6121 §4.6.3: those who had directed presence and are no subscribers
	for _, who := range sortedJIDs(ses.directed) {
		if !ses.account.roster.item(who.Bare()).From {
			s.dispatch(e.withAttr("to", who.String()))
		}
	}
	clear(ses.directed)
}

// tell sends presence to the account's own available resources and to all who are subscribed.
func (s *Server) tell(a *account, e *Element) {
	sendAll(a.available(), e.withAttr("to", a.bare.String()))
	for _, item := range a.roster.items() {
		if item.From {
			s.dispatch(e.withAttr("to", item.JID.String()))
		}
	}
}

// priorityOf reads the priority of a presence; RFC 6121 §4.7.2.3: an integer between -128 and +127, 0 by default.
func priorityOf(e *Element) (int, bool) {
	p := e.child(ns.Client, "priority")
	if p == nil {
		return 0, true
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(strings.TrimSpace(p.text()), "+"), 10, 8)
	return int(n), err == nil
}

// outboundPresence handles presence with an address; false means that it is to be delivered like any other stanza.
func (s *Server) outboundPresence(st *stanza) bool {
	ses := st.sender
	switch typ := st.typ(); {
	case ses == nil:
		return false
	case isSubscription(typ):
		s.subscriptionOut(st)
		return true
	case typ == "":
		ses.directed[st.to] = struct{}{}
	case typ == "unavailable":
		// RFC 6121 §4.6.1: MUST be taken off the list
		delete(ses.directed, st.to)
	}
	return false
}

// presenceToAccount handles presence that arrives at an account; RFC 6121 §8.5.
func (s *Server) presenceToAccount(st *stanza, a *account, to jid.JID) {
	switch typ := st.typ(); {
	case isSubscription(typ):
		s.subscriptionIn(st.el.withAttr("to", to.Bare().String()), st.from.Bare(), to.Bare())
	case typ == "probe":
		s.probe(st, a, to)
	case a == nil:
		// RFC 6121 §8.5.1: silently ignored
	case to.Resourcepart() == "" && typ != "error":
		// RFC 6121 §8.5.2.1.2
		sendAll(a.available(), st.el)
	default:
		if ses := a.sessions[to.Resourcepart()]; ses != nil {
			ses.send(st.el)
		}
	}
}

// probe answers a presence probe; RFC 6121 §4.3.2.
func (s *Server) probe(st *stanza, a *account, to jid.JID) {
	who := st.from.Bare()
	answer := func(e *Element) { s.reply(st, e.withAttr("to", st.from.String())) }
	switch {
	case a == nil || !a.roster.item(who).From && who != a.bare:
		s.probeByStranger(st, a, to, answer)
	case to.Resourcepart() != "":
		// RFC 6121 §4.3.2: of that resource alone, and only that it's available
		if ses := a.sessions[to.Resourcepart()]; ses != nil && ses.presence != nil {
			answer(el(ns.Client, "presence", "from", ses.jid.String()))
		}
	case len(a.available()) == 0:
		// RFC 6121 §4.3.2 rule 3: from the bare JID, with the time of the last unavailable presence
		gone := el(ns.Client, "presence", "type", "unavailable", "from", a.bare.String(), "id", st.id())
		if a.gone != nil {
			gone = gone.with(a.gone.child(ns.Delay, "delay"))
		}
		answer(gone)
	default:
		for _, ses := range a.available() {
			answer(ses.presence)
		}
	}
}

// probeByStranger answers somebody who is no subscriber: with what directed presence has told already, or not at all.
func (s *Server) probeByStranger(st *stanza, a *account, to jid.JID, answer func(*Element)) {
	if a != nil {
		if ses := a.sessions[to.Resourcepart()]; ses != nil {
			if _, ok := ses.directed[st.from]; ok { // RFC 6121 §4.6.6
				answer(el(ns.Client, "presence", "from", ses.jid.String()))
				return
			}
		}
	}
	// RFC 6121 §4.3.2 rule 1
	answer(el(ns.Client, "presence", "type", "unsubscribed", "from", to.Bare().String(), "id", st.id()))
}
