package xmpp

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/canto-im/canto/stanza"
)

// errTaken is what a handler returns when somebody else will answer the request.
var errTaken = errors.New("xmpp: the request was taken from its channel")

// A Request is an IQ request taken from Session.IQs. Its taker answers it, once, with Reply or Fail; when that has not
// been done within Options.RequestTimeout, it's answered with internal-server-error.
type Request struct {
	// IQ is the request, of type get or set. Do not change it.
	IQ *stanza.IQ

	session *Session
	taken   atomic.Bool
	timer   *time.Timer
}

// Reply answers with a result that carries payload: anything that encoding/xml can marshal, a stanza.Element, or nil. A
// payload that can't be marshalled is an error. Its errors are those of Session.Send, and ErrAnswered; after one that is neither
// that nor ErrUnknownDelivery, the request may still be answered.
func (r *Request) Reply(ctx context.Context, payload any) error {
	out := r.IQ.Result(payload)
	if err := out.Payload.Err(); err != nil {
		return err
	}
	return r.answer(ctx, out)
}

// Fail answers with an error: a *stanza.Error or a stanza.Condition is sent as it is, for any other error (nil too) the
// answer is internal-server-error without its text. Its errors are those of Session.Send, and ErrAnswered.
func (r *Request) Fail(ctx context.Context, err error) error { return r.answer(ctx, r.IQ.Fail(err)) }

func (r *Request) answer(ctx context.Context, out *stanza.IQ) error {
	// RFC 6120 §8.2.3: exactly one answer.
	if !r.taken.CompareAndSwap(false, true) {
		return ErrAnswered
	}
	r.timer.Stop()
	out.From = r.session.speaker(out.From)
	err := r.session.Send(ctx, out)
	if err != nil && !errors.Is(err, ErrUnknownDelivery) { // nothing of it was sent
		r.taken.Store(false)
		r.timer.Reset(r.session.opts.RequestTimeout)
	}
	return err
}

// late answers in the taker's place. It does not touch the timer, which it may run before.
func (r *Request) late() {
	if r.taken.CompareAndSwap(false, true) {
		s := r.session
		s.opts.Logger.Warn("xmpp: a request was taken and not answered in time", "from", r.IQ.From, "id", r.IQ.ID)
		s.reply(r.IQ.Fail(stanza.InternalServerError))
	}
}

// IQs returns a channel of the IQ requests (types get and set) that arrive from now on and match one of the patterns;
// without patterns, of all that no handler is registered for. As with Handle, the most specific pattern wins, and a
// pattern that has a handler already panics. The channel closes when ctx is done, or after the session has ended and
// what it had received was taken. What is said at Messages of channels that are not read holds here too.
func (s *Session) IQs(ctx context.Context, patterns ...Pattern) <-chan *Request {
	patterns = slices.Clone(patterns)
	if len(patterns) == 0 {
		patterns = []Pattern{{}}
	}
	for i := range patterns {
		patterns[i].Kind = stanza.KindIQ
	}
	return subscribe(ctx, s, patterns, receiveRequest)
}

func receiveRequest(ctx context.Context, st stanza.Stanza, hand func(*Request) bool) error {
	iq, ok := st.(*stanza.IQ)
	if !ok || !iq.IsRequest() {
		return nil
	}
	s := sessionOf(ctx)
	r := &Request{IQ: iq, session: s}
	r.timer = time.AfterFunc(s.opts.RequestTimeout, r.late)
	if !hand(r) {
		r.timer.Stop()
		if r.taken.CompareAndSwap(false, true) {
			return stanza.ServiceUnavailable
		}
	}
	return errTaken
}
