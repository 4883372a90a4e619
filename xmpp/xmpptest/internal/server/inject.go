package server

import (
	"fmt"
	"slices"
	"strings"

	"github.com/canto-im/canto/jid"
)

// Inject says raw XML to every session of an account, as it stands; nothing checks it, so that anything can be said.
func (s *Server) Inject(user, raw string) error {
	n := s.eachSession(user, func(ses *session) { ses.say(raw) })
	if n == 0 {
		return fmt.Errorf("inject: %q has no session", user)
	}
	return nil
}

// ReplaceReply answers the account's next IQ request to the server, or to an account's bare JID, with this XML instead, once.
// In it ${id}, ${from} and ${to} stand for those of the request. Calls add up; an empty string answers nothing at all.
func (s *Server) ReplaceReply(user, xml string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replies[user] = append(s.replies[user], xml)
}

// replaceReply answers a request as ReplaceReply has asked. s.mu is held.
func (s *Server) replaceReply(st *stanza) bool {
	user := st.sender.account.bare.Localpart()
	waiting := s.replies[user]
	if len(waiting) == 0 {
		return false
	}
	s.replies[user] = waiting[1:]
	if waiting[0] != "" {
		st.sender.say(strings.NewReplacer("${id}", st.id(), "${from}", st.el.attr("from"), "${to}", st.el.attr("to")).Replace(waiting[0]))
	}
	return true
}

// An intercept is a function that sees stanzas before the server does.
type intercept struct {
	see func(from jid.JID, xml string) bool
}

// Intercept has every stanza from a bound session shown to see before it's routed; true takes it off its way. The
// function may call the server. Remove ends it.
func (s *Server) Intercept(see func(from jid.JID, xml string) bool) (remove func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &intercept{see: see}
	s.intercepts = append(slices.Clip(s.intercepts), i)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.intercepts = slices.DeleteFunc(slices.Clone(s.intercepts), func(other *intercept) bool { return other == i })
	}
}

// intercepted shows a stanza to the interceptors.
func (s *Server) intercepted(from jid.JID, e *Element) bool {
	s.mu.Lock()
	list := s.intercepts
	s.mu.Unlock()
	if len(list) == 0 {
		return false
	}
	text := e.String()
	for _, i := range list {
		if i.see(from, text) {
			return true
		}
	}
	return false
}

// Sessions returns the full JIDs that are bound for an account; an empty user means everybody's.
func (s *Server) Sessions(user string) []jid.JID {
	var list []jid.JID
	s.eachSession(user, func(ses *session) { list = append(list, ses.jid) })
	slices.SortFunc(list, jid.JID.Compare)
	return list
}
