package xmpp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"time"

	"github.com/canto-im/canto/stanza"
)

// dispatch hands what is in the lane to the program, batch after batch, until the lane is empty; after the session's end
// it also closes the channels.
func (s *Session) dispatch() {
	for _, gate := range []<-chan struct{}{s.after, s.ready} {
		if gate != nil {
			select {
			case <-gate:
			case <-s.given:
			}
		}
	}
	for {
		batch := s.lane.take(false)
		if batch == nil {
			select {
			case <-s.done:
				<-s.linked().gone // the reader pushes nothing any more
				if batch = s.lane.take(false); batch == nil {
					s.finish()
					s.lane.take(true)
					return
				}
			default:
				if batch = s.lane.take(true); batch == nil && !s.stayOn() {
					return
				}
			}
		}
		s.handOver(batch)
	}
}

// stayOn reports whether a dispatcher that has marked the lane idle must go on after all: the session ended just then,
// and nobody else has taken it on to finish.
func (s *Session) stayOn() bool {
	select {
	case <-s.done:
		return s.lane.claim()
	default:
		return false
	}
}

// handOver gives each arrival of the batch to its handlers.
func (s *Session) handOver(batch []arrival) {
	i := 0
	defer func() {
		if i == len(batch) {
			s.lane.back(batch)
			return
		}
		// runtime.Goexit in a handler ends this goroutine (so does FailNow of a test): another one goes on with who has not
		// had the stanza yet.
		s.lane.again(batch[i:], s.begun)
		go s.dispatch()
	}()
	for ; i < len(batch); i++ {
		a := batch[i]
		s.here = s.lane.before + uint64(i)
		// XEP-0198 §4: it counts once its handlers have returned.
		switch {
		case s.isGiven() || !s.steward.ours(s):
		case s.accept(a):
			s.handled(a.number)
		default:
			s.handledLater(a.number)
		}
		s.lane.done(a.size)
	}
}

// accept gives a to the program, unless an earlier session did. It reports false when it was not handled, and is then not
// remembered either: whoever gets it next has to handle it.
func (s *Session) accept(a arrival) (handled bool) {
	if s.recent.knows(a.st) {
		s.opts.Logger.Info("xmpp: a message that was handed over before is dropped", "id", a.st.Header().ID)
		return true
	}
	if !s.route(a) {
		return false
	}
	s.recent.add(a.st)
	return true
}

// handledLater counts a stanza that a channel had in hand when the program gave up the channel. The program may be about to close
// the session, too: then the server has to keep it, and what came behind it, for the next one. But a session that goes on could
// never acknowledge anything again, as an <a/> says how many were handled from the first on (XEP-0198 §4).
func (s *Session) handledLater(number uint64) {
	if number == 0 || s.isGiven() {
		return
	}
	time.AfterFunc(s.opts.CloseTimeout, func() {
		if !s.isGiven() && !s.hasEnded() {
			s.handled(number)
		}
	})
}

// isGiven reports whether Close has ended the handing over: what a channel reader did not take by then was not taken.
func (s *Session) isGiven() bool { return isClosed(s.given) }

// finish closes the session's channels; nothing comes any more. When the session ends just as its dispatcher goes to
// rest, a second one may find the lane as empty as the first did.
func (s *Session) finish() {
	s.mu.Lock()
	over := s.finished
	s.finished = true
	s.mu.Unlock()
	if over {
		return
	}
	if s.steps.Load()&forsaken == 0 { // else they have not got all of it yet
		s.closeChannels()
	}
	s.cancel(ErrClosed)
	close(s.handed)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.expiring != nil {
		s.expiring.Stop()
	}
}

// contextFor is the ctx of the handlers that get a.
func (s *Session) contextFor(a arrival) context.Context {
	if a.again {
		return s.againCtx
	}
	return s.ctx
}

// route gives a stanza to those who asked for it. It reports false when a channel's reader did not take it before the
// session was closed: then it was not handled.
func (s *Session) route(a arrival) (handled bool) {
	ctx := s.contextFor(a)
	s.begun = a.had
	if iq, ok := a.st.(*stanza.IQ); ok {
		if a.had == (had{}) { // else it was answered when its handler ended its goroutine
			s.answer(ctx, iq)
		}
		return true
	}
	handled = true
	st := a.st
	for i, m := range [len(s.begun)]*mux{s.outer, &s.local} {
		if m == nil {
			continue
		}
		regs := m.snapshot()
		s.newest = math.MaxUint64
		if m == &s.local && len(regs) > 0 {
			s.newest = regs[len(regs)-1].number
		}
		for _, r := range regs {
			if r.number <= a.had[i] || !r.matches(st) {
				continue
			}
			s.begun[i] = r.number
			_, err := s.run(ctx, r, st)
			switch {
			case err == errTaken: // see forsake
			case errors.Is(err, errNotTaken):
				handled = false
			case err != nil:
				s.opts.Logger.Warn("xmpp: handler failed", "handler", r.site, "stanza", st.Kind(), "from", st.Header().From, "err", err)
			}
		}
	}
	return handled
}

