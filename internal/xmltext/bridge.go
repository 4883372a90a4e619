package xmltext

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"reflect"
	"sync"
)

// TokenReader returns the tokens from here on for xml.NewTokenDecoder. After a start token that ReadToken has just
// returned, it delivers that element, its start token first, and then io.EOF. Namespace declarations are not delivered:
// names are resolved, and encoding/xml would resolve them a second time.
func (d *Decoder) TokenReader() xml.TokenReader {
	r := &tokenReader{d: d}
	if d.atStart() {
		r.next, r.end = &d.tok, len(d.frames)-1
	}
	return r
}

type tokenReader struct {
	d    *Decoder
	next *Token // to be delivered first
	end  int    // the number of open elements after which it is over
	over bool
}

// Token implements xml.TokenReader. Character data is a view that is valid until the next call.
func (r *tokenReader) Token() (xml.Token, error) {
	t := r.next
	if r.over {
		return nil, io.EOF
	}
	if r.next = nil; t == nil {
		var err error
		if t, err = r.d.ReadToken(); err != nil {
			return nil, err
		}
	}
	switch t.Kind {
	case KindStart:
		return startElement(t)
	case KindEnd:
		r.over = r.end > 0 && r.d.Depth() == r.end
		return xml.EndElement{Name: xml.Name(t.Name)}, nil
	}
	return xml.CharData(t.Text), nil
}

// startElement copies a start token.
func startElement(t *Token) (xml.Token, error) {
	if err := crossable(t.Name); err != nil {
		return nil, err
	}
	s := xml.StartElement{Name: xml.Name(t.Name)}
	if len(t.Attrs) > 0 {
		s.Attr = make([]xml.Attr, len(t.Attrs))
	}
	for i := range t.Attrs {
		a := &t.Attrs[i]
		if err := crossable(a.Name); err != nil {
			return nil, err
		}
		s.Attr[i] = xml.Attr{Name: xml.Name(a.Name), Value: string(a.Value)}
	}
	return s, nil
}

// crossable refuses what encoding/xml would take for something else: in its tokens Space may be a prefix too, and "xmlns"
// and "xml" are prefixes to it even where they are namespaces; an attribute in a namespace called "xmlns" would redeclare
// another one.
func crossable(n Name) error {
	if n.Space == "xmlns" || n.Space == "xml" || n.Space == "" && n.Local == "xmlns" {
		return fmt.Errorf("xmltext: the name %q in namespace %q cannot be given to encoding/xml", n.Local, n.Space)
	}
	return nil
}

// maxLimits is for what this program itself holds in memory.
var maxLimits = Limits{StanzaBytes: math.MaxInt32, Depth: 1 << 10, Attrs: 1 << 16, NameBytes: 1 << 16}

// Unmarshal decodes the one element that raw holds into v by the rules of encoding/xml, through the checks of a Decoder.
// A field with the option ,innerxml works where the type of v shows it: then encoding/xml reads raw itself, after the
// checks, and leaves attribute values as they are written.
func Unmarshal(raw []byte, v any) error {
	d := NewBytesDecoder(raw, maxLimits)
	if wantsInnerXML(reflect.TypeOf(v)) {
		if err := check(d); err != nil {
			return err
		}
		return xml.Unmarshal(raw, v)
	}
	if err := xml.NewTokenDecoder(d.TokenReader()).Decode(v); err != nil {
		return err
	}
	return check(d)
}

// check reads what is left.
func check(d *Decoder) error {
	for {
		if _, err := d.ReadToken(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// Marshal encodes v by the rules of encoding/xml as one element that stands alone, checked, each namespace declared once.
// It returns the element's name too. Characters that XML cannot carry are U+FFFD in it, as encoding/xml writes them.
func Marshal(v any) (raw []byte, name Name, err error) {
	b, err := xml.Marshal(v)
	if err != nil {
		return nil, Name{}, err
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, Name{}, fmt.Errorf("xmltext: a %T marshals to no element", v)
	}
	d := NewBytesDecoder(b, maxLimits)
	var e Encoder
	e.Standalone()
	for {
		t, err := d.ReadToken()
		if err == io.EOF {
			raw, err = e.Bytes()
			return raw, name, err
		}
		if err != nil {
			return nil, Name{}, fmt.Errorf("xmltext: a %T marshals to something else than one element: %w", v, err)
		}
		if d.Depth() == 1 && t.Kind == KindStart {
			name = t.Name
		}
		e.Token(t)
	}
}

// innerXML remembers for each type what wantsInnerXML found.
var innerXML sync.Map // reflect.Type → bool

// wantsInnerXML reports whether a field with the option ,innerxml can be reached from t.
func wantsInnerXML(t reflect.Type) bool {
	if t == nil {
		return false
	}
	if v, is := innerXML.Load(t); is {
		return v.(bool)
	}
	found := findInnerXML(t, make(map[reflect.Type]bool))
	innerXML.Store(t, found)
	return found
}

func findInnerXML(t reflect.Type, seen map[reflect.Type]bool) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return false
	}
	seen[t] = true
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("xml") == ",innerxml" || findInnerXML(f.Type, seen) {
			return true
		}
	}
	return false
}
