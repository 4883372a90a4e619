package bosh

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/canto-im/canto/xmpp"
)

// A Condition says why a connection manager has ended a session (XEP-0124 §17.2). It's an error, so that
// errors.Is(err, bosh.ItemNotFound) can be asked of whatever a session ended with.
type Condition string

// The conditions of XEP-0124 §17.2.
const (
	BadRequest             Condition = "bad-request"              // what we said is malformed
	HostGone               Condition = "host-gone"                // the domain is no longer served
	HostUnknown            Condition = "host-unknown"             // the domain is not served
	ImproperAddressing     Condition = "improper-addressing"      // it wants to be told more of where to go
	InternalServerError    Condition = "internal-server-error"    // it is broken
	ItemNotFound           Condition = "item-not-found"           // it does not know the session, or no longer has a response
	OtherRequest           Condition = "other-request"            // another request has ended the session
	PolicyViolation        Condition = "policy-violation"         // too many requests, or too often
	RemoteConnectionFailed Condition = "remote-connection-failed" // it has lost, or not reached, the XMPP server
	RemoteStreamError      Condition = "remote-stream-error"      // the XMPP server has ended the stream, and does not say why
	SeeOtherURI            Condition = "see-other-uri"            // it is elsewhere
	SystemShutdown         Condition = "system-shutdown"          // it is being shut down
	UndefinedCondition     Condition = "undefined-condition"      // something else
)

// Error returns the condition's name.
func (c Condition) Error() string { return "bosh: " + strconv.Quote(string(c)) }

// alike are the conditions of a stream that mean the same, for those who ask what to do about it.
var alike = map[Condition]xmpp.StreamCondition{
	HostGone:               xmpp.HostGone,
	HostUnknown:            xmpp.HostUnknown,
	ImproperAddressing:     xmpp.ImproperAddressing,
	InternalServerError:    xmpp.InternalServerError,
	RemoteConnectionFailed: xmpp.RemoteConnectionFailed,
	SystemShutdown:         xmpp.SystemShutdown,
}

// An Error is the end that a connection manager has made of a session. An XMPP stream that is managed (XEP-0198) can be resumed with
// another session: a Client does so.
type Error struct {
	Condition Condition
	Status    string // of HTTP, where it was said with that (XEP-0124 §17.1): "404 Not Found"; else ""
}

// Error says what the connection manager has said, quoted.
func (e *Error) Error() string {
	msg := "bosh: the connection manager ended the session: " + strconv.Quote(string(e.Condition))
	if e.Status != "" {
		msg += " (" + strconv.Quote(e.Status) + ")"
	}
	return msg
}

// Is reports whether target is the condition of e, or that of a stream error which means the same: errors.Is(err, xmpp.HostUnknown)
// needs not know what carries the stream.
func (e *Error) Is(target error) bool {
	switch c := target.(type) {
	case Condition:
		return c == e.Condition
	case xmpp.StreamCondition:
		return c == alike[e.Condition]
	}
	return false
}

var (
	errRepeat    = errors.New("bosh: the connection manager has us repeat a request, again and again")
	errGivenUp   = errors.New("bosh: no answer in time")
	errOtherKey  = errors.New("bosh: another connection of the session showed another certificate (XEP-0124 §19.1)")
	errNoRestart = errors.New("bosh: the connection manager can't restart streams (XEP-0206 §4)")
	errNotTheEnd = errors.New("bosh: the session is over")
)

// A statusError is a response whose status is not 200 OK and whose body says nothing.
type statusError struct {
	code   int
	status string
}

func (e *statusError) Error() string {
	return "bosh: the answer of HTTP is " + strconv.Quote(e.status)
}

// passes reports whether the same request may do better another time: what is in between may have a bad moment.
func (e *statusError) passes() bool {
	switch e.code {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return e.code >= 500
}

// condition is what the status says where a connection manager speaks in statuses (XEP-0124 §17.1); "": nothing.
func (e *statusError) condition() Condition {
	switch e.code {
	case http.StatusBadRequest:
		return BadRequest
	case http.StatusForbidden:
		return PolicyViolation
	case http.StatusNotFound:
		return ItemNotFound
	}
	return ""
}