// answer sees to it that the request iq is answered exactly once (RFC 6120 §8.2.3).
func (s *Session) answer(ctx context.Context, iq *stanza.IQ) {
	if !iq.IsRequest() {
		// An answer that nobody waits for: late, or forged. RFC 6120 §8.2.3: it must not be answered.
		s.opts.Logger.Debug("xmpp: answer to no request of ours dropped", "from", iq.From, "id", iq.ID)
		return
	}
	r := s.answerer(iq)
	if r == nil {
		// RFC 6120 §8.4: a request whose payload is not understood is answered with service-unavailable.
		s.reply(iq.Fail(stanza.ServiceUnavailable))
		return
	}
	s.begun[0] = 1
	payload, err := s.run(ctx, r, iq)
	switch {
	case err == errTaken: // the taker of the Request answers
	case err != nil:
		s.reply(s.failure(iq, r, err))
	default:
		s.reply(s.result(iq, r, payload))
	}
}

// answerer is who answers the request iq: the most specific handler; nil when there is none.
func (s *Session) answerer(iq *stanza.IQ) *registration {
	r := s.local.answerer(iq)
	if s.outer != nil {
		if o := s.outer.answerer(iq); o != nil && (r == nil || o.weight() > r.weight()) {
			r = o
		}
	}
	return r
}

// result is the answer that carries payload, or internal-server-error when that can't be sent.
func (s *Session) result(iq *stanza.IQ, r *registration, payload any) *stanza.IQ {
	out := iq.Result(payload)
	if err := out.Payload.Err(); err != nil {
		return s.failure(iq, r, err)
	}
	return out
}

// failure is the answer to a request whose handler returned err. What is no answer for the peer is logged.
func (s *Session) failure(iq *stanza.IQ, r *registration, err error) *stanza.IQ {
	var se *stanza.Error
	var cond stanza.Condition
	if !errors.As(err, &se) && !errors.As(err, &cond) {
		s.opts.Logger.Error("xmpp: handler failed", "handler", r.site, "stanza", "iq", "from", iq.From, "err", err)
	}
	return iq.Fail(err)
}

// reply sends an answer. It waits no longer than the session lasts. One that can't be XML, or is more than the server takes, is
// replaced: there must be an answer.
func (s *Session) reply(iq *stanza.IQ) {
	iq.From = s.speaker(iq.From)
	err := sendable(iq)
	replace := err != nil
	if !replace {
		err = s.send(s.ctx, iq, "", nil)
		replace = errors.As(err, new(*oversize))
	}
	if replace {
		s.opts.Logger.Error("xmpp: the answer of a handler can't be sent", "to", iq.To, "id", iq.ID, "err", err)
		iq = &stanza.IQ{Type: stanza.IQError, ID: iq.ID, From: iq.From, To: iq.To, Error: &stanza.Error{Type: stanza.Cancel, Condition: stanza.InternalServerError}}
		err = s.send(s.ctx, iq, "", nil)
	}
	if err != nil {
		s.opts.Logger.Debug("xmpp: answer not sent", "to", iq.To, "id", iq.ID, "err", err)
	}
}

// sendable reports why an answer can't be XML. Of a result, that's known.
func sendable(iq *stanza.IQ) error {
	if iq.Error == nil {
		return nil
	}
	_, err := appendClient(nil, iq)
	return err
}

// run calls the handler and turns a panic into an error.
func (s *Session) run(ctx context.Context, r *registration, st stanza.Stanza) (reply any, err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if p := recover(); p != nil {
			reply, err = nil, s.panicked(r, p)
			return
		}
		s.exited(r, st)
	}()
	if s.steps.Add(1)&forsaken != 0 && s.hasChannel(r) {
		returned = true
		return nil, errTaken
	}
	s.at.Store(s.here)
	s.had.Store(s.begun[1])
	s.upTo.Store(s.newest)
	s.atWork.Store(r)
	if reply, err = r.HandleStanza(ctx, st); err == nil && reply != nil && st.Kind() == stanza.KindIQ {
		reply = stanza.Payload(reply) // here, since this runs the program's MarshalXML
	}
	if s.steps.Load()&forsaken != 0 && s.hasChannel(r) && !s.isGiven() { // what it has not taken, it gets from forsake
		err = errTaken
	}
	returned = true
	return reply, err
}

// panicked logs the panic p of the handler of r, and returns what comes of it.
func (s *Session) panicked(r *registration, p any) error {
	s.opts.Logger.Error("xmpp: handler panicked", "handler", r.site, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	return fmt.Errorf("xmpp: handler registered at %s panicked: %v", r.site, p)
}

// exited is called when a handler has ended its goroutine (runtime.Goexit): a request is answered all the same.
func (s *Session) exited(r *registration, st stanza.Stanza) {
	s.opts.Logger.Error("xmpp: handler ended its goroutine", "handler", r.site, "stanza", st.Kind())
	if iq, ok := st.(*stanza.IQ); ok && iq.IsRequest() {
		s.reply(iq.Fail(stanza.InternalServerError))
	}
}

// sessionKey is the context key under which a handler's own machinery finds the session that received the stanza.
type sessionKey struct{}

// againKey is the context key of stanzas that another process may have handled.
type againKey struct{}

// Redelivered reports whether the stanza for which a handler got ctx may have been handled before, by a process that
// ended without saving that it did. It's so for what a server sends again to a Client that goes on with the stream of
// an earlier process (Options.Store), up to what is new; it can't be known which of these that process had handled after
// it last saved its state. Whoever must not do a thing twice looks whether it's done.
func Redelivered(ctx context.Context) bool {
	again, _ := ctx.Value(againKey{}).(bool)
	return again
}

// sessionOf returns the session whose dispatcher called the handler that got ctx.
func sessionOf(ctx context.Context) *Session {
	s, _ := ctx.Value(sessionKey{}).(*Session)
	return s
}
