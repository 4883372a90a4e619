package bosh

import "time"

// Terms are what a connection manager has granted with the session (XEP-0124 §7.2).
type terms struct {
	sid        string
	wait       time.Duration // how long a request may be held
	inactivity time.Duration // how long there may be none; 0: as long as we like
	polling    time.Duration // how long there has to be between two empty requests that brought nothing
	maxPause   time.Duration // how long a pause may be; 0: there is none
	requests   int           // that may be under way
	hold       int           // of these, that may be held; the others are answered at once
	legacy     bool          // it speaks in codes of HTTP (§17.1)
}

// A kind of request.
type kind uint8

const (
	forData   kind = iota
	forMore        // an empty one, so that there is one to be answered
	forPause       // nothing may be said to us for a while (§10)
	forTheEnd      // of the session, with the last payloads
)

const (
	promptly  = 10 * time.Second // how long an answer may take that is not held
	slack     = 15 * time.Second // how much longer than wait the answer to a held one may take
	leastPace = time.Second      // between two empty requests that brought nothing

	// leastGap, mostGap and perKiB are how long a request waits at least, and at most, behind one that has just gone out and is not known to
	// have arrived; and what is said meanwhile goes in one. Two requests on two connections may overtake each other, and ejabberd (23,
	// 24) does not survive it: it forgets the one that came early until it has something to say itself, and falls over when that is repeated.
	leastGap = 10 * time.Millisecond
	mostGap  = time.Second
	perKiB   = 4 * time.Millisecond // of the one before
	// breath is how long an empty request waits behind what was just handed over: who has got something may have something to say.
	breath = 3 * time.Millisecond
)

// A book has what was asked, and what was answered and not handed over yet: the rules of XEP-0124 §7 to §14 as a value, without I/O
// and without a clock. Its zero value needs terms and the rid of the first request.
type book struct {
	terms
	next    uint64  // rid of the next request
	flights []entry // not handed over yet, with the rids before next
	held    int     // bytes of answers that wait to be handed over
	over    bool    // nothing is asked any more: the end of the session was
	emptied time.Time
	idle    bool          // the last request was empty, and so was its answer
	paused  time.Duration // inactivity until the next request that is no pause; 0: as granted
	quiet   time.Time     // since when nothing is under way
	moved   time.Time     // when something was asked or answered last
	wrote   time.Time     // when the last request had gone out; zero: it has not
	size    int           // bytes of the last request
	arrived uint64        // the rid up to which requests are known to have arrived, though not answered; see arrive
	lag     time.Duration // how long the last ones took to arrive, and the news of it back
	spoken  time.Time     // when something was handed over last
}

// An entry is a request that was made.
type entry struct {
	kind     kind
	answered bool
	answer   *body
}

// out is how many requests are under way.
func (b *book) out() (n int) {
	for i := range b.flights {
		if !b.flights[i].answered {
			n++
		}
	}
	return n
}

// span is how many requests there are from the oldest one under way on.
func (b *book) span() int {
	for i := range b.flights {
		if !b.flights[i].answered {
			return len(b.flights) - i
		}
	}
	return 0
}

// may reports whether a request with payloads may be made while answers of at most limit bytes may wait.
//
// XEP-0124 §11: no more requests at a time than were granted, but for one more that ends the session. §14.3: nor further ahead of one
// whose response may be lost: the server keeps as many responses.
func (b *book) may(k kind, limit int) bool {
	switch {
	case b.over:
		return false
	case k == forTheEnd:
		return true
	}
	return b.span() < b.requests && b.held <= limit
}

// ask notes a request and returns its rid, and what it has to acknowledge; 0: nothing.
//
// XEP-0124 §14.1: one more than the one before. §9.2: the highest rid up to which all was answered, unless that is the last.
func (b *book) ask(now time.Time, k kind) (rid, ack uint64) {
	rid = b.next
	if n := b.span(); n > 0 {
		ack = rid - uint64(n) - 1
	}
	b.next++
	b.flights = append(b.flights, entry{kind: k})
	b.moved, b.wrote, b.idle = now, time.Time{}, false
	if k == forMore {
		b.emptied = now
	}
	b.over = b.over || k == forTheEnd
	return rid, ack
}

// written notes that a request has gone out.
func (b *book) written(now time.Time, rid uint64, size int) {
	if rid == b.next-1 && b.wrote.IsZero() {
		b.wrote, b.size = now, size
	}
}

