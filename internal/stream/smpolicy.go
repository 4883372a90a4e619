package stream

import "time"

// Defaults of an AckPolicy.
const (
	DefaultRequestStanzas = 64
	DefaultRequestBytes   = 64 << 10
	DefaultRequestRetry   = 5 * time.Second
	DefaultAckStanzas     = 64
)

// AckPolicy decides when <r/> and <a/> are written (XEP-0198 §4 leaves both to the implementation). Its methods are
// pure: they look at counts and at the moments handed in. Fields that are not positive mean the defaults. An exchange
// costs 65 bytes or so, <r/> one way and <a/> the other.
//
// A sender wants to know soon that its stanza arrived, and a stream that carries thousands a second must not be slowed
// down by asking. So there are three rules, and the first that applies asks:
//
//   - In a stream: after RequestStanzas or RequestBytes since the last <r/>, even when that one is not answered. With 64
//     chat stanzas of 600 bytes that is 0.2 % of the bytes (asking after each is 11 %), and a window of 1,024 stanzas is
//     asked about 16 times while it passes, so that over a long path no more than a sixteenth of it waits for the
//     question to be put.
//   - When the sender runs out of stanzas: for the rest, in the same write, unless an <r/> is out. A lone stanza is
//     therefore acknowledged after one round trip, and one of many small writes after two at most: what is written
//     meanwhile is asked about in one, when the answer came. So there is at most one <r/> a round trip from this rule.
//   - When the last <r/> is RequestRetry old and something is still unacknowledged: a peer may answer before it handled
//     all (then its answer says so, and no other one follows by itself), or several questions once.
//
// The figures are those of TestAckPolicyFigures.
//
// An <a/> is owed at once for each <r/> (XEP-0198 §4: it must not be withheld). Without one, after AckStanzas handled,
// so that a peer which never asks need not keep more than these and what is on its way: servers end a session
// that has too many unacknowledged (500 at Prosody while the session is suspended).
type AckPolicy struct {
	RequestStanzas int           // ask after so many stanzas; default DefaultRequestStanzas
	RequestBytes   int           // or so many bytes; default DefaultRequestBytes
	RequestRetry   time.Duration // ask again when there was no sufficient answer for so long; default DefaultRequestRetry
	AckStanzas     int           // acknowledge unasked after so many handled; default DefaultAckStanzas
}

func (p AckPolicy) withDefaults() AckPolicy {
	if p.RequestStanzas <= 0 {
		p.RequestStanzas = DefaultRequestStanzas
	}
	if p.RequestBytes <= 0 {
		p.RequestBytes = DefaultRequestBytes
	}
	if p.RequestRetry <= 0 {
		p.RequestRetry = DefaultRequestRetry
	}
	if p.AckStanzas <= 0 {
		p.AckStanzas = DefaultAckStanzas
	}
	return p
}

// Requests is what a sender remembers of its questions. The zero value is that of a stream just enabled, and of one just
// resumed, which begins by asking about all that it sends again.
type Requests struct {
	stanzas int       // sent since the last <r/>
	bytes   int       // their sizes
	open    int       // questions that were written and not answered
	upTo    uint64    // number of the last stanza that was sent before the last <r/>
	asked   time.Time // when the last <r/> was written
}

// Sent records that a stanza of size bytes was written.
func (r *Requests) Sent(size int) {
	r.stanzas++
	r.bytes += size
}

// Asked records that <r/> was written at the moment now, behind stanza number sent (Queue.Sent).
func (r *Requests) Asked(now time.Time, sent uint64) {
	*r = Requests{open: r.open + 1, upTo: sent, asked: now}
}

// Answered records that an <a/> was read which leaves stanza number acked (Queue.Acked) as the last that is
// acknowledged. Which <r/> it answers, or whether any, cannot be seen. It counts as the answer to one, because a peer
// may answer before it has handled all; and to all of them if nothing is left to be known, because a peer may answer
// several at once. A wrong guess costs one <r/> more, or the wait for the retry.
func (r *Requests) Answered(acked uint64) {
	r.open = max(r.open-1, 0)
	if acked >= r.upTo {
		r.open = 0
	}
}

// Open returns when the last <r/> was written and whether one is unanswered: its age is how long, at least, the peer
// has been silent on a question that it must answer.
func (r Requests) Open() (asked time.Time, open bool) { return r.asked, r.open > 0 }

// Request decides whether to write <r/> now, after the stanzas that were recorded with Sent. unacked is how many
// stanzas are unacknowledged (Queue.Len); idle says that no further stanza is about to be written.
func (p AckPolicy) Request(r Requests, unacked int, idle bool, now time.Time) bool {
	p = p.withDefaults()
	switch {
	case unacked == 0:
		return false
	case r.stanzas >= p.RequestStanzas, r.bytes >= p.RequestBytes:
		return true
	case idle && r.stanzas > 0 && r.open == 0:
		return true
	}
	retry, due := p.RetryAt(r, unacked)
	return due && !now.Before(retry)
}

// RetryAt returns the moment from which Request is going to answer yes by itself, if there is one: when to look again
// if nothing else happens.
func (p AckPolicy) RetryAt(r Requests, unacked int) (at time.Time, ok bool) {
	if unacked == 0 || r.asked.IsZero() {
		return time.Time{}, false
	}
	return r.asked.Add(p.withDefaults().RequestRetry), true
}

// Ack decides whether to write <a/> now: handled is its h (Inbound.H), told the h of the last <a/>, <resume/> or 0 for
// none yet, and asked says that an <r/> was read since.
func (p AckPolicy) Ack(handled, told uint32, asked bool) bool {
	return asked || uint64(handled-told) >= uint64(p.withDefaults().AckStanzas) // both count modulo 2³²
}
