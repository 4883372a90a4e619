package stanza

// A Condition says what went wrong with a stanza: one of the 22 names of RFC 6120 §8.3.3. It is an error, so that
// errors.Is(err, stanza.ItemNotFound) asks whether err is or wraps a stanza error of that condition, and so that a handler
// may return it as its answer.
type Condition string

// The conditions of RFC 6120 §8.3.3, each with the ErrorType that is recommended for it.
const (
	BadRequest            Condition = "bad-request"             // modify: the stanza cannot be processed as it stands (§8.3.3.1)
	Conflict              Condition = "conflict"                // cancel: a resource of the same name exists (§8.3.3.2)
	FeatureNotImplemented Condition = "feature-not-implemented" // cancel: the recipient does not implement it (§8.3.3.3)
	Forbidden             Condition = "forbidden"               // auth: the requester lacks the permission (§8.3.3.4)
	Gone                  Condition = "gone"                    // cancel: no longer at this address; see Error.Content (§8.3.3.5)
	InternalServerError   Condition = "internal-server-error"   // cancel: a fault on the answering side (§8.3.3.6)
	ItemNotFound          Condition = "item-not-found"          // cancel: the JID or item cannot be found (§8.3.3.7)
	JIDMalformed          Condition = "jid-malformed"           // modify: an address is no valid JID (§8.3.3.8)
	NotAcceptable         Condition = "not-acceptable"          // modify: the recipient's criteria are not met (§8.3.3.9)
	NotAllowed            Condition = "not-allowed"             // cancel: nobody may do this (§8.3.3.10)
	NotAuthorized         Condition = "not-authorized"          // auth: credentials are missing or wrong (§8.3.3.11)
	PolicyViolation       Condition = "policy-violation"        // modify: against the service's policy (§8.3.3.12)
	RecipientUnavailable  Condition = "recipient-unavailable"   // wait: the recipient is away for now (§8.3.3.13)
	Redirect              Condition = "redirect"                // modify: ask elsewhere; see Error.Content (§8.3.3.14)
	RegistrationRequired  Condition = "registration-required"   // auth: register first (§8.3.3.15)
	RemoteServerNotFound  Condition = "remote-server-not-found" // cancel: the JID's domain cannot be found (§8.3.3.16)
	RemoteServerTimeout   Condition = "remote-server-timeout"   // wait: the JID's domain does not answer (§8.3.3.17)
	ResourceConstraint    Condition = "resource-constraint"     // wait: the recipient is busy (§8.3.3.18)
	ServiceUnavailable    Condition = "service-unavailable"     // cancel: the service is not provided (§8.3.3.19)
	SubscriptionRequired  Condition = "subscription-required"   // auth: subscribe first (§8.3.3.20)
	UndefinedCondition    Condition = "undefined-condition"     // cancel: none of these; see Error.App (§8.3.3.21)
	UnexpectedRequest     Condition = "unexpected-request"      // wait: not at this time (§8.3.3.22)
)

// An ErrorType says what the sender of a stanza can do about its error (RFC 6120 §8.3.2).
type ErrorType string

// The error types of RFC 6120 §8.3.2.
const (
	Auth     ErrorType = "auth"     // retry after providing credentials
	Cancel   ErrorType = "cancel"   // do not retry: the error cannot be remedied
	Continue ErrorType = "continue" // proceed: the condition was only a warning
	Modify   ErrorType = "modify"   // retry after changing the data sent
	Wait     ErrorType = "wait"     // retry after waiting: the error is temporary
)

// Error returns the name of the condition.
func (c Condition) Error() string { return "stanza: " + string(c) }

// DefaultType returns the ErrorType that RFC 6120 §8.3.3 recommends for c, and Cancel for UndefinedCondition and for
// names that are none of the 22.
func (c Condition) DefaultType() ErrorType {
	_, t := knownCondition(string(c))
	return t
}

// knownCondition returns the condition named s with its recommended type, and "" for a name that RFC 6120 does not define.
// The condition it returns is a constant: it keeps no memory of s alive.
func knownCondition(s string) (Condition, ErrorType) {
	switch c := Condition(s); c {
	case BadRequest:
		return BadRequest, Modify
	case Conflict:
		return Conflict, Cancel
	case FeatureNotImplemented:
		return FeatureNotImplemented, Cancel
	case Forbidden:
		return Forbidden, Auth
	case Gone:
		return Gone, Cancel
	case InternalServerError:
		return InternalServerError, Cancel
	case ItemNotFound:
		return ItemNotFound, Cancel
	case JIDMalformed:
		return JIDMalformed, Modify
	case NotAcceptable:
		return NotAcceptable, Modify
	case NotAllowed:
		return NotAllowed, Cancel
	case NotAuthorized:
		return NotAuthorized, Auth
	case PolicyViolation:
		return PolicyViolation, Modify
	case RecipientUnavailable:
		return RecipientUnavailable, Wait
	case Redirect:
		return Redirect, Modify
	case RegistrationRequired:
		return RegistrationRequired, Auth
	case RemoteServerNotFound:
		return RemoteServerNotFound, Cancel
	case RemoteServerTimeout:
		return RemoteServerTimeout, Wait
	case ResourceConstraint:
		return ResourceConstraint, Wait
	case ServiceUnavailable:
		return ServiceUnavailable, Cancel
	case SubscriptionRequired:
		return SubscriptionRequired, Auth
	case UndefinedCondition:
		return UndefinedCondition, Cancel
	case UnexpectedRequest:
		return UnexpectedRequest, Wait
	}
	return "", Cancel
}

// knownErrorType returns the type named s, and "" for a name that RFC 6120 §8.3.2 does not define.
func knownErrorType(s string) ErrorType {
	switch t := ErrorType(s); t {
	case Auth:
		return Auth
	case Cancel:
		return Cancel
	case Continue:
		return Continue
	case Modify:
		return Modify
	case Wait:
		return Wait
	}
	return ""
}
