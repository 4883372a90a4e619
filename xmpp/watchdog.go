package xmpp

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/stanza"

	"github.com/canto-im/canto/internal/ns"
)

// A watchdog keeps a connection alive and notices when it's dead. It belongs to the reader of one link, which asks it
// how long to wait for bytes: so there is no timer that ticks.
type watchdog struct {
	s     *Session
	keep  time.Duration // how long nothing may arrive before the server is asked for a sign of life; ≤ 0: for ever
	dead  time.Duration // how long it may then take
	retry time.Duration // how long to wait for acknowledgements before asking again

	wakes  atomic.Uint32 // how often it was said that there may be no connection any more: see Client.Wake
	looked uint32        // for how many of these a paused reader has looked up
	sought uint32        // for how many of these the server was asked
	eased  uint32        // and has answered

	last   time.Time // when something arrived
	probed time.Time // when the server was asked since; zero: it was not
	back   time.Time // when the reader last came back from a pause, or from where the whole process was stopped: what has come before that it could not know
	glance int       // how much may wait in the lane while the reader looks whether the server is still there; see pause
}

// leastIdle bounds how busy a server can keep us by what it says of idleness.
const leastIdle = 5 * time.Second

// lively is how long a connection may be silent where the server takes one for idle that is silent for l.IdleSeconds, and may
// then ask us or end the stream (XEP-0478 §3.1): half of that at most. keep ≤ 0: for ever.
func lively(keep time.Duration, l stream.Limits) time.Duration {
	if l.IdleSeconds <= 0 {
		return keep
	}
	return min(keep, max(time.Duration(min(l.IdleSeconds, math.MaxInt32))*time.Second/2, leastIdle))
}

func newWatchdog(s *Session, l *link) *watchdog {
	return &watchdog{s: s, keep: lively(s.opts.Keepalive, l.features.Limits), dead: s.opts.DeadAfter, retry: stream.DefaultRequestRetry, last: time.Now()}
}

// until is when the reader must look up from an empty connection; zero: never.
func (w *watchdog) until() (t time.Time) {
	if w.uneasy() {
		return time.Now()
	}
	if asked := w.s.out.askedAt(); !asked.IsZero() {
		if end := w.since(asked).Add(w.patience()); time.Until(end) < w.retry {
			return end
		}
		return time.Now().Add(w.retry)
	}
	switch {
	case !w.probed.IsZero():
		t = w.since(w.probed).Add(w.patience())
	case w.keep > 0:
		t = w.last.Add(w.keep)
	}
	if again := w.s.out.againAt(); !again.IsZero() && (t.IsZero() || again.Before(t)) {
		return again
	}
	return t
}

// patience is how long the server may take for a sign of life.
func (w *watchdog) patience() time.Duration {
	if w.urgent() {
		return min(w.dead, urgentDead)
	}
	return w.dead
}

// urgent reports whether there may be no connection any more, as far as the server has said.
func (w *watchdog) urgent() bool { return w.wakes.Load() != w.eased }

// uneasy reports whether the server is to be asked for a sign of life for that.
func (w *watchdog) uneasy() bool { return w.wakes.Load() != w.sought }

// woken reports, once, whether a paused reader has to look up for that.
func (w *watchdog) woken() bool {
	n := w.wakes.Load()
	news := n != w.looked && n != w.sought
	w.looked = n
	return news
}

// arrived notes that the server has said something, and says something when nothing was sent for long (RFC 6120 §4.6.1).
// What was on its way before Wake is no sign of a connection that stands: a reader that had paused finds much of that.
func (w *watchdog) arrived() {
	w.last = time.Now()
	if !w.urgent() {
		w.probed = time.Time{}
	}
	w.keepalive(w.last)
}

// answered notes an answer to what the server was asked; an acknowledgement (XEP-0198 §4) does not say to which of our requests.
func (w *watchdog) answered() { w.eased, w.probed = w.sought, time.Time{} }

// silent decides what to do when until has passed without a byte. An error ends the connection.
func (w *watchdog) silent() error {
	now := time.Now()
	if asked := w.s.out.askedAt(); !asked.IsZero() && now.Sub(w.since(asked)) >= w.patience() {
		return ErrPeerSilent
	}
	if !w.probed.IsZero() && now.Sub(w.since(w.probed)) >= w.patience() {
		return ErrPeerSilent
	}
	w.s.askAgain(now)
	if w.uneasy() || w.probed.IsZero() && w.keep > 0 && now.Sub(w.last) >= w.keep {
		w.sought, w.probed = w.wakes.Load(), now
		w.s.probe(now)
	}
	return nil
}

// oversleep is how late a deadline may be noticed in a process that runs.
const oversleep = 2 * time.Second

// overslept reports whether the process was stopped, or had no processor, when it should have looked up from the connection: what came
// meanwhile is still unread, and the deadline passed before anybody could read it.
func (w *watchdog) overslept(began, until time.Time) bool {
	now := time.Now()
	if !until.After(began) || now.Sub(until) < oversleep {
		return false // until may be over when a read begins: then it's due to ask
	}
	w.back = now
	return true
}

// since is from when on the server's silence counts that was asked at that time.
func (w *watchdog) since(asked time.Time) time.Time {
	for _, t := range []time.Time{w.last, w.back} {
		if t.After(asked) {
			asked = t
		}
	}
	return asked
}

// keepalive sends a space when nothing has been sent for a while (RFC 6120 §4.6.1); where a space can't be sent (RFC 7395 §3.8),
// what asks the server for a sign of life is one of ours, too.
func (w *watchdog) keepalive(now time.Time) {
	if w.keep <= 0 {
		return
	}
	o := w.s.out
	o.mu.Lock()
	due := !o.busy && now.Sub(o.lastSent) >= w.keep
	carried := o.link != nil && o.link.carried
	o.mu.Unlock()
	switch {
	case due && carried:
		w.s.probe(now)
	case due:
		o.raw([]byte(" "))
	}
}

// askAgain sends <r/> when the last one is old and something is still unacknowledged.
func (s *Session) askAgain(now time.Time) {
	o := s.out
	o.mu.Lock()
	if o.ledger == nil {
		o.again.Store(0)
		o.mu.Unlock()
		return
	}
	ask := o.ledger.request(nil, now, false)
	if ask != nil { // its answer says whether that was enough
		o.again.Store(0)
	}
	o.rawLocked(ask)
}

// probe asks the server for a sign of life: for an acknowledgement where the stream is managed (XEP-0198 §4), else with
// a ping (XEP-0199), to which any answer will do, an error too.
func (s *Session) probe(now time.Time) {
	o := s.out
	o.mu.Lock()
	if o.ledger != nil && s.intake.counts() {
		o.rawLocked(o.ledger.request(nil, now, true))
		return
	}
	o.mu.Unlock()
	ping := &stanza.IQ{Type: stanza.Get, ID: stanza.NewID(), To: s.JID().Domain(), Payload: pingPayload}
	s.probeID = ping.ID
	_ = s.out.iq(ping) // it's never too much: nobody is asked twice
}

var pingPayload, _ = stanza.ParseElement(`<ping xmlns='` + ns.Ping + `'/>`)
