package server

import (
	"crypto/rand"
	"maps"
	"slices"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
)

// A pubSub is an explicit subscription to a node.
type pubSub struct {
	jid     jid.JID
	state   string // pending or subscribed; XEP-0060 §4.2
	deliver bool   // what its options say
}

func (sub *pubSub) element(space, node string) *Element {
	return el(space, "subscription").withAttr("node", node).withAttr("jid", sub.jid.String()).withAttr("subscription", sub.state)
}

func (p *pubService) sortedNodes() (list []*pubNode) {
	for _, name := range slices.Sorted(maps.Keys(p.nodes)) {
		list = append(list, p.nodes[name])
	}
	return list
}

// subscriber is the address in a request, which has to be the sender's; XEP-0060 §6.1.3.1.
func (rq *pubRequest) subscriber() (jid.JID, *stanzaError) {
	j, err := jid.Parse(rq.verb.attr("jid"))
	if err != nil || j.Bare() != rq.who() {
		return j, pubError("modify", "bad-request", "invalid-jid")
	}
	return j, nil
}

// subscribeNode is XEP-0060 §6.1.
func subscribeNode(rq *pubRequest) (*Element, *stanzaError) {
	j, fault := rq.subscriber()
	switch {
	case fault != nil:
		return nil, fault
	case rq.node == nil:
		return nil, errItemNotFound
	}
	state := "subscribed"
	fault = rq.svc.mayRead(rq.node, rq.who())
	switch {
	case fault != nil && rq.node.config.value("access_model") == "authorize" && fault != errForbidden:
		state = "pending"
	case fault != nil:
		return nil, fault
	}
	sub := rq.node.subs[j]
	if sub == nil {
		sub = &pubSub{jid: j, state: state, deliver: true}
		rq.node.subs[j] = sub
	}
	if o := rq.body.child(ns.PubSub, "options"); o != nil && o.first() != nil { // XEP-0060 §6.3.7
		if !sub.configure(o.first()) {
			delete(rq.node.subs, j)
			return nil, pubError("modify", "bad-request", "invalid-options")
		}
	}
	if state == "pending" {
		rq.srv.askOwners(rq.svc, rq.node, sub)
	} else {
		rq.srv.greet(rq.svc, rq.node, sub)
	}
	return el(ns.PubSub, "pubsub").with(sub.element(ns.PubSub, rq.name()).with(el(ns.PubSub, "subscribe-options"))), nil
}

// greet sends the last item to a new subscriber, where the node is configured so; XEP-0060 §6.1.7.
func (s *Server) greet(p *pubService, n *pubNode, sub *pubSub) {
	if n.config.value("send_last_published_item") != "never" && len(n.items) > 0 {
		last := n.items[len(n.items)-1]
		s.tellOne(p, n, sub.jid, n.event(last), last.stamp)
	}
}

// unsubscribeNode is XEP-0060 §6.2.
func unsubscribeNode(rq *pubRequest) (*Element, *stanzaError) {
	sub, fault := rq.subscription()
	if fault != nil {
		return nil, fault
	}
	delete(rq.node.subs, sub.jid)
	return nil, nil
}

// subscription finds the one that a request is about.
func (rq *pubRequest) subscription() (*pubSub, *stanzaError) {
	j, fault := rq.subscriber()
	switch {
	case rq.node == nil:
		return nil, errItemNotFound
	case rq.verb.attr("jid") == "":
		return nil, pubError("modify", "bad-request", "jid-required")
	case fault != nil:
		return nil, errForbidden
	case rq.node.subs[j] == nil:
		return nil, pubError("cancel", "unexpected-request", "not-subscribed")
	}
	return rq.node.subs[j], nil
}

// form shows the options of a subscription.
func (sub *pubSub) form() *Element {
	value := "0"
	if sub.deliver {
		value = "1"
	}
	return el(ns.Data, "x", "type", "form").with(
		el(ns.Data, "field", "var", "FORM_TYPE", "type", "hidden").with(el(ns.Data, "value").withText(ns.PubSubSub)),
		el(ns.Data, "field", "var", "pubsub#deliver", "type", "boolean").with(el(ns.Data, "value").withText(value)))
}

// configure takes the options that were submitted; false where they make no sense.
func (sub *pubSub) configure(form *Element) bool {
	for field := range form.elements() {
		switch field.attr("var") {
		case "FORM_TYPE":
		case "pubsub#deliver":
			v := field.child(ns.Data, "value")
			if v == nil || boolean(v.text()) == "" {
				return false
			}
			sub.deliver = boolean(v.text()) == "1"
		default:
			return false
		}
	}
	return true
}

