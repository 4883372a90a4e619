package xmltext

import (
	"encoding/binary"
	"unicode/utf8"
)

// textScan is how far the reading of a run of text came. It is zero between runs.
type textScan struct {
	pos     int  // relative to the start of the run
	done    int  // up to here the run is in Decoder.text, as the application sees it
	escaped bool // done says something: the text is not as written
	cdata   bool // inside a CDATA section
}

// scanText reads all the character data up to the next tag as one token. What is not as written is put together in d.text
// while it is checked: references replaced, CDATA sections opened up, line ends normalised.
func (d *Decoder) scanText(w []byte) (int, fault) {
	r := &d.run
	for {
		var f fault
		if r.cdata {
			r.pos, f = consumeCDATA(w, r.pos)
		} else if r.pos = plain(w, r.pos, '>'); r.pos == len(w) || w[r.pos] != '&' {
			r.pos, f = consumeText(w, r.pos)
		}
		if f != ok {
			return r.pos, f
		}
		switch w[r.pos] {
		case '\r':
			f = d.lineEnd(w)
		case ']':
			d.flush(w, len(cdataClose))
			r.cdata = false
		case '&':
			f = d.reference(w)
		default:
			if f = startsCDATA(w[r.pos:]); f == ok {
				d.flush(w, len(cdataOpen))
				r.cdata = true
			} else if f != more {
				return d.finishText(w)
			}
		}
		if f != ok {
			return r.pos, f
		}
	}
}

// flush moves what was read of the run to d.text and leaves n bytes out.
func (d *Decoder) flush(w []byte, n int) {
	r := &d.run
	if !r.escaped {
		r.escaped, d.text = true, d.text[:0]
	}
	if !d.skim {
		d.text = appendShort(d.text, w, r.done, r.pos)
	}
	r.pos += n
	r.done = r.pos
}

// replace puts c in the place of n bytes of the run.
func (d *Decoder) replace(w []byte, c byte, n int) {
	d.flush(w, n)
	if !d.skim {
		d.text = append(d.text, c)
	}
}

// appendShort appends b[from:to]. Where it may, it copies 16 bytes, of which those up to to count.
func appendShort(dst, b []byte, from, to int) []byte {
	n := len(dst)
	if to-from > 16 || from+16 > len(b) || n+16 > cap(dst) {
		return append(dst, b[from:to]...)
	}
	src, room := b[from:from+16], dst[n:n+16]
	binary.LittleEndian.PutUint64(room, binary.LittleEndian.Uint64(src))
	binary.LittleEndian.PutUint64(room[8:], binary.LittleEndian.Uint64(src[8:]))
	return dst[:n+to-from]
}

// lineEnd makes CR and CR LF one LF (XML 1.0 §2.11).
func (d *Decoder) lineEnd(w []byte) fault {
	n := d.run.pos + 1
	if n == len(w) {
		return more
	}
	if w[n] == '\n' {
		d.replace(w, '\n', 2)
	} else {
		d.replace(w, '\n', 1)
	}
	return ok
}

// reference replaces a reference.
func (d *Decoder) reference(w []byte) fault {
	ref := w[d.run.pos:]
	if c, n := predefined(ref); n > 0 {
		d.replace(w, c, n)
		return ok
	}
	r, n, f := consumeRef(ref)
	if f != ok {
		return f
	}
	d.flush(w, n)
	if !d.skim {
		d.text = utf8.AppendRune(d.text, r)
	}
	return ok
}

// startsCDATA returns ok when w, which begins with <, opens a CDATA section, more when that is not decided, or an error.
func startsCDATA(w []byte) fault {
	for i := 1; i < len(cdataOpen); i++ {
		if i == len(w) {
			return more
		}
		if w[i] != cdataOpen[i] {
			return faultMarkup
		}
	}
	return ok
}

// finishText makes the token for the run that ends before a < that begins no CDATA section.
func (d *Decoder) finishText(w []byte) (int, fault) {
	n := d.run.pos
	if n == 0 {
		return d.scanRestricted(w)
	}
	text := w[:n:n]
	if d.run.escaped {
		d.flush(w, 0)
		text = d.text
	}
	empty := len(text) == 0 && !d.skim
	d.run = textScan{}
	if empty { // nothing but empty CDATA sections: no token
		d.consumed(n)
		return d.scan(d.window())
	}
	t := &d.tok
	t.Kind, t.Name, t.Attrs, t.Text = KindText, Name{}, nil, text
	return n, ok
}
