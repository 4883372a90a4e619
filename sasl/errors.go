package sasl

import (
	"fmt"
	"strings"
)

// Condition is a reason for which a server refuses an authentication (RFC 6120 section 6.5). It is an error:
// errors.Is(err, sasl.NotAuthorized).
type Condition string

// The conditions of RFC 6120 section 6.5.
const (
	Aborted              Condition = "aborted"                // we asked the server to stop
	AccountDisabled      Condition = "account-disabled"       // for a time, or for ever
	CredentialsExpired   Condition = "credentials-expired"    // the password or token is too old
	EncryptionRequired   Condition = "encryption-required"    // the mechanism needs TLS
	IncorrectEncoding    Condition = "incorrect-encoding"     // what we sent was no base64
	InvalidAuthzID       Condition = "invalid-authzid"        // the authorization identity is wrong or not permitted
	InvalidMechanism     Condition = "invalid-mechanism"      // the server does not know the mechanism
	MalformedRequest     Condition = "malformed-request"      // the server could not read what we sent
	MechanismTooWeak     Condition = "mechanism-too-weak"     // the server wants a stronger mechanism for this account
	NotAuthorized        Condition = "not-authorized"         // wrong name or password; a server may say it of anything
	TemporaryAuthFailure Condition = "temporary-auth-failure" // trying again later may help
)

// Error implements error.
func (c Condition) Error() string { return "sasl: " + string(c) }

// Error is a server's refusal: <failure/> (RFC 6120 section 6.4.5).
type Error struct {
	Condition Condition // one of the constants, or what else the server sent
	Text      string    // the server's explanation, if any
	Lang      string    // the language of Text
}

// Error quotes the server's text.
func (e *Error) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("sasl: the server refused the authentication: %s", quotable(string(e.Condition)))
	}
	return fmt.Sprintf("sasl: the server refused the authentication: %s: %s", quotable(string(e.Condition)), quoted(e.Text))
}

// Unwrap returns the condition, for errors.Is.
func (e *Error) Unwrap() error { return e.Condition }

// Is makes a condition that is none of the constants NotAuthorized too (RFC 6120 section 6.5).
func (e *Error) Is(target error) bool { return target == NotAuthorized && !e.Condition.defined() }

// defined tells whether c is one of the constants.
func (c Condition) defined() bool {
	switch c {
	case Aborted, AccountDisabled, CredentialsExpired, EncryptionRequired, IncorrectEncoding, InvalidAuthzID, InvalidMechanism,
		MalformedRequest, MechanismTooWeak, NotAuthorized, TemporaryAuthFailure:
		return true
	}
	return false
}

// TasksError is an authentication that was successful and is not enough (<continue/> of XEP-0388 section 2.6.3): the server
// wants one of the tasks done before it lets the account in, for example a second factor or a new password. The server has
// proved itself as in a success.
type TasksError struct {
	Tasks []string // their names; one of them is to be done, and then there may be others
	Text  string   // the server's explanation, if any
}

// Error lists the tasks.
func (e *TasksError) Error() string {
	s := "sasl: the authentication is not enough, the server wants one of these tasks done: " + quoted(strings.Join(e.Tasks, " "))
	if e.Text != "" {
		s += ": " + quoted(e.Text)
	}
	return s
}

// Reason is why an authentication ended on our side. It is an error: errors.Is(err, sasl.ErrDowngrade).
type Reason string

// Error implements error.
func (r Reason) Error() string { return "sasl: " + string(r) }

