package stanza

import (
	"fmt"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// failure writes an <error/>.
func (w *writer) failure(f *Error) error {
	e := w.e
	if c, _ := knownCondition(string(f.condition())); c == "" {
		// RFC 6120 §8.3.2: the condition must be one of those of §8.3.3.
		return fmt.Errorf("stanza: %q is no condition of RFC 6120 §8.3.3; an application's own goes into Error.App", f.Condition)
	}
	if knownErrorType(string(f.errorType())) == "" {
		return fmt.Errorf("stanza: %q is no type of error (RFC 6120 §8.3.2)", f.Type)
	}
	e.Start(xmltext.Name{Space: w.space, Local: "error"})
	e.Attr("type", string(f.errorType()))
	if !f.By.IsZero() {
		e.Attr("by", f.By.String())
	}
	if f.kept != nil {
		for _, a := range f.kept.attrs {
			e.AttrNS(a.name, a.value)
		}
	}
	if !f.hasOtherCondition() {
		e.Start(xmltext.Name{Space: ns.Stanzas, Local: string(f.condition())})
		e.Text(f.Content)
		e.End()
	}
	if f.Text != "" || f.Lang != "" {
		e.Start(xmltext.Name{Space: ns.Stanzas, Local: "text"})
		if f.Lang != "" {
			e.AttrNS(nameLang, f.Lang)
		}
		e.Text(f.Text)
		e.End()
	}
	if err := w.elements(f.App); err != nil {
		return err
	}
	e.End()
	return nil
}

// hasOtherCondition reports whether App holds the condition that stands for UndefinedCondition: one in the namespace of RFC
// 6120 that it does not define.
func (f *Error) hasOtherCondition() bool {
	if f.condition() != UndefinedCondition || f.Content != "" {
		return false
	}
	other := false
	for _, a := range f.App {
		if a.name.Space != ns.Stanzas || a.name.Local == "text" {
			continue
		}
		if c, _ := knownCondition(a.name.Local); c != "" {
			return false
		}
		other = true
	}
	return other
}