// subOptions is XEP-0060 §6.3.2.
func subOptions(rq *pubRequest) (*Element, *stanzaError) {
	sub, fault := rq.subscription()
	if fault != nil {
		return nil, fault
	}
	o := el(ns.PubSub, "options", "node", rq.name(), "jid", sub.jid.String()).with(sub.form())
	return el(ns.PubSub, "pubsub").with(o), nil
}

// setSubOptions is XEP-0060 §6.3.5.
func setSubOptions(rq *pubRequest) (*Element, *stanzaError) {
	sub, fault := rq.subscription()
	if fault != nil {
		return nil, fault
	}
	if form := rq.verb.first(); form == nil || !sub.configure(form) {
		return nil, pubError("modify", "bad-request", "invalid-options")
	}
	return nil, nil
}

// defaultSubOptions is XEP-0060 §6.4.
func defaultSubOptions(rq *pubRequest) (*Element, *stanzaError) {
	sub := pubSub{deliver: true}
	return el(ns.PubSub, "pubsub").with(el(ns.PubSub, "default").withAttr("node", rq.name()).with(sub.form())), nil
}

// ownSubscriptions is XEP-0060 §5.6.
func ownSubscriptions(rq *pubRequest) (*Element, *stanzaError) {
	list := el(ns.PubSub, "subscriptions").withAttr("node", rq.name())
	for _, n := range rq.svc.sortedNodes() {
		for _, j := range sortedJIDs(n.subs) {
			if j.Bare() == rq.who() && (rq.name() == "" || rq.name() == n.name) {
				list = list.with(n.subs[j].element(ns.PubSub, n.name))
			}
		}
	}
	return el(ns.PubSub, "pubsub").with(list), nil
}

// nodeSubscriptions is XEP-0060 §8.8.1.
func nodeSubscriptions(rq *pubRequest) (*Element, *stanzaError) {
	list := el(ns.PubSubOwner, "subscriptions", "node", rq.name())
	for _, j := range sortedJIDs(rq.node.subs) {
		list = list.with(rq.node.subs[j].element(ns.PubSubOwner, ""))
	}
	return ownerAnswer(list), nil
}

// setNodeSubscriptions is XEP-0060 §8.8.2; those whose subscription changes are told (§8.8.4).
func setNodeSubscriptions(rq *pubRequest) (*Element, *stanzaError) {
	for e := range rq.verb.elements() {
		j, err := jid.Parse(e.attr("jid"))
		state := e.attr("subscription")
		if err != nil || state != "none" && state != "subscribed" && state != "pending" {
			return nil, errBadRequest
		}
		rq.srv.setSubscription(rq.svc, rq.node, j, state)
	}
	return nil, nil
}

// setSubscription changes the state of a subscription and tells the subscriber.
func (s *Server) setSubscription(p *pubService, n *pubNode, j jid.JID, state string) {
	sub := n.subs[j]
	if sub == nil {
		sub = &pubSub{jid: j, deliver: true}
	}
	sub.state = state
	n.subs[j] = sub
	if state == "none" {
		delete(n.subs, j)
	}
	s.tellOne(p, n, j, sub.element(ns.PubSubEvent, n.name), nil)
}

// askOwners asks the owners of a node whether somebody may subscribe; XEP-0060 §8.6.
func (s *Server) askOwners(p *pubService, n *pubNode, sub *pubSub) {
	field := func(name, typ, value string) *Element {
		return el(ns.Data, "field", "var", name, "type", typ).with(el(ns.Data, "value").withText(value))
	}
	form := el(ns.Data, "x", "type", "form").with(field("FORM_TYPE", "hidden", ns.PubSubAllow), field("pubsub#node", "text-single", n.name),
		field("pubsub#subscriber_jid", "jid-single", sub.jid.String()), field("pubsub#allow", "boolean", "false"))
	for _, who := range sortedJIDs(n.roles) {
		if n.roles[who] == "owner" {
			s.dispatch(el(ns.Client, "message", "from", p.jid.String(), "to", who.String(), "id", rand.Text()).with(form))
		}
	}
}

// decide takes the answer of an owner.
func (p *pubService) decide(s *Server, st *stanza) {
	form := st.el.child(ns.Data, "x")
	if form == nil || form.attr("type") != "submit" {
		return
	}
	values := map[string]string{}
	for field := range form.elements() {
		if v := field.child(ns.Data, "value"); v != nil {
			values[field.attr("var")] = v.text()
		}
	}
	n := p.nodes[values["pubsub#node"]]
	j, err := jid.Parse(values["pubsub#subscriber_jid"])
	if err != nil || n == nil || values["FORM_TYPE"] != ns.PubSubAllow || p.role(n, st.from) != "owner" || n.subs[j] == nil {
		return
	}
	state := "none"
	if boolean(values["pubsub#allow"]) == "1" {
		state = "subscribed"
	}
	s.setSubscription(p, n, j, state)
}
