package server

import (
	"crypto/rand"
	"slices"
	"strconv"

	"github.com/canto-im/canto/internal/ns"
)

// publish is XEP-0060 §7.1.
func publish(rq *pubRequest) (*Element, *stanzaError) {
	if rq.name() == "" {
		return nil, pubError("modify", "bad-request", "nodeid-required")
	}
	if fault := rq.nodeToPublish(); fault != nil {
		return nil, fault
	}
	n := rq.node
	if !rq.mayPublish() {
		return nil, errForbidden
	}
	sent := rq.verb.child(ns.PubSub, "item")
	switch {
	case sent == nil && n.config.on("persist_items"):
		return nil, pubError("modify", "bad-request", "item-required")
	case sent == nil:
		rq.srv.notify(rq.svc, n, el(ns.PubSubEvent, "items", "node", n.name))
		return nil, nil
	case sent.first() == nil && n.config.on("deliver_payloads"):
		return nil, pubError("modify", "bad-request", "payload-required")
	}
	id := sent.attr("id")
	if id == "" {
		id = rand.Text()
	}
	item := &pubItem{el: el(ns.PubSub, "item", "id", id).with(sent.first()), publisher: rq.from, stamp: delayNow(rq.svc.jid)}
	n.items = append(slices.DeleteFunc(n.items, func(old *pubItem) bool { return old.el.attr("id") == id }), item)
	rq.srv.notify(rq.svc, n, n.event(item))
	rq.srv.trim(rq.svc, n)
	return el(ns.PubSub, "pubsub").with(el(ns.PubSub, "publish", "node", n.name).with(el(ns.PubSub, "item", "id", id))), nil
}

// nodeToPublish finds or makes the node, as the options of the publisher want it; XEP-0060 §7.1.4, §7.1.5.
func (rq *pubRequest) nodeToPublish() *stanzaError {
	wanted := pubConfig{}
	if o := rq.body.child(ns.PubSub, "publish-options"); o != nil {
		if wanted = readPubForm(o.first(), ns.PubSubPublish); wanted == nil {
			return pubError("cancel", "conflict", "precondition-not-met")
		}
	}
	switch {
	case rq.node != nil && !rq.node.config.meets(wanted):
		return pubError("cancel", "conflict", "precondition-not-met")
	case rq.node != nil:
		return nil
	case rq.svc.owner == nil:
		return errItemNotFound // a service of its own has its nodes made
	case rq.who() != rq.svc.owner.bare:
		return errForbidden
	}
	rq.node = rq.svc.addNode(rq.name(), rq.from, rq.svc.defaults().with(wanted))
	return nil
}

func (rq *pubRequest) mayPublish() bool {
	role := rq.svc.role(rq.node, rq.who())
	switch rq.node.config.value("publish_model") {
	case "open":
		return role != "outcast"
	case "subscribers":
		sub := rq.node.subs[rq.who()]
		return role.publishes() || sub != nil && sub.state == "subscribed"
	}
	return role.publishes()
}

// event is what subscribers are told of an item.
func (n *pubNode) event(item *pubItem) *Element {
	e := el(ns.PubSubEvent, "item", "id", item.el.attr("id"))
	if n.config.value("itemreply") == "publisher" {
		e = e.withAttr("publisher", item.publisher.String())
	}
	if n.config.on("deliver_payloads") {
		e = e.with(item.el.first())
	}
	return el(ns.PubSubEvent, "items", "node", n.name).with(e)
}

// trim retracts the oldest items of a node that has too many.
func (s *Server) trim(p *pubService, n *pubNode) {
	for len(n.items) > max(1, n.config.limit()) { // XEP-0060 §12.10: the last one is remembered in any case
		n.items = n.items[1:]
	}
}

// retract is XEP-0060 §7.2.
func retract(rq *pubRequest) (*Element, *stanzaError) {
	sent := rq.verb.child(ns.PubSub, "item")
	switch {
	case rq.name() == "":
		return nil, pubError("modify", "bad-request", "nodeid-required")
	case sent == nil || sent.attr("id") == "":
		return nil, pubError("modify", "bad-request", "item-required")
	case rq.node == nil:
		return nil, errItemNotFound
	case !rq.svc.role(rq.node, rq.who()).publishes():
		return nil, errForbidden
	}
	id := sent.attr("id")
	i := slices.IndexFunc(rq.node.items, func(item *pubItem) bool { return item.el.attr("id") == id })
	if i < 0 {
		return nil, errItemNotFound
	}
	rq.node.items = slices.Delete(rq.node.items, i, i+1)
	if boolean(rq.verb.attr("notify")) == "1" {
		rq.srv.notify(rq.svc, rq.node, el(ns.PubSubEvent, "items", "node", rq.name()).with(el(ns.PubSubEvent, "retract", "id", id)))
	}
	return nil, nil
}

// getItems is XEP-0060 §6.5: all, those of some ids, the last few, or a page (XEP-0059).
func getItems(rq *pubRequest) (*Element, *stanzaError) {
	switch {
	case rq.name() == "":
		return nil, pubError("modify", "bad-request", "nodeid-required")
	case rq.node == nil:
		return nil, errItemNotFound
	}
	if fault := rq.svc.mayRead(rq.node, rq.who()); fault != nil {
		return nil, fault
	}
	items := rq.node.items
	if !rq.node.config.on("persist_items") {
		items = nil
	}
	answer := el(ns.PubSub, "pubsub")
	var set *Element
	if rq.verb.first() != nil {
		if items = chosen(items, rq.verb); len(items) == 0 {
			return nil, errItemNotFound
		}
	} else if m, err := strconv.Atoi(rq.verb.attr("max_items")); err == nil && m > 0 {
		items = items[max(0, len(items)-m):]
	} else if asked := rq.body.child(ns.RSM, "set"); asked != nil {
		items, set = pageOf(items, asked)
	}
	list := el(ns.PubSub, "items", "node", rq.name())
	for _, item := range items {
		e := item.el
		if rq.node.config.value("itemreply") == "publisher" {
			e = e.withAttr("publisher", item.publisher.String())
		}
		list = list.with(e)
	}
	return answer.with(list, set), nil
}

// chosen returns the items that are asked for by id.
func chosen(items []*pubItem, verb *Element) (list []*pubItem) {
	for want := range verb.elements() {
		for _, item := range items {
			if item.el.attr("id") == want.attr("id") {
				list = append(list, item)
			}
		}
	}
	return list
}

// pageOf cuts a page out (XEP-0059 §2).
func pageOf(items []*pubItem, asked *Element) ([]*pubItem, *Element) {
	count := len(items)
	from, to := 0, count
	place := func(id string) int {
		return slices.IndexFunc(items, func(item *pubItem) bool { return item.el.attr("id") == id })
	}
	size := count
	if m := asked.child(ns.RSM, "max"); m != nil {
		size, _ = strconv.Atoi(m.text()) // what is no number is none
	}
	if after := asked.child(ns.RSM, "after"); after != nil {
		from = place(after.text()) + 1
	}
	if before := asked.child(ns.RSM, "before"); before != nil {
		if i := place(before.text()); i >= 0 {
			to = i
		}
		from = max(0, to-size)
	}
	to = min(to, from+size)
	set := el(ns.RSM, "set")
	if from < to {
		set = set.with(el(ns.RSM, "first", "index", strconv.Itoa(from)).withText(items[from].el.attr("id")),
			el(ns.RSM, "last").withText(items[to-1].el.attr("id")))
	}
	return items[from:to], set.with(el(ns.RSM, "count").withText(strconv.Itoa(count)))
}
