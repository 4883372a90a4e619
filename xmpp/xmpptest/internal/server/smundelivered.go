package server

import (
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
)

// undelivered treats a stanza that a session has left unacknowledged like one that was sent to an unavailable resource:
// XEP-0198 §4. s.mu is held.
func (s *Server) undelivered(ses *session, u unacked) {
	st := &stanza{el: u.el, to: ses.jid}
	from, err := jid.Parse(u.el.attr("from"))
	if err != nil { // the server's own word on behalf of the account: there is nobody to tell
		from = ses.account.bare
	}
	st.from = from
	switch st.kind() {
	case "message":
		if from == ses.account.bare {
			return // a copy, or from the archive: nobody else asked for it
		}
		// It goes to the account's other resources, or it's kept (RFC 6121 §8.5.2), with the time of its first attempt.
		st.el = s.delayed(u)
		s.messageToBare(st, ses.account)
	case "iq":
		if from.Bare() == ses.account.bare && from.Resourcepart() == "" {
			return // a push of the account's own; the next session asks anew
		}
		// RFC 6121 §8.5.3.2.3
		s.bounce(st, errServiceUnavailable)
	case "presence":
		// RFC 6121 §8.5.3.2.2: silently ignored
	}
}

// delayed returns a stanza with the time when it was first sent (XEP-0203), unless it carries this server's stamp already.
func (s *Server) delayed(u unacked) *Element {
	if u.el.Name.Local == "iq" || stamped(u.el, s.domain) {
		return u.el
	}
	return u.el.with(delayAt(s.domain, u.at))
}

// stamped reports whether an element says when this domain had it first.
func stamped(e *Element, domain jid.JID) bool {
	for c := range e.elements() {
		if c.is(ns.Delay, "delay") && c.attr("from") == domain.String() {
			return true
		}
	}
	return false
}

func delayAt(from jid.JID, t time.Time) *Element {
	return el(ns.Delay, "delay", "from", from.String(), "stamp", t.UTC().Format("2006-01-02T15:04:05.000Z"))
}
