package form

import (
	"errors"
	"slices"
	"strings"

	"github.com/canto-im/canto/jid"
)

// Validate checks every value and finds every field that is required and has none. Its error joins the *FieldErrors. It's for
// the side that has made the form, which is the one that decides; see Fill.
func (f *Form) Validate() error {
	errs := []error{f.missing()}
	for i := range f.Fields {
		field := &f.Fields[i]
		if field.Type == Fixed || len(field.Values) == 0 {
			continue
		}
		if err := field.check(field.Values); err != nil {
			errs = append(errs, field.fail(err))
		}
	}
	return errors.Join(errs...)
}

// missing finds the fields that are required and have no value.
func (f *Form) missing() error {
	var errs []error
	for i := range f.Fields {
		if field := &f.Fields[i]; bool(field.Required) && field.Type != Fixed && field.Text() == "" {
			errs = append(errs, field.fail(ErrMissing))
		}
	}
	return errors.Join(errs...)
}

// check finds what is wrong with values for f. An empty one is always possible: it's how a value is taken away (XEP-0004 §3.6).
func (f *Field) check(values []string) error {
	t := f.Type.known()
	if t == Fixed {
		return errReadOnly
	}
	if len(values) > 1 && !t.many() {
		return ErrTooMany
	}
	if err := f.countChoices(len(values)); err != nil {
		return err
	}
	for _, v := range values {
		if v == "" {
			continue
		}
		if err := f.checkValue(t, v); err != nil {
			return err
		}
	}
	if t == TextMulti && !f.Rules.open() { // XEP-0122 §3.2.2: only then are the lines values of their own
		return f.Rules.check(strings.Join(values, "\n"))
	}
	return nil
}

// checkValue checks one value by the type of the field, and by its rules.
func (f *Field) checkValue(t FieldType, v string) error {
	switch t {
	case Hidden:
		return nil
	case Boolean:
		if _, err := truth(v); err != nil {
			return err
		}
	case JIDSingle, JIDMulti:
		if _, err := jid.Parse(strings.TrimSpace(v)); err != nil {
			return ErrType
		}
	case ListSingle, ListMulti:
		if !f.offers(v) {
			return ErrOption
		}
	case TextSingle, TextPrivate:
		if strings.ContainsAny(v, "\r\n") {
			return ErrType
		}
	case TextMulti:
		if !f.Rules.open() {
			return nil
		}
	}
	return f.Rules.check(v)
}

// offers reports whether a list may have the value v. Where there are no options at all, nobody has said what may be chosen.
func (f *Field) offers(v string) bool {
	return len(f.Options) == 0 || f.Rules.open() || slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == v })
}

// countChoices holds a list to the number of values that it may have.
func (f *Field) countChoices(n int) error {
	// XEP-0122 §3.3: to be ignored but for list-multi.
	if f.Rules == nil || f.Rules.Choices == nil || f.Type != ListMulti {
		return nil
	}
	switch c := f.Rules.Choices; {
	case uint64(n) < uint64(c.Min):
		return ErrTooFew
	case c.Max > 0 && uint64(n) > uint64(c.Max):
		return ErrTooMany
	}
	return nil
}
