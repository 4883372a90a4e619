package delivery

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/canto-im/canto/xmpp"
)

// A fate is what the sender's own call said of a message.
type fate string

const (
	unheard   fate = "unheard"   // nobody has said that it's sent
	trying    fate = "trying"    // the call has not returned
	accepted  fate = "accepted"  // Send returned nil
	delivered fate = "delivered" // Deliver returned nil
	refused   fate = "refused"   // an error that says that it was not sent
	unknown   fate = "unknown"   // ErrUnknownDelivery
	orphaned  fate = "orphaned"  // the sender's process died before it was known
)

// A key says which message it is: the number-th that lane carries. A lane is one sender's way to one receiver.
type key struct {
	lane   string
	number int
}

// A receipt is one time that a message was handed to its receiver.
type receipt struct {
	session string // the receiver's, unique in the run
	delayed bool   // XEP-0203
	again   bool   // xmpp.Redelivered
	at      int64  // when, where receivers are processes of their own; else 0, and receipts stand in their order
}

// An entry is what is known of a message.
type entry struct {
	key
	epoch    string // the sender's session; empty where it may have changed during the call
	fate     fate
	returned int // how often it came to Options.Undelivered
	receipts []receipt
	bounced  int  // how often the server gave it back to its sender with an error (RFC 6121 §8.5.2.2)
	killed   bool // the call was under way when the server was killed
	excused  bool // acknowledged by a server that was killed then
}

// settled reports whether nothing more need happen to it.
func (e *entry) settled() bool {
	switch e.fate {
	case refused, unknown, orphaned:
		return true
	case unheard, trying:
		return false
	}
	return len(e.receipts) > 0 || e.returned > 0 || e.bounced > 0 || e.excused
}

// A ledger is what all write down. Its methods may be called from any goroutine.
type ledger struct {
	strict  bool // the server says what it sends again where it stood: see disorder
	racy    bool // the server is known to lose, to double and to turn round what races a resumption or a login: see doc.go
	bounces bool // the server gives back what is for nobody, where others store it

	mu        sync.Mutex          // protects what follows
	witnesses map[string]*witness // by the name of the account; only with a server over TCP
	entries   map[key]*entry
	order     []*entry // as they were sent
	arrived   []arrival
	open      map[string]int   // unsettled ones, by lane
	total     int              // unsettled ones
	changed   chan struct{}    // closed when open has changed; nil when nobody waits
	odd       []string         // what should not be possible
	woken     map[string]int64 // when a process that was stopped and replaced went on, in Unix nanoseconds, by its name
}

// An arrival is a receipt in the order of all.
type arrival struct {
	e *entry
	r receipt
}

func newLedger() *ledger {
	return &ledger{entries: make(map[key]*entry), witnesses: make(map[string]*witness), open: make(map[string]int)}
}

// try enters a message whose sender is about to send it.
func (l *ledger) try(k key, epoch string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.entry(k); e.fate != unheard {
		l.odd = append(l.odd, k.id()+": sent under a number that was used before")
	} else {
		e.epoch, e.fate = epoch, trying
	}
}

// entry returns that of k, which may be received before the sender's own journal is read. mu is held.
func (l *ledger) entry(k key) *entry {
	e := l.entries[k]
	if e == nil {
		e = &entry{key: k, fate: unheard}
		l.entries[k] = e
		l.order = append(l.order, e)
		l.open[k.lane]++
		l.total++
	}
	return e
}

// change applies f to an entry and keeps the count of open ones.
func (l *ledger) change(k key, f func(e *entry)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entry(k)
	before := e.settled()
	f(e)
	if after := e.settled(); before != after {
		n := 1
		if after {
			n = -1
		}
		l.open[k.lane] += n
		l.total += n
	}
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// said enters how the sender's call ended. epoch is the sender's session then.
func (l *ledger) said(k key, good fate, err error, epoch string) {
	l.change(k, func(e *entry) {
		if e.epoch != epoch {
			e.epoch = ""
		}
		switch {
		case err == nil:
			e.fate = good
			e.excused = e.killed && e.epoch != "" && len(e.receipts) == 0 // the answer was read before the end
		case errors.Is(err, xmpp.ErrUnknownDelivery):
			e.fate = unknown
		default:
			e.fate = refused
		}
	})
}

// orphan enters that a sender's process died: nobody can say any more what became of what was not acknowledged.
func (l *ledger) orphan(lane string) (n int) {
	var keys []key
	l.mu.Lock()
	for _, e := range l.order {
		if e.lane == lane && (e.fate == trying || e.fate == accepted) {
			keys = append(keys, e.key)
		}
	}
	l.mu.Unlock()
	for _, k := range keys {
		l.change(k, func(e *entry) { e.fate = orphaned })
	}
	return len(keys)
}

// excuse notes that the server was killed, and that all have read what it had said: what it had acknowledged and not handed
// over is its own. A call that has not returned may have read the acknowledgement, and is judged by the session that it ends in.
func (l *ledger) excuse() {
	var keys []key
	l.mu.Lock()
	for _, e := range l.order {
		if (e.fate == delivered || e.fate == trying) && len(e.receipts) == 0 {
			keys = append(keys, e.key)
		}
	}
	l.mu.Unlock()
	for _, k := range keys {
		l.change(k, func(e *entry) {
			e.killed, e.excused = true, e.fate == delivered
		})
	}
}

// undelivered enters that a message came back.
func (l *ledger) undelivered(k key) { l.change(k, func(e *entry) { e.returned++ }) }

// bounced enters that the server gave a message back.
func (l *ledger) bounced(k key) {
	l.change(k, func(e *entry) {
		e.bounced++
		if !l.bounces {
			l.odd = append(l.odd, k.id()+": given back by a server that stores")
		}
	})
}

// received enters that a message was handed over.
func (l *ledger) received(k key, r receipt) {
	l.change(k, func(e *entry) {
		e.receipts = append(e.receipts, r)
		l.arrived = append(l.arrived, arrival{e, r})
	})
}

// observe returns the witness of the account of that name.
func (l *ledger) observe(name string) *witness {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.witnesses[name]
	if w == nil {
		w = newWitness()
		l.witnesses[name] = w
	}
	return w
}

// known makes as another name of the account.
func (l *ledger) known(name, as string) {
	w := l.observe(name)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.witnesses[as] = w
}

// wakes enters that a process that was stopped, and replaced meanwhile, goes on now.
func (l *ledger) wakes(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.woken == nil {
		l.woken = make(map[string]int64)
	}
	l.woken[name] = time.Now().UnixNano()
}

// await waits until what holds, which is called with mu held, or ctx is done.
func (l *ledger) await(ctx context.Context, what func() bool) bool {
	for {
		l.mu.Lock()
		if what() {
			l.mu.Unlock()
			return true
		}
		if l.changed == nil {
			l.changed = make(chan struct{})
		}
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// room waits until fewer than window messages of the lane are unsettled.
func (l *ledger) room(ctx context.Context, lane string, window int) bool {
	return l.await(ctx, func() bool { return l.open[lane] < window })
}

// settled waits until every message is.
func (l *ledger) settled(ctx context.Context) bool {
	return l.await(ctx, func() bool { return l.total == 0 })
}

// receipts returns how many there are.
func (l *ledger) receipts() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.arrived)
}
