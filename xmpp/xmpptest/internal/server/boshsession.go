package server

import (
	"crypto/rand"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// A boshSession is a session of XEP-0124. To the rest of the server it is a connection over which a stream of RFC 6120 goes. It
// takes nothing from a client that the XEP does not allow.
type boshSession struct {
	web           *web
	sid, id, ver  string
	tls           *tls.ConnectionState // of the connection over which it was created; nil in clear
	local, remote net.Addr
	wait          time.Duration
	hold          int
	first         uint64 // rid of the request that has created it
	from          string // who the client said it is

	// Server.mu protects these.
	alarm *alarm // for inactivity

	mu      sync.Mutex // protects what follows
	changed *sync.Cond // of mu: what can be read
	in      []byte     // of the client's stream, not read yet
	noMore  bool       // no more of it comes
	closed  bool       // the connection was cut: nothing goes either way

	expect  uint64                  // rid of the next request to be acted on
	count   int                     // requests that have come
	early   map[uint64]*boshRequest // that have come before their turn
	held    []*boshRequest          // acted on and not responded to, in order
	texts   map[uint64]string       // of requests, as they came
	cache   map[uint64]string       // responses, the last of them
	acked   uint64                  // highest rid whose response the client has acknowledged
	pausing time.Duration           // inactivity until the next request; 0: as usual
	slow    bool                    // an empty request would be too early now

	cut      streamCut
	out      []*Element // for the client
	greeted  bool       // the response that creates the session was given
	ended    bool       // the server has closed its stream
	failure  string     // the condition to end with
	uri      string
	goodbyed bool // that was said
}

func newBOSHSession(w *web, r *http.Request, req *boshRequest) *boshSession {
	wait, _ := strconv.Atoi(req.body.attr("wait"))
	hold, _ := strconv.Atoi(req.body.attr("hold"))
	o := w.srv.opts.BOSH
	nc := r.Context().Value(webKey{}).(net.Conn)
	b := &boshSession{
		web: w, sid: rand.Text(), ver: req.body.attr("ver"), tls: r.TLS, local: nc.LocalAddr(), remote: nc.RemoteAddr(),
		wait: min(time.Duration(wait)*time.Second, o.Wait), hold: min(hold, o.Requests-1),
		first: req.rid, expect: req.rid, from: req.body.attr("from"),
		early: make(map[uint64]*boshRequest), texts: make(map[uint64]string), cache: make(map[uint64]string),
	}
	if b.wait == 0 {
		b.hold = 0
	}
	b.changed = sync.NewCond(&b.mu)
	return b
}

// isKnown reports whether it was this request that has created the session.
func (b *boshSession) isKnown(req *boshRequest) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.texts[b.first] == req.text
}

// fault asks what becomes of a request.
func (b *boshSession) fault(req *boshRequest) BOSHFault {
	b.mu.Lock()
	b.count++
	_, known := b.texts[req.rid]
	r := BOSHRequest{Number: b.count, RID: req.rid - b.first, Again: known, XML: req.text}
	b.mu.Unlock()
	f := b.web.srv.opts.BOSH.Fault
	if f == nil {
		return BOSHFault{}
	}
	b.web.asking.Lock()
	defer b.web.asking.Unlock()
	return f(r)
}

// submit takes a request. It returns where the response will come, and for how long that may be waited for; negative: for ever.
func (b *boshSession) submit(req *boshRequest) (reply <-chan string, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	text, known := b.texts[req.rid]
	switch {
	case b.closed:
		req.reply <- terminate("item-not-found")
	case known && text != req.text: // XEP-0124 §14.3: an exact copy
		b.fail(req, "bad-request")
	case known:
		b.repeated(req)
	case b.goodbyed, req.rid < b.expect, req.rid >= b.expect+uint64(b.window(req)): // §14.2
		b.fail(req, "item-not-found")
	case b.tooMany(req):
		b.fail(req, "policy-violation")
	default:
		b.texts[req.rid], b.early[req.rid] = req.text, req
		b.pausing = 0
		for next := b.early[b.expect]; next != nil; next = b.early[b.expect] {
			delete(b.early, b.expect)
			b.expect++
			b.act(next)
		}
		b.flush()
	}
	if b.hold == 0 {
		return req.reply, 0
	}
	return req.reply, b.wait
}

// window is how many rids from the expected one on are taken.
func (b *boshSession) window(req *boshRequest) int {
	n := b.web.srv.opts.BOSH.Requests
	if req.ends() || req.pause() > 0 { // §11
		n++
	}
	return n
}

