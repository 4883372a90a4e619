package stream

import (
	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// readSASL2 reads the <authentication/> of XEP-0388 whose start tag d has just returned.
func readSASL2(d *xmltext.Decoder) (*SASL2, error) {
	s := new(SASL2)
	err := eachChild(d, func(t *xmltext.Token) error {
		switch t.Name {
		case xmltext.Name{Space: ns.SASL2, Local: "mechanism"}:
			return appendText(d, &s.Mechanisms)
		case xmltext.Name{Space: ns.SASL2, Local: "inline"}:
			return s.readInline(d)
		}
		return d.SkipElement()
	})
	return s, err
}

// readInline reads what can be negotiated together with the authentication.
func (s *SASL2) readInline(d *xmltext.Decoder) error {
	return eachChild(d, func(t *xmltext.Token) (err error) {
		switch t.Name {
		case xmltext.Name{Space: ns.SM, Local: "sm"}:
			s.Resume = true
		case xmltext.Name{Space: ns.Bind2, Local: "bind"}:
			s.Bind2, err = readBind2(d)
			return err
		case xmltext.Name{Space: ns.FAST, Local: "fast"}:
			s.FAST = new(FAST)
			s.FAST.Mechanisms, err = texts(d, xmltext.Name{Space: ns.FAST, Local: "mechanism"})
			return err
		}
		return d.SkipElement()
	})
}

// readBind2 reads the <bind/> of XEP-0386 whose start tag d has just returned.
func readBind2(d *xmltext.Decoder) (*Bind2, error) {
	b := new(Bind2)
	err := eachChild(d, func(t *xmltext.Token) (err error) {
		if t.Name != (xmltext.Name{Space: ns.Bind2, Local: "inline"}) {
			return d.SkipElement()
		}
		b.Features, err = attrs(d, xmltext.Name{Space: ns.Bind2, Local: "feature"}, "var")
		return err
	})
	return b, err
}

// appendText appends the character data of the element whose start tag d has just returned, unless it is empty.
func appendText(d *xmltext.Decoder, to *[]string) error {
	s, err := text(d)
	if s != "" {
		*to = append(*to, s)
	}
	return err
}
