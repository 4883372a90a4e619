package server

import (
	"maps"
	"slices"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
)

// A pubService is an address that has nodes: an account (XEP-0163) or the service "pubsub" (XEP-0060). Server.mu protects it.
type pubService struct {
	jid   jid.JID
	owner *account // whose account it is; nil: it's a service of its own
	nodes map[string]*pubNode
}

// A pubNode is one node.
type pubNode struct {
	name   string
	config pubConfig
	items  []*pubItem              // oldest first
	subs   map[jid.JID]*pubSub     // explicit subscriptions, by the subscribed address
	roles  map[jid.JID]affiliation // by bare address
}

// A pubItem is one item.
type pubItem struct {
	el        *Element // in the namespace of answers
	publisher jid.JID
	stamp     *Element // when it was published (XEP-0203)
}

// An affiliation is what somebody may do at a node; XEP-0060 §4.1.
type affiliation string

// privileges of XEP-0060 §4.1. Who has no affiliation goes by the access model.
func (a affiliation) reads() bool     { return a == "owner" || a == "publisher" || a == "member" }
func (a affiliation) publishes() bool { return a == "owner" || a == "publisher" || a == "publish-only" }

// A pubRequest is one request to a pubService.
type pubRequest struct {
	srv  *Server
	svc  *pubService
	from jid.JID  // full
	body *Element // <pubsub/>
	verb *Element // what is to be done
	node *pubNode // nil: there is none of that name
}

// who is the bare address of the one who asks.
func (rq *pubRequest) who() jid.JID { return rq.from.Bare() }

// name is the node that is asked for.
func (rq *pubRequest) name() string { return rq.verb.attr("node") }

type pubHandler func(rq *pubRequest) (*Element, *stanzaError)

// pubVerbs is the table of what can be asked, by the namespace of <pubsub/>, the type of the iq and the name of the verb.
var pubVerbs = map[[3]string]pubHandler{
	{ns.PubSub, "set", "publish"}:       publish,
	{ns.PubSub, "set", "retract"}:       retract,
	{ns.PubSub, "set", "create"}:        createNode,
	{ns.PubSub, "set", "subscribe"}:     subscribeNode,
	{ns.PubSub, "set", "unsubscribe"}:   unsubscribeNode,
	{ns.PubSub, "set", "options"}:       setSubOptions,
	{ns.PubSub, "get", "options"}:       subOptions,
	{ns.PubSub, "get", "default"}:       defaultSubOptions,
	{ns.PubSub, "get", "items"}:         getItems,
	{ns.PubSub, "get", "subscriptions"}: ownSubscriptions,
	{ns.PubSub, "get", "affiliations"}:  ownAffiliations,

	{ns.PubSubOwner, "get", "default"}:       defaultConfig,
	{ns.PubSubOwner, "get", "configure"}:     owned(getConfig),
	{ns.PubSubOwner, "set", "configure"}:     owned(setConfig),
	{ns.PubSubOwner, "set", "delete"}:        owned(deleteNode),
	{ns.PubSubOwner, "set", "purge"}:         owned(purgeNode),
	{ns.PubSubOwner, "get", "subscriptions"}: owned(nodeSubscriptions),
	{ns.PubSubOwner, "set", "subscriptions"}: owned(setNodeSubscriptions),
	{ns.PubSubOwner, "get", "affiliations"}:  owned(nodeAffiliations),
	{ns.PubSubOwner, "set", "affiliations"}:  owned(setNodeAffiliations),
}

// pubsubModule is a service of its own at the subdomain "pubsub".
func pubsubModule() module {
	return module{
		name:  "pubsub",
		hosts: map[string]host{"pubsub": {title: "Publish-subscribe", handle: pubsubHost}},
	}
}

func pubsubHost(s *Server, st *stanza) {
	if st.kind() == "message" && st.typ() != "error" {
		s.pubService(st.to.Domain(), nil).decide(s, st)
		return
	}
	if st.kind() != "iq" || st.typ() != "get" && st.typ() != "set" {
		return
	}
	svc := s.pubService(st.to.Domain(), nil)
	result, fault := svc.hostAnswer(s, st)
	if fault != nil {
		s.bounce(st, fault)
		return
	}
	s.reply(st, resultReply(st.el, result))
}

