package stanza

import (
	"strconv"
	"strings"

	"github.com/canto-im/canto/internal/xmltext"
)

// startInside takes the start tag of an element inside a child that holds text. RFC 6121 §5.2.3, §5.2.4, §5.2.5, §4.7.2: such a
// child must not contain mixed content; what stands there anyway is ignored and kept. From here on the child is written
// again as it is read.
func (w *work) startInside() {
	c := &w.child
	c.odd, c.inside = true, true
	w.state = stateRaw
	w.writeAgain()
}

// writeAgain brings the second writing of an odd child up to what has been read of it. It declares no namespace for the
// child itself, so that it is of whatever content namespace it will be sent in.
func (w *work) writeAgain() {
	c := &w.child
	if c.again == nil {
		c.again = new(xmltext.Encoder)
		c.again.Reset(nil, w.space)
		c.again.Start(c.name)
		for _, a := range c.attrs {
			c.again.AttrNS(a.name, string(w.bytes(a.value)))
		}
	}
	c.again.TextBytes(w.bytes(span{c.done.to, c.value.to}))
	c.done.to = c.value.to
}

// endText takes the end tag of a child that holds text.
func (w *work) endText() {
	w.state = stateChildren
	c := &w.child
	second := w.seen[c.field]
	w.seen[c.field] = true
	o := oddSpan{field: c.field, text: -1}
	switch c.field {
	case fieldBody, fieldSubject, fieldStatus:
		o.text = len(w.texts)
		w.texts = append(w.texts, textSpan{c.field, c.lang, c.value})
	case fieldThread:
		// RFC 6121 §5.2.5: a message must not contain more than one <thread/>. The first counts.
		if o.extra = second; second {
			break
		}
		o.text = len(w.texts)
		w.texts = append(w.texts, textSpan{c.field, c.lang, c.value})
		c.odd = c.odd || c.lang.empty() && c.value.empty()
	case fieldShow:
		// RFC 6121 §4.7.2.1: presence must not contain more than one <show/>. The first counts.
		if o.extra = second; second {
			break
		}
		w.show = knownShow(strings.TrimSpace(string(w.bytes(c.value))))
		o.value.Value = string(w.show)
		c.odd = c.odd || w.show == Online
	case fieldPriority:
		// RFC 6121 §4.7.2.3: presence must not contain more than one <priority/>. The first counts.
		if o.extra = second; second {
			break
		}
		n, err := strconv.ParseInt(strings.TrimSpace(string(w.bytes(c.value))), 10, 8)
		if err != nil {
			n = 0 // RFC 6121 §4.7.2.3: the priority of presence that provides none
		}
		w.priority = int8(n)
		o.value.Value = priorityText(w.priority)
		c.odd = c.odd || err != nil
	}
	if c.odd || o.extra {
		w.endOdd(o)
	}
}

// priorityText is the value under which an odd priority is found again.
func priorityText(p int8) string { return strconv.Itoa(int(p)) }

// endOdd keeps the child as it was written.
func (w *work) endOdd(o oddSpan) {
	w.writeAgain()
	c := &w.child
	c.again.End()
	raw, err := c.again.Bytes()
	if err != nil {
		return // cannot be: every part of it was read by a decoder that checks the same
	}
	o.raw = w.add(raw)
	w.odd = append(w.odd, o)
}
