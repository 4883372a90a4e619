package pubsub

import (
	"context"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
)

// Names of the fields by which a node is configured (XEP-0060 §16.4.4), for form.Of and form.Get. A service may have more of
// them, and need not have all.
const (
	AccessModel    = "pubsub#access_model"             // who may subscribe and read: one of Open, …
	RosterGroups   = "pubsub#roster_groups_allowed"    // []string: the groups, with Roster
	PublishModel   = "pubsub#publish_model"            // who may publish: "publishers", "subscribers" or "open"
	PersistItems   = "pubsub#persist_items"            // bool: items are kept
	MaxItems       = "pubsub#max_items"                // how many; "max" for as many as the service allows
	ItemExpire     = "pubsub#item_expire"              // for how many seconds; "max" for as long as the service allows
	SendLast       = "pubsub#send_last_published_item" // to whom it's sent again: "never", "on_sub", "on_sub_and_presence"
	Deliver        = "pubsub#deliver_notifications"    // bool: subscribers are told of items
	DeliverPayload = "pubsub#deliver_payloads"         // bool: with their payload
	NotifyConfig   = "pubsub#notify_config"            // bool: subscribers are told when the configuration changes
	NotifyDelete   = "pubsub#notify_delete"            // bool: and when the node is deleted
	NotifyRetract  = "pubsub#notify_retract"           // bool: and when items go
	MaxPayload     = "pubsub#max_payload_size"         // in bytes
	Title          = "pubsub#title"                    // for people
	Description    = "pubsub#description"              // for people
	PayloadType    = "pubsub#type"                     // the namespace of the payloads
)

// Values of AccessModel (XEP-0060 §4.5).
const (
	Open      = "open"      // everybody
	Presence  = "presence"  // those who see the owner's presence
	Roster    = "roster"    // those of the owner's contacts that are in RosterGroups
	Authorize = "authorize" // whom an owner has allowed to subscribe: see OnRequest
	Whitelist = "whitelist" // those with an affiliation: at an account, its owner alone
)

// Create makes a node (XEP-0060 §8.1) and returns its name: an empty one has the service choose. The fields are how it's
// configured where the service's own defaults won't do (form.Of makes one). One of that name that is there already is stanza.Conflict.
func Create(ctx context.Context, e xmpp.Endpoint, service jid.JID, node string, fields ...form.Field) (string, error) {
	q := request(ns.PubSub, named("create", part{Node: node}))
	if f := configuration(fields); f != nil {
		q.Parts = append(q.Parts, named("configure", part{Form: f}))
	}
	answer, err := target{e, service, node}.set(ctx, "create", q)
	if err != nil {
		return "", err
	}
	if p := answer.part("create"); p != nil && p.Node != "" {
		return p.Node, nil
	}
	return node, nil
}

// Delete deletes a node with its items and subscriptions (XEP-0060 §8.4). Subscribers are told; the URI, if there is one, tells
// them where it is now.
func Delete(ctx context.Context, e xmpp.Endpoint, service jid.JID, node, uri string) error {
	verb := named("delete", part{Node: node})
	if uri != "" {
		verb.Parts = []part{named("redirect", part{URI: uri})}
	}
	_, err := target{e, service, node}.set(ctx, "delete", request(ns.PubSubOwner, verb))
	return err
}

// Purge takes all items of a node away (XEP-0060 §8.5).
func Purge(ctx context.Context, e xmpp.Endpoint, service jid.JID, node string) error {
	_, err := target{e, service, node}.set(ctx, "purge", request(ns.PubSubOwner, named("purge", part{Node: node})))
	return err
}

// Config returns the form with the configuration of a node (XEP-0060 §8.2). To change it: form.Set, then Configure with the
// Fields of what its Submit returns.
func Config(ctx context.Context, e xmpp.Endpoint, service jid.JID, node string) (*form.Form, error) {
	return target{e, service, node}.form(ctx, "configuration of", "configure", request(ns.PubSubOwner, named("configure", part{Node: node})))
}

// DefaultConfig returns the form with the configuration that a new node has (XEP-0060 §8.3).
func DefaultConfig(ctx context.Context, e xmpp.Endpoint, service jid.JID) (*form.Form, error) {
	return target{e, service, ""}.form(ctx, "default configuration", "default", request(ns.PubSubOwner, named("default", part{})))
}

// Configure changes the configuration of a node (XEP-0060 §8.2.4). What the fields don't name stays as it is.
func Configure(ctx context.Context, e xmpp.Endpoint, service jid.JID, node string, fields ...form.Field) error {
	q := request(ns.PubSubOwner, named("configure", part{Node: node, Form: submit(ns.PubSubNode, fields)}))
	_, err := target{e, service, node}.set(ctx, "configure", q)
	return err
}

// form asks for one.
func (t target) form(ctx context.Context, op, local string, q *body) (*form.Form, error) {
	answer, err := t.get(ctx, op, q)
	if err != nil {
		return nil, err
	}
	p := answer.part(local)
	if p == nil || p.Form == nil {
		return nil, t.fail(op, errNoForm)
	}
	return p.Form, nil
}
