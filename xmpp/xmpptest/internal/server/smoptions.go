package server

import (
	"cmp"
	"time"
)

// SM configures stream management (XEP-0198). The zero value is that of a server of today: streams can be resumed for five
// minutes after their connection was lost.
type SM struct {
	// Max is how long a session waits to be resumed once its connection is lost; a client that asks for less gets less.
	// Announced in whole seconds, rounded up. 0 means five minutes.
	Max time.Duration
	// Location is announced as the place where to reconnect, "host:port"; empty means none.
	Location string
	// NoResume manages streams without letting anybody resume them.
	NoResume bool
	// RequestEvery is after how many stanzas the server asks for an acknowledgement; 0 means 5, negative never. It asks
	// behind what it sends again after a resumption, too.
	RequestEvery int
	// Queue is how many unacknowledged stanzas a session without a connection may have; one more ends it. 0 means 5,000.
	Queue int
	// NoDelay sends messages and presence again without the time when they were first sent (XEP-0203).
	NoDelay bool
	// Start is where both counters of a stream begin in place of 0, so that the wrap at 2³² is near; the client has to know.
	Start uint32
	// Ledger is how many stanzas per account Handled remembers; 0 means 65,536, negative none.
	Ledger int
}

func (o SM) withDefaults() SM {
	o.Max = cmp.Or(o.Max, 5*time.Minute)
	o.RequestEvery = cmp.Or(o.RequestEvery, 5)
	o.Queue = cmp.Or(o.Queue, 5000)
	o.Ledger = cmp.Or(o.Ledger, 1<<16)
	return o
}

// SMFaults is what is wrong with the server's stream management. The zero value: nothing.
type SMFaults struct {
	// RefuseEnable answers <enable/> with <failed/> and this stanza error condition.
	RefuseEnable string
	// RefuseResume answers <resume/> with <failed/> and this stanza error condition; the session stays suspended.
	RefuseResume string
	// Lie replaces each h that the server says, whether in <a/>, <resumed/> or <failed/>. It must not call the server.
	Lie func(h uint32) uint32
	// ResumedID is named in <resumed/> in place of the stream that was resumed.
	ResumedID string
	// Silent leaves <r/> without an answer.
	Silent bool
	// AckDelay answers <r/> that much later, with the h of then.
	AckDelay time.Duration
	// HalfStanza has a resumed stream parsed on from the middle of the stanza in which its old connection was cut, as Prosody
	// 0.12 and 13 do. It has to be set before the connection that will be cut is bound.
	HalfStanza bool
}

// FaultSM sets what is wrong with stream management from now on.
func (s *Server) FaultSM(f SMFaults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sm.faults = f
}

func (s *Server) smFaults() SMFaults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sm.faults
}

// said is what the server claims in place of h.
func (f SMFaults) said(h uint32) uint32 {
	if f.Lie != nil {
		return f.Lie(h)
	}
	return h
}
