package stream

import (
	"bytes"
	"fmt"
	"math"

	"github.com/canto-im/canto/internal/xmltext"
)

// ElementError reports an element of XEP-0198 that lacks an attribute which it must have, or has one that says nothing
// usable. The element was read to its end: the decoder is in step.
type ElementError struct {
	Element string // its local name, "a" for example
	Attr    string // the attribute
	Value   string // as it came
	Missing bool   // there is no such attribute
}

// Error says which attribute of which element is wrong.
func (e *ElementError) Error() string {
	if e.Missing {
		return fmt.Sprintf("stream management: <%s/> lacks its attribute %s; end the stream with %s", e.Element, e.Attr, e.Condition())
	}
	return fmt.Sprintf("stream management: <%s/> has %s=%.40q, want a decimal number from 0 to %d; end the stream with %s",
		e.Element, e.Attr, e.Value, uint32(math.MaxUint32), e.Condition())
}

// Condition returns the stream error that the stream is to be closed with (RFC 6120 §4.9.3.1): without this attribute
// the two ends cannot agree on a count any more.
func (e *ElementError) Condition() string { return "bad-format" }

// StreamError returns the stream error that the stream is to be closed with.
func (e *ElementError) StreamError() *Error {
	return &Error{Condition: e.Condition(), Text: fmt.Sprintf("<%s/> has no usable %s.", e.Element, e.Attr), Lang: "en", cause: e}
}

// readH returns the h of an element that must have one.
func readH(element string, t *xmltext.Token) (uint32, error) {
	v, present := t.Attr("h")
	h, ok := parseUnsignedInt(v)
	if !ok {
		return 0, &ElementError{Element: element, Attr: "h", Value: string(v), Missing: !present}
	}
	return h, nil
}

// parseUnsignedInt reads an xs:unsignedInt (XML Schema part 2 §3.3.22): digits, no sign, below 2³², spaces around it
// collapsed.
func parseUnsignedInt(b []byte) (uint32, bool) {
	b = trimXMLSpace(b)
	v := uint64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + uint64(c-'0')
		if v > math.MaxUint32 {
			return 0, false
		}
	}
	return uint32(v), len(b) > 0
}

// parsePositive reads an xs:positiveInteger (XML Schema part 2 §3.3.25), which has no upper bound and may have a plus
// sign: what is larger than a uint32 becomes the largest. Anything else is 0.
func parsePositive(b []byte) uint32 {
	b = bytes.TrimPrefix(trimXMLSpace(b), []byte("+"))
	v := uint64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0
		}
		v = min(v*10+uint64(c-'0'), math.MaxUint32)
	}
	return uint32(v)
}

// parseBoolean reads an xs:boolean.
func parseBoolean(b []byte) bool {
	// XEP-0198 §3: the strings for true are "1" and "true", and both must be supported.
	b = trimXMLSpace(b)
	return string(b) == "true" || string(b) == "1"
}

func trimXMLSpace(b []byte) []byte { return bytes.Trim(b, " \t\r\n") }
