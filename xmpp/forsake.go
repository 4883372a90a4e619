package xmpp

import "github.com/canto-im/canto/stanza"

// forsaken is set in Session.steps when the session's channels wait for its dispatcher no more.
const forsaken = 1 << 63

// A remainder is what the dispatcher of a lost session has not handed over, and how far it has got with the first of it.
type remainder struct {
	all       []arrival // without the stanzas that were handed over before, by an earlier session
	first     uint64    // the number of the first one
	at        uint64    // of the one in hand; what comes before it is done
	had, upTo uint64    // that one is for those registrations of the session that were made after had and not after upTo
}

// forsake gives up waiting for a handler that has not returned although its ctx has ended, or for the reader of a channel (see
// expire): what stands behind goes to each of the session's own channels in a goroutine of its own, and then that channel
// closes, as it does for every other end of a session. It reports false when the dispatcher has got on since seen. That one goes
// on with the other handlers alone, if it ever does: no two run at the same time, and a Client's channels keep the order of
// its sessions. mu is held.
func (s *Session) forsake(seen uint64) bool {
	if !isClosed(s.link.gone) {
		return false // the reader may have more
	}
	// They are those of seen, if that still stands: see run.
	r, site := remainder{at: s.at.Load(), had: s.had.Load(), upTo: s.upTo.Load()}, s.atWork.Load().site
	r.all, r.first = s.lane.rest()
	for i := range r.all { // as accept; before the dispatcher goes on, since what that hands over is known from then on
		if a := &r.all[i]; r.first+uint64(i) > r.at && s.recent.knows(a.st) {
			a.st = nil
		}
	}
	if !s.steps.CompareAndSwap(seen, seen|forsaken) {
		return false
	}
	s.opts.Logger.Error("xmpp: a handler does not return although its ctx has ended, or a channel is not read", "registered", site)
	s.fed = true
	for sub := range s.channels {
		close(sub.aside)
		go func() {
			defer s.lane.wake() // see Shutdown
			defer sub.close()
			s.feed(sub, &r)
		}()
	}
	return true
}

// feed gives sub what it asks for of the rest.
func (s *Session) feed(sub *subscription, rest *remainder) {
	sub.mu.Lock() // the dispatcher has let go of it
	left := sub.left
	sub.mu.Unlock()
	for i, a := range rest.all {
		number := rest.first + uint64(i)
		if number < rest.at || a.st == nil {
			continue
		}
		if s.isGiven() || !s.steward.ours(s) {
			return
		}
		for _, r := range s.lacking(a, rest, number == rest.at, left) {
			if h, ok := r.Handler.(channelHandler); ok && h.sub == sub && r.matches(a.st) {
				s.feedOne(r, a)
			}
		}
	}
}

// feedOne gives a to the channel of r, whose function may panic (see Channel).
func (s *Session) feedOne(r *registration, a arrival) {
	defer func() {
		if p := recover(); p != nil {
			_ = s.panicked(r, p)
		}
	}()
	_, _ = r.HandleStanza(s.contextFor(a), a.st) // whether it was taken is no news to a server that is gone
}

// lacking returns the registrations that have not had a; left says that the one that had it in hand could not get rid of it.
func (s *Session) lacking(a arrival, rest *remainder, inHand, left bool) (regs []*registration) {
	if iq, ok := a.st.(*stanza.IQ); ok {
		if r := s.answerer(iq); r != nil && iq.IsRequest() && (!inHand || left) {
			regs = append(regs, r)
		}
		return regs
	}
	for _, r := range s.local.snapshot() {
		if !inHand || r.number > rest.had && r.number <= rest.upTo || left && r.number == rest.had {
			regs = append(regs, r)
		}
	}
	return regs
}

// isForsaken reports whether nothing is left of a lost session but a handler that does not return.
func (s *Session) isForsaken() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hopeless && len(s.channels) == 0
}

// hasChannel reports whether r is one of the session's own channels.
func (s *Session) hasChannel(r *registration) bool {
	h, ok := r.Handler.(channelHandler)
	return ok && h.owner == channelOwner(s)
}
