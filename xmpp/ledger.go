package xmpp

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/canto-im/canto/internal/stream"
)

// A receipt is what a Deliver waits for.
type receipt struct {
	done chan struct{} // closed when it's known
	err  error         // set before: nil when the server took responsibility
}

func (r *receipt) settle(err error) {
	if r != nil {
		r.err = err
		close(r.done)
	}
}

// A kept is a stanza that the server has not acknowledged.
type kept struct {
	xml  []byte
	at   int64    // when it was first sent, in milliseconds since 1970
	told *receipt // nil: nobody waits
}

// A ledger is the outbound side of stream management (XEP-0198): what was sent and not acknowledged. It is used with
// outbox.mu held.
type ledger struct {
	queue    *stream.Queue[kept]
	requests stream.Requests
	policy   stream.AckPolicy
	arena    []byte        // memory for the copies, handed out from its front
	scratch  []kept        // for acknowledgements
	forced   int           // stanzas entered since there was room: see force
	asked    *atomic.Int64 // outbox.asked
}

const arenaBytes = 32 << 10

func newLedger(asked *atomic.Int64) *ledger {
	return &ledger{queue: stream.NewQueue[kept](stream.QueueLimits{}), asked: asked}
}

// sent enters a stanza that is about to be written, if there is room for it.
func (g *ledger) sent(xml []byte, told *receipt) bool {
	if !g.queue.Fits(len(xml)) {
		return false
	}
	g.queue.Push(kept{xml: g.copy(xml), at: time.Now().UnixMilli(), told: told}, len(xml))
	g.requests.Sent(len(xml))
	return true
}

// maxForced is how many stanzas of the reader's own may stand in the ledger when there is no room for anybody else's.
const maxForced = 256

// force enters a stanza of the reader's own beyond the limits: it can't wait for room, which only it can make. It reports
// false when there are too many of these.
func (g *ledger) force(xml []byte) bool {
	if g.sent(xml, nil) {
		g.forced = 0
		return true
	}
	if g.forced++; g.forced > maxForced {
		return false
	}
	g.queue.PushOver(kept{xml: g.copy(xml), at: time.Now().UnixMilli()}, len(xml))
	g.requests.Sent(len(xml))
	return true
}

// copy keeps b in the arena: one allocation for many stanzas, freed when all of them are acknowledged.
func (g *ledger) copy(b []byte) []byte {
	if len(b) > arenaBytes/4 {
		return append([]byte(nil), b...)
	}
	if len(b) > cap(g.arena)-len(g.arena) {
		g.arena = make([]byte, 0, arenaBytes)
	}
	start := len(g.arena)
	g.arena = append(g.arena, b...)
	return g.arena[start:len(g.arena):len(g.arena)]
}

// request appends <r/> where it's due, or in any case when must is set.
func (g *ledger) request(dst []byte, now time.Time, must bool) []byte {
	if !must && !g.due(now) {
		return dst
	}
	g.requests.Asked(now, g.queue.Sent())
	g.asked.CompareAndSwap(0, ticks(now))
	return append(dst, stream.Request...)
}

// due reports whether <r/> is, where nothing more is about to be written.
func (g *ledger) due(now time.Time) bool {
	return g.policy.Request(g.requests, g.queue.Len(), true, now)
}

// again is when <r/> will be due because the last one is old, see ticks; 0: it won't.
func (g *ledger) again() int64 {
	if at, ok := g.policy.RetryAt(g.requests, g.queue.Len()); ok {
		return ticks(at)
	}
	return 0
}

// acknowledged takes the h of an <a/>.
func (g *ledger) acknowledged(h uint32) error {
	acked, err := g.queue.Ack(g.scratch[:0], h)
	g.settle(acked)
	if err != nil {
		return err
	}
	g.requests.Answered(g.queue.Acked())
	g.asked.Store(0)
	if asked, open := g.requests.Open(); open {
		g.asked.Store(ticks(asked))
	}
	return nil
}

// maxUnsaved is how many stanzas a process may have sent after it last saved its state.
const maxUnsaved = 1 << 16

// resumed takes the h of <resumed/> or <failed/>. What another process has left may be older than what the server saw.
func (g *ledger) resumed(h uint32, inherited bool) error {
	unsaved := uint32(0)
	if inherited {
		unsaved = maxUnsaved
	}
	acked, err := g.queue.ResumeSaved(g.scratch[:0], h, unsaved)
	g.settle(acked)
	g.requests = stream.Requests{}
	g.asked.Store(0)
	return err
}

// settle tells who waits for these stanzas that the server has them.
func (g *ledger) settle(acked []kept) {
	for i := range acked {
		acked[i].told.settle(nil)
	}
	clear(acked)
	if g.scratch = acked[:0]; cap(acked) > 1024 {
		g.scratch = nil
	}
	if g.queue.Len() == 0 {
		g.arena = nil // an idle session keeps none
	}
}

// An intake is the inbound side: what was received, and how much of it was handled.
type intake struct {
	policy stream.AckPolicy

	mu     sync.Mutex // protects what follows
	on     bool       // counting has begun: <enabled/> was received
	ledger *stream.Inbound
	told   uint32 // the h that the server was told last
	owed   uint64 // what the server has asked about and was not all handled then: up to this number; 0: nothing
}

// counts reports whether counting has begun.
func (in *intake) counts() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.on
}

// begin starts to count (XEP-0198 §4: h is 0 when the stream becomes managed).
func (in *intake) begin() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.on, in.ledger = true, &stream.Inbound{}
}

// receive numbers a stanza; 0 is one that needs no count. fresh is false for one that was received before.
func (in *intake) receive() (number uint64, fresh bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.on {
		return 0, true
	}
	return in.ledger.Receive()
}

// handled counts a stanza.
func (in *intake) handled(number uint64) {
	if number == 0 {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.ledger.Done(number)
}

// asked notes an <r/>. Its answer must not be withheld (XEP-0198 §4), and yet what the handlers still have in hand is no
// part of it. So there will be another <a/> once they have returned: the server may not ask again, and would hold for
// undelivered what was long since handled.
func (in *intake) asked() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.on && in.ledger.Open() > 0 {
		in.owed = in.ledger.Handled() + in.ledger.Open()
	}
}

// ack is <a/> for what is handled; nil when nothing is counted.
func (in *intake) ack() []byte {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.on {
		return nil
	}
	in.told = in.ledger.H()
	return stream.AppendAck(nil, in.told)
}

// tell notes the h that the server is told, and returns it: never less than it was told before.
func (in *intake) tell(h uint32) uint32 {
	in.mu.Lock()
	defer in.mu.Unlock()
	if ahead := h - in.told; ahead < 1<<31 { // both count modulo 2³²
		in.told = h
	}
	return in.told
}

// state is what another process needs to count on.
func (in *intake) state() (handled uint64, done []uint64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.ledger.Handled(), in.ledger.AppendDone(nil)
}

// restore goes on counting where another process was.
func (in *intake) restore(handled uint64, done []uint64) error {
	old, err := stream.RestoreInbound(handled, done)
	if err != nil {
		return err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.on, in.ledger, in.told = true, old, old.H()
	return nil
}

// due reports whether an <a/> is due unasked.
func (in *intake) due() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.on {
		return false
	}
	settled := in.owed != 0 && in.ledger.Handled() >= in.owed
	if settled {
		in.owed = 0
	}
	return in.policy.Ack(in.ledger.H(), in.told, settled)
}

// resume is the h for <resume/>.
func (in *intake) resume() uint32 {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.told = in.ledger.Resume()
	return in.told
}
