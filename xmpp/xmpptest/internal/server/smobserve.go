package server

import (
	"slices"

	"github.com/canto-im/canto/jid"
)

// A Handled is a stanza for which the server has taken responsibility under stream management: from here on the client
// may forget it.
type Handled struct {
	From jid.JID // the full JID of the session
	Kind string  // message, presence, iq
	ID   string
	H    uint32 // the stream's count with this stanza
}

// handled counts a stanza of a managed stream. s.mu is held.
func (s *Server) handled(ses *session, e *Element) {
	m := ses.managed
	if m == nil || ses.over {
		return
	}
	m.in++ // modulo 2³²
	limit := s.opts.SM.Ledger
	if limit < 0 {
		return
	}
	user := ses.account.bare.Localpart()
	list := s.sm.handled[user]
	if len(list) >= 2*limit { // forget in bulk: what is moved is moved once
		list = append(list[:0], list[len(list)-limit:]...)
	}
	s.sm.handled[user] = append(list, Handled{From: ses.jid, Kind: e.Name.Local, ID: e.attr("id"), H: m.in})
}

// taken counts a stanza that an interceptor took.
func (s *Server) taken(ses *session, e *Element) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handled(ses, e)
}

// Handled returns the stanzas of an account for which the server has taken responsibility under stream management,
// oldest first, as far as it's remembered (SM.Ledger).
func (s *Server) Handled(user string) []Handled {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.sm.handled[user]
	return slices.Clone(list[max(0, len(list)-max(0, s.opts.SM.Ledger)):])
}

// A Managed is a stream under stream management as it stands.
type Managed struct {
	JID       jid.JID
	ID        string   // the SM-ID; empty when the stream cannot be resumed
	Suspended bool     // it has no connection
	In        uint32   // stanzas of the client that were handled
	Sent      uint32   // stanzas that were sent to the client
	Acked     uint32   // and how many of them it has acknowledged
	Unacked   []string // the ids of the others, in their order
	ManagedStats
}

// Managed returns the managed streams of an account; an empty user means everybody's.
func (s *Server) Managed(user string) []Managed {
	var list []Managed
	s.eachSession(user, func(ses *session) {
		m := ses.managed
		if m == nil {
			return
		}
		v := Managed{JID: ses.jid, ID: m.id, Suspended: ses.suspended(), In: m.in, Sent: m.sent(), Acked: m.acked, ManagedStats: m.stats}
		for _, u := range m.queue {
			v.Unacked = append(v.Unacked, u.el.attr("id"))
		}
		list = append(list, v)
	})
	slices.SortFunc(list, func(a, b Managed) int { return a.JID.Compare(b.JID) })
	return list
}

// ExpireSuspended ends the suspended sessions of an account as if their time were over, and says how many there were; an
// empty user means everybody's.
func (s *Server) ExpireSuspended(user string) int {
	n := 0
	s.eachSession(user, func(ses *session) {
		if ses.suspended() {
			s.end(ses)
			n++
		}
	})
	return n
}

// ForgetSuspended is ExpireSuspended without a memory of the streams' counters: a server that was restarted in order.
func (s *Server) ForgetSuspended(user string) int {
	n := s.ExpireSuspended(user)
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sm.ended)
	return n
}
