package register

import (
	"encoding/xml"
	"errors"
	"slices"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/form"
)

// A Form is what a host wants to know, or what it knows. Its Fields are filled in with form.Set.
type Form struct {
	*form.Form // where the host sends no data form (XEP-0004), one made of the fields of jabber:iq:register (XEP-0077 §14.1)

	Registered bool              // the host knows who asks: the values are what it knows
	URL        string            // where else one may do it (XEP-0066); "" if that is nowhere
	Data       map[string][]byte // pictures and the like that came with the form, by the cid: URI that its Media have (XEP-0231)

	plain bool // it is made of fields, and answered by them
}

// A query is <query xmlns='jabber:iq:register'/> (XEP-0077 §14.1).
type query struct {
	XMLName xml.Name   `xml:"jabber:iq:register query"`
	Form    *form.Form `xml:"jabber:x:data x"`
	OOB     *oob       `xml:"jabber:x:oob x"`
	Data    []bob      `xml:"urn:xmpp:bob data"`
	Fields  []field    `xml:",any"`
}

type field struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
}

type oob struct {
	URL string `xml:"jabber:x:oob url"`
}

type bob struct {
	CID     string `xml:"cid,attr"`
	Content string `xml:",chardata"`
}

// plainFields are those of jabber:iq:register that ask something, with the labels of XEP-0077 §13.4.1.
var plainFields = map[string]form.Field{
	"username": {Label: "Account name"},
	"nick":     {Label: "Familiar name"},
	"password": {Label: "Password", Type: form.TextPrivate},
	"name":     {Label: "Full name"},
	"first":    {Label: "Given name"},
	"last":     {Label: "Family name"},
	"email":    {Label: "Email address"},
	"address":  {Label: "Street"},
	"city":     {Label: "Locality"},
	"state":    {Label: "Region"},
	"zip":      {Label: "Postal code"},
	"phone":    {Label: "Telephone number"},
	"url":      {Label: "Web page"},
	"date":     {Label: "Date"},
	"misc":     {Label: "Miscellaneous"},
	"text":     {Label: "Text"},
	"key":      {Type: form.Hidden}, // XEP-0077 §7: sent back as it came
}

var (
	errNoQuery   = errors.New("the answer is no question what to register with")
	errNoFields  = errors.New("the server asks for nothing")
	errOtherForm = errors.New("the server's form is one for another purpose")
)

// read reads what a host has answered. The error is a *Redirect where nothing can be filled in.
func read(e stanza.Element) (*Form, error) {
	var q query
	if !e.Is(ns.Register, "query") {
		return nil, errNoQuery
	}
	if err := e.Decode(&q); err != nil {
		return nil, err
	}
	f := &Form{Form: q.Form, Data: q.data()}
	if q.OOB != nil {
		f.URL = strings.TrimSpace(q.OOB.URL)
	}
	f.Registered = slices.ContainsFunc(q.Fields, func(f field) bool { return f.is("registered") })
	instructions := q.instructions()
	if f.Form == nil { // XEP-0077 §6: a form takes precedence
		f.Form, f.plain = q.plainForm(), true
	}
	if len(f.Form.Instructions) == 0 && instructions != "" {
		f.Form.Instructions = []string{instructions}
	}
	switch {
	case f.Form.Type != form.Asking:
		return nil, errOtherForm
	case len(f.Fields) > 0 || f.Registered:
		return f, nil
	case f.URL != "" || instructions != "":
		return nil, &Redirect{URL: f.URL, Instructions: instructions}
	}
	return nil, errNoFields
}

func (f *field) is(local string) bool {
	return f.XMLName == xml.Name{Space: ns.Register, Local: local}
}

func (q *query) instructions() string {
	for _, f := range q.Fields {
		if f.is("instructions") {
			return strings.TrimSpace(f.Text)
		}
	}
	return ""
}

// plainForm makes a form of the fields. XEP-0077 §3.1: all of them have to be answered.
func (q *query) plainForm() *form.Form {
	f := form.New(form.Asking, "")
	for _, asked := range q.Fields {
		name := asked.XMLName.Local
		known, ok := plainFields[name]
		if !ok || !asked.is(name) || f.Field(name) != nil {
			continue
		}
		known.Var, known.Required = name, known.Type != form.Hidden
		if asked.Text != "" {
			known.Values = []string{asked.Text}
		}
		f.Fields = append(f.Fields, known)
	}
	return f
}

// answer makes the query that has what f was filled in with: by the way in which it was asked, and not by both (XEP-0077 §4).
func (f *Form) answer() (query, error) {
	submission, err := f.Submit()
	if err != nil || !f.plain {
		return query{Form: submission}, err
	}
	var q query
	for _, v := range submission.Fields {
		q.Fields = append(q.Fields, plain(v.Var, v.Text()))
	}
	return q, nil
}

// plain is a field of jabber:iq:register.
func plain(name, text string) field {
	return field{XMLName: xml.Name{Space: ns.Register, Local: name}, Text: text}
}

// purpose holds a form to what it has to be for; one that does not say is believed (XEP-0077 §4: it SHOULD).
func (f *Form) purpose(formType string) error {
	if t := f.FormType(); t != "" && t != formType {
		return errOtherForm
	}
	return nil
}
