package stanza

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"

	"github.com/canto-im/canto/internal/xmltext"
)

// An Element is one XML element as it stood on the wire, or as Payload or ParseElement made it. It is immutable, may be
// copied and shared, and stands by itself: it carries the namespace declarations that it uses. The zero Element is none.
//
// An element that was received is well-formed and within the limits of its session. Its string shares the memory of the
// stanza that it came with.
type Element struct {
	name xml.Name
	raw  string
	err  error // why it could not be made
}

var errNoElement = errors.New("stanza: there is no element")

// Payload makes an element of v with encoding/xml, now: later changes of v do not show. An Element stays as it is, a *Message,
// *Presence, *IQ or *Error becomes the element that it is sent as, and nil is the zero Element. Where it fails, the element
// keeps the error: Err returns it, and so does the sending of a stanza that has the element as its payload, so that a
// literal needs no second line.
//
// A payload must have a namespace (RFC 6120 §8.4): a struct gives it with the tag of its XMLName field.
func Payload(v any) Element {
	switch v := v.(type) {
	case nil:
		return Element{}
	case Element:
		return v
	case *Element:
		if v == nil {
			return Element{}
		}
		return *v
	case Stanza:
		raw, err := Append(nil, v)
		if err != nil {
			return failedElement(err)
		}
		return Element{name: xml.Name{Space: contentNS, Local: v.Kind()}, raw: string(raw)}
	}
	raw, name, err := xmltext.Marshal(v)
	if err != nil {
		return failedElement(fmt.Errorf("stanza: payload of type %T: %w", v, err))
	}
	if name.Space == "" {
		return failedElement(fmt.Errorf("stanza: payload of type %T: element %q has no namespace, which RFC 6120 §8.4 asks for; "+
			"give its XMLName field a tag such as `xml:\"urn:example:ns %s\"`", v, name.Local, name.Local))
	}
	return Element{name: xmlName(name), raw: string(raw)}
}

// ParseElement returns the one element that s holds, which must be well-formed, free of what XMPP forbids (comments, processing
// instructions, entities other than the five of XML: RFC 6120 §11.1), and followed by nothing but white space.
func ParseElement(s string) (Element, error) {
	d := xmltext.NewBytesDecoder([]byte(s), xmltext.Limits{})
	start, err := d.ReadToken()
	if err != nil {
		return Element{}, fmt.Errorf("stanza: parse element: %w", unexpectedEOF(err))
	}
	name := xmlName(start.Name)
	raw, err := d.ReadElement()
	if err != nil {
		return Element{}, fmt.Errorf("stanza: parse element: %w", unexpectedEOF(err))
	}
	e := Element{name: name, raw: string(raw)}
	if err := expectEnd(d); err != nil {
		return Element{}, fmt.Errorf("stanza: parse element: %w", err)
	}
	return e, nil
}

// failedElement returns an element that cannot be sent, because of err.
func failedElement(err error) Element { return Element{err: err} }

// Name returns the element's namespace and local name; zero for the zero Element.
func (e Element) Name() xml.Name { return e.name }

// Is reports whether that is the element's name.
func (e Element) Is(space, local string) bool { return e.name.Local == local && e.name.Space == space }

// IsZero reports whether there is no element.
func (e Element) IsZero() bool { return e.raw == "" && e.err == nil }

// Err returns why the element could not be made; nil for one that stands.
func (e Element) Err() error { return e.err }

// String returns the element's XML; "" when there is none.
func (e Element) String() string { return e.raw }

// Attr returns the value of the element's attribute of that name without namespace; "" when there is none.
func (e Element) Attr(local string) string {
	if e.raw == "" || local == "xmlns" || strings.Contains(local, ":") {
		return ""
	}
	if v, ok := rawAttr(e.raw, local); ok {
		return v
	}
	start, err := e.decoder().ReadToken()
	if err != nil {
		return ""
	}
	v, _ := start.Attr(local)
	return string(v)
}

// Lang returns the element's own xml:lang; "" when it has none.
func (e Element) Lang() string {
	if e.raw == "" {
		return ""
	}
	if v, ok := rawAttr(e.raw, "xml:lang"); ok {
		return v
	}
	start, err := e.decoder().ReadToken()
	if err != nil {
		return ""
	}
	v, _ := start.Lang()
	return string(v)
}

