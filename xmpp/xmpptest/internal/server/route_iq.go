package server

import (
	"github.com/canto-im/canto/jid"
)

// validIQ checks the rules of RFC 6120 §8.2.3.
func (s *Server) validIQ(st *stanza) bool {
	children := 0
	for range st.el.elements() {
		children++
	}
	switch st.typ() {
	case "get", "set":
		return st.id() != "" && children == 1
	case "result":
		return st.id() != "" && children <= 1
	case "error":
		return st.id() != ""
	}
	return false
}

// iqToAccount handles an IQ to an address of a user; RFC 6121 §8.5.
func (s *Server) iqToAccount(st *stanza, a *account, to jid.JID) {
	request := st.typ() == "get" || st.typ() == "set"
	switch {
	case a == nil:
		// RFC 6121 §8.5.1
		s.bounce(st, errServiceUnavailable)
	case to.Resourcepart() == "" && request:
		// RFC 6121 §8.5.2.1.3: the server replies on behalf of the user
		as := toAccount
		if st.from.Bare() == a.bare {
			as = toOwn
		}
		s.answer(st, as, a)
	case to.Resourcepart() == "":
		// an answer to a bare JID answers nothing
	default:
		s.iqToResource(st, a, to, request)
	}
}

func (s *Server) iqToResource(st *stanza, a *account, to jid.JID, request bool) {
	ses := a.sessions[to.Resourcepart()]
	if ses == nil || request && s.opts.StrictIQ && !s.sharesPresence(ses, st.from) {
		// RFC 6121 §8.5.3.2.3 and §8.5.3.1
		s.bounce(st, errServiceUnavailable)
		return
	}
	if request && s.hidesActivity(ses, st) {
		s.bounce(st, errForbidden)
		return
	}
	ses.send(st.el)
}

// sharesPresence tells whether a session lets somebody know that it's there.
func (s *Server) sharesPresence(ses *session, who jid.JID) bool {
	if who.Bare() == ses.account.bare || ses.account.roster.item(who.Bare()).From {
		return true
	}
	_, full := ses.directed[who]
	_, bare := ses.directed[who.Bare()]
	return full || bare
}

// answer answers a request to the server or to an account (a; nil for the server).
func (s *Server) answer(st *stanza, to addressee, a *account) {
	if st.typ() != "get" && st.typ() != "set" {
		s.answered(st) // an answer to a request of ours; on that to a roster push, nothing depends
		return
	}
	if st.sender != nil && s.replaceReply(st) {
		return
	}
	payload := st.el.first()
	h := s.tables.iq(to, st.typ(), payload.Name)
	if h == nil {
		// RFC 6120 §8.4: an unknown payload; RFC 6121 §8.5.2.1.3 for accounts
		s.bounce(st, errServiceUnavailable)
		return
	}
	rq := &request{stanza: st, srv: s, owner: a, payload: payload}
	result, fault := h(rq)
	if fault != nil {
		s.bounce(st, fault)
	} else {
		s.reply(st, resultReply(st.el, result))
	}
	for _, f := range rq.after {
		f()
	}
}
