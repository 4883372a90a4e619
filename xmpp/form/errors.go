package form

import (
	"errors"
	"fmt"
	"strings"
)

// What is wrong with a field; a *FieldError says with which one.
var (
	ErrNoField  = errors.New("there is no such field")
	ErrMissing  = errors.New("it has no value")
	ErrType     = errors.New("the value is not of the field's type")
	ErrOption   = errors.New("the value is none of the options")
	ErrTooMany  = errors.New("there are too many values")
	ErrTooFew   = errors.New("there are too few values")
	ErrRange    = errors.New("the value is out of range")
	ErrPattern  = errors.New("the value does not match the pattern")
	errReadOnly = fmt.Errorf("%w: there is nothing to fill in", ErrType)
)

// A FieldError says what is wrong with a field. It does not repeat values, which may be passwords.
type FieldError struct {
	Var   string // the field's name
	Label string // and what people know it by; "" if it has no label
	Err   error  // one of the errors of this package, or wraps one
}

// Error names the field, quoted, and what is wrong with it.
func (e *FieldError) Error() string {
	if e.Label != "" && !strings.EqualFold(e.Label, e.Var) {
		return fmt.Sprintf("form: field %q (%q): %v", e.Var, e.Label, e.Err)
	}
	return fmt.Sprintf("form: field %q: %v", e.Var, e.Err)
}

// Unwrap returns Err.
func (e *FieldError) Unwrap() error { return e.Err }

// fail is err about f.
func (f *Field) fail(err error) error { return &FieldError{Var: f.Var, Label: f.Label, Err: err} }
