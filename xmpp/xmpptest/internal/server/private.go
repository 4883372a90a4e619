package server

import (
	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// privateModule keeps private data for its owner; XEP-0049.
func privateModule() module {
	query := xmltext.Name{Space: ns.Private, Local: "query"}
	return module{
		name:           "private",
		serverFeatures: []string{ns.Private},
		iqs: []iqRoute{
			{to: toOwn, typ: "get", name: query, answer: getPrivate},
			{to: toOwn, typ: "set", name: query, answer: setPrivate},
		},
	}
}

// bookmarksModule has one and the same bookmarks in private data and, an item for each room, at the account's node; XEP-0402 §5.3.
func bookmarksModule() module {
	return module{name: "bookmarks", accountFeatures: []string{ns.Bookmarks + "#compat"}}
}

var oldBookmarks = xmltext.Name{Space: ns.BookmarksOld, Local: "storage"}

func getPrivate(rq *request) (*Element, *stanzaError) {
	asked := rq.payload.first()
	if asked == nil {
		return nil, errBadRequest
	}
	found := rq.owner.private[asked.Name]
	if asked.Name == oldBookmarks && rq.srv.opts.has("bookmarks") {
		found = rq.srv.pubService(rq.owner.bare, rq.owner).collate()
	}
	if found == nil {
		found = asked
	}
	return el(ns.Private, "query").with(found), nil
}

func setPrivate(rq *request) (*Element, *stanzaError) {
	if rq.payload.first() == nil {
		return nil, &stanzaError{kind: "modify", condition: "not-acceptable"}
	}
	for e := range rq.payload.elements() {
		if e.Name == oldBookmarks && rq.srv.opts.has("bookmarks") {
			rq.srv.scatter(rq.srv.pubService(rq.owner.bare, rq.owner), rq, e)
			continue
		}
		if rq.owner.private == nil {
			rq.owner.private = make(map[xmltext.Name]*Element)
		}
		rq.owner.private[e.Name] = e
	}
	return nil, nil
}

// moved returns an element and what is in it with one namespace in place of another.
func (e *Element) moved(from, to string) *Element {
	c := &Element{Name: e.Name, Attrs: e.Attrs}
	if c.Name.Space == from {
		c.Name.Space = to
	}
	for _, n := range e.Children {
		if n.Element != nil {
			n.Element = n.Element.moved(from, to)
		}
		c.Children = append(c.Children, n)
	}
	return c
}

// collate makes one document of the items; XEP-0402 §5.3.1.
func (p *pubService) collate() *Element {
	doc := el(ns.BookmarksOld, "storage")
	if n := p.nodes[ns.Bookmarks]; n != nil {
		for _, item := range n.items {
			doc = doc.with(item.el.first().moved(ns.Bookmarks, ns.BookmarksOld).withAttr("jid", item.el.attr("id")))
		}
	}
	return doc
}

// scatter makes items of a document, and retracts those that are not in it; XEP-0402 §5.3.2: notifications for what has changed.
func (s *Server) scatter(p *pubService, rq *request, doc *Element) {
	n := p.nodes[ns.Bookmarks]
	if n == nil {
		n = p.addNode(ns.Bookmarks, rq.from, p.defaults().with(pubConfig{
			"access_model": {"whitelist"}, "max_items": {"max"}, "send_last_published_item": {"never"}, "persist_items": {"1"}}))
	}
	before := map[string]string{}
	for _, item := range n.items {
		before[item.el.attr("id")] = item.el.first().String()
	}
	n.items = nil
	for c := range doc.elements() {
		id := c.attr("jid")
		item := &pubItem{el: el(ns.PubSub, "item", "id", id).with(c.withAttr("jid", "").moved(ns.BookmarksOld, ns.Bookmarks)), publisher: rq.from, stamp: delayNow(p.jid)}
		n.items = append(n.items, item)
		if before[id] != item.el.first().String() {
			s.notify(p, n, n.event(item))
		}
		delete(before, id)
	}
	for id := range before {
		s.notify(p, n, el(ns.PubSubEvent, "items", "node", n.name).with(el(ns.PubSubEvent, "retract", "id", id)))
	}
}
