package stanza

import (
	"fmt"

	"github.com/canto-im/canto/jid"
)

// A MalformedError says that what was received as a stanza is none: an address is no JID, a type is unknown where that
// matters, an iq has the wrong number of children. The stanza was read to its end and the stream is in step: the next
// stanza may be decoded. Its attributes stand here as far as they could be read.
type MalformedError struct {
	Kind      string  // "message", "presence", "iq"; "" when it is none of these
	ID        string  // "" when absent
	Type      string  // as it stood on the wire
	From, To  jid.JID // zero when absent or no JID
	Condition Condition
	Err       error // what is wrong

	badFrom bool // from is there, but is no JID
}

// Error says what was wrong with which stanza. What came over the wire is quoted.
func (e *MalformedError) Error() string {
	kind := e.Kind
	if kind == "" {
		kind = "element"
	}
	return fmt.Sprintf("stanza: malformed %s (id %q, type %q): %v", kind, e.ID, e.Type, e.Err)
}

// Unwrap returns e.Err.
func (e *MalformedError) Unwrap() error { return e.Err }

// Is reports whether target is the condition of e.
func (e *MalformedError) Is(target error) bool { return target == e.Condition }

// Answers reports whether the stanza can be an answer: an iq that is no request, with a known sender. Who waits for an answer
// with that ID from that sender gets no better one (RFC 6120 §8.2.3), whether its type is one of an answer, unknown or absent.
func (e *MalformedError) Answers() bool {
	return e.Kind == KindIQ && !e.badFrom && e.Type != string(Get) && e.Type != string(Set)
}

// Answer returns the error that has to answer the stanza, and nil when none may: only an iq is answered (RFC 6120 §8.2.3:
// one whose type is unknown gets bad-request, too), never one of type "result" or "error" (§8.3.1), nor one whose sender
// is not known.
func (e *MalformedError) Answer() *IQ {
	if e.Kind != KindIQ || e.badFrom || e.Type == string(Result) || e.Type == string(IQError) {
		return nil
	}
	// RFC 6120 §8.3.1: the id is that of the stanza, or empty where it had none.
	return &IQ{ID: e.ID, From: e.To, To: e.From, Type: IQError, Error: asError(e.Condition)}
}
