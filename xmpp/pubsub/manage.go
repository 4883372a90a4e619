package pubsub

import (
	"context"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
)

// Subscribers returns everybody's subscriptions to a node of ours (XEP-0060 §8.8.1).
func Subscribers(ctx context.Context, e xmpp.Endpoint, service jid.JID, node string) ([]Subscription, error) {
	return target{e, service, node}.subscriptions(ctx, ns.PubSubOwner)
}

// SetSubscribers changes subscriptions to a node of ours (XEP-0060 §8.8.2): Subscribed makes one, or allows one that is Pending, None ends
// it. Those who are not named keep theirs. The subscribers are mostly told.
func SetSubscribers(ctx context.Context, e xmpp.Endpoint, service jid.JID, node string, subs ...Subscription) error {
	verb := named("subscriptions", part{Node: node})
	for _, s := range subs {
		verb.Parts = append(verb.Parts, named("subscription", part{JID: s.JID, SubID: s.ID, State: s.State}))
	}
	_, err := target{e, service, node}.set(ctx, "set subscribers of", request(ns.PubSubOwner, verb))
	return err
}

// Affiliates returns who is something at a node of ours (XEP-0060 §8.9.1).
func Affiliates(ctx context.Context, e xmpp.Endpoint, service jid.JID, node string) ([]Affiliate, error) {
	return target{e, service, node}.affiliations(ctx, ns.PubSubOwner)
}

// SetAffiliates changes what somebody is at a node of ours (XEP-0060 §8.9.2); NoOne takes it away. Those who are not named stay
// what they are. The last owner can't resign: stanza.NotAcceptable.
func SetAffiliates(ctx context.Context, e xmpp.Endpoint, service jid.JID, node string, affiliates ...Affiliate) error {
	verb := named("affiliations", part{Node: node})
	for _, a := range affiliates {
		verb.Parts = append(verb.Parts, named("affiliation", part{JID: a.JID.Bare(), Affiliation: a.Affiliation}))
	}
	_, err := target{e, service, node}.set(ctx, "set affiliates of", request(ns.PubSubOwner, verb))
	return err
}
