package xmltext

import (
	"math"
	"slices"
)

// tagPhase is what comes next inside a tag.
type tagPhase uint8

const (
	tagNone  tagPhase = iota // no tag is being read
	tagName                  // more of the element's name
	tagGap                   // white space, an attribute or the end
	tagAttr                  // more of an attribute's name
	tagEqual                 // =, maybe after white space
	tagQuote                 // a quote, maybe after white space
	tagValue                 // more of a value
	tagSlash                 // the > of an empty element tag
	tagClose                 // more of an end tag
)

// tagScan is how far the reading of a tag came; places are relative to its <.
type tagScan struct {
	phase   tagPhase
	space   bool // there was white space in the gap
	escaped bool // a value is not as written
	quote   byte
	pos     int // the next byte to look at
	mark    int // where the name or value being read begins
	q       *qname
	attr    rawAttr
	raw     []rawAttr // the attributes read so far
	decls   int       // of them, namespace declarations
}

// rawAttr is an attribute as written: its name at at, its value from from to to.
type rawAttr struct {
	q            *qname
	at, from, to int32
	escaped      bool // the value is not as written
}

// scanStart reads a start tag or an empty element tag that fastStart did not.
func (d *Decoder) scanStart(w []byte) (int, fault) {
	n, f := d.slowStart(w)
	if f != ok {
		return n, f
	}
	d.tag.phase = tagNone
	return d.finishStart(w, n)
}

// fastStart reads a tag that is there whole and written the usual way: one space before each attribute, none elsewhere.
// It returns 0 when it is not, with the state that slowStart goes on from.
func (d *Decoder) fastStart(w []byte) int {
	t := &d.tag
	t.raw, t.decls, t.escaped = t.raw[:0], 0, false
	t.phase, t.pos = tagName, 1
	q, i := d.fastName(w, 1)
	if q == nil {
		return 0
	}
	t.q, t.phase, t.space = q, tagGap, false
	for { // w[i] is there
		t.pos = i
		if w[i] != ' ' {
			return t.fastEnd(w, i)
		}
		q, end := d.fastName(w, i+1)
		from := end + len("='")
		if q == nil || from >= len(w) || w[from-2] != '=' || len(t.raw) >= d.limits.Attrs {
			return 0
		}
		quote := w[from-1]
		if quote != '\'' && quote != '"' {
			return 0
		}
		to, escaped := plain(w, from, quote), false
		if to < len(w) && w[to] != quote {
			var f fault
			if to, escaped, f = consumeValue(w, to, quote); f != ok {
				return 0
			}
		}
		if to+1 >= len(w) {
			return 0
		}
		a := t.add(q)
		a.at, a.from, a.to, a.escaped = int32(i+1), int32(from), int32(to), escaped
		t.escaped = t.escaped || escaped
		i = to + 1
	}
}

// fastEnd returns the index behind the end of a start tag at w[i], or 0.
func (t *tagScan) fastEnd(w []byte, i int) int {
	if w[i] == '>' {
		return i + 1
	}
	if w[i] == '/' && i+1 < len(w) && w[i+1] == '>' {
		return i + 2
	}
	return 0
}

// fastName reads the name at w[i], behind which there are more bytes, and returns its end; or returns nil.
func (d *Decoder) fastName(w []byte, i int) (q *qname, end int) {
	if q, end = d.intern.short(w, i); q == nil {
		return d.longName(w, i)
	}
	if end-i > d.limits.NameBytes {
		return nil, 0
	}
	return q, end
}

// longName is fastName for a name that is long or new.
func (d *Decoder) longName(w []byte, i int) (q *qname, end int) {
	end = nameEnd(w, i)
	if end == len(w) || end-i > d.limits.NameBytes {
		return nil, 0
	}
	q, _, _ = d.intern.name(w[i:end])
	return q, end
}

// add makes room for an attribute. It is filled in where it lies: a struct that is put together on the stack and then
// copied makes the processor wait for its own stores.
func (t *tagScan) add(q *qname) *rawAttr {
	n := len(t.raw)
	if n == cap(t.raw) {
		t.raw = slices.Grow(t.raw, n+8)
	}
	t.raw = t.raw[:n+1]
	if q.decl != declNone {
		t.decls++
	}
	a := &t.raw[n]
	a.q = q
	return a
}

