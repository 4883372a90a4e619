package xmpp

import (
	"cmp"
	"context"
	"io"
	"sync"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/stanza"
)

const (
	flushRounds = 16       // how often one sender writes what others have queued meanwhile before a goroutine takes over
	keepBuffer  = 64 << 10 // a larger buffer is not kept for the next burst
)

// A buffer is what a pool can hold without an allocation.
type buffer struct{ b []byte }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// An outbox is where stanzas become bytes and leave. Senders append under mu; the first one writes, and what others
// append meanwhile goes out with its next write, so that a burst of senders shares system calls and a lone sender
// writes at once, in its own goroutine.
type outbox struct {
	w     io.Writer // TLS on the wire, or the wire itself
	wire  *wire
	limit int         // bytes that may wait before senders do
	fail  func(error) // told of the first write error, without mu
	trace *Trace

	mu       sync.Mutex // protects what follows
	enc      xmltext.Encoder
	buf      *buffer // encoded, not yet written; nil when idle
	busy     bool    // somebody writes (or the wire drains)
	err      error   // sticky: nothing is written any more
	shut     error   // sticky: nothing is taken any more; what was taken is still written
	room     chan struct{}
	lastSent time.Time
}

// ready waits until there is room in the buffer and returns with mu held, or with an error and without it.
func (o *outbox) ready(ctx context.Context) error {
	o.mu.Lock()
	for o.err == nil && o.shut == nil && o.busy && o.buf != nil && len(o.buf.b) >= o.limit {
		if o.room == nil {
			o.room = make(chan struct{})
		}
		room := o.room
		o.mu.Unlock()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-room:
		}
		o.mu.Lock()
	}
	if o.err != nil || o.shut != nil {
		defer o.mu.Unlock()
		return cmp.Or(o.err, o.shut)
	}
	o.fresh()
	return nil
}

// finish appends the last bytes of the stream, without waiting for room; every later sender gets err.
func (o *outbox) finish(leave <-chan struct{}, last string, err error) {
	o.mu.Lock()
	if o.err != nil || o.shut != nil {
		o.mu.Unlock()
		return
	}
	o.fresh()
	o.buf.b = append(o.buf.b, last...)
	o.shut = err
	o.makeRoom()
	o.send(leave)
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

// send writes what was appended. It's called with mu held and releases it. leave lets the writer walk away from a
// stalled peer; the bytes are written all the same as soon as the peer takes them.
func (o *outbox) send(leave <-chan struct{}) {
	if o.busy || o.err != nil || o.empty() {
		o.mu.Unlock()
		return
	}
	o.busy = true
	o.wire.patience(leave)
	o.flush(flushRounds)
}

// encode appends st as it stands in a stream. mu is held. On an error nothing has been appended.
func (o *outbox) encode(st stanza.Stanza, id string) error {
	o.enc.Reset(o.buf.b, ns.Client)
	err := stanza.AppendTo(&o.enc, st, stanza.EncodeOptions{Namespace: ns.Client, ID: id})
	if err == nil {
		var b []byte
		if b, err = o.enc.Bytes(); err == nil {
			o.buf.b = b
		}
	}
	o.enc.Reset(nil, "")
	return err
}

// raw appends b without waiting for room and sends it, without waiting for a stalled peer: what the reader has to say.
func (o *outbox) raw(b []byte) {
	o.mu.Lock()
	if o.err != nil || o.shut != nil {
		o.mu.Unlock()
		return
	}
	o.fresh()
	o.buf.b = append(o.buf.b, b...)
	o.send(never)
}

// flush writes until the buffer is empty, for at most rounds rounds. mu is held at the start, not at the end.
func (o *outbox) flush(rounds int) {
	for !o.empty() && o.err == nil {
		if rounds == 0 {
			o.mu.Unlock()
			go o.resume()
			return
		}
		rounds--
		out := o.buf
		o.buf = nil
		o.mu.Unlock()
		o.trace.sent(out.b)
		_, err := o.w.Write(out.b)
		recycle(out)
		o.mu.Lock()
		o.lastSent = time.Now()
		o.makeRoom()
		if err != nil {
			o.broken(err)
			return
		}
		if o.wire.stalled(o.resume) {
			o.mu.Unlock()
			return // busy stays: the drainer calls resume
		}
	}
	o.idle()
	o.mu.Unlock()
}

// resume goes on with what has been queued, in a goroutine of its own.
func (o *outbox) resume() {
	o.mu.Lock()
	if err := o.wire.failure(); err != nil {
		o.broken(err)
		return
	}
	o.wire.patience(nil)
	o.flush(-1)
}

// broken records the first write error, wakes all who wait and tells the session. mu is held and released.
func (o *outbox) broken(err error) {
	first := o.err == nil
	if first {
		o.err = err
	}
	o.idle()
	o.mu.Unlock()
	if first {
		o.fail(err)
	}
}

// close makes every present and later sender return err.
func (o *outbox) close(err error) {
	o.mu.Lock()
	if o.err == nil {
		o.err = err
	}
	o.makeRoom()
	o.mu.Unlock()
}

// idle gives the buffer back. mu is held.
func (o *outbox) idle() {
	o.busy = false
	if o.buf != nil {
		recycle(o.buf)
		o.buf = nil
	}
	o.makeRoom()
}

func (o *outbox) makeRoom() {
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
}

func recycle(b *buffer) {
	if cap(b.b) <= keepBuffer {
		buffers.Put(b)
	}
}
