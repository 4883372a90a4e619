package server

import (
	"github.com/canto-im/canto/jid"
)

// handle takes a stanza from a client's stream: addresses are checked, the sender's is stamped on it, and off it goes.
func (s *Server) handle(c *conn, e *Element) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ses := c.session
	if ses.over { // another session took its place a moment ago
		return nil
	}
	if f := e.attr("from"); f != "" {
		// RFC 6120 §8.1.2.1: a 'from' that is neither the full nor the bare JID of the session
		if from, err := jid.Parse(f); err != nil || from != ses.jid && from != ses.jid.Bare() {
			return &streamError{condition: "invalid-from", text: "you are " + ses.jid.String()}
		}
	}
	st := &stanza{el: e.withAttr("from", ses.jid.String()), from: ses.jid, sender: ses}
	defer s.handled(ses, e)
	if t := e.attr("to"); t != "" {
		to, err := jid.Parse(t)
		if err != nil {
			// RFC 6120 §8.3.3.8
			s.bounce(st, errMalformedJID)
			return nil
		}
		st.to = to
	}
	s.route(st)
	return nil
}

// route sends a stanza to who serves its address; RFC 6120 §10 and RFC 6121 §8. s.mu is held.
func (s *Server) route(st *stanza) {
	if st.kind() == "iq" && !s.validIQ(st) {
		s.bounce(st, errBadRequest)
		return
	}
	if st.kind() == "presence" {
		if st.to.IsZero() {
			s.broadcast(st)
			return
		}
		if s.outboundPresence(st) {
			return
		}
	}
	to := st.to
	if to.IsZero() { // RFC 6120 §10.3: no 'to' means the sender's own account
		to = st.from.Bare()
	}
	if st.kind() == "message" && st.sender != nil && s.filter(st.sender.account, st, true) {
		return
	}
	s.deliver(st, to)
}

// deliver hands a stanza to the server, to an account, to a subdomain or to a component. s.mu is held.
func (s *Server) deliver(st *stanza, to jid.JID) {
	h, isHost := s.tables.host(to)
	part := s.components[to.Domainpart()]
	switch {
	case part != nil:
		part.take(s, st)
	case isHost:
		h.handle(s, st)
	case to.Domain() != s.domain:
		// RFC 6120 §10.4: this server speaks to no other
		s.bounce(st, errRemoteNotFound)
	case to.Localpart() == "":
		s.toServer(st)
	default:
		s.toAccount(st, to)
	}
}

// toServer handles what is addressed to the domain; RFC 6120 §10.5.1.
func (s *Server) toServer(st *stanza) {
	switch st.kind() {
	case "iq":
		s.answer(st, toServer, nil)
	case "message":
		s.bounce(st, errServiceUnavailable)
	}
}

func (s *Server) toAccount(st *stanza, to jid.JID) {
	a := s.account(to)
	switch st.kind() {
	case "iq":
		s.iqToAccount(st, a, to)
	case "message":
		s.messageToAccount(st, a, to)
	case "presence":
		s.presenceToAccount(st, a, to)
	}
}

// bounce answers a stanza with an error, unless it is an answer itself: RFC 6120 §8.3.1.
func (s *Server) bounce(st *stanza, fault *stanzaError) {
	switch {
	case st.typ() == "error", st.kind() == "iq" && st.typ() == "result":
		return
	}
	s.reply(st, errorReply(st.el, fault))
}

// reply sends an answer back to where a stanza came from.
func (s *Server) reply(st *stanza, e *Element) {
	if st.sender != nil {
		st.sender.send(e)
		return
	}
	if st.from == s.domain || st.from.IsZero() {
		return
	}
	s.dispatch(e)
}

// dispatch routes a stanza that the server, or one of its hosts, has made itself; 'from' and 'to' stand in it.
func (s *Server) dispatch(e *Element) {
	from, err := jid.Parse(e.attr("from"))
	if err != nil {
		s.logf("not dispatched: %v", err)
		return
	}
	to, err := jid.Parse(e.attr("to"))
	if err != nil {
		s.logf("not dispatched: %v", err)
		return
	}
	s.deliver(&stanza{el: e, from: from, to: to}, to)
}

// filter shows a message to the modules; true means that one of them took it.
func (s *Server) filter(owner *account, st *stanza, sent bool) bool {
	for _, m := range s.tables.modules {
		if m.message != nil && m.message(s, owner, st, sent) {
			return true
		}
	}
	return false
}
