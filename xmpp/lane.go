package xmpp

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/canto-im/canto/stanza"
)

// An arrival is a stanza on its way from the reader to the program.
type arrival struct {
	st     stanza.Stanza
	size   int    // bytes on the wire and some: what it counts for in the lane
	number uint64 // in the intake; 0: it is not counted
	again  bool   // another process may have handled it
	had    had    // who has had it, when a handler ended its goroutine
}

// had says which handlers have begun with a stanza: the registrations up to these numbers, of the Client and of the session.
type had [2]uint64

// A lane holds what the reader has received and the program has not yet taken, in the order received
// (RFC 6120 §10.1). It is bounded in bytes by its owner: past soft the reader pauses, past hard the session ends.
// Whoever pushes into an idle lane starts the dispatcher; the dispatcher ends when it finds the lane empty, so an idle
// session has none.
type lane struct {
	bytes   atomic.Int64 // of what is queued or in the dispatcher's hands
	watched atomic.Bool  // news is not nil

	mu      sync.Mutex // protects what follows
	queue   []arrival
	spare   []arrival     // the batch before, kept while the dispatcher is at work
	out     []arrival     // the batch that the dispatcher has in hand
	before  uint64        // how many were handed over before that; changed by the dispatcher alone
	running bool          // a dispatcher is at work
	news    chan struct{} // closed when bytes has changed or wake was called; nil when nobody waits
}

// push appends the stanzas of a batch and returns the bytes now held and whether the caller must start the dispatcher.
func (l *lane) push(batch ...arrival) (held int, start bool) {
	size := 0
	for i := range batch {
		size += batch[i].size
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, batch...)
	start = !l.running
	l.running = true
	return int(l.bytes.Add(int64(size))), start
}

// claim makes the caller the one to start the dispatcher, if there is none.
func (l *lane) claim() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	start := !l.running
	l.running = true
	return start
}

// take hands the dispatcher all that is queued. When there is nothing and the lane may rest, it's marked idle and its
// memory is given back: the dispatcher must end.
func (l *lane) take(rest bool) []arrival {
	l.mu.Lock()
	defer l.mu.Unlock()
	batch := l.queue
	if len(batch) == 0 {
		if rest {
			l.running, l.queue, l.spare = false, nil, nil
		}
		return nil
	}
	l.queue, l.spare, l.out = l.spare[:0], nil, batch
	return batch
}

// back returns a batch's memory for the next one.
func (l *lane) back(batch []arrival) {
	l.mu.Lock()
	l.before, l.out = l.before+uint64(len(batch)), nil
	clear(batch)
	if l.spare == nil && cap(batch) <= 1024 {
		l.spare = batch[:0]
	}
	l.mu.Unlock()
}

// again puts back, to its front, what was taken and not handed over; who has had the first of it goes along.
func (l *lane) again(batch []arrival, by had) {
	l.mu.Lock()
	defer l.mu.Unlock()
	batch[0].had = by // here, since rest reads it, too
	l.queue = append(slices.Clone(batch), l.queue...)
	l.before, l.out = l.before+uint64(len(l.out)-len(batch)), nil
}

// rest returns a copy of what has not been handed over, that which is in hand included, and the number of the first one.
func (l *lane) rest() (all []arrival, first uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Concat(l.out, l.queue), l.before
}

// done takes n bytes out of the account and wakes who waits for room.
func (l *lane) done(n int) {
	if l.bytes.Add(int64(-n)); l.watched.Load() { // who waits has set it before it looked at bytes: see held
		l.wake()
	}
}

// held is how many bytes wait for the program or are in its hands, and a channel that is closed when that changes.
func (l *lane) held() (int, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.news == nil {
		l.news = make(chan struct{})
		l.watched.Store(true)
	}
	return int(l.bytes.Load()), l.news
}

// over reports whether more than limit bytes are held.
func (l *lane) over(limit int) bool { return l.bytes.Load() > int64(limit) }

// wake makes all who wait for room look again.
func (l *lane) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.news != nil {
		close(l.news)
		l.news = nil
		l.watched.Store(false)
	}
}
