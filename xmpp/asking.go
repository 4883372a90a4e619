package xmpp

import (
	"sync/atomic"
	"time"
)

// pending reports whether there is something to write: what was queued, or an <r/>. A writer looks once more when its write is over:
// the acknowledgement that came meanwhile may have answered the only question, and does not tell of what was just written (see
// Session.acknowledged, which leaves that to the writer). mu is held.
func (o *outbox) pending() bool { return !o.empty() || o.asks() && o.ledger.due(o.lastSent) }

// asks reports whether an <r/> may be written: none may behind the end of the stream, which has one of its own. mu is held.
func (o *outbox) asks() bool { return o.ledger != nil && o.shut == nil }

// askedAt is when the oldest unanswered <r/> was written; zero when there is none.
func (o *outbox) askedAt() time.Time { return moment(&o.asked) }

// againAt is when to ask about what the last <a/> did not tell of, where no <r/> is open then; zero when it told of all.
func (o *outbox) againAt() time.Time { return moment(&o.again) }

// moment is what ticks has made of a time; zero where there is none.
func moment(d *atomic.Int64) time.Time {
	if d := d.Load(); d != 0 {
		return epoch.Add(time.Duration(d))
	}
	return time.Time{}
}

// ticks is t as a number, of the clock that nobody sets: a step of the machine's other clock is no silence.
func ticks(t time.Time) int64 { return int64(t.Sub(epoch)) }

var epoch = time.Now()
