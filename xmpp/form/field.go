package form

import (
	"encoding/xml"
	"strings"

	"github.com/canto-im/canto/stanza"
)

// A FieldType says what the values of a field are (XEP-0004 §3.3). Empty, or one that is none of these, is as good as TextSingle.
type FieldType string

// The types of fields.
const (
	Boolean     FieldType = "boolean"      // yes or no
	Fixed       FieldType = "fixed"        // text to show, such as a heading; nothing to fill in
	Hidden      FieldType = "hidden"       // not to be shown, and sent back as it is
	JIDMulti    FieldType = "jid-multi"    // addresses
	JIDSingle   FieldType = "jid-single"   // an address
	ListMulti   FieldType = "list-multi"   // any of Options
	ListSingle  FieldType = "list-single"  // one of Options
	TextMulti   FieldType = "text-multi"   // lines of text
	TextPrivate FieldType = "text-private" // a line that nobody is to see over the user's shoulder
	TextSingle  FieldType = "text-single"  // a line of text
)

// known returns the type that t is treated as. XEP-0004 §3.3: TextSingle must be assumed where the type isn't understood.
func (t FieldType) known() FieldType {
	switch t {
	case Boolean, Fixed, Hidden, JIDMulti, JIDSingle, ListMulti, ListSingle, TextMulti, TextPrivate:
		return t
	}
	return TextSingle
}

// many reports whether a field of that type may have several values (XEP-0004 §3.2).
func (t FieldType) many() bool {
	return t == ListMulti || t == JIDMulti || t == TextMulti || t == Hidden
}

// A Field is one entry of a form (XEP-0004 §3.2).
type Field struct {
	Var      string           `xml:"var,attr,omitempty"` // its name; only a Fixed one may have none
	Type     FieldType        `xml:"type,attr,omitempty"`
	Label    string           `xml:"label,attr,omitempty"`         // its name for people
	Desc     string           `xml:"jabber:x:data desc,omitempty"` // explains it to them
	Required Flag             `xml:"jabber:x:data required"`       // it has to have a value
	Values   []string         `xml:"jabber:x:data value"`          // the default or what was filled in; nil: it's not part of a submission
	Options  []Option         `xml:"jabber:x:data option"`         // of ListSingle and ListMulti
	Rules    *Rules           `xml:"http://jabber.org/protocol/xdata-validate validate"`
	Media    *Media           `xml:"urn:xmpp:media-element media"` // to be shown with it
	Other    []stanza.Element `xml:",any"`                         // what else stands in it
}

// An Option is one of those that a list offers.
type Option struct {
	Label string `xml:"label,attr,omitempty"` // for people; empty: Value does
	Value string `xml:"jabber:x:data value"`
}

// Text returns the values as one text, line by line; "" if there are none, or no field.
func (f *Field) Text() string {
	if f == nil {
		return ""
	}
	return strings.Join(f.Values, "\n")
}

// Fields are those of a form, or of one of its items, in their order.
type Fields []Field

// Field returns the first field of that name, for reading and changing; nil if there is none.
func (l Fields) Field(name string) *Field {
	for i := range l {
		if l[i].Var == name {
			return &l[i]
		}
	}
	return nil
}

// byName returns the first field of each name.
func (l Fields) byName() map[string]*Field {
	m := make(map[string]*Field, len(l))
	for i := range l {
		if m[l[i].Var] == nil {
			m[l[i].Var] = &l[i]
		}
	}
	return m
}

// Value returns the text of the field of that name; "" if it has no value or does not exist. See Get for other types.
func (l Fields) Value(name string) string { return l.Field(name).Text() }

// A Flag is an empty element, such as <required/>: true if it's there.
type Flag bool

// MarshalXML implements xml.Marshaler: a false one is nothing.
func (f Flag) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	if !f {
		return nil
	}
	return e.EncodeElement(struct{}{}, start)
}

// UnmarshalXML implements xml.Unmarshaler: whatever stands in the element means nothing.
func (f *Flag) UnmarshalXML(d *xml.Decoder, _ xml.StartElement) error {
	*f = true
	return d.Skip()
}
