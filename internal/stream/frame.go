package stream

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"math"
	"slices"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// A FrameKind says what a Frame is.
type FrameKind uint8

// The kinds of frame.
const (
	FrameElement FrameKind = iota // a stanza, the features, an error, …
	FrameOpen                     // the header of a stream
	FrameClose                    // its end
)

// A Frame is one message of a framed stream (RFC 7395 §3.3.3), or the part of an unframed one that makes one.
type Frame struct {
	Kind   FrameKind
	Header Header       // of FrameOpen
	Name   xmltext.Name // of FrameElement
	// XML is the element, as a document that stands alone. It is a view, valid until the next frame is asked for.
	XML []byte
	// SeeOther is where the server would like the client to go, with FrameClose (RFC 7395 §3.6.1); "" for nowhere.
	SeeOther string
}

// AppendOpen appends the header as the document that begins a framed stream (RFC 7395 §3.4). An attribute whose value XML
// cannot carry is left out.
func (h Header) AppendOpen(dst []byte) []byte {
	dst = append(dst, "<open"...)
	dst = appendAttr(dst, "xmlns", ns.Framing) // RFC 7395 §3.3.2
	return append(h.appendAttrs(dst), "/>"...)
}

// CloseFrame is the document that ends a framed stream (RFC 7395 §3.6).
const CloseFrame = "<close xmlns='" + ns.Framing + "'/>"

// ReadFrame reads one message of a framed stream with d, whose limits hold for it. What breaks a rule of the framing is an
// *Error, what breaks one of XML a *xmltext.SyntaxError.
func ReadFrame(d *xmltext.Decoder, msg []byte) (Frame, error) {
	d.ResetBytes(msg)
	t, err := d.ReadToken()
	if err != nil && bytes.HasPrefix(msg, bareError) {
		// RFC 7395 §3.3.3 has a message declare its own prefixes. Prosody 13 leaves that out of stream errors, the last words that
		// say why the stream ends.
		msg = slices.Concat([]byte(streamRoot), msg)
		d.ResetBytes(msg)
		if _, err = d.ReadToken(); err == nil {
			t, err = d.ReadToken()
		}
	}
	if err != nil {
		return Frame{}, frameError(err)
	}
	f := Frame{Name: t.Name}
	switch {
	case t.Name == xmltext.Name{Space: ns.Framing, Local: "open"}:
		f.Kind = FrameOpen
		f.Header = headerOf(t)
	case t.Name == xmltext.Name{Space: ns.Framing, Local: "close"}:
		f.Kind, f.SeeOther = FrameClose, attr(t, "see-other-uri")
	case t.Name.Space == ns.Framing:
		return Frame{}, newError("bad-format", "the framing of RFC 7395 has no element %q", t.Name.Local)
	case t.Name.Local == "open", t.Name.Local == "close", t.Name == xmltext.Name{Space: ns.Stream, Local: "stream"}:
		// RFC 7395 §3.3.2: a header outside of the namespace ends the stream with this condition.
		return Frame{}, newError("invalid-namespace", "<%s/> is in the namespace %q", t.Name.Local, t.Name.Space)
	}
	if f.XML, err = d.ReadElement(); err != nil {
		return Frame{}, frameError(err)
	}
	if len(trimSpace(msg[d.InputOffset():])) > 0 {
		return Frame{}, newError("not-well-formed", "a message holds more than one element (RFC 7395 §3.3.3)")
	}
	return f, nil
}

// bareError is how a stream error begins with the prefix that it has over TCP.
var bareError = []byte("<stream:error>")

func trimSpace(b []byte) []byte { return bytes.TrimLeft(b, " \t\r\n") }

// frameError is the error for a message that ends before its element does, or goes on behind it.
func frameError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return newError("not-well-formed", "the message is no whole XML document (RFC 7395 §3.3.3)")
	}
	return err
}

// A Framer cuts what is written to a stream of RFC 6120 into frames. Its zero value is ready; it is for one goroutine at a
// time.
type Framer struct {
	dec  *xmltext.Decoder
	lang string // of the stream
	doc  []byte
}

// streamRoot is what the elements of a stream stand in.
const streamRoot = "<stream:stream xmlns='" + ns.Client + "' xmlns:stream='" + ns.Stream + "'>"

// Frames returns what b, which holds whole headers, elements and ends, comes to: one frame each, and none for the white
// space in between (RFC 7395 §3.8). After an error, which says that b is no such thing, it ends.
func (f *Framer) Frames(b []byte) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		for rest := trimSpace(b); len(rest) > 0; {
			n, ok := f.cut(rest, yield)
			if !ok {
				return
			}
			rest = trimSpace(rest[n:])
		}
	}
}

// cut yields the frames of b up to the next header. It returns how long they were, and whether to go on.
func (f *Framer) cut(b []byte, yield func(Frame, error) bool) (int, bool) {
	var base int64 // of b in what the decoder reads
	if f.begins(b) {
		f.reset(bytes.NewReader(b))
		h, err := ReadHeader(f.dec)
		if f.lang = h.Lang; !yield(Frame{Kind: FrameOpen, Header: h}, err) || err != nil {
			return 0, false
		}
	} else {
		base = int64(len(streamRoot))
		f.reset(io.MultiReader(bytes.NewReader([]byte(streamRoot)), bytes.NewReader(b)))
		_, _ = f.dec.ReadToken() // of a constant
	}
	for {
		at := int(f.dec.InputOffset() - base)
		next := trimSpace(b[at:])
		if len(next) == 0 || f.begins(next) {
			return len(b) - len(next), true
		}
		frame, err := f.next()
		if !yield(frame, err) || err != nil {
			return 0, false
		}
		if frame.Kind == FrameClose {
			return int(f.dec.InputOffset() - base), true
		}
	}
}

// begins reports whether a header stands at the beginning of b.
func (f *Framer) begins(b []byte) bool {
	return bytes.HasPrefix(b, []byte("<?xml")) || bytes.HasPrefix(b, []byte("<stream:stream"))
}

// reset makes the decoder read r. What we write ourselves has no limits but those of memory.
func (f *Framer) reset(r io.Reader) {
	if f.dec == nil {
		f.dec = xmltext.NewDecoder(r, xmltext.Limits{StanzaBytes: math.MaxInt32, Depth: math.MaxInt32, Attrs: math.MaxInt32, NameBytes: math.MaxInt32})
		return
	}
	f.dec.Reset(r)
}

// next reads one child of the stream, or its end.
func (f *Framer) next() (Frame, error) {
	t, err := f.dec.ReadToken()
	if err != nil {
		return Frame{}, frameError(err)
	}
	if t.Kind == xmltext.KindEnd {
		return Frame{Kind: FrameClose}, nil
	}
	name := t.Name
	_, speaks := t.Lang()
	doc, err := f.dec.ReadElement()
	if err != nil {
		return Frame{}, frameError(err)
	}
	if f.lang != "" && !speaks && name.Space == ns.Client {
		// RFC 7395 §3.3.3: complete with all relevant language declarations.
		doc = f.inLang(doc)
	}
	return Frame{Name: name, XML: doc}, nil
}

// inLang adds the language of the stream to the start tag that doc begins with.
func (f *Framer) inLang(doc []byte) []byte {
	name := bytes.IndexAny(doc, " \t\r\n/>")
	f.doc = append(f.doc[:0], doc[:name]...)
	f.doc = appendAttr(f.doc, "xml:lang", f.lang)
	f.doc = append(f.doc, doc[name:]...)
	return f.doc
}
