package server

import (
	"time"
)

// A managed is the server's side of a stream under stream management (XEP-0198): two counters, modulo 2³², and what the
// client has not acknowledged. Server.mu protects it.
type managed struct {
	id        string
	resumable bool
	max       time.Duration // how long it may be suspended

	in    uint32       // stanzas of the client that were handled
	acked uint32       // stanzas of ours that the client has acknowledged
	queue []unacked    // and those that it has not, oldest first
	asked int          // stanzas sent since the last <r/>
	wait  *alarm       // set while the session is suspended: ends it
	half  []byte       // of the stanza in which the last connection was cut, when SMFaults.HalfStanza was set
	stats ManagedStats // of its life
}

// An unacked is a stanza for which the server is responsible until the client acknowledges it.
type unacked struct {
	el *Element
	at time.Time // when it was first sent
}

// ManagedStats counts what has happened to a managed stream.
type ManagedStats struct {
	Suspensions int // connections lost
	Resumptions int
	Resent      int // stanzas sent again
}

// sent is the number of the newest stanza that was sent.
func (m *managed) sent() uint32 { return m.acked + uint32(len(m.queue)) }

// push enters a stanza that is about to be sent, or would be if there were a connection.
func (m *managed) push(e *Element) {
	m.queue = append(m.queue, unacked{el: e, at: time.Now()})
}

// take enters an h of the client. It reports false when the client can't have handled so much; modulo 2³², one that
// went backwards is such a one, too. Then nothing changes.
func (m *managed) take(h uint32) bool {
	news := h - m.acked // XEP-0198 §4: from 2³²−1, h goes on with zero
	if uint64(news) > uint64(len(m.queue)) {
		return false
	}
	clear(m.queue[:news]) // or the array would keep them
	m.queue = m.queue[news:]
	m.acked = h
	return true
}
