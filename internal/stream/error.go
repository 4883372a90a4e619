package stream

import (
	"strconv"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// An Error is a stream error (RFC 6120 §4.9): one that came, or one that we found and have to send.
type Error struct {
	Condition string // one of RFC 6120 §4.9.3
	Text      string // explains it to people (§4.9.2)
	Lang      string // xml:lang of Text
	Content   string // what stands inside the condition: with see-other-host, the new address (§4.9.3.19)
	App       string // an application-specific condition (§4.9.4), as XML that stands by itself

	cause error
}

// Error says what is wrong. What came over the wire is quoted.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("stream error ")
	b.WriteString(e.Condition)
	if e.Content != "" {
		b.WriteString(" " + strconv.Quote(e.Content))
	}
	if e.Text != "" {
		b.WriteString(": " + strconv.Quote(e.Text))
	}
	return b.String()
}

// Unwrap returns the *xmltext.SyntaxError that e was made of; nil for other errors.
func (e *Error) Unwrap() error { return e.cause }

// SyntaxError returns the stream error that answers XML that a stream may not carry.
func SyntaxError(err *xmltext.SyntaxError) *Error {
	e := &Error{Condition: "not-well-formed", Text: err.Msg, cause: err} // RFC 6120 §4.9.3.13, §11.3
	switch err.Reason {
	case xmltext.Restricted:
		e.Condition = "restricted-xml" // RFC 6120 §4.9.3.18, §11.1
	case xmltext.Encoding:
		e.Condition = "unsupported-encoding" // RFC 6120 §4.9.3.22, §11.6
	case xmltext.LimitExceeded:
		e.Condition = "policy-violation" // RFC 6120 §4.9.3.14, §13.12
		e.Text = "limit exceeded: " + err.Limit
	case xmltext.BadFormat:
		e.Condition = "bad-format" // RFC 6120 §4.9.3.1
	}
	return e
}

// Known reports whether RFC 6120 §4.9.3 defines the condition.
func Known(condition string) bool {
	switch condition {
	case "bad-format", "bad-namespace-prefix", "conflict", "connection-timeout", "host-gone", "host-unknown",
		"improper-addressing", "internal-server-error", "invalid-from", "invalid-namespace", "invalid-xml",
		"not-authorized", "not-well-formed", "policy-violation", "remote-connection-failed", "reset",
		"resource-constraint", "restricted-xml", "see-other-host", "system-shutdown", "undefined-condition",
		"unsupported-encoding", "unsupported-feature", "unsupported-stanza-type", "unsupported-version":
		return true
	}
	return false
}

// ReadError reads a stream error whose start tag d has just returned.
func ReadError(d *xmltext.Decoder) (*Error, error) {
	var r errorReader
	err := eachChild(d, func(t *xmltext.Token) error { return r.child(d, t) })
	if err != nil {
		return nil, err
	}
	e := &r.Error
	if e.Condition == "" {
		// RFC 6120 §4.9.2: a condition that is not understood is treated as <undefined-condition/>.
		e.Condition = "undefined-condition"
	}
	if e.App == "" {
		e.App = r.unknown
	}
	if e.Text == "" {
		e.Lang = "" // of nothing
	}
	return e, nil
}

// errorReader gathers the children of a stream error. The first of each sort counts.
type errorReader struct {
	Error
	text    bool
	unknown string // a condition in the namespace of RFC 6120 that it does not define
}

func (r *errorReader) child(d *xmltext.Decoder, t *xmltext.Token) (err error) {
	switch {
	case t.Name.Space != ns.StreamErrors:
		return keepRaw(d, &r.App)
	case t.Name.Local == "text" && !r.text:
		lang, _ := t.Lang()
		r.text, r.Lang = true, string(lang)
		r.Text, err = text(d)
		return err
	case Known(t.Name.Local) && r.Condition == "":
		r.Condition = t.Name.Local
		r.Content, err = text(d)
		return err
	case Known(t.Name.Local), t.Name.Local == "text":
		return d.SkipElement()
	default:
		return keepRaw(d, &r.unknown)
	}
}

// keepRaw stores the element whose start tag d has just returned in to, unless that holds one already.
func keepRaw(d *xmltext.Decoder, to *string) error {
	if *to != "" {
		return d.SkipElement()
	}
	raw, err := d.ReadElement()
	*to = string(raw)
	return err
}

// Append appends e as the child of a stream whose header Header.Append has written. What XML cannot carry is left out.
func (e *Error) Append(dst []byte) []byte {
	dst = append(dst, "<stream:error><"...)
	dst = append(dst, e.Condition...)
	dst = appendAttr(dst, "xmlns", ns.StreamErrors)
	dst = appendContent(dst, e.Content)
	dst = append(dst, "</"...)
	dst = append(dst, e.Condition...)
	dst = append(dst, '>')
	if e.Text != "" {
		dst = append(dst, "<text"...)
		dst = appendAttr(dst, "xmlns", ns.StreamErrors)
		dst = appendAttr(dst, "xml:lang", e.Lang)
		dst = appendContent(dst, e.Text)
		dst = append(dst, "</text>"...)
	}
	dst = append(dst, e.App...)
	return append(dst, "</stream:error>"...)
}

// appendContent appends the end of a start tag and character data.
func appendContent(dst []byte, s string) []byte {
	dst = append(dst, '>')
	before := len(dst)
	dst, err := xmltext.AppendEscapedText(dst, s)
	if err != nil {
		return dst[:before]
	}
	return dst
}
