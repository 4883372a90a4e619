package server

import (
	"errors"
	"fmt"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// A streamError ends a stream; RFC 6120 §4.9.
type streamError struct {
	condition string
	text      string   // for humans
	content   string   // of see-other-host
	app       *Element // application-specific condition
}

func (e *streamError) Error() string { return fmt.Sprintf("stream error %s %q", e.condition, e.text) }

func (e *streamError) element() *Element {
	condition := el(ns.StreamErrors, e.condition)
	if e.content != "" {
		condition = condition.withText(e.content)
	}
	out := el(ns.Stream, "error").with(condition)
	if e.text != "" {
		text := el(ns.StreamErrors, "text").withText(e.text)
		text.Attrs = []Attr{{Name: xmltext.Name{Space: ns.XML, Local: "lang"}, Value: "en"}}
		out = out.with(text)
	}
	return out.with(e.app)
}

// What the reader of a connection returns to itself.
var (
	errRestart = errors.New("stream restarts")       // a new header follows
	errClosed  = errors.New("stream closed by peer") // the client's closing tag came
)

// syntaxError says which stream error a fault in the XML is.
func syntaxError(err error) (*streamError, bool) {
	var syn *xmltext.SyntaxError
	if !errors.As(err, &syn) {
		return nil, false
	}
	switch syn.Reason {
	case xmltext.Restricted:
		// RFC 6120 §11.1: comments, processing instructions, DTDs and foreign entities
		return &streamError{condition: "restricted-xml", text: syn.Error()}, true
	case xmltext.Encoding:
		return &streamError{condition: "unsupported-encoding", text: syn.Error()}, true
	case xmltext.LimitExceeded:
		return &streamError{condition: "policy-violation", text: syn.Error()}, true
	}
	return &streamError{condition: "not-well-formed", text: syn.Error()}, true
}
