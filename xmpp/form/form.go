package form

import (
	"encoding/xml"

	"github.com/canto-im/canto/stanza"
)

// A Type says what a form is there for (XEP-0004 §3.1).
type Type string

// The types of forms.
const (
	Asking  Type = "form"   // to be filled in
	Answer  Type = "submit" // filled in
	Decline Type = "cancel" // not to be filled in: see Cancel
	Result  Type = "result" // data: what became of a submission, or what was asked for
)

// TypeVar is the name of the hidden field that says what the names of the others mean (XEP-0068).
const TypeVar = "FORM_TYPE"

// A Form is <x xmlns='jabber:x:data'/> (XEP-0004 §3).
type Form struct {
	XMLName      xml.Name `xml:"jabber:x:data x"`
	Type         Type     `xml:"type,attr"`
	Title        string   `xml:"jabber:x:data title,omitempty"`
	Instructions []string `xml:"jabber:x:data instructions"`
	Pages        []Page   `xml:"http://jabber.org/protocol/xdata-layout page"` // see Layout
	Fields       `xml:"jabber:x:data field"`
	Reported     *Item            `xml:"jabber:x:data reported"` // the columns of a Result that is a table; nil: it is none
	Items        []Item           `xml:"jabber:x:data item"`     // and its rows
	Other        []stanza.Element `xml:",any"`                   // what else stands in it
}

// An Item is one row of a Result (XEP-0004 §3.4).
type Item struct {
	Fields `xml:"jabber:x:data field"`
}

// New returns a form with these fields. Unless it's empty, the formType becomes a hidden field before them (XEP-0068).
func New(t Type, formType string, fields ...Field) *Form {
	f := &Form{Type: t}
	if formType != "" {
		f.Fields = append(f.Fields, Field{Var: TypeVar, Type: Hidden, Values: []string{formType}})
	}
	f.Fields = append(f.Fields, fields...)
	return f
}

// Cancel returns the form that says that another one won't be filled in (XEP-0004 §3.1).
func Cancel() *Form { return New(Decline, "") }

// FormType returns what the form's FORM_TYPE says, "" if it has none.
func (f *Form) FormType() string {
	field := f.Field(TypeVar)
	// XEP-0068 §4.3: one that is not hidden says nothing, but in a submission, where fields need no type.
	if field == nil || field.Type != Hidden && f.Type != Answer {
		return ""
	}
	return field.Text()
}