// arrive notes what an answer without payloads to that request tells of the one behind it. A server that holds requests has no other reason to
// give such a one so early (XEP-0124 §11: it MUST NOT hold more than 'hold').
func (b *book) arrive(now time.Time, rid uint64) {
	if b.hold == 0 || rid >= b.next-1 {
		return
	}
	b.arrived = max(b.arrived, rid+1)
	if rid+1 == b.next-1 && !b.wrote.IsZero() {
		b.lag = max(now.Sub(b.wrote), b.lag-b.lag/8)
	}
}

// gap is how long a request waits behind the last one.
func (b *book) gap() time.Duration {
	return min(max(2*b.lag, leastGap)+time.Duration(b.size>>10)*perKiB, mostGap)
}

// clear reports whether a request would not overtake the one before, and if not, when it will not; the zero time is not before that
// has gone out.
func (b *book) clear(now time.Time) (at time.Time, ok bool) {
	last := b.find(b.next - 1)
	switch {
	case last == nil || last.answered || b.arrived == b.next-1:
		return now, true
	case b.wrote.IsZero():
		return time.Time{}, false
	}
	at = b.wrote.Add(b.gap())
	return at, !now.Before(at)
}

// find returns the entry of a request; nil where it was handed over, or never made.
func (b *book) find(rid uint64) *entry {
	first := b.next - uint64(len(b.flights))
	if rid < first || rid >= b.next {
		return nil
	}
	return &b.flights[rid-first]
}

// answer notes the answer to a request. False: there is one already.
func (b *book) answer(now time.Time, rid uint64, a *body) bool {
	e := b.find(rid)
	if e == nil || e.answered {
		return false
	}
	e.answered, e.answer = true, a
	b.held += len(a.xml)
	b.moved = now
	b.idle = e.kind == forMore && len(a.xml) == 0 && rid == b.next-1
	if b.paused = 0; e.kind == forPause {
		b.paused = b.maxPause
	} else if len(a.xml) == 0 {
		b.arrive(now, rid)
	}
	if b.out() == 0 {
		b.quiet = now
	}
	return true
}

// take returns the next answer in the order of the requests; nil: it's not there yet.
//
// XEP-0124 §14.2: answers MUST be processed in the order the requests were made.
func (b *book) take() *body {
	if len(b.flights) == 0 || !b.flights[0].answered {
		return nil
	}
	a := b.flights[0].answer
	b.flights[0] = entry{}
	if b.flights = b.flights[1:]; len(b.flights) == 0 {
		b.flights = nil
	}
	return a
}

// taken notes that n bytes of an answer were handed over.
func (b *book) taken(now time.Time, n int) {
	if b.held -= n; n > 0 {
		b.spoken = now
	}
}

// due is which request without payloads is to be made next, and when; the zero time is not before something else happens.
func (b *book) due() (kind, time.Time) {
	switch {
	case b.over || b.out() > 0:
		return 0, time.Time{}
	case b.held == 0 && !b.idle:
		return forMore, later(b.quiet, b.spoken.Add(breath))
	case b.held == 0:
		return forMore, later(b.quiet, b.emptied.Add(b.pace()))
	case b.inactivity == 0:
		return 0, time.Time{}
	}
	// What was answered is not handed over yet, and should not become more. XEP-0124 §10: still, a request has to be made.
	k, most := forMore, b.inactivity
	if b.maxPause > 0 {
		k = forPause
	}
	if b.paused > 0 {
		most = b.paused
	}
	return k, b.quiet.Add(most / 2)
}

// pace is the time between two empty requests of which the first brought nothing. Where requests are held it takes no effect:
// it keeps us from being sent round in circles.
//
// XEP-0124 §11, §12: 'polling' bounds it where they are not held.
func (b *book) pace() time.Duration {
	if b.hold == 0 || b.wait == 0 {
		return max(b.polling, leastPace)
	}
	return leastPace
}

// lost is when the requests under way are to be taken for lost; zero: there are none.
//
// XEP-0124 §8: no more than hold are kept waiting, and none for longer than wait.
func (b *book) lost() time.Time {
	switch n := b.out(); {
	case n == 0:
		return time.Time{}
	case n > b.hold:
		return b.moved.Add(promptly)
	}
	return b.moved.Add(b.wait + slack)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
