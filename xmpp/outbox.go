package xmpp

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

const (
	flushRounds = 16        // how often one sender writes what others have queued meanwhile before a goroutine takes over
	keepBuffer  = 512 << 10 // a larger buffer is not kept for the next burst; what Limits.SendBytes lets wait has room
)

// A buffer is what a pool can hold without an allocation.
type buffer struct{ b []byte }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// An outbox is where stanzas become bytes and leave. Senders append under mu; the first one writes, and what others
// append meanwhile goes out with its next write, so that a burst of senders shares system calls and a lone sender
// writes at once, in its own goroutine. With stream management it also keeps what the server has not acknowledged.
type outbox struct {
	limit int                // bytes that may wait before senders do
	fail  func(*link, error) // told of the first write error on a link, without mu; it ends in close or attach
	moved func()             // called, with mu, when what the reader waits for may have changed: see owed and thirsty
	trace *Trace

	content string  // the namespace of stanzas
	self    jid.JID // of a component: who sends what says nothing else; zero: a client, whose server knows

	asked   atomic.Int64 // when the oldest unanswered <r/> was written, see ticks; 0: there is none
	again   atomic.Int64 // when to ask about what the last <a/> did not tell of, see ticks; 0: it told of all
	owed    atomic.Int64 // bytes of the reader's own that have not left: see maxOwed
	thirsty atomic.Int64 // calls that wait for the server's acknowledgements

	mu       sync.Mutex // protects what follows
	link     *link      // where the bytes go; nil: nowhere at present (the stream is suspended)
	most     int        // how many bytes of a stanza the server takes (XEP-0478 §3.1); 0: it does not say
	enc      xmltext.Encoder
	ledger   *ledger // of stream management; nil: there is none
	buf      *buffer // encoded, not yet written; nil when idle
	hidden   []span  // of buf: what the trace does not show; see hide
	owing    int     // how much of buf is the reader's own
	flying   int     // and of what is being written
	busy     bool    // somebody writes to link (or its wire drains)
	dying    bool    // a write has failed and the reader is finding out why: senders wait for what it says
	err      error   // sticky: nothing is written any more
	shut     error   // sticky: nothing is taken any more; what was taken is still written
	room     chan struct{}
	rest     chan struct{} // closed when nothing is written any more; nil when nobody waits for that
	lastSent time.Time
}

// maxOwed is how many bytes the reader may have to say before it waits for the server to take them: a server that asks and
// does not listen to the answers would else fill our memory.
const maxOwed = 64 << 10

// ready waits until there is room for size bytes and returns with mu held, or with an error and without it.
func (o *outbox) ready(ctx context.Context, size int) error {
	o.mu.Lock()
	for o.err == nil && o.shut == nil && o.full(size) {
		if o.room == nil {
			o.room = make(chan struct{})
		}
		room := o.room
		o.mu.Unlock()
		o.thirst(1) // what makes room may be an acknowledgement
		select {
		case <-ctx.Done():
			o.thirst(-1)
			return context.Cause(ctx)
		case <-room:
		}
		o.thirst(-1)
		o.mu.Lock()
	}
	if o.err != nil || o.shut != nil {
		defer o.mu.Unlock()
		return cmp.Or(o.err, o.shut)
	}
	o.fresh()
	return nil
}

// full reports whether a sender with size bytes must wait. mu is held.
func (o *outbox) full(size int) bool {
	return o.dying || o.busy && o.buf != nil && len(o.buf.b) >= o.limit || o.ledger != nil && !o.ledger.queue.Fits(max(size, 1))
}

// thirst counts who waits for the server's acknowledgements: as long as there are any, the reader reads on.
func (o *outbox) thirst(n int64) {
	o.thirsty.Add(n)
	o.moved()
}

// makeRoom wakes who waits for room. mu is held.
func (o *outbox) makeRoom() {
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
}

// fresh sees to it that there is a buffer to append to. mu is held.
func (o *outbox) fresh() {
	if o.buf == nil {
		o.buf = buffers.Get().(*buffer)
		o.buf.b = o.buf.b[:0]
	}
}

// empty reports whether nothing waits. mu is held.
func (o *outbox) empty() bool { return o.buf == nil || len(o.buf.b) == 0 }

