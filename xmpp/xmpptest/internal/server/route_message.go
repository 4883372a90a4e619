package server

import (
	"slices"

	"github.com/canto-im/canto/jid"
)

// messageToAccount follows RFC 6121 §8.5.4, table 1.
func (s *Server) messageToAccount(st *stanza, a *account, to jid.JID) {
	if a == nil {
		// RFC 6121 §8.5.1: ignored or service-unavailable
		s.bounce(st, errServiceUnavailable)
		return
	}
	if s.filter(a, st, false) {
		return
	}
	s.copyReceived(a, st, s.messageToSessions(st, a, to))
}

// messageToSessions hands a message to sessions of the account, and returns them.
func (s *Server) messageToSessions(st *stanza, a *account, to jid.JID) []*session {
	if to.Resourcepart() == "" {
		return s.messageToBare(st, a)
	}
	if ses := a.sessions[to.Resourcepart()]; ses != nil {
		// RFC 6121 §8.5.3.1: whatever its type or the priority
		return sendAll([]*session{ses}, st.el)
	}
	switch st.typ() {
	case "chat":
		// RFC 6121 §8.5.3.2.1: a chat goes on with the other resources
		return s.messageToBare(st, a)
	case "error":
	default:
		s.bounce(st, errServiceUnavailable)
	}
	return nil
}

func (s *Server) messageToBare(st *stanza, a *account) []*session {
	able := slices.DeleteFunc(a.available(), func(ses *session) bool { return ses.priority < 0 })
	switch typ := st.typ(); {
	case typ == "error":
		// RFC 6121 §8.5.2.1.1 and §8.5.2.2.1: silently ignored
	case typ == "groupchat":
		s.bounce(st, errServiceUnavailable)
	case typ == "headline":
		// delivered to all with a non-negative priority, or to nobody
		return sendAll(able, st.el)
	case len(able) > 0:
		return sendAll(mostAvailable(able), st.el)
	default:
		s.keep(st, a)
	}
	return nil
}

// keep stores a message for later, or says that it cannot be delivered.
func (s *Server) keep(st *stanza, a *account) {
	if !s.opts.has("offline") {
		s.bounce(st, errServiceUnavailable)
		return
	}
	a.store(st.el)
}

// mostAvailable returns the sessions of the highest priority; RFC 6121 §8.5.2.1.1.
func mostAvailable(list []*session) []*session {
	best := slices.MaxFunc(list, func(a, b *session) int { return a.priority - b.priority }).priority
	return slices.DeleteFunc(list, func(ses *session) bool { return ses.priority < best })
}

func sendAll(list []*session, e *Element) []*session {
	for _, ses := range list {
		ses.send(e)
	}
	return list
}
