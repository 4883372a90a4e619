package xmpp

import (
	"slices"

	"github.com/canto-im/canto/stanza"
)

// forsaken is set in Session.steps when the session's channels wait for its dispatcher no more.
const forsaken = 1 << 63

// forsake gives up waiting for a handler that has not returned although its ctx has ended (see expire): what stands behind
// it goes to the session's own channels in a goroutine, and then they close, as they do for every other end of a session. It
// reports false when the handlers have got on since seen. The dispatcher goes on with the other handlers alone, if it ever
// does: no two run at the same time, and a Client's channels keep the order of its sessions. mu is held.
func (s *Session) forsake(seen uint64) bool {
	select {
	case <-s.link.gone:
	default:
		return false // the reader may have more
	}
	rest, first := s.lane.rest()
	at, r := s.at.Load(), s.atWork.Load() // they are those of seen, if that still stands: see run
	if !s.steps.CompareAndSwap(seen, seen|forsaken) {
		return false
	}
	go func() {
		s.opts.Logger.Error("xmpp: a handler does not return although its ctx has ended", "handler", r.site)
		for i, a := range rest {
			if number := first + uint64(i); number >= at && !s.isGiven() && s.steward.ours(s) {
				s.feed(a, number == at, r)
			}
		}
		s.closeChannels()
	}()
	return true
}

// feed gives a to those of the session's channels that ask for it; where it's in the hands of r, to those behind r.
func (s *Session) feed(a arrival, inHand bool, r *registration) {
	var regs []*registration
	if iq, ok := a.st.(*stanza.IQ); !ok {
		regs = s.local.snapshot()
		if inHand {
			regs = regs[slices.Index(regs, r)+1:]
		}
	} else if answerer := s.answerer(iq); !inHand && answerer != nil && iq.IsRequest() {
		regs = []*registration{answerer}
	}
	for _, other := range regs {
		if s.hasChannel(other) && other.matches(a.st) {
			_, _ = other.HandleStanza(s.ctx, a.st) // whether it was taken is no news to a server that is gone
		}
	}
}

// hasChannel reports whether r is one of the session's own channels.
func (s *Session) hasChannel(r *registration) bool {
	h, ok := r.Handler.(channelHandler)
	return ok && h.owner == channelOwner(s)
}