// put waits for room, encodes st and writes it. told, which may be nil, is settled when the server has acknowledged st.
// On an error that is not ErrUnknownDelivery nothing of st was sent.
func (o *outbox) put(ctx context.Context, st stanza.Stanza, id string, told *receipt) error {
	for size := 0; ; {
		if err := o.ready(ctx, size); err != nil {
			return err
		}
		if told != nil && o.ledger == nil {
			o.mu.Unlock()
			return errNoManagement
		}
		before := len(o.buf.b)
		if err := o.encode(st, id); err != nil {
			o.mu.Unlock()
			return err
		}
		if o.ledger != nil {
			if xml := o.buf.b[before:]; !o.ledger.sent(xml, told) { // there is room, but not for this much
				size = len(xml)
				o.buf.b = o.buf.b[:before]
				o.mu.Unlock()
				continue
			}
		}
		o.hide(before)
		return o.send(ctx.Done())
	}
}

// encode appends st as it stands in a stream. mu is held. On an error nothing has been appended.
func (o *outbox) encode(st stanza.Stanza, id string) error {
	o.enc.Reset(o.buf.b, o.content)
	err := stanza.AppendTo(&o.enc, st, stanza.EncodeOptions{Namespace: o.content, ID: id, From: o.self})
	if err == nil && !o.self.IsZero() {
		err = addressed(st, o.self)
	}
	if err == nil {
		var b []byte
		if b, err = o.enc.Bytes(); err == nil {
			if n := len(b) - len(o.buf.b); o.most > 0 && n > o.most {
				err = &oversize{n, o.most}
			} else {
				o.buf.b = b
			}
		}
	}
	o.enc.Reset(nil, "")
	return err
}

// raw appends b without waiting for room and sends it, without waiting for a stalled peer: what the reader has to say.
func (o *outbox) raw(b []byte) {
	o.mu.Lock()
	o.rawLocked(b)
}

// acknowledge sends the <a/> that ack makes; nil is none. No other one gets in between the making of it and its place in
// the stream: an h that went backwards would be the end of the stream (XEP-0198 §6).
func (o *outbox) acknowledge(ack func() []byte) {
	o.mu.Lock()
	b := ack()
	if b == nil {
		o.mu.Unlock()
		return
	}
	o.rawLocked(b)
}

// rawLocked is raw with mu held; it releases it.
func (o *outbox) rawLocked(b []byte) {
	if o.err != nil || o.shut != nil || o.link == nil {
		o.mu.Unlock()
		return
	}
	o.fresh()
	o.buf.b = append(o.buf.b, b...)
	o.owe(len(b))
	_ = o.send(atOnce) // the reader will find out itself
}

// iq sends an iq of the reader's own, as raw does. An error says that the server acknowledges nothing of what it gets: it
// can't be kept for ever.
func (o *outbox) iq(iq *stanza.IQ) error {
	o.mu.Lock()
	if o.err != nil || o.shut != nil {
		o.mu.Unlock()
		return nil
	}
	o.fresh()
	before := len(o.buf.b)
	if err := o.encode(iq, ""); err == nil && o.ledger != nil && !o.ledger.force(o.buf.b[before:]) {
		o.buf.b = o.buf.b[:before]
		o.mu.Unlock()
		return &stream.Error{Condition: string(PolicyViolation), Text: "none of the answers to what you send is acknowledged"}
	}
	o.hide(before)
	o.owe(len(o.buf.b) - before)
	_ = o.send(atOnce) // the reader will find out itself
	return nil
}

// owe notes n bytes of the reader's own that were appended. mu is held.
func (o *outbox) owe(n int) {
	o.owing += n
	o.owed.Add(int64(n))
}

// paid notes that the n bytes of the reader's own have left, or never will. mu is held.
func (o *outbox) paid(n int) {
	if before := o.owed.Load(); o.owed.Add(-int64(n)) <= maxOwed && before > maxOwed {
		o.moved()
	}
}

// finish appends the last stanza, "" for none, and the last bytes of the stream, without waiting for room; every later sender
// gets err.
func (o *outbox) finish(leave <-chan struct{}, goodbye, last string, err error) {
	o.mu.Lock()
	if o.err != nil || o.shut != nil {
		o.mu.Unlock()
		return
	}
	o.fresh()
	o.goodbye(goodbye)
	if o.ledger != nil {
		o.buf.b = o.ledger.request(o.buf.b, time.Now(), true)
	}
	o.buf.b = append(o.buf.b, last...)
	o.shut = err
	o.makeRoom()
	_ = o.send(leave) // the stream ends, one way or the other
}

