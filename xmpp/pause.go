package xmpp

import "time"

// pauseNote is how long reading may pause before that is logged, and a space sent if one is due.
const pauseNote = 10 * time.Second

// glanceBytes is how much is read, at most, beyond what may wait in the lane, to see whether the server is still there.
// It's more than what systems receive for a program that does not read.
const glanceBytes = 8 << 20

// pause waits while the lane holds more than Limits.LaneSoft, or while the server does not take what the reader has to say,
// so that TCP tells the server to slow down.
func (s *Session) pause(l *link, w *watchdog) {
	if !s.mustPause(w) {
		return
	}
	tick := time.NewTicker(pauseNote)
	defer tick.Stop()
	defer func() { w.back = time.Now() }()
	for {
		held, news := s.lane.held()
		if w.woken() {
			w.lookUp(time.Now(), held)
		}
		if !s.mustPause(w) || s.isOver(l) {
			return
		}
		select {
		case <-news:
		case <-s.done:
		case now := <-tick.C:
			s.opts.Logger.Warn("xmpp: not reading on: a handler or channel takes its time, or the server does not listen",
				"registered", s.slowest(), "held", held, "unsaid", s.out.owed.Load())
			w.keepalive(now)
			w.lookUp(now, held)
		}
	}
}

// mustPause reports whether there is a reason not to read on. The lane is none while a call waits for the server's word, which
// may be behind what we'd not read: the answer to a Do, or an acknowledgement.
func (s *Session) mustPause(w *watchdog) bool {
	switch {
	case s.out.owed.Load() > maxOwed:
		return true
	case !s.lane.over(s.opts.Limits.LaneSoft):
		w.glance = 0
		return false
	}
	return s.lane.over(w.glance) && !s.calls.any() && s.out.thirsty.Load() == 0
}

// isOver reports whether nothing is to be read from l but its end.
func (s *Session) isOver(l *link) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing || s.ended || s.suspended || s.link != l || l.in.failure() != nil
}

func (s *Session) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// lookUp lets the paused reader read on for a while when nothing has been heard for too long, or after Wake: only whoever reads notices
// that a server is gone. It never reads as much as would end the session (Limits.LaneHard).
func (w *watchdog) lookUp(now time.Time, held int) {
	limits := &w.s.opts.Limits
	until := held + min((limits.LaneHard-held)/2, glanceBytes)
	silent := w.urgent() || w.keep > 0 && now.Sub(w.last) >= w.keep
	if silent && until+limits.StanzaBytes+overhead <= limits.LaneHard {
		w.glance = until
	}
}
