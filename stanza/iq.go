package stanza

import (
	"errors"

	"github.com/canto-im/canto/jid"
)

// An IQType says whether an IQ asks or answers (RFC 6120 §8.2.3).
type IQType string

// The IQ types of RFC 6120 §8.2.3.
const (
	Get     IQType = "get"    // asks for information
	Set     IQType = "set"    // provides or changes something
	Result  IQType = "result" // answers a get or set that succeeded
	IQError IQType = "error"  // answers a get or set that failed: see IQ.Error
)

// An IQ is a question or its answer (RFC 6120 §8.2.3): a Get or Set has exactly one payload; a Result has at most one; an
// IQError has an Error and may repeat the payload of the request.
type IQ struct {
	ID   string // RFC 6120 §8.1.3: the answer has that of the request; one is made when it is empty as a request is sent
	From jid.JID
	To   jid.JID // zero: one's own account, as its server manages it
	Type IQType
	Lang string // xml:lang of the texts; "" is the language of the stream

	Payload Element
	Error   *Error // what failed; goes with the type IQError and with no other

	kept *kept // what was received and stands in no field
}

var (
	errAnswerToError  = errors.New("stanza: an error is never answered with an error (RFC 6120 §8.3.1); check the type before answering")
	errAnswerToAnswer = errors.New("stanza: an iq of type result or error is not to be answered (RFC 6120 §8.2.3); check the type before answering")
)

// Kind returns "iq".
func (iq *IQ) Kind() string { return KindIQ }

// Header returns a copy of the attributes that all kinds of stanza have.
func (iq *IQ) Header() Header { return Header{iq.ID, iq.From, iq.To, string(iq.Type), iq.Lang} }

// Elements returns the payload in a slice of its own; nil when there is none. Find looks at it without the slice.
func (iq *IQ) Elements() []Element {
	if iq.Payload.IsZero() {
		return nil
	}
	return []Element{iq.Payload}
}

// Failure returns iq.Error.
func (iq *IQ) Failure() *Error { return iq.Error }

func (iq *IQ) payloads() payloadList { return payloadList{one: iq.Payload} }

// IsRequest reports whether iq is a Get or a Set, which must be answered (RFC 6120 §8.2.3).
func (iq *IQ) IsRequest() bool { return iq.Type == Get || iq.Type == Set }

// Result returns the answer to the request iq that says that it succeeded: with its id, to its sender. The payload becomes
// an Element as Payload makes it; nil means none. Only a Get or a Set may be answered: sending the answer to another fails.
func (iq *IQ) Result(payload any) *IQ {
	return iq.answer(&IQ{Type: Result, Payload: Payload(payload)})
}

// Fail returns the answer to the request iq that says that it failed: with its id, to its sender. An *Error in err's chain
// is sent as it is, a Condition with the type recommended for it, and any other error (or nil) as InternalServerError
// without its text, which is none of the peer's business. Only a Get or a Set may be answered: sending the answer to another
// fails.
func (iq *IQ) Fail(err error) *IQ {
	return iq.answer(&IQ{Type: IQError, Error: asError(err)})
}

// answer completes r as an answer to iq.
func (iq *IQ) answer(r *IQ) *IQ {
	// RFC 6120 §8.2.3: the response must preserve the 'id' of the request.
	r.ID, r.From, r.To = iq.ID, iq.To, iq.From
	if !iq.IsRequest() {
		// RFC 6120 §8.2.3: who receives a "result" or "error" must not respond with a further one.
		r.Payload = failedElement(errAnswerToAnswer)
	}
	return r
}

// knownIQType returns the type named s, and "" for a name that RFC 6120 §8.2.3 does not define.
func knownIQType(s string) IQType {
	switch t := IQType(s); t {
	case Get:
		return Get
	case Set:
		return Set
	case Result:
		return Result
	case IQError:
		return IQError
	}
	return ""
}
