package xmltext

import (
	"io"
	"math"
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
	state   docState
	empty   bool  // the start tag that was read last was an empty element tag: its end token is due
	skim    bool  // check only: the caller does not want to see the text
	peeked  bool  // tok is what ReadToken will return next
	atStart bool  // ReadToken has just returned a start token
	pending error // what PeekKind met
	failed  error // sticky
	detail  string

	task  task
	elem  []byte
	stale *staleMemory
}

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
	d.reset(buffer{r: r, b: d.b[:0]}, true)
}

// ResetBytes begins a new fragment, as NewBytesDecoder does. Memory is kept, all else is forgotten. The limits stay.
func (d *Decoder) ResetBytes(b []byte) { d.reset(buffer{b: b}, false) }

func (d *Decoder) reset(b buffer, stream bool) {
	d.stale.poison()
	d.buffer, d.stream = b, stream
	d.limit = int64(d.limits.StanzaBytes)
	d.scope.cut(0)
	clear(d.frames)
	d.frames = d.frames[:0]
	d.tok, d.tag.phase, d.run = Token{}, tagNone, textScan{}
	d.state, d.empty, d.peeked, d.atStart = atBeginning, false, false, false
	d.pending, d.failed, d.detail = nil, nil, ""
	d.endTask()
}

// PeekKind returns the kind of the token that ReadToken will return next; KindNone at an error and at the end, which
// ReadToken then reports.
func (d *Decoder) PeekKind() Kind {
	if !d.peeked && d.pending == nil {
		d.leave()
		if d.pending = d.advance(); d.pending != nil {
			return KindNone
		}
		d.peeked = true
	}
	if d.pending != nil {
		return KindNone
	}
	return d.tok.Kind
}

// ReadToken returns the next token: a view that is valid until the next call of any method. The error is io.EOF after the
// end of the root element, io.ErrUnexpectedEOF when the input ends before it, a *SyntaxError, or what the reader returned:
// that is not sticky, and reading goes on where it stopped.
func (d *Decoder) ReadToken() (*Token, error) {
	if d.peeked {
		d.peeked = false
	} else if err := d.next(); err != nil {
		return nil, err
	}
	d.atStart = d.tok.Kind == KindStart
	if d.stale != nil {
		return d.stale.token(&d.tok), nil
	}
	return &d.tok, nil
}

// next makes the token after the one that was returned last.
func (d *Decoder) next() error {
	d.leave()
	if err := d.pending; err != nil {
		d.pending = nil
		return err
	}
	return d.advance()
}

// leave ends the life of the last token and of a task that was given up.
func (d *Decoder) leave() {
	d.atStart = false
	if d.task.kind != taskNone {
		d.endTask()
	}
	if d.stale != nil {
		d.stale.poison()
	}
}

// Buffered returns the number of bytes that were read and not consumed by a token that was returned.
func (d *Decoder) Buffered() int { return len(d.b) - d.returned() }

// InputOffset returns the offset of the end of the token that was returned last, from the start of the document.
func (d *Decoder) InputOffset() int64 { return d.base + int64(d.returned()) }

func (d *Decoder) returned() int {
	if d.peeked {
		return d.start
	}
	return d.pos
}

// Depth returns the number of open elements: that of the token returned last counts after its start token and no more
// after its end token.
func (d *Decoder) Depth() int {
	n := len(d.frames)
	if d.peeked && d.tok.Kind == KindStart {
		return n - 1
	}
	if d.peeked && d.tok.Kind == KindEnd {
		return n + 1
	}
	return n
}

// Release gives back what memory is not needed while the Decoder waits for input; the next read takes it again. The last
// token becomes invalid. A Decoder does by itself with its read buffer what Release does, when a read fails with nothing
// buffered, as it does at a deadline.
func (d *Decoder) Release() {
	d.leave()
	if d.peeked || d.r == nil {
		return
	}
	d.keep = d.pos
	if d.keep == len(d.b) && d.tag.phase == tagNone && d.run == (textScan{}) {
		d.shift()
		putBuf(d.b)
		d.b, d.attrs, d.tag.raw, d.tok = nil, nil, nil, Token{}
		d.text, d.elem, d.dups = nil, nil, attrSet{}
	}
}

// advance reads the next token into tok and moves pos behind it.
func (d *Decoder) advance() error {
	if d.failed != nil {
		return d.failed
	}
	if d.state == afterRoot && d.stream {
		return io.EOF // what comes after the root is not ours, and may never come
	}
	d.start = d.pos
	if d.task.kind != taskElement {
		d.keep = d.pos
	}
	if d.empty {
		d.empty = false
		d.emitEnd()
		return nil
	}
	for {
		n, f := d.scan(d.window())
		switch f {
		case ok:
			d.start, d.pos = d.pos, d.pos+n
			return nil
		case more:
			if err := d.refill(); err != nil {
				return err
			}
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
	err := d.fill()
	if err == io.EOF && d.state != afterRoot {
		return io.ErrUnexpectedEOF
	}
	return err
}

// scan reads the token at the start of w. It returns its length, or a fault and its place.
func (d *Decoder) scan(w []byte) (int, fault) {
	if d.state != inRoot || len(d.frames) == 1 && d.stream {
		return d.scanOutside(w)
	}
	if len(w) > 1 && w[0] == '<' && d.run.pos == 0 {
		switch w[1] {
		case '/':
			return d.scanEnd(w)
		case '!', '?':
		default:
			return d.scanStart(w)
		}
	}
	return d.scanText(w)
}

// within limits the stanza that begins at the first unread byte.
func (d *Decoder) within() {
	if room := int64(d.limits.StanzaBytes); room < math.MaxInt64-d.base-int64(d.pos) {
		d.limit = d.base + int64(d.pos) + room
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
