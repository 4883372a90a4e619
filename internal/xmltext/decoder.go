package xmltext

import (
	"io"
	"math"
	"slices"
	"strconv"
)

// Decoder reads an XML stream or a fragment token by token. It is for one goroutine at a time.
type Decoder struct {
	buffer
	limits Limits
	stream bool // the document is a stream, not a fragment

	tok    Token
	attrs  []Attr
	text   []byte // the text or the values of the token, where they are not as written
	tag    tagScan
	run    textScan
	frames []frame
	scope  scope
	intern interner
	dups   attrSet

	limit   int64 // stream offset that the stanza being read may not go beyond
	floor   int   // where no more elements are open, text is not content: 1 in a stream, 0 in a fragment
	state   docState
	special special
	skim    bool   // check only: the caller does not want to see the text
	pending error  // what PeekKind met
	failed  error  // sticky
	detail  string // what the fault is about, quoted in the error

	task  task
	elem  []byte
	stale *staleMemory
}

// special is what keeps ReadToken from simply reading on.
type special uint8

const (
	peeked  special = 1 << iota // tok is what ReadToken returns next
	due                         // the last start tag was an empty element tag: its end token comes next
	stopped                     // there is an error, pending or sticky
	tasked                      // a task is under way
	traced                      // stale memory is poisoned
)

// docState is where in the document the Decoder stands.
type docState uint8

const (
	atBeginning docState = iota // nothing was read, not even white space
	inProlog
	inRoot
	afterRoot
)

// frame is an open element.
type frame struct {
	q    *qname
	name Name
	mark int // the number of bindings before its own
	dflt int // the binding of the default namespace inside it, or -1
}

// NewDecoder returns a Decoder for the XML stream that r delivers. The root element stays open: white space between its
// children is skipped without being held, other text there is an error. Nothing is read behind what Read returns at once.
func NewDecoder(r io.Reader, l Limits) *Decoder {
	d := &Decoder{limits: l.withDefaults(), stream: true, stale: newStaleMemory()}
	d.Reset(r)
	return d
}

// NewBytesDecoder returns a Decoder for the one element that b holds (the content of an Element, a WebSocket frame): after
// its end tag there may be white space only, then ReadToken returns io.EOF. b is neither copied nor written, and must
// not change while the Decoder is in use.
func NewBytesDecoder(b []byte, l Limits) *Decoder {
	d := &Decoder{limits: l.withDefaults(), stale: newStaleMemory()}
	d.ResetBytes(b)
	return d
}

// Reset begins a new stream on r, as after STARTTLS and SASL (RFC 6120 §4.3.3). Memory is kept, all else is forgotten:
// bytes that were read and not consumed (the caller asks Buffered first), offset, namespaces, errors. The limits stay.
func (d *Decoder) Reset(r io.Reader) {
	if d.r == nil {
		d.b = nil
	}
	d.reset(buffer{r: r, b: d.b[:0], small: d.small}, true)
}

// ResetBytes begins a new fragment, as NewBytesDecoder does. Memory is kept, all else is forgotten. The limits stay.
func (d *Decoder) ResetBytes(b []byte) { d.reset(buffer{b: b}, false) }

func (d *Decoder) reset(b buffer, stream bool) {
	d.stale.poison()
	d.buffer, d.stream = b, stream
	d.floor, d.special = 0, 0
	if stream {
		d.floor = 1
	}
	if d.stale != nil {
		d.special = traced
	}
	d.limit = int64(d.limits.StanzaBytes)
	d.scope.cut(0)
	clear(d.frames)
	d.frames = d.frames[:0]
	d.tok, d.tag.phase, d.run = Token{}, tagNone, textScan{}
	d.state, d.pending, d.failed, d.detail = atBeginning, nil, nil, ""
	d.endTask()
}

// PeekKind returns the kind of the token that ReadToken will return next; KindNone at an error and at the end, which
// ReadToken then reports.
func (d *Decoder) PeekKind() Kind {
	if d.special&peeked != 0 {
		return d.tok.Kind
	}
	if d.pending == nil {
		d.leave()
		if d.pending = d.advance(); d.pending == nil {
			d.special |= peeked
			return d.tok.Kind
		}
		d.special |= stopped
	}
	return KindNone
}