// The reasons that the mechanisms of this package have.
const (
	ErrNotOffered  Reason = "the server does not offer the mechanism"
	ErrPlaintext   Reason = "the connection is not encrypted"
	ErrNoBinding   Reason = "the connection and the server have no type of channel binding in common"
	ErrCredentials Reason = "the credentials cannot be used"
	ErrMalformed   Reason = "the server's message is malformed"
	ErrUnexpected  Reason = "the server's message is out of turn"
	ErrNonce       Reason = "the server's nonce does not extend ours"
	ErrExtension   Reason = "the server demands an extension that is not known"
	ErrIterations  Reason = "the iteration count is not acceptable"
	// ErrSignature: the server does not know the password; it is not the one that the account is on.
	ErrSignature Reason = "the server's signature is wrong"
	// ErrUnverified: success was claimed before the server had proved that it knows the password.
	ErrUnverified Reason = "the server claims success without having proved itself"
	// ErrDowngrade: somebody on the way changed what the server offers, or the server contradicts itself.
	ErrDowngrade Reason = "what the server offers was tampered with"
)

// ExchangeError is an authentication that ended on our side: it could not be started, or the server broke the rules of the
// mechanism. Nothing secret and no whole message is part of it.
type ExchangeError struct {
	Mechanism string // the mechanism's name
	Message   string // the message that was at fault ("server-first-message", "success"); empty: none was sent yet
	Reason    error  // a Reason, a ServerError, or an error of the context or of a TokenSource
	Detail    string // what exactly is wrong; text of the server is quoted
}

// Error says mechanism, message, reason and detail.
func (e *ExchangeError) Error() string {
	s := "sasl: " + quotable(e.Mechanism)
	if e.Message != "" {
		s += ": " + e.Message
	}
	s += ": " + reasonText(e.Reason)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Unwrap returns the reason.
func (e *ExchangeError) Unwrap() error { return e.Reason }

// reasonText is the text of a reason without the prefix that it has when it stands alone.
func reasonText(err error) string {
	switch err := err.(type) {
	case Reason:
		return string(err)
	case ServerError:
		return "the server says " + quotable(string(err))
	}
	return err.Error()
}

// fail builds an ExchangeError.
func fail(mechanism, message string, reason error, format string, args ...any) error {
	return &ExchangeError{Mechanism: mechanism, Message: message, Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// ServerError is an error of a SCRAM server's final message (RFC 5802 section 7). It is an error; those that mean a wrong
// name or password are NotAuthorized as well, and the one that means a stripped offer is ErrDowngrade.
type ServerError string

// The values that RFC 5802 section 7 defines; servers may send others.
const (
	InvalidEncoding                 ServerError = "invalid-encoding"
	ExtensionsNotSupported          ServerError = "extensions-not-supported"
	InvalidProof                    ServerError = "invalid-proof"
	ChannelBindingsDontMatch        ServerError = "channel-bindings-dont-match"
	ServerDoesSupportChannelBinding ServerError = "server-does-support-channel-binding"
	ChannelBindingNotSupported      ServerError = "channel-binding-not-supported"
	UnsupportedChannelBindingType   ServerError = "unsupported-channel-binding-type"
	UnknownUser                     ServerError = "unknown-user"
	InvalidUsernameEncoding         ServerError = "invalid-username-encoding"
	NoResources                     ServerError = "no-resources"
	OtherError                      ServerError = "other-error"
)

// Error implements error.
func (e ServerError) Error() string { return "sasl: the server says " + quotable(string(e)) }

// Is makes the values that mean the same as a Condition or a Reason match it.
func (e ServerError) Is(target error) bool {
	switch e {
	case InvalidProof, UnknownUser:
		return target == NotAuthorized
	case ServerDoesSupportChannelBinding:
		return target == ErrDowngrade
	case NoResources:
		return target == TemporaryAuthFailure
	}
	return false
}

// maxQuoted bounds, in bytes, what an error text repeats of the server's words.
const maxQuoted = 200

// quoted is text of the wire as an error shows it: without control characters, and not endless.
func quoted(s string) string {
	if len(s) > maxQuoted {
		return fmt.Sprintf("%q…", s[:maxQuoted])
	}
	return fmt.Sprintf("%q", s)
}

// quotable leaves a plain token as it is and quotes all else.
func quotable(s string) string {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7F || c == '"' {
			return quoted(s)
		}
	}
	if s == "" || len(s) > maxQuoted {
		return quoted(s)
	}
	return s
}
