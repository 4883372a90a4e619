package stanza

import (
	"encoding/xml"
	"fmt"
	"io"

	"github.com/canto-im/canto/internal/xmltext"
)

// The bridge to encoding/xml: stanzas, errors and elements may stand in a user's structs and go through xml.Marshal and
// xml.Unmarshal. It goes through our own reading and writing, so that the same rules hold.

// MarshalXML implements xml.Marshaler. The element is named as the stanza is, whatever start says.
func (m Message) MarshalXML(enc *xml.Encoder, _ xml.StartElement) error {
	return marshalStanza(enc, &m)
}

// MarshalXML implements xml.Marshaler. The element is named as the stanza is, whatever start says.
func (p Presence) MarshalXML(enc *xml.Encoder, _ xml.StartElement) error {
	return marshalStanza(enc, &p)
}

// MarshalXML implements xml.Marshaler. The element is named as the stanza is, whatever start says.
func (iq IQ) MarshalXML(enc *xml.Encoder, _ xml.StartElement) error { return marshalStanza(enc, &iq) }

// MarshalXML implements xml.Marshaler: an <error/> in the namespace "jabber:client".
func (e Error) MarshalXML(enc *xml.Encoder, _ xml.StartElement) error {
	var b xmltext.Encoder
	b.Reset(nil, "")
	w := writer{e: &b, space: contentNS}
	if err := w.failure(&e); err != nil {
		return err
	}
	raw, err := b.Bytes()
	if err != nil {
		return fmt.Errorf("stanza: %w", err)
	}
	return marshalRaw(enc, raw)
}

// MarshalXML implements xml.Marshaler. The element keeps its own name; the zero Element is nothing.
func (e Element) MarshalXML(enc *xml.Encoder, _ xml.StartElement) error {
	if e.err != nil {
		return e.err
	}
	if e.raw == "" {
		return nil
	}
	return marshalRaw(enc, []byte(e.raw))
}

// UnmarshalXML implements xml.Unmarshaler. The element may be in a content namespace or in none.
func (m *Message) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	return unmarshalStanza(dec, start, m)
}

// UnmarshalXML implements xml.Unmarshaler. The element may be in a content namespace or in none.
func (p *Presence) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	return unmarshalStanza(dec, start, p)
}

// UnmarshalXML implements xml.Unmarshaler. The element may be in a content namespace or in none.
func (iq *IQ) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	return unmarshalStanza(dec, start, iq)
}

// UnmarshalXML implements xml.Unmarshaler. The name of the element does not matter.
func (e *Error) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	raw, err := unmarshalRaw(dec, start)
	if err != nil {
		return err
	}
	got, err := parseError(string(raw))
	if err != nil {
		return err
	}
	*e = *got
	return nil
}

// UnmarshalXML implements xml.Unmarshaler: any element.
func (e *Element) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	raw, err := unmarshalRaw(dec, start)
	if err != nil {
		return err
	}
	*e = Element{name: start.Name, raw: string(raw)}
	return nil
}

func marshalStanza(enc *xml.Encoder, st Stanza) error {
	raw, err := Append(nil, st)
	if err != nil {
		return err
	}
	return marshalRaw(enc, raw)
}

// marshalRaw writes one element, token by token.
func marshalRaw(enc *xml.Encoder, raw []byte) error {
	d := xmltext.NewBytesDecoder(raw, ownLimits)
	for {
		t, err := d.ReadToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("stanza: %w", err)
		}
		if err := enc.EncodeToken(standardToken(t)); err != nil {
			return err
		}
	}
}

// standardToken returns t as encoding/xml has it.
func standardToken(t *xmltext.Token) xml.Token {
	switch t.Kind {
	case xmltext.KindStart:
		s := xml.StartElement{Name: xmlName(t.Name)}
		if t.Name.Space == "" {
			// encoding/xml writes nothing for "no namespace", which would let the element fall into its parent's.
			s.Attr = append(s.Attr, xml.Attr{Name: xml.Name{Local: "xmlns"}})
		}
		for _, a := range t.Attrs {
			s.Attr = append(s.Attr, xml.Attr{Name: xmlName(a.Name), Value: string(a.Value)})
		}
		return s
	case xmltext.KindEnd:
		return xml.EndElement{Name: xmlName(t.Name)}
	default:
		return xml.CharData(t.Text)
	}
}

// unmarshalStanza reads the element whose start tag is start into v.
func unmarshalStanza[T any](dec *xml.Decoder, start xml.StartElement, v *T) error {
	raw, err := unmarshalRaw(dec, start)
	if err != nil {
		return err
	}
	d := xmltext.NewBytesDecoder(raw, ownLimits)
	t, err := d.ReadToken()
	if err != nil {
		return fmt.Errorf("stanza: %w", err)
	}
	st, err := (&Decoder{d: d, bare: true}).Decode(t)
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

// unmarshalRaw returns the element whose start tag is start as XML that stands by itself.
func unmarshalRaw(dec *xml.Decoder, start xml.StartElement) ([]byte, error) {
	var e xmltext.Encoder
	e.Reset(nil, "")
	writeStart(&e, start)
	for depth := 1; depth > 0; {
		t, err := dec.Token()
		if err != nil {
			return nil, unexpectedEOF(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			depth++
			writeStart(&e, t)
		case xml.EndElement:
			depth--
			e.End()
		case xml.CharData:
			e.TextBytes(t)
		}
	}
	raw, err := e.Bytes()
	if err != nil {
		return nil, fmt.Errorf("stanza: %w", err)
	}
	return raw, nil
}

// writeStart writes a start tag of encoding/xml. Its namespace declarations are left to the encoder.
func writeStart(e *xmltext.Encoder, t xml.StartElement) {
	e.Start(xmltext.Name(t.Name))
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		e.AttrNS(xmltext.Name(a.Name), a.Value)
	}
}
