package server

import (
	"crypto/rand"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
)

// addNode makes a node.
func (p *pubService) addNode(name string, creator jid.JID, config pubConfig) *pubNode {
	n := &pubNode{name: name, config: config, subs: make(map[jid.JID]*pubSub), roles: map[jid.JID]affiliation{creator.Bare(): "owner"}}
	p.nodes[name] = n
	return n
}

// createNode is XEP-0060 §8.1. Whoever can reach a service may do it there, and the owner at an account.
func createNode(rq *pubRequest) (*Element, *stanzaError) {
	name := rq.name()
	switch {
	case rq.svc.owner != nil && rq.who() != rq.svc.owner.bare:
		return nil, errForbidden
	case rq.node != nil:
		return nil, &stanzaError{kind: "cancel", condition: "conflict"}
	}
	config := rq.svc.defaults()
	if c := rq.body.child(ns.PubSub, "configure"); c != nil && c.first() != nil {
		changes := readPubForm(c.first(), ns.PubSubNode)
		if changes == nil {
			return nil, pubError("modify", "not-acceptable", "invalid-options")
		}
		config = config.with(changes)
	}
	if name == "" { // XEP-0060 §8.1.2: an instant node
		name = rand.Text()
		rq.svc.addNode(name, rq.from, config)
		return el(ns.PubSub, "pubsub").with(el(ns.PubSub, "create", "node", name)), nil
	}
	rq.svc.addNode(name, rq.from, config)
	return nil, nil
}

// getConfig is XEP-0060 §8.2.1.
func getConfig(rq *pubRequest) (*Element, *stanzaError) {
	return ownerAnswer(el(ns.PubSubOwner, "configure", "node", rq.name()).with(rq.node.config.form("form", ns.PubSubNode))), nil
}

// defaultConfig is XEP-0060 §8.3.
func defaultConfig(rq *pubRequest) (*Element, *stanzaError) {
	return ownerAnswer(el(ns.PubSubOwner, "default").with(rq.svc.defaults().form("form", ns.PubSubNode))), nil
}

func ownerAnswer(e *Element) *Element { return el(ns.PubSubOwner, "pubsub").with(e) }

// setConfig is XEP-0060 §8.2.4: what is not submitted stays.
func setConfig(rq *pubRequest) (*Element, *stanzaError) {
	form := rq.verb.first()
	if form != nil && form.attr("type") == "cancel" {
		return nil, nil
	}
	changes := readPubForm(form, ns.PubSubNode)
	if changes == nil {
		return nil, &stanzaError{kind: "modify", condition: "not-acceptable"}
	}
	n := rq.node
	n.config = n.config.with(changes)
	rq.srv.trim(rq.svc, n)
	if n.config.on("notify_config") {
		e := el(ns.PubSubEvent, "configuration", "node", n.name)
		if n.config.on("deliver_payloads") {
			e = e.with(n.config.form("result", ns.PubSubNode))
		}
		rq.srv.notify(rq.svc, n, e)
	}
	return nil, nil
}

// deleteNode is XEP-0060 §8.4.
func deleteNode(rq *pubRequest) (*Element, *stanzaError) {
	if rq.node.config.on("notify_delete") {
		e := el(ns.PubSubEvent, "delete", "node", rq.name())
		if r := rq.verb.child(ns.PubSubOwner, "redirect"); r != nil {
			e = e.with(el(ns.PubSubEvent, "redirect", "uri", r.attr("uri")))
		}
		rq.srv.notify(rq.svc, rq.node, e)
	}
	delete(rq.svc.nodes, rq.name())
	return nil, nil
}

// purgeNode is XEP-0060 §8.5.
func purgeNode(rq *pubRequest) (*Element, *stanzaError) {
	rq.node.items = nil
	rq.srv.notify(rq.svc, rq.node, el(ns.PubSubEvent, "purge", "node", rq.name()))
	return nil, nil
}

// nodeAffiliations is XEP-0060 §8.9.1.
func nodeAffiliations(rq *pubRequest) (*Element, *stanzaError) {
	list := el(ns.PubSubOwner, "affiliations", "node", rq.name())
	for _, who := range sortedJIDs(rq.node.roles) {
		list = list.with(el(ns.PubSubOwner, "affiliation", "jid", who.String(), "affiliation", string(rq.node.roles[who])))
	}
	return ownerAnswer(list), nil
}

// setNodeAffiliations is XEP-0060 §8.9.2. One that makes no sense changes none.
func setNodeAffiliations(rq *pubRequest) (*Element, *stanzaError) {
	changes := make(map[jid.JID]affiliation)
	for e := range rq.verb.elements() {
		who, err := jid.Parse(e.attr("jid"))
		role := affiliation(e.attr("affiliation"))
		switch role {
		case "owner", "publisher", "publish-only", "member", "outcast", "none":
		default:
			return nil, errBadRequest
		}
		if err != nil {
			return nil, errBadRequest
		}
		if rq.node.roles[who.Bare()] == "owner" && role != "owner" {
			old := el(ns.PubSubOwner, "affiliation", "jid", who.Bare().String(), "affiliation", "owner")
			return nil, &stanzaError{kind: "modify", condition: "not-acceptable",
				payload: ownerAnswer(el(ns.PubSubOwner, "affiliations", "node", rq.name()).with(old))}
		}
		changes[who.Bare()] = role
	}
	for who, role := range changes {
		if role == "none" {
			delete(rq.node.roles, who)
			continue
		}
		rq.node.roles[who] = role
	}
	return nil, nil
}

// ownAffiliations is XEP-0060 §5.7.
func ownAffiliations(rq *pubRequest) (*Element, *stanzaError) {
	list := el(ns.PubSub, "affiliations").withAttr("node", rq.name())
	for _, n := range rq.svc.sortedNodes() {
		role := rq.svc.role(n, rq.who())
		if role != "" && (rq.name() == "" || rq.name() == n.name) {
			list = list.with(el(ns.PubSub, "affiliation", "node", n.name, "affiliation", string(role)))
		}
	}
	return el(ns.PubSub, "pubsub").with(list), nil
}

// pubsubName is a name in the namespace of requests.
func pubsubName(space string) xmltext.Name { return xmltext.Name{Space: space, Local: "pubsub"} }
