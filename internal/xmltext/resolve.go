package xmltext

import (
	"math"
	"slices"
)

// finishStart makes the token of the start tag w[:n], whose parts stand in d.tag: declarations first, since they hold for
// the tag that makes them, then names, then the check for duplicates.
func (d *Decoder) finishStart(w []byte, n int) (int, fault) {
	t := &d.tag
	if len(d.frames) >= d.limits.Depth {
		return 0, faultDepth
	}
	dflt := d.dflt()
	depth := len(d.frames)
	if depth == cap(d.frames) {
		d.frames = slices.Grow(d.frames, depth+4)
	}
	open := &d.frames[:depth+1][depth] // filled in where it lies, see add
	open.q, open.mark, open.dflt = t.q, len(d.scope.stack), dflt
	if t.decls > 0 || t.escaped {
		d.text = d.text[:0]
		if i, f := d.declare(w, open); f != ok {
			return int(t.raw[i].at), f
		}
	}
	if t.q.prefix == "" && d.scope.below == 0 {
		open.name.Local, open.name.Space = t.q.local, ""
		if open.dflt >= 0 {
			open.name.Space = d.scope.stack[open.dflt].uri
		} else {
			d.scope.bare = true
		}
	} else if f := d.elementName(open); f != ok {
		return 1, f
	}
	if i, f := d.resolveAttrs(w); f != ok {
		return int(t.raw[i].at), f
	}
	d.frames = d.frames[:depth+1]
	if w[n-2] == '/' {
		d.special |= due
	}
	if d.state != inRoot {
		d.state = inRoot
		if d.stream {
			d.limit = math.MaxInt64
		}
	}
	k := &d.tok
	k.Kind, k.Name, k.Attrs, k.Text = KindStart, open.name, d.attrs, nil
	return n, ok
}

// dflt returns the binding of the default namespace in scope, or -1.
func (d *Decoder) dflt() int {
	if len(d.frames) == 0 {
		return -1
	}
	return d.frames[len(d.frames)-1].dflt
}

// declare adds the declarations of the tag. i is the attribute at fault.
func (d *Decoder) declare(w []byte, open *frame) (i int, f fault) {
	for i := range d.tag.raw {
		a := &d.tag.raw[i]
		if a.q.decl == declNone {
			continue
		}
		prefix := ""
		if a.q.decl == declPrefix {
			prefix = a.q.local
		} else if open.dflt >= open.mark {
			return i, faultDupDecl
		}
		uri := w[a.from:a.to]
		if a.escaped {
			uri = d.normalised(uri)
		}
		if f := d.scope.declare(prefix, d.intern.space(uri), open.mark); f != ok {
			d.detail = clip(a.q.raw)
			return i, f
		}
		if prefix == "" {
			open.dflt = len(d.scope.stack) - 1
		}
	}
	return 0, ok
}

// elementName resolves the name of the element.
func (d *Decoder) elementName(open *frame) fault {
	q := open.q
	open.name.Local = q.local
	if q.prefix == "" {
		open.name.Space = d.scope.defaultURI(open.dflt)
		return ok
	}
	if q.decl == declPrefix {
		return faultXMLNSName
	}
	var f fault
	if open.name.Space, f = d.scope.resolve(q.prefix); f != ok {
		d.detail = clip(q.prefix)
	}
	return f
}

// resolveAttrs makes d.attrs. i is the attribute at fault.
func (d *Decoder) resolveAttrs(w []byte) (i int, f fault) {
	raw := d.tag.raw
	if cap(d.attrs) < len(raw) {
		d.attrs = make([]Attr, cap(raw))
	}
	attrs, n := d.attrs[:len(raw)], 0
	var seen, twice uint64
	for i := range raw {
		a := &raw[i]
		q := a.q
		if q.decl != declNone {
			continue
		}
		to := &attrs[n]
		n++
		to.Name.Local, to.Name.Space = q.local, "" // Namespaces in XML 1.0 §6.2: the default is not for attributes
		if q.prefix != "" {
			if to.Name.Space, f = d.scope.resolve(q.prefix); f != ok {
				d.detail = clip(q.prefix)
				return i, f
			}
		}
		to.Value = w[a.from:a.to:a.to]
		if a.escaped {
			to.Value = d.normalised(to.Value)
		}
		twice |= seen & q.bit
		seen |= q.bit
	}
	d.attrs = attrs[:n]
	if twice != 0 {
		return d.checkDuplicates()
	}
	return 0, ok
}

// checkDuplicates looks for two attributes with one name (XML 1.0 §3.1; Namespaces in XML 1.0 §6.3: also when they are
// written with different prefixes).
func (d *Decoder) checkDuplicates() (i int, f fault) {
	dup := -1
	if len(d.attrs) > pairwise {
		dup = d.dups.duplicate(d.attrs)
	} else {
		dup = duplicateOfFew(d.attrs)
	}
	if dup < 0 {
		return 0, ok
	}
	for i := range d.tag.raw {
		if d.tag.raw[i].q.decl != declNone {
			continue
		}
		if dup == 0 {
			d.detail = clip(d.tag.raw[i].q.raw)
			return i, faultDupAttr
		}
		dup--
	}
	return 0, faultDupAttr
}

func duplicateOfFew(attrs []Attr) int {
	for i := range attrs {
		for j := range i {
			if attrs[i].Name == attrs[j].Name {
				return i
			}
		}
	}
	return -1
}

// normalised appends a value that is not as written to d.text and returns it.
func (d *Decoder) normalised(raw []byte) []byte {
	at := len(d.text)
	d.text = appendValue(d.text, raw)
	return d.text[at:len(d.text):len(d.text)]
}
