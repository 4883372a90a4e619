package form

import (
	"errors"
	"fmt"
	"slices"

	"github.com/canto-im/canto/stanza"
)

// Submit returns the submission of f: every field that has values, or an empty list of them, Fixed ones left out. What the
// server has filled in and nobody has changed goes back with it. A field that is required and has no value is a *FieldError:
// ErrMissing. f itself stays as it is.
func (f *Form) Submit() (*Form, error) {
	if err := f.missing(); err != nil {
		return nil, err
	}
	out := New(Answer, "")
	for _, field := range f.Fields {
		if field.Type == Fixed || field.Var == "" || field.Values == nil {
			continue
		}
		out.Fields = append(out.Fields, Field{Var: field.Var, Type: field.Type, Values: slices.Clone(field.Values)})
	}
	return out, nil
}

var (
	errOtherForm    = errors.New("form: what was submitted is the answer to another form")
	errNotSubmitted = errors.New("form: nothing was submitted")
)

// ErrDeclined is returned by Fill when the form won't be filled in (XEP-0004 §3.1).
var ErrDeclined = errors.New("form: it was declined")

// Fill returns a copy of f, a form of one's own, with the values that somebody has submitted, and checks them. Fields that f
// does not have are ignored, and fields that were not submitted keep their values (XEP-0004 §3.1, §3.5), as Fixed ones and
// FORM_TYPE do. The error joins what is wrong; a handler may return it as it is: the answer is then not-acceptable (XEP-0004
// §4).
func (f *Form) Fill(submitted *Form) (*Form, error) {
	switch {
	case submitted == nil:
		return nil, fmt.Errorf("%w: %w", errNotSubmitted, stanza.NotAcceptable)
	case submitted.Type == Decline:
		return nil, ErrDeclined
	case submitted.Type != Answer, f.FormType() != "" && submitted.FormType() != "" && f.FormType() != submitted.FormType():
		return nil, fmt.Errorf("%w: %w", errOtherForm, stanza.NotAcceptable)
	}
	out := *f
	out.Fields = slices.Clone(f.Fields)
	answers := submitted.byName()
	for i := range out.Fields {
		field := &out.Fields[i]
		given := answers[field.Var]
		if given == nil || field.Type == Fixed || field.Var == "" || field.Var == TypeVar {
			continue
		}
		field.Values = append([]string{}, given.Values...)
	}
	if err := out.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", err, stanza.NotAcceptable)
	}
	return &out, nil
}