// ReadToken returns the next token: a view that is valid until the next call of any method. The error is io.EOF after the
// end of the root element, io.ErrUnexpectedEOF when the input ends before it, a *SyntaxError, or what the reader returned:
// that is not sticky, and reading goes on where it stopped.
func (d *Decoder) ReadToken() (*Token, error) {
	switch d.special {
	case 0:
		d.start, d.keep = d.pos, d.pos
		n, f := d.scan(d.window())
		if f == ok {
			d.start, d.pos = d.pos, d.pos+n
			return &d.tok, nil
		}
		d.tok.Kind = KindNone
		if err := d.goOn(n, f); err != nil {
			return nil, err
		}
		return &d.tok, nil
	case due:
		d.special = 0
		d.start, d.keep = d.pos, d.pos
		d.emitEnd()
		return &d.tok, nil
	}
	return d.readSpecial()
}

func (d *Decoder) readSpecial() (*Token, error) {
	if d.special&peeked != 0 {
		d.special &^= peeked
	} else {
		d.leave()
		if err := d.pending; err != nil {
			d.pending = nil
			return nil, err
		}
		if err := d.advance(); err != nil {
			return nil, err
		}
	}
	if d.stale != nil {
		return d.stale.token(&d.tok), nil
	}
	return &d.tok, nil
}

// leave ends the life of the last token and of a task that was given up.
func (d *Decoder) leave() {
	d.tok.Kind = KindNone
	if d.failed == nil {
		d.special &^= stopped
	}
	if d.special&tasked != 0 {
		d.endTask()
	}
	d.stale.poison()
}

// atStart reports whether a start token was returned last.
func (d *Decoder) atStart() bool { return d.tok.Kind == KindStart && d.special&(peeked|tasked) == 0 }

// Buffered returns the number of bytes that were read and not consumed by a token that was returned.
func (d *Decoder) Buffered() int { return len(d.b) - d.returned() }

// InputOffset returns the offset of the end of the token that was returned last, from the start of the document.
func (d *Decoder) InputOffset() int64 { return d.base + int64(d.returned()) }

func (d *Decoder) returned() int {
	if d.special&peeked != 0 {
		return d.start
	}
	return d.pos
}

// Depth returns the number of open elements: that of the token returned last counts after its start token and no more
// after its end token.
func (d *Decoder) Depth() int {
	n := len(d.frames)
	switch {
	case d.special&peeked == 0:
	case d.tok.Kind == KindStart:
		return n - 1
	case d.tok.Kind == KindEnd:
		return n + 1
	}
	return n
}

// Release gives back what memory is not needed while the Decoder waits for input; the next read takes it again. The last
// token becomes invalid. What is above a few KB the Decoder gives back by itself before it waits with nothing buffered.
func (d *Decoder) Release() {
	if d.special&(peeked|tasked) != 0 || d.r == nil {
		return
	}
	d.leave()
	d.keep = d.pos
	if d.keep == len(d.b) {
		d.shift()
		putBuf(d.b)
		d.b, d.small = nil, nil
		d.trim(0)
	}
}

// What a Decoder keeps of each kind of memory: when it waits for the next stanza, and when a read has failed, as at a
// deadline, with nothing buffered.
const (
	waitingItems = 256
	idleItems    = 32
)

// trim drops what has room for more than most items (bytes: 32 times as many). Nothing may be under way.
func (d *Decoder) trim(most int) {
	if cap(d.attrs) > most || cap(d.tag.raw) > most {
		d.attrs, d.tag.raw, d.tok = nil, nil, Token{}
	}
	if cap(d.text) > most*32 {
		d.text = nil
	}
	if cap(d.elem) > most*32 {
		d.elem = nil
	}
	if len(d.dups.slots) > most {
		d.dups = attrSet{}
	}
	if cap(d.frames) > max(most, 4*len(d.frames)) { // and not when it would soon grow again
		d.frames = slices.Clip(slices.Clone(d.frames))
	}
	if cap(d.scope.stack) > max(most, 4*len(d.scope.stack)) {
		d.scope.stack = slices.Clip(slices.Clone(d.scope.stack))
	}
}

// advance reads the next token into tok and moves pos behind it.
func (d *Decoder) advance() error {
	if d.failed != nil {
		return d.failed
	}
	d.start = d.pos
	if d.task.kind != taskElement {
		d.keep = d.pos
	}
	if d.special&due != 0 {
		d.special &^= due
		d.emitEnd()
		return nil
	}
	return d.goOn(d.scan(d.window()))
}

