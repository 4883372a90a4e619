package bosh

import (
	"io"
	"strconv"
	"time"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/xmpp"
)

// An item is something that was written.
type item struct {
	kind  kind // forData or forTheEnd
	fresh bool // it begins a stream anew
	xml   []byte
}

// itemOf is what a frame comes to.
func itemOf(f stream.Frame) item {
	switch f.Kind {
	case stream.FrameOpen:
		return item{fresh: true}
	case stream.FrameClose:
		return item{kind: forTheEnd}
	}
	return item{xml: append([]byte(nil), f.XML...)}
}

// A batch is what the queue begins with that makes one request.
type batch struct {
	item
	n int // items
}

// next is the next batch. mu is held.
func (c *conn) next() (b batch) {
	last := c.queue[len(c.queue)-1].kind == forTheEnd // which may carry it all
	for _, i := range c.queue {
		full := !last && len(b.xml) > 0 && len(b.xml)+len(i.xml) > bodyBytes
		if b.n > 0 && (i.fresh || full) {
			break
		}
		b.xml = append(b.xml, i.xml...)
		b.kind, b.fresh = i.kind, i.fresh
		if b.n++; b.fresh {
			break // XEP-0206 §5: a request to begin anew SHOULD be empty
		}
	}
	return b
}

// step makes what requests are due. mu is held.
func (c *conn) step() {
	if c.why != nil || !c.opened {
		return
	}
	now := time.Now()
	var clear time.Time
	for len(c.queue) > 0 {
		b := c.next()
		if !c.book.may(b.kind, c.reserve) {
			break
		}
		var ok bool
		if clear, ok = c.book.clear(now); !ok {
			break
		}
		c.queue = c.queue[b.n:]
		c.request(now, b)
	}
	if len(c.queue) == 0 {
		c.queue = nil
		c.changed.Broadcast()
	}
	if k, at := c.book.due(); !at.IsZero() && !at.After(now) {
		c.request(now, batch{item: item{kind: k}})
	}
	c.wake(now, clear)
}

// request makes a request of a batch. mu is held.
func (c *conn) request(now time.Time, of batch) {
	rid, ack := c.book.ask(now, of.kind)
	b := begin(rid, c.book.sid)
	if ack > 0 {
		b = attr(b, "ack", strconv.FormatUint(ack, 10))
	}
	if of.fresh {
		b = c.start.restart(b)
	} else {
		b = content(b, of.kind, c.book.maxPause, of.xml)
	}
	c.launch(request{rid: rid, kind: of.kind, xml: b})
}

// wake has step called when time makes a request due, at clear (zero: no matter), and when requests under way seem lost. mu is held.
func (c *conn) wake(now, clear time.Time) {
	_, at := c.book.due()
	if at.IsZero() {
		at = c.book.lost()
	}
	if clear.After(now) {
		at = clear
	}
	if at.IsZero() {
		return
	}
	d := max(at.Sub(now), 0)
	if c.alarm == nil {
		c.alarm = time.AfterFunc(d, c.ring)
		return
	}
	c.alarm.Reset(d)
}

// ring is what the alarm calls.
func (c *conn) ring() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why != nil {
		return
	}
	if at := c.book.lost(); !at.IsZero() && !time.Now().Before(at) {
		c.book.moved = time.Now()
		c.repeat(c.book.next)
	}
	c.step()
}

// handOver hands over what was answered, in order, where nobody does so yet. mu is held, but not while something is handed over.
func (c *conn) handOver() {
	if c.handing || !c.opened {
		return
	}
	c.handing = true
	for c.why == nil {
		a := c.book.take()
		if a == nil {
			break
		}
		out, why := c.translate(a)
		c.mu.Unlock()
		if len(out) > 0 {
			_, _ = c.far.Write(out) // who has ceased to read wants to hear no more
		}
		c.mu.Lock()
		c.book.taken(time.Now(), len(a.xml))
		if why != nil {
			c.end(why)
		}
		c.step()
	}
	c.handing = false
}

// translate makes of an answer what it comes to in a stream of RFC 6120, and why nothing comes behind it; nil: more does. mu is held.
func (c *conn) translate(a *body) (out []byte, why error) {
	if c.greeting.From == "" {
		c.greeting.From = a.attrs.from // XEP-0124 §7.2: it may come later
	}
	var last []byte
	if a.end {
		last, why = c.lastWords(a)
	}
	if c.opening && len(a.xml)+len(last) > 0 {
		c.opening = false
		out = c.greeting.Append(out)
	}
	out = append(out, a.xml...)
	return append(out, last...), why
}

// lastWords is what a session ends with: the end of the stream, or an error. mu is held.
func (c *conn) lastWords(a *body) ([]byte, error) {
	said := c.verdict // what came first says why: a request that was lost is answered with less
	switch {
	case said.why == SeeOtherURI && said.uri != "":
		// As TCP would have it: RFC 6120 §4.9.3.19.
		e := &stream.Error{Condition: string(xmpp.SeeOtherHost), Content: said.uri}
		return append(e.Append(nil), stream.Close...), io.EOF
	case a.failed, said.why == "", c.left:
		return []byte(stream.Close), io.EOF
	}
	return nil, &Error{Condition: said.why}
}
