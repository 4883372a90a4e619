package pubsub

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// A Condition is why a request failed, in words of publish-subscribe's own (XEP-0060 §17.2). It comes beside a condition
// of package stanza: errors.Is finds both.
type Condition string

// Error returns the condition.
func (c Condition) Error() string { return "pubsub: " + string(c) }

// The conditions of XEP-0060 §17.2.
const (
	ClosedNode                   Condition = "closed-node"                    // only those on a list may read the node
	ConfigurationRequired        Condition = "configuration-required"         // a subscription needs its options
	InvalidJID                   Condition = "invalid-jid"                    // one may subscribe only oneself
	InvalidOptions               Condition = "invalid-options"                // options that the service does not know or take
	InvalidPayload               Condition = "invalid-payload"                // not what the node is for
	InvalidSubID                 Condition = "invalid-subid"                  // there is no subscription of that id
	ItemForbidden                Condition = "item-forbidden"                 // the node takes no items
	ItemRequired                 Condition = "item-required"                  // an item, or its id, is missing
	JIDRequired                  Condition = "jid-required"                   // the address of the subscriber is missing
	MaxItemsExceeded             Condition = "max-items-exceeded"             // the node is full
	MaxNodesExceeded             Condition = "max-nodes-exceeded"             // there are too many nodes
	NodeIDRequired               Condition = "nodeid-required"                // the service gives nodes no names
	NotInRosterGroup             Condition = "not-in-roster-group"            // the node is for some of the owner's contacts
	NotSubscribed                Condition = "not-subscribed"                 // there is no such subscription
	PayloadTooBig                Condition = "payload-too-big"                // more than the service takes
	PayloadRequired              Condition = "payload-required"               // the node takes no empty items
	PendingSubscription          Condition = "pending-subscription"           // an owner has yet to allow it
	PreconditionNotMet           Condition = "precondition-not-met"           // the node is configured in another way: see Publish
	PresenceSubscriptionRequired Condition = "presence-subscription-required" // the node is for those who see the owner's presence
	SubIDRequired                Condition = "subid-required"                 // there are several subscriptions: which?
	TooManySubscriptions         Condition = "too-many-subscriptions"         // of one subscriber
	Unsupported                  Condition = "unsupported"                    // see Error.Feature
	UnsupportedAccessModel       Condition = "unsupported-access-model"       // the service does not know it
)

// ErrNoOptions is a server that does not heed the options of a publication, so that nothing may be kept there that is not for
// everybody's eyes (XEP-0223 §6).
var ErrNoOptions = errors.New("the server does not support publish-options")

// ErrSubscribers is a node of ours that was not private so far, so that others may have subscribed to it, whom the server does not tell
// us of: they would go on hearing what is published there. Delete it first, where what it holds can be done without.
var ErrSubscribers = errors.New("others may have subscribed to the node while it was open, and the server does not say who: delete it first")

// An Error says what was asked of whom, and why it failed. errors.Is finds the condition of package stanza and the Condition;
// errors.As the *stanza.Error.
type Error struct {
	Op      string // what was tried, such as "publish"
	Service jid.JID
	Node    string // "" if it was about none
	Err     error  // why: a *stanza.Error, the end of the connection, an answer that is none
}

// Error says it in words; what came over the wire is quoted.
func (e *Error) Error() string {
	at := "our own account"
	if !e.Service.IsZero() {
		at = strconv.Quote(e.Service.String())
	}
	why := ""
	if c := e.condition(); c != "" {
		why = fmt.Sprintf(": %q", string(c))
	}
	return fmt.Sprintf("pubsub: %s %q at %s%s: %v", e.Op, e.Node, at, why, e.Err)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the Condition of e.
func (e *Error) Is(target error) bool {
	c, ok := target.(Condition)
	return ok && c != "" && c == e.condition()
}

func (e *Error) condition() Condition { return Condition(e.app().Name().Local) }

// Feature returns what is Unsupported, by its name in XEP-0060 §10, "" if it is not said.
func (e *Error) Feature() string { return e.app().Attr("feature") }

// app returns the application-specific condition.
func (e *Error) app() stanza.Element {
	var refused *stanza.Error
	if errors.As(e.Err, &refused) {
		for _, c := range refused.App {
			if c.Name().Space == ns.PubSubErrors {
				return c
			}
		}
	}
	return stanza.Element{}
}