// goOn takes what scan returned, and scans again with more input until there is a token or an error.
func (d *Decoder) goOn(n int, f fault) error {
	for {
		switch f {
		case ok:
			d.start, d.pos = d.pos, d.pos+n
			return nil
		case ended:
			return io.EOF
		case more:
			if err := d.refill(); err != nil {
				return err
			}
			n, f = d.scan(d.window())
		default:
			return d.fail(n, f)
		}
	}
}

// window returns the unread bytes, as far as the limit of the stanza lets them be seen.
func (d *Decoder) window() []byte {
	if room := d.limit - d.base; int64(len(d.b)) > room {
		return d.b[d.pos:room]
	}
	return d.b[d.pos:]
}

// refill gets more input behind the window, when the window may grow.
func (d *Decoder) refill() error {
	if d.base+int64(len(d.b)) >= d.limit {
		return d.fail(int(d.limit-d.base)-d.pos, faultStanzaBytes)
	}
	if d.keep == len(d.b) && !d.busy {
		d.trim(waitingItems)
	}
	err := d.fill()
	if err != nil && d.keep == len(d.b) {
		d.trim(idleItems)
	}
	if err == io.EOF && (d.state != afterRoot || d.pos < len(d.b)) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// scan reads the token at the start of w. It returns its length, or a fault and its place.
func (d *Decoder) scan(w []byte) (int, fault) {
	if len(d.frames) <= d.floor {
		return d.scanOutside(w)
	}
	if len(w) < 2 || d.run.pos > 0 {
		return d.scanText(w)
	}
	if w[0] != '<' {
		i := plain(w, 0, '>')
		if i+1 < len(w) && w[i] == '<' && w[i+1] != '!' {
			t := &d.tok
			t.Kind, t.Name, t.Attrs, t.Text = KindText, Name{}, nil, w[:i:i]
			return i, ok
		}
		return d.scanText(w)
	}
	switch w[1] {
	case '/':
		return d.scanEnd(w)
	case '!', '?':
		return d.scanText(w)
	}
	return d.startTag(w)
}

// startTag reads a start tag or an empty element tag.
func (d *Decoder) startTag(w []byte) (int, fault) {
	if d.tag.phase == tagNone {
		if n := d.fastStart(w); n > 0 {
			d.tag.phase = tagNone
			return d.finishStart(w, n)
		}
	}
	return d.scanStart(w)
}

// within limits the stanza that begins at the first unread byte.
func (d *Decoder) within() {
	if room := int64(d.limits.StanzaBytes); room < math.MaxInt64-d.base-int64(d.pos) {
		d.limit = d.base + int64(d.pos) + room
	}
}

// Allow lets the child of a stream's root whose start token was returned last have so many bytes, where Limits.StanzaBytes
// is less: the caller has seen from its attributes that it waits for something large. Others keep the limit.
func (d *Decoder) Allow(stanzaBytes int) {
	if d.stream && d.atStart() && len(d.frames) == d.floor+1 {
		d.limit = max(d.limit, d.base+int64(d.start)+int64(min(stanzaBytes, math.MaxInt32)))
	}
}

// consumed moves on over n bytes that are part of no token.
func (d *Decoder) consumed(n int) {
	d.pos += n
	d.start = d.pos
	if d.task.kind != taskElement {
		d.keep = d.pos
	}
}

// fail makes the sticky error for a fault at w[n].
func (d *Decoder) fail(n int, f fault) error {
	e := &faults[f]
	msg := e.msg
	if d.detail != "" {
		msg += " " + strconv.Quote(d.detail)
	}
	d.special |= stopped
	d.failed = &SyntaxError{
		Reason: e.reason, Limit: e.limit, Msg: msg, Offset: d.base + int64(d.pos+n), Path: d.path(),
	}
	return d.failed
}

// Lengths of names and paths in errors, which are for people.
const (
	maxPathName = 64
	maxPath     = 512
)

// path names the open elements.
func (d *Decoder) path() string {
	var b []byte
	for i := range d.frames {
		name := d.frames[i].q.raw
		if len(b)+len(name) > maxPath {
			return string(append(b, "/…"...))
		}
		b = append(append(b, '/'), clip(name)...)
	}
	return string(b)
}

func clip(s string) string {
	if len(s) > maxPathName {
		return s[:maxPathName] + "…"
	}
	return s
}