func (p *pubService) hostAnswer(s *Server, st *stanza) (*Element, *stanzaError) {
	payload := st.el.first()
	switch payload.Name {
	case xmltext.Name{Space: ns.PubSub, Local: "pubsub"}, xmltext.Name{Space: ns.PubSubOwner, Local: "pubsub"}:
		return p.answer(s, st, payload)
	case xmltext.Name{Space: ns.DiscoInfo, Local: "query"}:
		return p.info(payload.attr("node"))
	case xmltext.Name{Space: ns.DiscoItems, Local: "query"}:
		return p.list(st.from.Bare(), payload.attr("node"))
	}
	return nil, errServiceUnavailable
}

// pubService returns the service of that bare address.
func (s *Server) pubService(at jid.JID, owner *account) *pubService {
	p := s.pubs[at]
	if p == nil {
		p = &pubService{jid: at, owner: owner, nodes: make(map[string]*pubNode)}
		s.pubs[at] = p
	}
	return p
}

// answer answers a request whose payload is <pubsub/>.
func (p *pubService) answer(s *Server, st *stanza, body *Element) (*Element, *stanzaError) {
	rq := &pubRequest{srv: s, svc: p, from: st.from, body: body, verb: body.first()}
	if rq.verb == nil {
		return nil, errBadRequest
	}
	if rq.verb.Name.Local == "options" && body.child(ns.PubSub, "subscribe") != nil {
		return nil, errBadRequest // XEP-0060 §6.3.7: the options follow
	}
	h := pubVerbs[[3]string{body.Name.Space, st.typ(), rq.verb.Name.Local}]
	if h == nil || rq.verb.Name.Space != body.Name.Space {
		return nil, pubError("cancel", "feature-not-implemented", "unsupported")
	}
	rq.node = p.nodes[rq.name()]
	return h(rq)
}

// pubError is an error with a condition of XEP-0060's own.
func pubError(kind, condition, own string) *stanzaError {
	return &stanzaError{kind: kind, condition: condition, app: el(ns.PubSubErrors, own)}
}

var errForbidden = &stanzaError{kind: "auth", condition: "forbidden"}

// owned lets only the owner of a node that exists do something.
func owned(h pubHandler) pubHandler {
	return func(rq *pubRequest) (*Element, *stanzaError) {
		switch {
		case rq.name() == "":
			return nil, pubError("modify", "bad-request", "nodeid-required")
		case rq.node == nil:
			return nil, errItemNotFound
		case rq.svc.role(rq.node, rq.who()) != "owner":
			return nil, errForbidden
		}
		return h(rq)
	}
}

// role is what somebody is at a node.
func (p *pubService) role(n *pubNode, who jid.JID) affiliation {
	if p.owner != nil && who.Bare() == p.owner.bare {
		return "owner" // XEP-0163 §2.2
	}
	return n.roles[who.Bare()]
}

// mayRead tells whether somebody may subscribe and retrieve items, and if not, why; XEP-0060 §4.5.
func (p *pubService) mayRead(n *pubNode, who jid.JID) *stanzaError {
	role := p.role(n, who)
	switch {
	case role.reads():
		return nil
	case role == "outcast", role == "publish-only":
		return errForbidden
	}
	switch n.config.value("access_model") {
	case "open":
		return nil
	case "presence":
		if p.owner != nil && p.owner.roster.item(who.Bare()).From {
			return nil
		}
		return pubError("auth", "not-authorized", "presence-subscription-required")
	case "roster":
		if p.owner != nil && slices.ContainsFunc(p.owner.roster.item(who.Bare()).Groups, func(g string) bool {
			return slices.Contains(n.config["roster_groups_allowed"], g)
		}) {
			return nil
		}
		return pubError("auth", "not-authorized", "not-in-roster-group")
	case "authorize":
		if sub := n.subs[who.Bare()]; sub != nil && sub.state == "subscribed" {
			return nil
		}
		return pubError("auth", "not-authorized", "not-subscribed")
	}
	return pubError("cancel", "not-allowed", "closed-node")
}

// visible returns the nodes that somebody may read, by name.
func (p *pubService) visible(who jid.JID) []*pubNode {
	var list []*pubNode
	for _, name := range slices.Sorted(maps.Keys(p.nodes)) {
		if p.mayRead(p.nodes[name], who) == nil {
			list = append(list, p.nodes[name])
		}
	}
	return list
}
