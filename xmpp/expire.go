package xmpp

import (
	"fmt"
	"time"
)

// expire ends the ctx of the handlers when a handler makes no use of the time that it has after the session's end. What the
// session had received is handed over after its end, too, with a ctx that is good for it: who stores a message must not find
// that impossible because of a cable. But nobody may wait for ever for a handler that waits for the end of its ctx.
//
// A handler has CloseTimeout at least, and twice that at most. Where one uses it up, those behind it get none. For a
// Client the time begins when its next session waits for this one's handlers, or Run returns: until then a handler may
// well wait for the next session, as Client.Send does.
func (s *Session) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished || s.expiring != nil {
		return
	}
	seen := s.steps.Load()
	s.expiring = time.AfterFunc(s.opts.CloseTimeout, func() { s.expired(&seen) })
}

// expired looks whether the handlers have got on since seen.
func (s *Session) expired(seen *uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished {
		return
	}
	now, r := s.steps.Load(), s.atWork.Load()
	// With no step done, it's the handlers of the session before that are waited for, or a capability that begins.
	_, waits := handlerOf(r).(channelHandler)
	switch {
	case now != *seen || waits || now == 0:
	case s.ctx.Err() == nil:
		s.cut(fmt.Errorf("%w; the handler had %v for what was left", s.cause(), s.opts.CloseTimeout))
	case s.forsake(now):
		return
	}
	*seen = now
	s.expiring.Reset(s.opts.CloseTimeout)
}

// handlerOf returns the handler of a registration that may be nil.
func handlerOf(r *registration) Handler {
	if r == nil {
		return nil
	}
	return r.Handler
}
