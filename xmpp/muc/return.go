package muc

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

const (
	// enterTimeout is how long a room may take to let us in again, before that is tried anew.
	enterTimeout = time.Minute
	// firstWait and longestWait bound the time between two tries.
	firstWait   = time.Second
	longestWait = time.Minute
	// patience is how often a room may be gone before it's believed: one that was made for an occasion, and that another is about to
	// make anew, is locked for a moment (XEP-0045 §7.2.10).
	patience = 5
)

// thrownOut is called when the room has sent us away, or does not know of us any more.
func (r *Room) thrownOut(s *xmpp.Session, why *Ended) {
	if !why.passes() || r.opts.NoReturn {
		r.finish(why)
		return
	}
	r.mu.Lock()
	if r.over || r.leaving != nil || !isClosed(r.in) {
		r.mu.Unlock()
		return
	}
	r.out()
	r.away = true
	home := r.home
	r.mu.Unlock()
	xmpp.LoggerOf(r.hub.e).Info("muc: out of the room, and on the way back", "room", r.jid, "err", why)
	if s == nil {
		s = home
	}
	wait := firstWait
	if why.End == Lost {
		wait = 0
	}
	r.comeBack(s, wait)
	r.emit(context.Background(), nil, Away{Err: why})
}

// moveTo enters the room again in the next session of a Client. Join does so itself until it has succeeded.
func (r *Room) moveTo(s *xmpp.Session) {
	r.mu.Lock()
	stayed := r.stayed && !r.over && r.leaving == nil
	r.mu.Unlock()
	if stayed {
		r.comeBack(s, 0)
	}
}

// lostWith is called when s has ended and all that it had received was handed over.
func (r *Room) lostWith(s *xmpp.Session, cause error) {
	r.mu.Lock()
	lost := r.home == s && r.stayed && !r.away && !r.over
	if lost {
		r.out()
		r.away = true
	}
	r.mu.Unlock()
	if lost {
		r.emit(context.Background(), nil, Away{Err: cause})
	}
}

// comeBack tries to enter the room again, in the session s, until it's in or that is of no use any more.
func (r *Room) comeBack(s *xmpp.Session, wait time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	r.mu.Lock()
	if r.retry != nil {
		r.retry()
	}
	r.retry = cancel
	r.mu.Unlock()
	go func() {
		defer cancel()
		if err := r.tryAgain(ctx, s, wait); err != nil {
			r.finish(err)
		}
	}()
}

// tryAgain returns why the room is not to be entered any more; nil: it was, or somebody else sees to it.
func (r *Room) tryAgain(ctx context.Context, s *xmpp.Session, wait time.Duration) error {
	for gone := 0; ; {
		t := time.NewTimer(wait + rand.N(wait/4+1))
		select {
		case <-t.C:
		case <-ctx.Done():
		case <-s.Done():
		}
		t.Stop()
		if ctx.Err() != nil || isClosed(s.Done()) {
			return nil
		}
		once, cancel := context.WithTimeout(ctx, enterTimeout)
		err := r.enter(once, s)
		cancel()
		if errors.Is(err, stanza.ItemNotFound) {
			gone++
		}
		switch {
		case err == nil || ctx.Err() != nil || isClosed(s.Done()):
			return nil
		case isRefusal(err) && !passing(err) && (!errors.Is(err, stanza.ItemNotFound) || gone >= patience):
			return err
		}
		xmpp.LoggerOf(r.hub.e).Info("muc: not in the room yet", "room", r.jid, "err", err)
		wait = min(max(2*wait, firstWait), longestWait)
	}
}

// passing reports whether a room that refuses us may let us in a little later. A nickname that is taken is, as a rule, held by what is
// left of our own last session.
func passing(err error) bool {
	var refused *stanza.Error
	if !errors.As(err, &refused) {
		return true
	}
	switch refused.Condition {
	case stanza.Conflict, stanza.RemoteServerNotFound, stanza.RemoteServerTimeout, stanza.ResourceConstraint, stanza.ServiceUnavailable,
		stanza.InternalServerError, stanza.RecipientUnavailable, stanza.UndefinedCondition:
		return true
	}
	return refused.Type == stanza.Wait
}
