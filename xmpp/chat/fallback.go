package chat

import (
	"encoding/xml"
	"slices"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/stanza"
)

// A Fallback says which parts of a message are there for those who don't understand another payload of it (XEP-0428): a payload. With
// neither Bodies nor Subjects it's all of both.
type Fallback struct {
	XMLName  xml.Name `xml:"urn:xmpp:fallback:0 fallback"`
	For      string   `xml:"for,attr,omitempty"` // the namespace of that payload
	Subjects []Region `xml:"subject"`
	Bodies   []Region `xml:"body"`
}

// A Region is a part of a text, in code points from 0 (XEP-0426), Start and not End included. Where they're nil it's all.
type Region struct {
	Start *uint `xml:"start,attr"`
	End   *uint `xml:"end,attr"`
}

// BodyFor returns the body of m for a reader who understands the payloads of these namespaces: without what is there for those who don't
// (XEP-0428 §2.2). Parts that the body has not got are left alone, and those behind the first 64.
func BodyFor(m *stanza.Message, understood ...string) string {
	return withoutFallback(m, m.Body, understood, func(f Fallback) []Region { return f.Bodies })
}

// SubjectFor is BodyFor for the subject.
func SubjectFor(m *stanza.Message, understood ...string) string {
	return withoutFallback(m, m.Subject, understood, func(f Fallback) []Region { return f.Subjects })
}

// maxRegions is how many parts of a text are looked for: each costs a walk through it, and a stanza has room for thousands.
const maxRegions = 64

// withoutFallback cuts the regions out of text that apply to it.
func withoutFallback(m *stanza.Message, text string, understood []string, regions func(Fallback) []Region) string {
	type cut struct{ from, to int }
	var cuts []cut
	left := maxRegions
	for _, e := range m.Payloads {
		var f Fallback
		if !e.Is(ns.Fallback, "fallback") || e.Decode(&f) != nil || !slices.Contains(understood, f.For) {
			continue
		}
		if len(f.Bodies)+len(f.Subjects) == 0 {
			return ""
		}
		for _, r := range regions(f) {
			if left--; left < 0 {
				break
			}
			if from, to, ok := r.in(text); ok {
				cuts = append(cuts, cut{from, to})
			}
		}
	}
	slices.SortFunc(cuts, func(a, b cut) int { return a.from - b.from })
	var b strings.Builder
	at := 0
	for _, c := range cuts {
		if c.from > at {
			b.WriteString(text[at:c.from])
		}
		at = max(at, c.to)
	}
	b.WriteString(text[at:])
	return b.String()
}

// in returns the bytes of text that r is.
func (r Region) in(text string) (from, to int, ok bool) {
	if r.Start == nil && r.End == nil {
		return 0, len(text), true
	}
	var start uint
	if r.Start != nil {
		start = *r.Start
	}
	if r.End == nil {
		from, _, ok = codePoints(text, uint64(start), uint64(start))
		return from, len(text), ok
	}
	return codePoints(text, uint64(start), uint64(*r.End))
}
