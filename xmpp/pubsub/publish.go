package pubsub

import (
	"context"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
)

// Publish publishes an item (XEP-0060 §7.1) and returns its id. An empty id has the service make one; an item of that id that is
// there already is replaced. The payload is anything that encoding/xml can marshal, or a stanza.Element; nil publishes an item
// without, and with no id either a notification without item, for nodes that want it so. The zero service is our own account, where the node is
// made if there is none (XEP-0163 §3).
//
// Options are how the node has to be configured (XEP-0060 §7.1.5): a node that is made is made so, and one that is there and is
// configured otherwise fails with PreconditionNotMet. A service that does not know of such options may ignore them:
// what must not be seen by everybody goes through PublishPrivate.
func Publish(ctx context.Context, e xmpp.Endpoint, service jid.JID, node, id string, payload any, options ...form.Field) (string, error) {
	verb := named("publish", part{Node: node})
	if id != "" || payload != nil {
		item := named("item", part{ID: id})
		if payload != nil {
			item.Content = []stanza.Element{stanza.Payload(payload)}
		}
		verb.Parts = []part{item}
	}
	q := request(ns.PubSub, verb)
	if len(options) > 0 {
		q.Parts = append(q.Parts, named("publish-options", part{Form: submit(ns.PubSubPublish, options)}))
	}
	answer, err := target{e, service, node}.set(ctx, "publish to", q)
	if err != nil {
		return "", err
	}
	for item := range answer.part("publish").only("item") { // XEP-0060 §7.1.2: where it has made the id
		if item.ID != "" {
			return item.ID, nil
		}
	}
	return id, nil
}

// Retract takes an item away and tells the subscribers (XEP-0060 §7.2). One that is not there is mostly stanza.ItemNotFound.
func Retract(ctx context.Context, e xmpp.Endpoint, service jid.JID, node, id string) error {
	return retract(ctx, e, service, node, id, "true")
}

// RetractQuietly is Retract, but subscribers are told only if the node is configured so.
func RetractQuietly(ctx context.Context, e xmpp.Endpoint, service jid.JID, node, id string) error {
	return retract(ctx, e, service, node, id, "")
}

func retract(ctx context.Context, e xmpp.Endpoint, service jid.JID, node, id, notify string) error {
	verb := named("retract", part{Node: node, Notify: notify, Parts: []part{named("item", part{ID: id})}})
	_, err := target{e, service, node}.set(ctx, "retract from", request(ns.PubSub, verb))
	return err
}
