package server

import (
	"crypto/rand"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
)

// bind answers the first stanza of an authenticated stream; RFC 6120 §7.
func (c *conn) bind(iq *Element) error {
	request := iq.child(ns.Bind, "bind")
	if iq.Name.Local != "iq" || request == nil {
		return &streamError{condition: "not-authorized", text: "a resource has to be bound first"}
	}
	if iq.attr("type") != "set" || iq.attr("id") == "" {
		c.bindAnswer(errorReply(iq, &stanzaError{kind: "modify", condition: "bad-request"}))
		return nil
	}
	wanted := ""
	if r := request.child(ns.Bind, "resource"); r != nil {
		wanted = r.text()
	}
	ses, fault := c.srv.bindResource(c, wanted)
	if fault != nil {
		c.bindAnswer(errorReply(iq, fault))
		return nil
	}
	c.in.forget = !c.srv.smFaults().HalfStanza
	answer := c.tampered(Exchange{Step: StepBind, XML: el(ns.Client, "iq", "type", "result", "id", iq.attr("id")).with(
		el(ns.Bind, "bind").with(el(ns.Bind, "jid").withText(ses.jid.String()))).String()})
	c.srv.admit(ses, answer)
	c.srv.logf("conn %d: bound %v", c.id, ses.jid)
	return nil
}

func (c *conn) bindAnswer(e *Element) {
	c.say(c.tampered(Exchange{Step: StepBind, XML: e.String()}))
}

// bindResource makes a session for the connection.
func (s *Server) bindResource(c *conn, wanted string) (*session, *stanzaError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[c.user]
	if a == nil {
		return nil, &stanzaError{kind: "cancel", condition: "not-allowed"}
	}
	full, fault := s.resource(a, wanted)
	if fault != nil {
		return nil, fault
	}
	ses := &session{account: a, jid: full, conn: c, directed: make(map[jid.JID]struct{}), turn: make(chan struct{}, 1)}
	c.session = ses
	s.counters.binds.Add(1)
	return ses, nil
}

// admit tells a client that its session is bound, and lets the world reach it: who has heard the answer can be written to,
// and nothing comes before the answer.
func (s *Server) admit(ses *session, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ses.conn.say(answer)
	if old := ses.account.sessions[ses.jid.Resourcepart()]; old != nil {
		s.kick(old)
	}
	ses.account.sessions[ses.jid.Resourcepart()] = ses
}

// resource settles which full JID a session gets, and what becomes of the one who has it; RFC 6120 §7.7.2.2.
func (s *Server) resource(a *account, wanted string) (jid.JID, *stanzaError) {
	if wanted == "" {
		return s.freshResource(a), nil
	}
	full, err := a.bare.WithResource(wanted)
	if err != nil {
		// RFC 6120 §7.7.2.1
		return jid.JID{}, &stanzaError{kind: "modify", condition: "bad-request"}
	}
	old := a.sessions[full.Resourcepart()]
	switch {
	case old == nil:
		return full, nil
	case old.suspended(): // whoever has the password and asks by name is its successor
	case s.opts.Conflict == Refuse:
		return jid.JID{}, &stanzaError{kind: "modify", condition: "conflict"}
	case s.opts.Conflict == Override:
		return s.freshResource(a), nil
	}
	s.kick(old)
	return full, nil
}

func (s *Server) freshResource(a *account) jid.JID {
	full, err := a.bare.WithResource(rand.Text()) // RFC 6120 §13.11: hard to guess
	if err != nil {
		panic(err) // letters and digits are a resource
	}
	return full
}

// kick ends a session for the sake of a newer one.
func (s *Server) kick(old *session) {
	old.conn.endWith(&streamError{condition: "conflict", text: "replaced by a new connection"})
	s.end(old)
}

// end takes a session away; those who think that it's available are told otherwise.
func (s *Server) end(ses *session) {
	if ses.over {
		return
	}
	ses.over = true // it's told nothing any more, its own end included
	s.becomeUnavailable(ses, el(ns.Client, "presence", "type", "unavailable"))
	if ses.account.sessions[ses.jid.Resourcepart()] == ses {
		delete(ses.account.sessions, ses.jid.Resourcepart())
	}
	for _, m := range s.tables.modules {
		if m.ended != nil {
			m.ended(s, ses)
		}
	}
}
