package stanza

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
)

// work is a stanza that is being read. What it holds of the wire lies in one buffer, as spans, until finish turns the buffer
// into the one string that the stanza's own strings are parts of. It stands between stanzas in a pool, not in a session.
type work struct {
	buf []byte

	kind, space string
	typ         string // of the constants, or what came when it is unknown
	id, lang    span
	from, to    jid.JID
	badFrom     bool

	condition Condition // what is wrong with the stanza; "" while nothing is
	cause     error

	attrs []attrSpan
	texts []textSpan
	elems []elemSpan // payloads in order
	fault span       // the <error/>
	odd   []oddSpan
	loose []span // character data between the children
	seen  [fieldError + 1]bool

	show     Show
	priority int8

	depth    int   // of the open elements inside the stanza, itself among them
	offset   int64 // of the first byte behind its start tag
	children int   // so far
	inside   int   // bytes of elements inside odd children, so far

	state readState
	child childState
}

// A span is a part of work.buf.
type span struct{ from, to uint32 }

func (s span) empty() bool           { return s.from == s.to }
func (s span) in(text string) string { return text[s.from:s.to] }

type attrSpan struct {
	name  xmltext.Name
	value span
}

type elemSpan struct {
	name xmltext.Name
	raw  span
}

type textSpan struct {
	field       field
	lang, value span
}

type oddSpan struct {
	field field
	extra bool
	text  int // its index in texts; -1 when the value is that of scalar
	value Text
	raw   span
}

// A readState says what the next token belongs to.
type readState uint8

const (
	stateChildren readState = iota // between the stanza's children
	stateText                      // inside one that holds text
	stateRaw                       // at the start of one that is taken whole
	stateSkip                      // at the start of what is read past
)

// childState is the child that is being read.
type childState struct {
	field  field
	name   xmltext.Name
	lang   span // or the parent of a thread
	value  span
	odd    bool             // the field cannot show all of it
	inside bool             // stateRaw is for an element inside it
	attrs  []attrSpan       // all attributes
	again  *xmltext.Encoder // the child written again, once that is needed; nil before
	done   span             // the part of value that again has
}

var workPool = sync.Pool{New: func() any { return new(work) }}

func newWork() *work { return workPool.Get().(*work) }

// maxKeptBuffer bounds the buffer that goes back to the pool.
const maxKeptBuffer = 64 << 10

// release gives the memory of w back. Nothing that finish returned refers to it.
func (w *work) release() {
	if cap(w.buf) > maxKeptBuffer {
		return
	}
	xmltext.Freed(w.buf)
	clear(w.odd) // the others hold names only, which are interned
	*w = work{
		buf: w.buf[:0], attrs: w.attrs[:0], texts: w.texts[:0], elems: w.elems[:0], odd: w.odd[:0], loose: w.loose[:0],
		child: childState{attrs: w.child.attrs[:0]},
	}
	workPool.Put(w)
}

// add stores b and returns where it is.
func (w *work) add(b []byte) span {
	from := len(w.buf)
	w.buf = append(w.buf, b...)
	return span{uint32(from), uint32(len(w.buf))}
}

// addString stores s and returns where it is.
func (w *work) addString(s string) span {
	from := len(w.buf)
	w.buf = append(w.buf, s...)
	return span{uint32(from), uint32(len(w.buf))}
}

// bytes returns what s stands for; it is valid until the next add.
func (w *work) bytes(s span) []byte { return w.buf[s.from:s.to] }

// fail notes what is wrong with the stanza. The first fault counts.
func (w *work) fail(c Condition, err error) {
	if w.condition == "" {
		w.condition, w.cause = c, err
	}
}

// setType takes the type attribute, for the kind's own rules.
func (w *work) setType(b []byte) {
	switch w.kind {
	case KindMessage:
		w.setMessageType(b)
	case KindPresence:
		t, ok := knownPresenceType(string(b))
		w.typ = string(t)
		if !ok {
			// RFC 6121 §4.7.1: a type of another value SHOULD be answered with <bad-request/>.
			w.typ = string(b)
			w.fail(BadRequest, fmt.Errorf("unknown type %q", b))
		}
	case KindIQ:
		w.typ = string(knownIQType(string(b)))
		if w.typ == "" {
			// RFC 6120 §8.2.3: a type of another value must be answered with <bad-request/>.
			w.typ = string(b)
			w.fail(BadRequest, fmt.Errorf("unknown type %q", b))
		}
	default:
		w.typ = string(b)
	}
}

// setMessageType takes the type of a message. RFC 6121 §5.2.2: one that is not understood is "normal"; the value that came
// is kept beside it.
func (w *work) setMessageType(b []byte) {
	switch t := MessageType(b); t {
	case Chat:
		w.typ = string(Chat)
	case GroupChat:
		w.typ = string(GroupChat)
	case Headline:
		w.typ = string(Headline)
	case MessageError:
		w.typ = string(MessageError)
	case Normal:
		w.typ = string(Normal)
	default:
		w.typ = string(Normal)
		w.attrs = append(w.attrs, attrSpan{xmltext.Name{Local: "type"}, w.add(b)})
	}
}

