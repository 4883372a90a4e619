package stanza

import (
	"errors"
	"fmt"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
)

// An Error says why a stanza failed (RFC 6120 §8.3). errors.Is(err, stanza.ItemNotFound) asks for its condition.
type Error struct {
	Type      ErrorType // "" is the type recommended for the condition
	Condition Condition // "" is UndefinedCondition
	By        jid.JID   // who found the error; zero when that is not said
	Text      string    // explains it to people; a program must not interpret it (RFC 6120 §8.3.2)
	Lang      string    // xml:lang of Text; "" is the language of the stanza

	// Content is what stands inside the condition element: with Gone and Redirect, the URI of the new address
	// (RFC 6120 §8.3.3.5, §8.3.3.14).
	Content string

	// App holds the application-specific conditions (RFC 6120 §8.3.4). A condition in the namespace of RFC 6120 that is none
	// of its 22 stands here, too, with UndefinedCondition as the Condition (RFC 6120 §8.3.2).
	App []Element

	kept *kept // what was received and stands in no field
}

// Error returns the condition, the type, who found it, and the text, which came over the wire, quoted.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "stanza: %s (%s)", string(e.condition()), string(e.errorType()))
	if !e.By.IsZero() {
		fmt.Fprintf(&b, " by %q", e.By.String())
	}
	if e.Content != "" {
		fmt.Fprintf(&b, " at %q", e.Content)
	}
	if e.Text != "" {
		fmt.Fprintf(&b, ": %q", e.Text)
	}
	return b.String()
}

// Is reports whether target is the Condition of e.
func (e *Error) Is(target error) bool { return target == e.condition() }

func (e *Error) condition() Condition {
	if e.Condition == "" {
		return UndefinedCondition
	}
	return e.Condition
}

func (e *Error) errorType() ErrorType {
	if e.Type == "" {
		return e.condition().DefaultType()
	}
	return e.Type
}

// asError returns what a peer may know of err: the first *Error or Condition of its chain, else InternalServerError.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok && e != nil {
		return e
	}
	c, ok := errors.AsType[Condition](err)
	if !ok {
		c = InternalServerError
	}
	return &Error{Type: c.DefaultType(), Condition: c}
}

// parseError decodes an <error/> element. Its strings are parts of raw, or copies.
func parseError(raw string) (*Error, error) {
	d := xmltext.NewBytesDecoder([]byte(raw), ownLimits)
	start, err := d.ReadToken()
	if err != nil {
		return nil, fmt.Errorf("stanza: error: %w", unexpectedEOF(err))
	}
	e := new(Error)
	e.readAttrs(start)
	for {
		t, err := d.ReadToken()
		switch {
		case err != nil:
			return nil, fmt.Errorf("stanza: error: %w", unexpectedEOF(err))
		case t.Kind == xmltext.KindEnd:
			e.complete()
			return e, nil
		case t.Kind == xmltext.KindStart:
			if err := e.readChild(d, t); err != nil {
				return nil, fmt.Errorf("stanza: error: %w", unexpectedEOF(err))
			}
		}
	}
}

// readAttrs takes the attributes of the start tag. An unknown type is left out: one of the five must stand there
// (RFC 6120 §8.3.2). A "by" that is no JID is kept as it is.
func (e *Error) readAttrs(start *xmltext.Token) {
	for _, a := range start.Attrs {
		if a.Name.Space == "" {
			switch a.Name.Local {
			case "type":
				e.Type = knownErrorType(string(a.Value))
				continue
			case "by":
				by, err := jid.Parse(string(a.Value))
				if err == nil {
					e.By = by
					continue
				}
			}
		}
		e.keep().attrs = append(e.keep().attrs, attr{a.Name, string(a.Value)})
	}
}

// readChild takes the child whose start tag is t.
func (e *Error) readChild(d *xmltext.Decoder, t *xmltext.Token) error {
	if t.Name.Space != ns.Stanzas {
		return e.readApp(d, t)
	}
	if t.Name.Local == "text" && e.Text == "" && e.Lang == "" {
		lang, _ := t.Lang()
		e.Lang = string(lang)
		text, err := d.AppendText(nil)
		e.Text = string(text)
		return err
	}
	c, _ := knownCondition(t.Name.Local)
	if c == "" || e.Condition != "" {
		// RFC 6120 §8.3.2: a condition that is not understood is treated as undefined-condition.
		return e.readApp(d, t)
	}
	e.Condition = c
	content, err := d.AppendText(nil)
	e.Content = string(content)
	return err
}

// readApp keeps the child whose start tag is t as an element.
func (e *Error) readApp(d *xmltext.Decoder, t *xmltext.Token) error {
	el := Element{name: xmlName(t.Name)}
	raw, err := d.ReadElement()
	if err != nil {
		return err
	}
	el.raw = string(raw)
	e.App = append(e.App, el)
	return nil
}

// complete fills in what the peer left out.
func (e *Error) complete() {
	if e.Condition == "" {
		e.Condition = UndefinedCondition
	}
	if e.Type == "" {
		e.Type = e.Condition.DefaultType()
	}
}

// keep returns e.kept, made when there is none yet.
func (e *Error) keep() *kept {
	if e.kept == nil {
		e.kept = new(kept)
	}
	return e.kept
}
