package xmpp

import (
	"fmt"
	"time"
)

// expire ends the ctx of the handlers when a handler makes no use of the time that it has after the session's end. What the
// session had received is handed over after its end, too, with a ctx that is good for it: who stores a message must not find
// that impossible because of a cable. But nobody may wait for ever for a handler that waits for the end of its ctx.
//
// A handler has CloseTimeout at least, and twice that at most. Where one uses it up, those behind it get none. The reader of a
// channel takes nothing from them; after the same time, the others don't wait for it any more (see forsake). For a
// Client the time begins when its next session waits for this one's handlers, or Run returns: until then a handler may
// well wait for the next session, as Client.Send does.
func (s *Session) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished || s.expiring != nil {
		return
	}
	p := &patience{seen: s.steps.Load()}
	s.expiring = time.AfterFunc(s.opts.CloseTimeout, func() { s.expired(p) })
}

// patience is what is known of the handlers of a lost session.
type patience struct {
	seen   uint64 // their steps when they were looked at last
	warned bool   // they had done none since the time before
}

// expired looks whether the handlers have got on since the last time.
func (s *Session) expired(p *patience) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished {
		return
	}
	now := s.steps.Load()
	stuck := now == p.seen && now&^forsaken != 0 // with no step done, it's the handlers of the session before that are waited for, or a capability that begins
	isChannel := stuck && isChannelHandler(s.atWork.Load())
	switch {
	case !stuck:
		p.warned = false
	case !isChannel && s.ctx.Err() == nil:
		s.cut(fmt.Errorf("%w; the handler had %v for what was left", s.cause(), s.opts.CloseTimeout))
	case isChannel && !p.warned:
		p.warned = true
	case now&forsaken != 0 && isChannel: // of a Client: its next session waits for it, too
	case now&forsaken != 0 || s.forsake(now):
		if now = s.steps.Load(); !isChannel {
			s.hopeless = true
			s.lane.wake()
			return
		}
	}
	p.seen = now
	s.expiring.Reset(s.opts.CloseTimeout)
}

func isChannelHandler(r *registration) bool {
	_, ok := r.Handler.(channelHandler)
	return ok
}
