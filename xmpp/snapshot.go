package xmpp

import (
	"iter"
	"net"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/jid"
)

// snapshot is what another process needs to go on with the stream; nil when that can't be resumed.
func (s *Session) snapshot() *stream.Snapshot {
	s.mu.Lock()
	p := &stream.Snapshot{JID: s.state.JID.String(), ID: s.stream.id, Location: s.stream.location, Max: s.stream.max}
	ok := s.stream.resumable && !s.ended
	s.mu.Unlock()
	if !ok {
		return nil
	}
	p.Handled, p.Done = s.intake.state()
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	g := s.out.ledger
	if g == nil {
		return nil
	}
	p.Acked = g.queue.Acked()
	p.Unacked = make([]stream.Saved, 0, g.queue.Len())
	for _, k := range g.queue.Unacked() {
		p.Unacked = append(p.Unacked, stream.Saved{At: uint64(k.at), XML: storable(k.xml)})
	}
	return p
}

// restore makes a suspended session of what another process has left.
func restore(p *stream.Snapshot, o *Options, outer *mux, keeper chan error) (*Session, error) {
	addr, err := jid.Parse(p.JID)
	if err != nil {
		return nil, err
	}
	l := &link{wire: newWire(deadConn{}, o.DeadAfter), gone: make(chan struct{}), in: &meter{conn: deadConn{}}, state: ConnectionState{JID: addr}}
	close(l.gone)
	s := newSession(l, o, outer, keeper)
	s.suspended = true
	s.stream = managed{id: p.ID, location: p.Location, max: p.Max, resumable: true, inherited: true}
	if err := s.intake.restore(p.Handled, p.Done); err != nil {
		return nil, err
	}
	s.out.detach()
	s.out.ledger = newLedger(&s.out.asked)
	s.out.ledger.queue = stream.RestoreQueue(stream.QueueLimits{}, p.Acked, savedStanzas(p.Unacked))
	return s, nil
}

// A deadConn is the connection of a stream that another process has left: there is none.
type deadConn struct{ net.Conn }

func (deadConn) Close() error { return nil }

func savedStanzas(saved []stream.Saved) iter.Seq2[kept, int] {
	return func(yield func(kept, int) bool) {
		for _, k := range saved {
			if !yield(kept{xml: k.XML, at: int64(k.At)}, len(k.XML)) {
				return
			}
		}
	}
}