// Text returns the character data directly inside the element, without that of its children.
func (e Element) Text() string {
	if e.raw == "" {
		return ""
	}
	if v, ok := rawText(e.raw); ok {
		return v
	}
	d := e.decoder()
	if _, err := d.ReadToken(); err != nil {
		return ""
	}
	b, err := d.AppendText(nil)
	if err != nil {
		return ""
	}
	return string(b)
}

// Children iterates over the child elements, in order.
func (e Element) Children() iter.Seq[Element] {
	return func(yield func(Element) bool) {
		if e.raw == "" {
			return
		}
		d := e.decoder()
		if _, err := d.ReadToken(); err != nil {
			return
		}
		for {
			t, err := d.ReadToken()
			if err != nil || t.Kind == xmltext.KindEnd {
				return
			}
			if t.Kind != xmltext.KindStart {
				continue
			}
			c := Element{name: xmlName(t.Name)}
			raw, err := d.ReadElement()
			if err != nil {
				return
			}
			c.raw = e.part(raw, int(d.InputOffset()))
			if !yield(c) {
				return
			}
		}
	}
}

// part returns a copy of raw, which a decoder has just read up to end: a part of e.raw where it stands there as it is, which
// it does unless it inherits namespace declarations.
func (e Element) part(raw []byte, end int) string {
	if from := end - len(raw); from >= 0 && end <= len(e.raw) && e.raw[from:end] == string(raw) {
		return e.raw[from:end]
	}
	return string(raw)
}

// Child returns the first child element of that name; the zero Element when there is none. An empty space or local matches
// any.
func (e Element) Child(space, local string) Element {
	for c := range e.Children() {
		if (space == "" || c.name.Space == space) && (local == "" || c.name.Local == local) {
			return c
		}
	}
	return Element{}
}

// Decode reads the element into v with the tags of encoding/xml: v is a pointer, as for xml.Unmarshal. Into a *Message,
// *Presence, *IQ or *Error it reads a stanza that another element carried (XEP-0297).
func (e Element) Decode(v any) error {
	if e.err != nil {
		return e.err
	}
	if e.raw == "" {
		return errNoElement
	}
	if done, err := e.decodeOwn(v); done {
		return err
	}
	if err := xmltext.Unmarshal([]byte(e.raw), v); err != nil {
		return fmt.Errorf("stanza: element %q: %w", e.name.Local, err)
	}
	return nil
}

// decodeOwn reads the element into v when that is one of this package's types.
func (e Element) decodeOwn(v any) (done bool, err error) {
	switch v := v.(type) {
	case *Element:
		*v = e
	case *Error:
		var got *Error
		if got, err = parseError(e.raw); err == nil {
			*v = *got
		}
	case *Message:
		err = decodeInto(v, e.raw)
	case *Presence:
		err = decodeInto(v, e.raw)
	case *IQ:
		err = decodeInto(v, e.raw)
	default:
		return false, nil
	}
	return true, err
}

// decodeInto parses raw as the stanza kind T and stores it in v.
func decodeInto[T any](v *T, raw string) error {
	st, err := parse([]byte(raw), ownLimits)
	if err != nil {
		return err
	}
	got, ok := any(st).(*T)
	if !ok {
		return fmt.Errorf("stanza: the element is a %s, not a %T", st.Kind(), *v)
	}
	*v = *got
	return nil
}

// decoder returns a decoder that stands before the element, which was checked when it was made: no limit is left to apply.
func (e Element) decoder() *xmltext.Decoder {
	return xmltext.NewBytesDecoder([]byte(e.raw), ownLimits)
}

// ownLimits let pass whatever a session's own limits let in.
var ownLimits = xmltext.Limits{StanzaBytes: math.MaxInt, Depth: math.MaxInt, Attrs: math.MaxInt, NameBytes: math.MaxInt}

// expectEnd returns an error unless the document that d reads is at its end.
func expectEnd(d *xmltext.Decoder) error {
	switch _, err := d.ReadToken(); err {
	case io.EOF:
		return nil
	case nil:
		return errors.New("there is more than one element")
	default:
		return err
	}
}

// unexpectedEOF makes the end of the input an error where something had to come.
func unexpectedEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
