package xmltext

// textScan is how far the reading of a run of text came. It is zero between runs.
type textScan struct {
	pos     int // relative to the start of the run
	escaped bool
	cdata   bool // inside a CDATA section
}

// scanText reads all the character data up to the next tag as one token.
func (d *Decoder) scanText(w []byte) (int, fault) {
	r := &d.run
	for {
		var f fault
		if r.cdata {
			if r.pos, f = consumeCDATA(w, r.pos); f != ok {
				return r.pos, f
			}
			r.cdata = false
		}
		var escaped bool
		r.pos, escaped, f = consumeText(w, r.pos)
		r.escaped = r.escaped || escaped
		if f != ok {
			return r.pos, f
		}
		switch startsCDATA(w[r.pos:]) {
		case more:
			return r.pos, more
		case ok:
			r.pos += len(cdataOpen)
			r.escaped, r.cdata = true, true
		default:
			return d.finishText(w)
		}
	}
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
	n, escaped := d.run.pos, d.run.escaped
	if n == 0 {
		return d.scanRestricted(w)
	}
	d.run = textScan{}
	text := w[:n:n]
	if escaped && !d.skim {
		d.text = appendText(d.text[:0], text)
		text = d.text
	}
	if len(text) == 0 { // nothing but empty CDATA sections: no token
		d.consumed(n)
		return d.scan(d.window())
	}
	t := &d.tok
	t.Kind, t.Name, t.Attrs, t.Text = KindText, Name{}, nil, text
	return n, ok
}
