package xmltext

import "bytes"

// task is a reading of a whole element. It outlives a read error, so that the same call goes on where it stopped.
type task struct {
	kind  taskKind
	depth int // the number of open elements when it is done
}

type taskKind uint8

const (
	taskNone taskKind = iota
	taskElement
	taskText
	taskSkip
)

// begin starts a task at the start tag that was just returned, or goes on with it.
func (d *Decoder) begin(kind taskKind) error {
	d.stale.poison()
	if d.task.kind == kind {
		return nil
	}
	if !d.atStart() {
		return errNotAtStart
	}
	if kind == taskElement && d.stream && len(d.frames) == 1 {
		return errRootElement
	}
	d.task = task{kind: kind, depth: len(d.frames) - 1}
	d.special |= tasked
	d.skim = true
	return nil
}

func (d *Decoder) endTask() {
	d.task = task{}
	d.special &^= tasked
	if d.skim && d.run.pos > 0 { // given up inside a text: what was left out is wanted now
		d.run = textScan{}
	}
	d.skim = false
	d.scope.unwatch()
}

// ReadElement returns the whole element whose start tag ReadToken has just returned, start tag included, as XML that
// stands alone: the declarations that it inherits and uses in names are added to its start tag. All of it is checked as
// tokens are. The result is a view that is valid until the next call of any method. After an error of the reader, calling
// ReadElement again goes on.
func (d *Decoder) ReadElement() ([]byte, error) {
	if d.task.kind != taskElement {
		if err := d.begin(taskElement); err != nil {
			return nil, err
		}
		d.watch()
	}
	for len(d.frames) > d.task.depth {
		if err := d.advance(); err != nil {
			return nil, err
		}
	}
	elem := d.standAlone(d.b[d.keep:d.pos:d.pos])
	d.endTask()
	if d.stale != nil {
		return d.stale.bytes(elem), nil
	}
	return elem, nil
}

// watch takes note from here on of the declarations from outside the open element that it uses, in its start tag first.
func (d *Decoder) watch() {
	top := &d.frames[len(d.frames)-1]
	d.scope.watch(top.mark)
	if top.q.prefix == "" {
		d.scope.defaultURI(top.dflt)
	} else {
		d.scope.resolve(top.q.prefix)
	}
	for i := range d.tag.raw {
		if q := d.tag.raw[i].q; q.decl == declNone && q.prefix != "" {
			d.scope.resolve(q.prefix)
		}
	}
}

// standAlone adds to an element the declarations that watch noted. None of them can be in its start tag already: a prefix
// that is declared there is not inherited.
func (d *Decoder) standAlone(elem []byte) []byte {
	if len(d.scope.uses) == 0 && !d.scope.bare {
		return elem
	}
	name := nameEnd(elem, 1)
	// Namespaces in XML 1.0 §6.2: names without prefix inside one with a prefix, where no default namespace is, are in none;
	// they'd be in that of whatever the element is put into.
	bare := d.scope.bare && bytes.IndexByte(elem[:name], ':') >= 0
	if len(d.scope.uses) == 0 && !bare {
		return elem
	}
	out := append(d.elem[:0], elem[:name]...)
	if bare {
		out = append(out, " xmlns=''"...)
	}
	for _, i := range d.scope.uses {
		b := &d.scope.stack[i]
		out = append(out, " xmlns"...)
		if b.prefix != "" {
			out = append(append(out, ':'), b.prefix...)
		}
		out = append(out, '=', '\'')
		out, _, _ = appendEscapedValue(out, view(b.uri))
		out = append(out, '\'')
	}
	d.elem = append(out, elem[name:]...)
	return d.elem
}

// AppendText appends to dst the character data of the element whose start tag ReadToken has just returned, and reads to
// the end of that element. Child elements are skipped with their text. After an error of the reader, what was appended so
// far is returned, and calling AppendText again with it goes on.
func (d *Decoder) AppendText(dst []byte) ([]byte, error) {
	if err := d.begin(taskText); err != nil {
		return dst, err
	}
	for len(d.frames) > d.task.depth {
		d.skim = len(d.frames) > d.task.depth+1
		if err := d.advance(); err != nil {
			return dst, err
		}
		if d.tok.Kind == KindText && !d.skim {
			dst = append(dst, d.tok.Text...)
		}
	}
	d.endTask()
	return dst, nil
}

// SkipElement reads to the end of the element whose start tag ReadToken has just returned. After an error of the reader,
// calling it again goes on.
func (d *Decoder) SkipElement() error {
	if err := d.begin(taskSkip); err != nil {
		return err
	}
	for len(d.frames) > d.task.depth {
		if err := d.advance(); err != nil {
			return err
		}
	}
	d.endTask()
	return nil
}
