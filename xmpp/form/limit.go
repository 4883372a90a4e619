package form

import (
	"encoding/xml"
	"fmt"
	"io"
)

// maxElements is how many elements a form may have. An empty field is 8 bytes of XML and twenty times that in memory; the
// forms of the field have a few hundred elements, a table of a thousand rows has some ten thousand.
const maxElements = 1 << 16

// UnmarshalXML implements xml.Unmarshaler. A form of more than 65,536 elements is an error.
func (f *Form) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	type plain Form
	return xml.NewTokenDecoder(&counter{from: d, next: start, left: maxElements}).Decode((*plain)(f))
}

// A counter hands on the tokens of one element, whose start has been read, and counts.
type counter struct {
	from *xml.Decoder
	next xml.Token // before those of from
	left int
	open int
}

// Token implements xml.TokenReader.
func (c *counter) Token() (xml.Token, error) {
	t := c.next
	if c.next = nil; t == nil {
		if c.open == 0 {
			return nil, io.EOF
		}
		var err error
		if t, err = c.from.Token(); err != nil {
			return nil, err
		}
	}
	switch s := t.(type) {
	case xml.StartElement:
		if c.left--; c.left < 0 {
			return nil, fmt.Errorf("form: more than %d elements", maxElements)
		}
		c.open++
		return undeclared(s), nil
	case xml.EndElement:
		c.open--
	}
	return t, nil
}

// undeclared returns s without namespace declarations: its names are resolved, and would be a second time.
func undeclared(s xml.StartElement) xml.StartElement {
	var attrs []xml.Attr
	for _, a := range s.Attr {
		if a.Name.Space != "xmlns" && (a.Name.Space != "" || a.Name.Local != "xmlns") {
			attrs = append(attrs, a)
		}
	}
	s.Attr = attrs
	return s
}
