package form

import (
	"encoding/xml"
)

// A Page is one of those into which a form is divided (XEP-0141 §3.1), with its Parts in order.
type Page struct {
	Label string `xml:"label,attr,omitempty"`
	Parts []Part `xml:",any"`
}

// A Part is one thing on a page or in a section: exactly one of its fields is set.
type Part struct {
	Text    string // explains something to people
	Field   string // a field's name
	Section *Page  // a part of the page (XEP-0141 §3.2), which may have sections in it
	Table   bool   // Reported and Items stand here (XEP-0141 §3.3)
}

const layoutSpace = "http://jabber.org/protocol/xdata-layout"

// MarshalXML implements xml.Marshaler.
func (p Part) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	start := xml.StartElement{Name: xml.Name{Space: layoutSpace}}
	switch {
	case p.Section != nil:
		start.Name.Local = "section"
		return e.EncodeElement(p.Section, start)
	case p.Field != "":
		start.Name.Local = "fieldref"
		start.Attr = []xml.Attr{{Name: xml.Name{Local: "var"}, Value: p.Field}}
		return e.EncodeElement(struct{}{}, start)
	case p.Table:
		start.Name.Local = "reportedref"
		return e.EncodeElement(struct{}{}, start)
	}
	start.Name.Local = "text"
	return e.EncodeElement(p.Text, start)
}

// UnmarshalXML implements xml.Unmarshaler. An element that XEP-0141 does not know is an empty text.
func (p *Part) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	if start.Name.Space != layoutSpace {
		return d.Skip()
	}
	switch start.Name.Local {
	case "section":
		p.Section = new(Page)
		return d.DecodeElement(p.Section, &start)
	case "text":
		return d.DecodeElement(&p.Text, &start)
	case "fieldref":
		for _, a := range start.Attr {
			if a.Name.Local == "var" {
				p.Field = a.Value
			}
		}
	case "reportedref":
		p.Table = true
	}
	return d.Skip()
}

// Layout returns how the form is to be shown to people: its pages, or one page of all its fields if it has none. References to
// fields that don't exist or stand somewhere already are left out, as are empty parts (XEP-0141 §4.2, §8.3). Fields to fill in
// that no page names come last, on a page without a label.
func (f *Form) Layout() []Page {
	l := &layout{form: f, fields: f.byName(), seen: make(map[string]bool)}
	var pages []Page
	for _, p := range f.Pages {
		if page := l.page(p, 0); len(page.Parts) > 0 {
			pages = append(pages, page)
		}
	}
	if rest := l.rest(len(f.Pages) == 0); len(rest.Parts) > 0 {
		pages = append(pages, rest)
	}
	return pages
}

// maxSections is how deep sections may stand in each other; what is deeper is not shown.
const maxSections = 16

// A layout is how far the fields of a form are placed.
type layout struct {
	form   *Form
	fields map[string]*Field
	seen   map[string]bool
	table  bool
}

// page returns p with what can be shown.
func (l *layout) page(p Page, depth int) Page {
	out := Page{Label: p.Label}
	for _, part := range p.Parts {
		if l.place(&part, depth) {
			out.Parts = append(out.Parts, part)
		}
	}
	return out
}

// place reports whether a part is to be shown, and makes a section one that has only such parts.
func (l *layout) place(p *Part, depth int) bool {
	switch {
	case p.Section != nil:
		if depth == maxSections {
			return false
		}
		s := l.page(*p.Section, depth+1)
		p.Section = &s
		return len(s.Parts) > 0
	case p.Field != "":
		field := l.fields[p.Field]
		if field == nil || field.Type == Hidden || l.seen[p.Field] {
			return false
		}
		l.seen[p.Field] = true
		return true
	case p.Table:
		// XEP-0141 §3.3: without a table it must be ignored, and there is one at most.
		first := !l.table
		l.table = true
		return first && l.form.Reported != nil
	}
	return p.Text != ""
}

// rest is what no page has named. Where there are no pages at all, that's everything, the headings and the table too.
func (l *layout) rest(all bool) Page {
	var out Page
	if all {
		out.Label = l.form.Title
		for _, s := range l.form.Instructions {
			out.Parts = append(out.Parts, Part{Text: s})
		}
	}
	for i := range l.form.Fields {
		switch field := &l.form.Fields[i]; {
		case field.Type == Fixed && all:
			out.Parts = append(out.Parts, Part{Text: field.Text()})
		case field.Type != Fixed && field.Var != "":
			if p := (Part{Field: field.Var}); l.place(&p, 0) {
				out.Parts = append(out.Parts, p)
			}
		}
	}
	if p := (Part{Table: true}); all && l.place(&p, 0) {
		out.Parts = append(out.Parts, p)
	}
	return out
}