// tooMany reports whether a request breaks the rules of how many there may be, and how often (§11, §12). One that brings nothing while
// another is held is of no use to anybody, and held for one that comes too often.
func (b *boshSession) tooMany(req *boshRequest) bool {
	before := len(b.held) // those that have overtaken it are none of its fault
	for rid := range b.early {
		if rid < req.rid {
			before++
		}
	}
	return len(b.held)+len(b.early) >= b.window(req) || req.isEmpty() && (before > 0 || b.slow)
}

// fail ends the session because of a request.
func (b *boshSession) fail(req *boshRequest, condition string) {
	b.web.srv.logf("bosh: %s: %q, where %d is expected and %d are held", condition, req.text, b.expect, len(b.held))
	req.reply <- terminate(condition)
	b.cutOff()
}

// cutOff ends it all. Those who wait are told that there is nothing more.
func (b *boshSession) cutOff() {
	b.closed = true
	for _, r := range b.held {
		r.reply <- terminate("item-not-found")
	}
	for _, r := range b.early {
		r.reply <- terminate("item-not-found")
	}
	b.held, b.early = nil, make(map[uint64]*boshRequest)
	b.changed.Broadcast()
}

// repeated takes a request that has come before (§14.3).
func (b *boshSession) repeated(req *boshRequest) {
	same := func(r *boshRequest) bool { return r.rid == req.rid }
	if i := slices.IndexFunc(b.held, same); i >= 0 {
		b.held[i].reply <- again
		b.held[i] = req
		b.flush()
		return
	}
	if old := b.early[req.rid]; old != nil {
		old.reply <- again
		b.early[req.rid] = req
		return
	}
	if text, ok := b.cache[req.rid]; ok {
		req.reply <- text
		return
	}
	b.fail(req, "item-not-found")
}

// act does what a request says, in its turn.
func (b *boshSession) act(req *boshRequest) {
	if ack, err := strconv.ParseUint(req.body.attr("ack"), 10, 64); err == nil && !req.created {
		b.acked = max(b.acked, ack)
	}
	switch {
	case req.created:
		b.feed(openTag(streamHeader(req.body), ns.Client))
	case req.body.attrNS(ns.XBOSH, "restart") == "true": // XEP-0206 §5
		head := streamHeader(req.body)
		if b.from != "" {
			head = head.withAttr("from", b.from)
		}
		b.feed(openTag(head, ns.Client))
	}
	for e := range req.body.elements() {
		b.feed(string(fragment(e)))
	}
	if req.ends() {
		b.feed(closingTag)
		b.noMore = true
	}
	if n := req.pause(); n > 0 {
		b.pausing = min(time.Duration(n)*time.Second, b.web.srv.opts.BOSH.MaxPause)
	}
	b.held = append(b.held, req)
}

// streamHeader is the header of the stream that a request begins.
func streamHeader(body *Element) *Element {
	h := el(ns.Stream, "stream", "version", "1.0").withAttr("to", body.attr("to")).withAttr("from", body.attr("from"))
	if lang := body.attrNS(ns.XML, "lang"); lang != "" {
		h.Attrs = append(h.Attrs, Attr{Name: xmltext.Name{Space: ns.XML, Local: "lang"}, Value: lang})
	}
	return h
}

func (b *boshSession) feed(xml string) {
	b.in = append(b.in, xml...)
	b.changed.Broadcast()
}

// flush responds to what need not wait (§8), in order.
func (b *boshSession) flush() {
	later := b.web.srv.opts.BOSH.FeaturesLater && len(b.held) > 0 && b.held[0].created
	for len(b.held) > 0 {
		switch {
		case later:
			later = false
			b.respond(nil)
		case b.goodbyed:
			b.respond(nil)
		case b.pausing > 0: // §10: no payloads
			b.respond(nil)
		case len(b.out) > 0 || b.ended:
			b.respond(b.out)
			b.out = nil
		case len(b.held) > b.hold && b.hold > 0:
			b.respond(nil)
		default:
			return
		}
	}
}

