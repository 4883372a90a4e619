package register

import (
	"errors"
	"fmt"

	"github.com/canto-im/canto/stanza"
)

var (
	// ErrNotOffered is a server that does not offer to register accounts, or none with an invitation where one is to be used.
	ErrNotOffered = errors.New("the server does not offer it")
	// ErrInsecure is a stream without TLS: no password goes there (XEP-0077 §3.3, §11).
	ErrInsecure = errors.New("the stream is not encrypted")
	// ErrOffline is a Client that has no session at the moment.
	ErrOffline = errors.New("there is no session")

	errNoName     = errors.New("the address has no localpart: it's the name of the account")
	errNoPassword = errors.New("Options.Password is empty: it's the password of the account")
)

// An Error says what was tried, and why it failed.
type Error struct {
	Op   string // what was tried, such as "register juliet@example.com"
	Err  error  // why: a *stanza.Error, a *Redirect, a *form.FieldError, an error of this package, or the end of the connection
	Form *Form  // what the server wants to have filled in, where it has said so; nil otherwise
}

// Error says what was tried, what the server's answer means where that is known, and the answer.
func (e *Error) Error() string {
	if m := meaning(e.Err); m != "" {
		return fmt.Sprintf("register: %s: %s: %v", e.Op, m, e.Err)
	}
	return fmt.Sprintf("register: %s: %v", e.Op, e.Err)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// meaning puts words to what servers answer.
func meaning(err error) string {
	var se *stanza.Error
	if !errors.As(err, &se) {
		return ""
	}
	switch se.Condition {
	case stanza.Conflict:
		return "the name is taken"
	case stanza.NotAcceptable: // XEP-0077 §3.1, §3.1.1
		return "the server does not take these answers, or not so many registrations"
	case stanza.NotAllowed, stanza.Forbidden, stanza.ServiceUnavailable, stanza.FeatureNotImplemented:
		return "the server does not allow it"
	case stanza.ResourceConstraint:
		return "too many of late: try again later"
	case stanza.PolicyViolation:
		if se.Type == stanza.Wait {
			return "too many of late: try again later"
		}
		return "the server's rules are against it (a stronger password may do)"
	case stanza.RegistrationRequired:
		return "there is no such registration"
	case stanza.ItemNotFound:
		return "the server knows nothing of it"
	case stanza.BadRequest:
		return "the server wants to know more, or something else"
	}
	return ""
}

// A Redirect is a host that has people register elsewhere (XEP-0077 §5).
type Redirect struct {
	URL          string // where, usually a page of the web (XEP-0066); "" if only Instructions say so
	Instructions string // what people are told
}

// Error quotes both.
func (r *Redirect) Error() string {
	if r.URL == "" {
		return fmt.Sprintf("the server only says: %q", r.Instructions)
	}
	return fmt.Sprintf("the server has people register at %q: %q", r.URL, r.Instructions)
}
