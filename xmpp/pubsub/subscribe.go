package pubsub

import (
	"context"
	"errors"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
)

// A State is how a subscription stands (XEP-0060 §4.2).
type State string

// The states.
const (
	None         State = "none"         // there is none any more
	Pending      State = "pending"      // an owner has yet to allow it
	Unconfigured State = "unconfigured" // it needs its options: see Configure
	Subscribed   State = "subscribed"
)

// A Subscription is somebody's to a node.
type Subscription struct {
	Node     string
	JID      jid.JID // where events go; zero: our own bare address
	ID       string  // tells several of one subscriber apart; mostly ""
	State    State
	Expires  time.Time // until when it's good; zero: nothing is said of it (XEP-0060 §12.19)
	Options  bool      // it has options: see SubscriptionOptions
	Required bool      // and needs them before events come
}

// An Affiliation is what somebody may do at a node (XEP-0060 §4.1).
type Affiliation string

// The affiliations.
const (
	Owner       Affiliation = "owner"        // everything
	Publisher   Affiliation = "publisher"    // read and publish
	PublishOnly Affiliation = "publish-only" // publish
	Member      Affiliation = "member"       // read what is for some only
	Outcast     Affiliation = "outcast"      // nothing
	NoOne       Affiliation = "none"         // what the access model allows
)

// An Affiliate is what somebody is at a node.
type Affiliate struct {
	Node        string
	JID         jid.JID // a bare address
	Affiliation Affiliation
}

// Values of the options of a subscription (XEP-0060 §16.4.2).
const (
	SubDeliver     = "pubsub#deliver"      // bool: events come at all
	SubExpire      = "pubsub#expire"       // when it ends: a time.Time, or "presence" for our going offline (XEP-0060 §12.5, §12.19)
	SubIncludeBody = "pubsub#include_body" // bool: with a text for people
)

var (
	errNoForm         = errors.New("the answer has no form")
	errNoSubscription = errors.New("the answer says nothing of a subscription")
)

// Subscribe subscribes to a node (XEP-0060 §6.1): its events come from then on, until Unsubscribe, to who is given, us if that is the zero
// address: the events then go to our bare address, whichever resource is there; see OnEvent. The options, if any, are those of the subscription.
// With Authorize as the node's access model it's Pending until an owner has decided.
//
// The nodes of contacts need no subscription: see OnPersonal.
func Subscribe(ctx context.Context, e xmpp.Endpoint, service jid.JID, node string, who jid.JID, options ...form.Field) (Subscription, error) {
	t := target{e, service, node}
	q := request(ns.PubSub, named("subscribe", part{Node: node, JID: self(e, who)}))
	if len(options) > 0 { // XEP-0060 §6.3.7
		q.Parts = append(q.Parts, named("options", part{Form: submit(ns.PubSubSub, options)}))
	}
	answer, err := t.set(ctx, "subscribe to", q)
	if err != nil {
		return Subscription{}, err
	}
	if answer == nil {
		return Subscription{Node: node, JID: self(e, who), State: Subscribed}, nil
	}
	p := answer.part("subscription")
	if p == nil {
		return Subscription{}, t.fail("subscribe to", errNoSubscription)
	}
	return p.subscription(node), nil
}

// self is who is given, or our bare address.
func self(e xmpp.Endpoint, who jid.JID) jid.JID {
	if who.IsZero() {
		return e.JID().Bare()
	}
	return who
}

// subscription reads a part.
func (p *part) subscription(node string) Subscription {
	s := Subscription{Node: node, JID: p.JID, ID: p.SubID, State: p.State}
	if p.Node != "" {
		s.Node = p.Node
	}
	s.Expires, _ = time.Parse(time.RFC3339, p.Expiry)
	if o := find(p.Parts, "subscribe-options"); o != nil {
		s.Options, s.Required = true, find(o.Parts, "required") != nil
	}
	return s
}

// Unsubscribe ends a subscription (XEP-0060 §6.2): one that Subscribe or Subscriptions has returned, or a literal with its
// Node.
func Unsubscribe(ctx context.Context, e xmpp.Endpoint, service jid.JID, s Subscription) error {
	q := request(ns.PubSub, named("unsubscribe", part{Node: s.Node, JID: self(e, s.JID), SubID: s.ID}))
	_, err := target{e, service, s.Node}.set(ctx, "unsubscribe from", q)
	return err
}

// Subscriptions returns our own subscriptions at a service, or those to one node of it if that is not empty (XEP-0060 §5.6).
func Subscriptions(ctx context.Context, e xmpp.Endpoint, service jid.JID, node string) ([]Subscription, error) {
	return target{e, service, node}.subscriptions(ctx, ns.PubSub)
}

func (t target) subscriptions(ctx context.Context, space string) (list []Subscription, err error) {
	answer, err := t.get(ctx, "subscriptions to", request(space, named("subscriptions", part{Node: t.node})))
	if err != nil {
		return nil, err
	}
	for p := range answer.part("subscriptions").only("subscription") {
		list = append(list, p.subscription(t.node))
	}
	return list, nil
}

// Affiliations returns what we are at the nodes of a service, or at one of them if that is not empty (XEP-0060 §5.7).
func Affiliations(ctx context.Context, e xmpp.Endpoint, service jid.JID, node string) ([]Affiliate, error) {
	list, err := target{e, service, node}.affiliations(ctx, ns.PubSub)
	for i := range list {
		list[i].JID = e.JID().Bare()
	}
	return list, err
}

func (t target) affiliations(ctx context.Context, space string) (list []Affiliate, err error) {
	answer, err := t.get(ctx, "affiliations at", request(space, named("affiliations", part{Node: t.node})))
	if err != nil {
		return nil, err
	}
	for p := range answer.part("affiliations").only("affiliation") {
		a := Affiliate{Node: t.node, JID: p.JID, Affiliation: p.Affiliation}
		if p.Node != "" {
			a.Node = p.Node
		}
		list = append(list, a)
	}
	return list, nil
}

// SubscriptionOptions returns the form with the options of a subscription (XEP-0060 §6.3).
func SubscriptionOptions(ctx context.Context, e xmpp.Endpoint, service jid.JID, s Subscription) (*form.Form, error) {
	q := request(ns.PubSub, named("options", part{Node: s.Node, JID: self(e, s.JID), SubID: s.ID}))
	return target{e, service, s.Node}.form(ctx, "options of the subscription to", "options", q)
}

// SetSubscriptionOptions changes the options of a subscription (XEP-0060 §6.3.5).
func SetSubscriptionOptions(ctx context.Context, e xmpp.Endpoint, service jid.JID, s Subscription, options ...form.Field) error {
	verb := named("options", part{Node: s.Node, JID: self(e, s.JID), SubID: s.ID, Form: submit(ns.PubSubSub, options)})
	_, err := target{e, service, s.Node}.set(ctx, "set the options of the subscription to", request(ns.PubSub, verb))
	return err
}

// DefaultSubscriptionOptions returns the form with the options that a new subscription has, to the node if it is not empty
// (XEP-0060 §6.4).
func DefaultSubscriptionOptions(ctx context.Context, e xmpp.Endpoint, service jid.JID, node string) (*form.Form, error) {
	q := request(ns.PubSub, named("default", part{Node: node}))
	return target{e, service, node}.form(ctx, "default options of a subscription to", "default", q)
}
