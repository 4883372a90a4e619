package muc

import (
	"context"
	"errors"
	"time"

	"github.com/canto-im/canto/stanza"
)

// pingTimeout is how long a room may take to answer.
const pingTimeout = time.Minute

// armPing has the room asked, after it has been silent for so long, whether we're still in it. r.mu is held.
func (r *Room) armPing() {
	if r.opts.PingAfter < 0 {
		return
	}
	r.heard.Store(time.Now().UnixNano())
	if r.timer != nil {
		r.timer.Stop()
	}
	r.timer = time.AfterFunc(r.opts.PingAfter, r.silent)
}

// silent is called when the room may have been silent for long enough.
func (r *Room) silent() {
	left := r.opts.PingAfter - time.Since(time.Unix(0, r.heard.Load()))
	if left <= 0 {
		r.ping()
		left = r.opts.PingAfter
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over && isClosed(r.in) {
		r.timer.Reset(left)
	}
}

// ping asks the room whether we're in it (XEP-0410): by a request to ourselves, through it; once, however many have a reason to ask.
func (r *Room) ping() {
	if !r.pinging.CompareAndSwap(false, true) {
		return
	}
	defer r.pinging.Store(false)
	r.mu.Lock()
	s, to, in, renaming := r.home, r.own(r.nick), isClosed(r.in) && !r.over && r.leaving == nil, r.rename != nil
	r.mu.Unlock()
	if !in || renaming || s == nil { // XEP-0410 §4: not while it's open which nickname we have
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), pingTimeout)
	defer cancel()
	_, err := s.Do(ctx, &stanza.IQ{Type: stanza.Get, To: to, Payload: stanza.Payload(pingX{})})
	if isOut(err) && !isClosed(s.Done()) && r.Nick() == to.Resourcepart() {
		r.thrownOut(s, &Ended{Room: r.jid, End: Lost})
	}
}

// isOut reports whether the answer to a ping says that we're not in the room; XEP-0410 §3.2.
func isOut(err error) bool {
	var refused *stanza.Error
	if !errors.As(err, &refused) { // an answer, or none at all, from which nothing follows
		return false
	}
	switch refused.Condition {
	case stanza.ServiceUnavailable, stanza.FeatureNotImplemented: // of our own client, which the question has reached
		return false
	case stanza.ItemNotFound: // the nickname has changed just now
		return false
	case stanza.RemoteServerNotFound, stanza.RemoteServerTimeout: // nothing follows
		return false
	}
	return true
}