// respond responds to the oldest request.
func (b *boshSession) respond(payloads []*Element) {
	req := b.held[0]
	b.held = b.held[1:]
	body := el(ns.HTTPBind, "body")
	if !b.greeted {
		b.greeted = true
		body = b.granted(body)
	}
	if highest := b.expect - 1; highest > req.rid {
		body = body.withAttr("ack", strconv.FormatUint(highest, 10)) // §9.1
	}
	if b.ended && !b.goodbyed && (len(b.out) == len(payloads)) {
		b.goodbyed = true
		body = body.withAttr("type", "terminate").withAttr("condition", b.failure)
		if b.uri != "" {
			body = body.with(el(ns.HTTPBind, "uri").withText(b.uri))
		}
	}
	text := b.written(body.with(payloads...))
	b.cache[req.rid] = text
	// §14.3: as many as there may be requests at a time.
	delete(b.cache, req.rid-uint64(b.web.srv.opts.BOSH.Requests)-1)
	b.slowDown(req, payloads)
	req.reply <- text
}

// written is a response as it goes out.
func (b *boshSession) written(body *Element) string {
	text := string(fragment(body))
	if b.web.srv.opts.BOSH.Unqualified {
		text = strings.ReplaceAll(text, " xmlns='"+ns.Client+"'", "")
	}
	return text
}

// slowDown makes another empty request one that comes too often for a while, where one was answered with nothing (§12).
func (b *boshSession) slowDown(req *boshRequest, payloads []*Element) {
	if !req.isEmpty() || len(payloads) > 0 || b.hold > 0 {
		b.slow = false
		return
	}
	b.slow = true
	time.AfterFunc(b.web.srv.opts.BOSH.Polling-time.Millisecond, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.slow = false
	})
}

// expire responds to a request that was held for as long as it may be, if it still is.
func (b *boshSession) expire(req *boshRequest) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if slices.Contains(b.held, req) {
		for len(b.held) > 0 && b.held[0].rid <= req.rid {
			b.respond(nil)
		}
	}
}

// terminate ends the session with a condition of its own.
func (b *boshSession) terminate(condition, uri string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended, b.failure, b.uri, b.noMore = true, condition, uri, true
	b.changed.Broadcast()
	b.flush()
}

// rest sees to it that the session ends when nobody asks any more (§10).
func (b *boshSession) rest() {
	b.mu.Lock()
	quiet, limit := len(b.held) == 0, b.web.srv.opts.BOSH.Inactivity
	if b.pausing > 0 {
		limit = b.pausing
	}
	b.mu.Unlock()
	s := b.web.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callOff(b.alarm)
	if b.alarm = nil; quiet {
		b.alarm = s.after(limit, func() {
			b.alarm = nil
			delete(b.web.sessions, b.sid)
			delete(b.web.creations, b.first)
			b.Close()
		})
	}
}

// isOver reports whether the client has nothing more to learn.
func (b *boshSession) isOver() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.goodbyed || b.closed
}

// Read reads the stream that the client's requests make.
func (b *boshSession) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.in) == 0 && !b.noMore && !b.closed {
		b.changed.Wait()
	}
	if b.closed || len(b.in) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.in)
	b.in = b.in[n:]
	return n, nil
}

// Write takes what the server says in its stream.
func (b *boshSession) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, net.ErrClosed
	}
	for _, part := range b.cut.parts(p) {
		b.take(part)
	}
	b.flush()
	return len(p), nil
}

// take takes one part of the server's stream.
func (b *boshSession) take(part streamPart) {
	switch {
	case part.header != nil:
		if b.id == "" {
			b.id = part.header.attr("id")
		}
	case part.end:
		b.ended = true
	case part.element == nil: // what is no XML can't be said here
	case part.element.otherPlace() != "":
		b.failure, b.uri = "see-other-uri", part.element.otherPlace()
	default:
		if part.element.is(ns.Stream, "error") {
			b.failure = "remote-stream-error" // XEP-0206 §6
		}
		b.out = append(b.out, part.element)
	}
}

// CloseWrite tells that nothing more comes of the server.
func (b *boshSession) CloseWrite() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended, b.noMore = true, true
	b.changed.Broadcast()
	b.flush()
	return nil
}

// Close cuts the stream; the client is told with its next request. What was said before, and what ended it, can still be asked for.
func (b *boshSession) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended {
		b.cutOff()
	}
	b.noMore = true
	b.changed.Broadcast()
	return nil
}

// These make it a net.Conn.
func (b *boshSession) LocalAddr() net.Addr              { return b.local }
func (b *boshSession) RemoteAddr() net.Addr             { return b.remote }
func (b *boshSession) SetDeadline(time.Time) error      { return nil }
func (b *boshSession) SetReadDeadline(time.Time) error  { return nil }
func (b *boshSession) SetWriteDeadline(time.Time) error { return nil }
