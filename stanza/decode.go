package stanza

import (
	"errors"
	"fmt"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// contentNS is the namespace of stanzas unless a caller says otherwise.
const contentNS = ns.Client

// A Decoder reads stanzas from an XML stream. Package xmpp and the test server use it; its argument is of an internal
// package, so that other modules cannot: for them there are Parse and encoding/xml.
//
// A message costs three allocations: the struct, one string that its texts and payloads are parts of, and the slice of
// payloads. The names of payloads are interned by the xmltext.Decoder.
type Decoder struct {
	// Namespace is the content namespace of the stream. A stanza in another namespace is malformed. When it is empty,
	// "jabber:client", "jabber:server" and "jabber:component:accept" are all accepted.
	Namespace string

	// Lang is given to stanzas that have no xml:lang. RFC 6120 §8.1.5: their language is that of the input stream.
	Lang string

	bare bool // a stanza in no namespace is one, too: encoding/xml gives such to UnmarshalXML

	d    *xmltext.Decoder
	jids jidMemory
	work *work // the stanza that is being read; nil between stanzas
}

// NewDecoder returns a decoder that reads from d.
func NewDecoder(d *xmltext.Decoder) *Decoder { return &Decoder{d: d} }

// Decode returns the stanza whose start tag d has just returned. It reads to the stanza's end tag, also where it returns a
// *MalformedError: then the next stanza may be decoded. Any other error is one of d, as it is. After a read error that
// passes, such as a timeout, Decode(nil) goes on with the same stanza.
//
// Beside the limits of d, a stanza with more than 1024 children is malformed, and one that would take more than 8 times its
// bytes (16 KiB aside), because its children inherit long namespace declarations (PolicyViolation).
func (d *Decoder) Decode(start *xmltext.Token) (Stanza, error) {
	if start != nil {
		d.work = newWork()
		d.begin(start)
	}
	w := d.work
	if w == nil {
		return nil, errors.New("stanza: there is no stanza to go on with")
	}
	if err := d.readChildren(w); err != nil {
		return nil, err
	}
	d.work = nil
	st, err := w.finish()
	w.release()
	return st, err
}

// begin takes what the start tag holds.
func (d *Decoder) begin(start *xmltext.Token) {
	w := d.work
	w.space, w.depth, w.offset = start.Name.Space, d.d.Depth(), d.d.InputOffset()
	switch start.Name.Local {
	case KindMessage:
		w.kind = KindMessage
	case KindPresence:
		w.kind = KindPresence
	case KindIQ:
		w.kind = KindIQ
	}
	if w.kind == "" || !d.isContent(w.space) {
		w.kind = ""
		w.fail(ServiceUnavailable, fmt.Errorf("element %q in namespace %q is no stanza of this stream", start.Name.Local, w.space))
	}
	for i := range start.Attrs {
		d.readAttr(w, &start.Attrs[i])
	}
	if w.lang.empty() && d.Lang != "" {
		w.lang = w.addString(d.Lang)
	}
	w.checkStart()
	if w.condition != "" {
		w.state = stateSkip
	}
}

// isContent reports whether space is the content namespace.
func (d *Decoder) isContent(space string) bool {
	if d.Namespace != "" {
		return space == d.Namespace
	}
	return space == ns.Client || space == ns.Component || space == ns.Server || d.bare && space == ""
}

// readAttr takes one attribute of the start tag (RFC 6120 §8.1).
func (d *Decoder) readAttr(w *work, a *xmltext.Attr) {
	switch a.Name.Space {
	case "":
		switch a.Name.Local {
		case "id":
			w.id = w.add(a.Value)
			return
		case "from":
			j, err := d.jids.parse(a.Value)
			if err != nil {
				w.badFrom = true
				w.fail(JIDMalformed, fmt.Errorf("from: %w", err))
			}
			w.from = j
			return
		case "to":
			j, err := d.jids.parse(a.Value)
			if err != nil {
				w.fail(JIDMalformed, fmt.Errorf("to: %w", err))
			}
			w.to = j
			return
		case "type":
			w.setType(a.Value)
			return
		}
	case ns.XML:
		if a.Name.Local == "lang" {
			w.lang = w.add(a.Value)
			return
		}
	}
	w.attrs = append(w.attrs, attrSpan{a.Name, w.add(a.Value)})
}

// readChildren reads up to and with the stanza's end tag. Whatever error it returns, it can be called again: where it stands
// is w.state alone.
func (d *Decoder) readChildren(w *work) error {
	for {
		switch w.state {
		case stateSkip:
			return d.d.SkipElement()
		case stateRaw:
			raw, err := d.d.ReadElement()
			if err != nil {
				return err
			}
			w.endRaw(raw)
		}
		if w.condition != "" {
			return d.drain(w)
		}
		t, err := d.d.ReadToken()
		if err != nil {
			return err
		}
		if t.Kind == xmltext.KindEnd && w.state == stateChildren {
			return nil
		}
		w.read(t)
		w.checkSize(d.d.InputOffset())
	}
}

// drain reads what is left of a stanza that turned out to be none, and keeps nothing of it.
func (d *Decoder) drain(w *work) error {
	for d.d.Depth() >= w.depth {
		if _, err := d.d.ReadToken(); err != nil {
			return err
		}
	}
	return nil
}