// checkStart applies the rules for the start tag that need all its attributes.
func (w *work) checkStart() {
	if w.kind != KindIQ || w.condition != "" {
		return
	}
	if w.typ == "" {
		w.fail(BadRequest, errors.New("no type")) // RFC 6120 §8.2.3: the 'type' attribute is REQUIRED
	}
	if w.id.empty() {
		w.fail(BadRequest, errors.New("no id")) // RFC 6120 §8.2.3: the 'id' attribute is REQUIRED
	}
}

// read takes a token between or inside the children.
func (w *work) read(t *xmltext.Token) {
	switch {
	case w.state == stateChildren && t.Kind == xmltext.KindStart:
		w.startChild(t)
	case w.state == stateChildren:
		w.between(t.Text)
	case t.Kind == xmltext.KindText:
		w.text(t.Text)
	case t.Kind == xmltext.KindEnd:
		w.endText()
	case t.Kind == xmltext.KindStart:
		w.startInside()
	}
}

// between takes character data between the children. It has no meaning: the schemas of RFC 6120 §A.5 give stanzas no mixed
// content, and white space there is how somebody has laid them out. Whatever else there is, is kept.
func (w *work) between(b []byte) {
	if len(bytes.TrimLeft(b, " \t\r\n")) > 0 {
		w.loose = append(w.loose, w.add(b))
	}
}

// The bounds on what one stanza may become in memory, beside those of the xmltext.Decoder on its bytes. A child costs more
// than its few bytes on the wire, and each one carries the namespace declarations that it inherits: what is short there
// could be long here.
const (
	maxChildren = 1024     // children of a stanza; what lists much, lists it inside one child
	maxGrowth   = 8        // bytes held for each byte read,
	growthFree  = 16 << 10 // beyond these
)

// checkSize gives the stanza up when it holds more than it may; end is where the decoder stands.
func (w *work) checkSize(end int64) {
	switch held := int64(len(w.buf) + w.inside); {
	case w.children > maxChildren:
		w.fail(PolicyViolation, fmt.Errorf("more than %d children", maxChildren))
	case held > growthFree && held-growthFree > maxGrowth*(end-w.offset):
		w.fail(PolicyViolation, errors.New("too many and too long namespace declarations that its children inherit"))
	}
}

// startChild takes the start tag of a child and decides how it is read.
func (w *work) startChild(t *xmltext.Token) {
	w.children++
	f := w.fieldOf(t)
	c := &w.child
	c.field, c.name, c.inside = f, t.Name, false
	if f == fieldNone || f == fieldError {
		w.state = stateRaw
		return
	}
	w.state = stateText
	c.odd, c.again = false, nil
	c.lang, c.value, c.done = span{}, span{}, span{}
	c.attrs = c.attrs[:0]
	for _, a := range t.Attrs {
		value := w.add(a.Value)
		c.attrs = append(c.attrs, attrSpan{a.Name, value})
		switch {
		case f == fieldThread && a.Name.Space == "" && a.Name.Local == "parent",
			f <= fieldStatus && f != fieldThread && f != fieldShow && a.Name.Space == nsXML && a.Name.Local == "lang":
			c.lang = value
		default:
			c.odd = true
		}
	}
}

// fieldOf returns the field that the child whose start tag is t goes to.
func (w *work) fieldOf(t *xmltext.Token) field {
	if t.Name.Space != w.space {
		return fieldNone
	}
	if t.Name.Local == "error" && w.typ == string(IQError) && w.fault.empty() {
		return fieldError
	}
	switch w.kind {
	case KindMessage:
		switch t.Name.Local {
		case "body":
			return fieldBody
		case "subject":
			return fieldSubject
		case "thread":
			return fieldThread
		}
	case KindPresence:
		switch t.Name.Local {
		case "show":
			return fieldShow
		case "status":
			return fieldStatus
		case "priority":
			return fieldPriority
		}
	}
	return fieldNone
}

// endRaw takes the bytes of a child, or of an element inside one.
func (w *work) endRaw(raw []byte) {
	c := &w.child
	if c.inside {
		c.again.RawBytes(raw)
		w.inside += len(raw)
		w.state = stateText
		return
	}
	s := w.add(raw)
	if c.field == fieldError {
		w.fault = s
	} else {
		w.elems = append(w.elems, elemSpan{c.name, s})
	}
	w.state = stateChildren
}

// text takes character data of the child.
func (w *work) text(b []byte) {
	c := &w.child
	if !c.value.empty() {
		c.value.to = w.add(b).to
		return
	}
	c.value = w.add(b)
	c.done = span{c.value.from, c.value.from}
}
