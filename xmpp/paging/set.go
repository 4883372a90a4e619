package paging

import (
	"encoding/xml"
	"errors"
	"strconv"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/unmarshal"
	"github.com/canto-im/canto/stanza"
)

// A Set says in a request which page is wanted, and in an answer where the page stands in the list (XEP-0059 §2). The ids are opaque.
type Set struct {
	XMLName xml.Name `xml:"http://jabber.org/protocol/rsm set"`

	Max    *int    // how many items at most; nil: as many as the other side likes; 0: none, only the Count
	After  string  // the page that begins behind the item of that id; "": from the beginning
	Before *string // the page that ends in front of the item of that id, or, if that is "", the last one; nil: not backwards
	Index  *int    // the page that begins at this place, from 0, where the ids are not known

	First, Last string // the ids of the first and the last item on the page; "": it's empty
	FirstIndex  *int   // at which place First is, about; nil: that is not said
	Count       *int   // how many there are in the whole list, about; nil: that is not said
}

// Backwards reports whether s asks for pages towards the beginning of the list.
func (s *Set) Backwards() bool { return s.Before != nil }

// IsZero reports whether s says nothing: such a one is best left out of a request (XEP-0059 §4).
func (s *Set) IsZero() bool {
	return s == nil || s.Max == nil && s.After == "" && s.Before == nil && s.Index == nil &&
		s.First == "" && s.Last == "" && s.FirstIndex == nil && s.Count == nil
}

var errNoSet = errors.New("paging: the element is no result set (XEP-0059 §2)")

// Parse reads a <set/>. A number that is none, or below zero, is as if it were not there.
func Parse(e stanza.Element) (Set, error) {
	if !e.Is(ns.RSM, "set") {
		return Set{}, errNoSet
	}
	s := Set{XMLName: e.Name()}
	for c := range e.Children() {
		if c.Name().Space != ns.RSM {
			continue
		}
		text := c.Text()
		switch c.Name().Local {
		case "max":
			s.Max = number(text)
		case "after":
			s.After = text
		case "before":
			s.Before = &text
		case "index":
			s.Index = number(text)
		case "first":
			s.First, s.FirstIndex = text, number(c.Attr("index"))
		case "last":
			s.Last = text
		case "count":
			s.Count = number(text)
		}
	}
	return s, nil
}

// number reads an xs:unsignedInt (XEP-0059 §8).
func number(s string) *int {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 31)
	if err != nil {
		return nil
	}
	return new(int(n))
}

// UnmarshalXML implements xml.Unmarshaler as Parse reads.
func (s *Set) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	return unmarshal.Via(dec, start, s, Parse)
}

// MarshalXML implements xml.Marshaler.
func (s Set) MarshalXML(enc *xml.Encoder, _ xml.StartElement) error {
	type first struct {
		Index *int   `xml:"index,attr"`
		ID    string `xml:",chardata"`
	}
	wire := struct {
		XMLName xml.Name `xml:"http://jabber.org/protocol/rsm set"`
		Max     *int     `xml:"max"`
		After   string   `xml:"after,omitempty"`
		Before  *string  `xml:"before"`
		Index   *int     `xml:"index"`
		First   *first   `xml:"first"`
		Last    string   `xml:"last,omitempty"`
		Count   *int     `xml:"count"`
	}{Max: s.Max, After: s.After, Before: s.Before, Index: s.Index, Last: s.Last, Count: s.Count}
	if s.First != "" || s.FirstIndex != nil {
		wire.First = &first{s.FirstIndex, s.First}
	}
	return enc.Encode(wire)
}
