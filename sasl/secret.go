package sasl

import (
	"fmt"
	"io"
)

// secret holds a string that must never be printed. Formatting, encoding and reflection alike find a function in it and
// nothing else; the methods of label make what is found read well.
type secret func() string

// hide makes a secret of s.
func hide(s string) secret { return func() string { return s } }

// label is embedded by the mechanisms: it holds their name, which is all that may be printed of them.
type label string

// Name returns the registered name.
func (l label) Name() string { return string(l) }

// Format prints the name for every verb, %#v too.
func (l label) Format(f fmt.State, _ rune) { io.WriteString(f, "sasl."+string(l)) }

// MarshalText writes the name; structured logs use it.
func (l label) MarshalText() ([]byte, error) { return []byte("sasl." + string(l)), nil }

// String returns the name.
func (l label) String() string { return "sasl." + string(l) }
