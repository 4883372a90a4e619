package xmpp

import (
	"strconv"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/stanza"
)

// A StreamCondition is a defined condition of a stream error (RFC 6120 §4.9.3). It's an error, so that
// errors.Is(err, xmpp.Conflict) can be asked of whatever a session ended with.
type StreamCondition string

// The conditions of RFC 6120 §4.9.3.
const (
	BadFormat              StreamCondition = "bad-format"
	BadNamespacePrefix     StreamCondition = "bad-namespace-prefix"
	Conflict               StreamCondition = "conflict"
	ConnectionTimeout      StreamCondition = "connection-timeout"
	HostGone               StreamCondition = "host-gone"
	HostUnknown            StreamCondition = "host-unknown"
	ImproperAddressing     StreamCondition = "improper-addressing"
	InternalServerError    StreamCondition = "internal-server-error"
	InvalidFrom            StreamCondition = "invalid-from"
	InvalidNamespace       StreamCondition = "invalid-namespace"
	InvalidXML             StreamCondition = "invalid-xml"
	NotAuthorized          StreamCondition = "not-authorized"
	NotWellFormed          StreamCondition = "not-well-formed"
	PolicyViolation        StreamCondition = "policy-violation"
	RemoteConnectionFailed StreamCondition = "remote-connection-failed"
	Reset                  StreamCondition = "reset"
	ResourceConstraint     StreamCondition = "resource-constraint"
	RestrictedXML          StreamCondition = "restricted-xml"
	SeeOtherHost           StreamCondition = "see-other-host"
	SystemShutdown         StreamCondition = "system-shutdown"
	UndefinedCondition     StreamCondition = "undefined-condition"
	UnsupportedEncoding    StreamCondition = "unsupported-encoding"
	UnsupportedFeature     StreamCondition = "unsupported-feature"
	UnsupportedStanzaType  StreamCondition = "unsupported-stanza-type"
	UnsupportedVersion     StreamCondition = "unsupported-version"
)

// Error returns the condition's name.
func (c StreamCondition) Error() string { return "stream error: " + string(c) }

// A StreamError is an error of the whole stream: it has ended it (RFC 6120 §4.9).
type StreamError struct {
	Condition StreamCondition
	Text      string         // for a person, as the sender wrote it; may be empty
	Lang      string         // the language of Text
	Host      string         // see-other-host: where to go
	App       stanza.Element // application-specific condition; zero when there is none
	Local     bool           // we found the error and sent it; false: the server did
}

// Error says who ended the stream and why; text from the wire is quoted.
func (e *StreamError) Error() string {
	who := "the server ended the stream: "
	if e.Local {
		who = "stream ended, the server broke the protocol: "
	}
	msg := "xmpp: " + who + string(e.Condition)
	if e.Host != "" {
		msg += " " + strconv.Quote(e.Host)
	}
	if e.Text != "" {
		msg += ": " + strconv.Quote(e.Text)
	}
	return msg
}

// Is reports whether target is the condition of e.
func (e *StreamError) Is(target error) bool {
	c, ok := target.(StreamCondition)
	return ok && c == e.Condition
}

// received turns a stream error from the wire into the public one.
func received(e *stream.Error) *StreamError {
	out := &StreamError{Condition: StreamCondition(e.Condition), Text: e.Text, Lang: e.Lang, Host: e.Content}
	if e.App != "" {
		out.App, _ = stanza.ParseElement(e.App)
	}
	return out
}