// send writes what was appended. It's called with mu held and releases it. leave lets the writer walk away from a
// stalled peer; the bytes are written all the same as soon as the peer takes them. An error is ErrUnknownDelivery: they
// are not in the ledger, and how much of them was written nobody knows.
func (o *outbox) send(leave <-chan struct{}) error {
	if o.link == nil { // what is kept of it is in the ledger
		o.drop()
	}
	if o.busy || o.err != nil || o.empty() {
		o.mu.Unlock()
		return nil
	}
	o.busy = true
	o.link.wire.patience(leave)
	return o.flush(o.link, flushRounds)
}

// flush writes to l until there is nothing to write, for at most rounds rounds. mu is held at the start, not at the end. An
// error says that the first round failed, see send: what comes after it belongs to others.
func (o *outbox) flush(l *link, rounds int) error {
	for first := true; o.link == l && o.err == nil && o.pending(); first = false {
		if rounds == 0 {
			o.mu.Unlock()
			go o.resume(l)
			return nil
		}
		rounds--
		now := time.Now()
		waiting := o.asked.Load() != 0
		o.fresh()
		if o.asks() {
			o.buf.b = o.ledger.request(o.buf.b, now, false)
		}
		asks := !waiting && o.asked.Load() != 0
		out := o.buf
		o.buf, o.lastSent = nil, now
		o.flying, o.owing = o.flying+o.owing, 0
		o.show(out.b) // before the link can be another's: the trace of one connection ends before that of the next begins
		o.mu.Unlock()
		_, err := l.conn.Write(out.b)
		recycle(out)
		if asks {
			l.in.expect(now.Add(min(stream.DefaultRequestRetry, l.wire.deadAfter)))
		}
		o.mu.Lock()
		if err != nil {
			lost := first && o.ledger == nil
			o.broken(l, err)
			if lost {
				return fmt.Errorf("%w: %w", ErrUnknownDelivery, err)
			}
			return nil
		}
		if o.link != l {
			break // what flies now is another's
		}
		o.makeRoom()
		if l.wire.drains() && l.wire.stalled(func() { o.resume(l) }) {
			o.mu.Unlock()
			return nil // busy stays: the drainer calls resume
		}
		o.landed()
	}
	if o.link == l {
		o.idle()
	}
	o.mu.Unlock()
	return nil
}

// resume goes on with what has been queued for l, in a goroutine of its own.
func (o *outbox) resume(l *link) {
	o.mu.Lock()
	if err := l.wire.failure(); err != nil {
		o.broken(l, err)
		return
	}
	if o.link == l {
		o.landed()
	}
	l.wire.patience(nil)
	_ = o.flush(l, -1) // whose bytes these are has left
}

// landed notes that what was being written has left. mu is held.
func (o *outbox) landed() {
	o.paid(o.flying)
	o.flying = 0
}

// quiet waits until nothing is written any more, for at most d.
func (o *outbox) quiet(d time.Duration) {
	o.mu.Lock()
	if !o.busy || o.err != nil {
		o.mu.Unlock()
		return
	}
	if o.rest == nil {
		o.rest = make(chan struct{})
	}
	rest := o.rest
	o.mu.Unlock()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-rest:
	case <-t.C:
	}
}

// broken tells the session that nothing can be written to l. mu is held and released.
func (o *outbox) broken(l *link, err error) {
	mine := o.link == l
	if mine {
		o.link, o.dying = nil, true
		o.idle()
	}
	o.mu.Unlock()
	if mine {
		o.fail(l, err)
	}
}

// acknowledgedLess reports whether h tells of more than was acknowledged before.
func (o *outbox) acknowledgedLess(h uint32) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.ledger != nil && uint32(o.ledger.queue.Acked()) != h
}

// detach takes the link away: until attach, what is sent goes into the ledger only.
func (o *outbox) detach() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.link, o.dying = nil, false
	o.idle()
}

// close makes every present and later sender return err.
func (o *outbox) close(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
	o.makeRoom()
	o.atRest()
}

// idle gives the buffer back. mu is held.
func (o *outbox) idle() {
	o.busy = false
	o.landed()
	o.drop()
	o.makeRoom()
	o.atRest()
}

// atRest wakes who waits for the end of writing. mu is held.
func (o *outbox) atRest() {
	if o.rest != nil {
		close(o.rest)
		o.rest = nil
	}
}

// drop forgets what waits. mu is held.
func (o *outbox) drop() {
	if o.buf != nil {
		recycle(o.buf)
		o.buf, o.hidden = nil, nil
	}
	o.paid(o.owing)
	o.owing = 0
}

func recycle(b *buffer) {
	if cap(b.b) <= keepBuffer {
		xmltext.Freed(b.b)
		buffers.Put(b)
	}
}