// slowStart reads a tag however it is written and cut, from where the last call stopped.
func (d *Decoder) slowStart(w []byte) (int, fault) {
	t := &d.tag
	for {
		var f fault
		switch t.phase {
		case tagName:
			if t.q, f = d.slowName(w, 1); f == ok {
				t.phase, t.space = tagGap, false
			}
		case tagGap:
			if f = d.slowGap(w); f == ok && t.phase == tagGap {
				return t.pos, ok
			}
		case tagAttr:
			if t.attr.q, f = d.slowName(w, t.mark); f == ok {
				t.attr.at, t.phase = int32(t.mark), tagEqual
			}
		case tagEqual:
			if f = t.slowSign(w, '=', '='); f == ok {
				t.phase = tagQuote
			} else if f != more {
				f = faultEqual
			}
		case tagQuote:
			if f = t.slowSign(w, '\'', '"'); f == ok {
				t.phase, t.quote = tagValue, w[t.pos-1]
				t.attr.from, t.attr.escaped = int32(t.pos), false
			}
		case tagValue:
			f = t.slowValue(w)
		case tagSlash:
			switch {
			case t.pos == len(w):
				f = more
			case w[t.pos] == '>':
				return t.pos + 1, ok
			default:
				f = faultTagEnd
			}
		}
		if f != ok {
			return t.pos, f
		}
	}
}

// slowName reads the name that begins at from.
func (d *Decoder) slowName(w []byte, from int) (*qname, fault) {
	t := &d.tag
	t.pos = nameEnd(w, t.pos)
	if t.pos-from > d.limits.NameBytes {
		t.pos = from + d.limits.NameBytes
		return nil, faultNameBytes
	}
	if t.pos == len(w) {
		return nil, more
	}
	q, n, f := d.intern.name(w[from:t.pos])
	if f != ok {
		t.pos = from + n
	}
	return q, f
}

// slowGap reads between attributes. The phase stays tagGap when the tag ends.
func (d *Decoder) slowGap(w []byte) fault {
	t := &d.tag
	i := skipSpace(w, t.pos)
	t.space = t.space || i > t.pos
	if t.pos = i; i == len(w) {
		return more
	}
	switch c := w[i]; {
	case c == '>':
		t.pos++
	case c == '/':
		t.pos++
		t.phase = tagSlash
	case class[c]&isName == 0:
		return faultTagEnd
	case !t.space: // XML 1.0 §3.1: white space before each attribute
		return faultSpace
	case len(t.raw) >= d.limits.Attrs:
		return faultAttrs
	default:
		t.mark, t.phase = i, tagAttr
	}
	return ok
}

// slowSign reads one of two signs, maybe after white space.
func (t *tagScan) slowSign(w []byte, a, b byte) fault {
	t.pos = skipSpace(w, t.pos)
	if t.pos == len(w) {
		return more
	}
	if c := w[t.pos]; c != a && c != b {
		return faultQuote
	}
	t.pos++
	return ok
}

func (t *tagScan) slowValue(w []byte) fault {
	n, escaped, f := consumeValue(w, t.pos, t.quote)
	t.pos = n
	t.attr.escaped = t.attr.escaped || escaped
	if f != ok {
		return f
	}
	t.attr.to = int32(n)
	*t.add(t.attr.q) = t.attr
	t.escaped = t.escaped || t.attr.escaped
	t.pos++
	t.phase, t.space = tagGap, false
	return ok
}

// scanEnd reads an end tag, which must be that of the open element.
func (d *Decoder) scanEnd(w []byte) (int, fault) {
	name := d.frames[len(d.frames)-1].q.raw
	n := len(name) + 2
	if len(w) <= n || w[n] != '>' || string(w[2:n]) != name {
		var f fault
		if n, f = d.slowEnd(w, name); f != ok {
			return n, f
		}
	}
	d.tag.phase = tagNone
	d.emitEnd()
	return n + 1, ok
}

func (d *Decoder) slowEnd(w []byte, name string) (int, fault) {
	t := &d.tag
	if t.phase == tagNone {
		t.phase, t.pos = tagClose, 2
	}
	for ; t.pos < len(name)+2; t.pos++ {
		if t.pos == len(w) {
			return t.pos, more
		}
		if w[t.pos] != name[t.pos-2] {
			return t.pos, d.mismatch(name)
		}
	}
	i := skipSpace(w, t.pos)
	switch {
	case i == len(w):
		t.pos = i
		return i, more
	case w[i] == '>':
		return i, ok
	case i == len(name)+2 && class[w[i]]&isName != 0:
		return i, d.mismatch(name)
	}
	return i, faultTagEnd
}

func (d *Decoder) mismatch(name string) fault {
	d.detail = clip(name)
	return faultMismatch
}

// emitEnd makes the end token of the open element and closes it.
func (d *Decoder) emitEnd() {
	top := len(d.frames) - 1
	f := &d.frames[top]
	t := &d.tok
	t.Kind, t.Name, t.Attrs, t.Text = KindEnd, f.name, nil, nil
	if len(d.scope.stack) > f.mark {
		d.scope.cut(f.mark)
	}
	d.frames = d.frames[:top]
	switch {
	case top == 0:
		d.state, d.limit = afterRoot, math.MaxInt64
	case top == 1 && d.stream:
		d.limit = math.MaxInt64
	}
}
