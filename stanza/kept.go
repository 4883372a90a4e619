package stanza

import (
	"encoding/xml"

	"github.com/canto-im/canto/internal/xmltext"
)

// kept is what came with a stanza (or an error) and stands in none of its fields, so that a stanza can be sent on unchanged
// (a recipient ignores what it does not understand, RFC 6120 §8.4; it does not have to lose it). It is shared by copies of
// the stanza and never changed once decoded.
type kept struct {
	attrs []attr
	more  []Element // children of an iq beyond its payload and its error
	odd   []oddChild
	loose string // character data between the children, unless it is white space
}

// An attr is an attribute of a start tag that no field shows.
type attr struct {
	name  xmltext.Name
	value string
}

// An oddChild is a child in the stanza's own namespace whose field does not tell all that it held: an attribute, an element
// inside, a value that RFC 6121 does not define, a second one where one is allowed. As long as the field still has the value
// that was read from it, raw is written in its stead.
type oddChild struct {
	field field
	extra bool // a second one: always written
	text  Text // the value as the field shows it
	raw   string
}

// A field is one of the children in the stanza's own namespace that have a field of their own.
type field uint8

const (
	fieldNone field = iota
	fieldSubject
	fieldBody
	fieldThread // its Text.Lang holds the parent
	fieldShow
	fieldStatus
	fieldPriority
	fieldError
)

// oddChildren walks through the odd children of a stanza while it is written: each is written once.
type oddChildren struct {
	list []oddChild
	used uint64 // the first 64 of list; the rest is not matched
}

// take returns what stands for the value t of a field; ok is false when it is written as usual.
func (o *oddChildren) take(f field, t Text) (raw string, ok bool) {
	for i := range o.list {
		c := &o.list[i]
		if i < 64 && o.used&(1<<i) == 0 && c.field == f && !c.extra && c.text == t {
			o.used |= 1 << i
			return c.raw, true
		}
	}
	return "", false
}

// odd returns the odd children of k, which may be nil.
func (k *kept) children() oddChildren {
	if k == nil {
		return oddChildren{}
	}
	return oddChildren{list: k.odd}
}

// xmlName is a conversion that the two packages' identical name types allow.
func xmlName(n xmltext.Name) xml.Name { return xml.Name(n) }
