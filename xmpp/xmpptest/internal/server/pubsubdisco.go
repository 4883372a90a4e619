package server

import (
	"fmt"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
)

// pubFeatures is what a pubService can do, in the names of XEP-0060 §10.
var pubFeatures = []string{
	"access-open", "access-presence", "access-roster", "access-whitelist", "access-authorize", "auto-create", "auto-subscribe", "config-node",
	"config-node-max", "create-and-configure", "create-nodes", "delete-items", "delete-nodes", "filtered-notifications", "instant-nodes", "item-ids",
	"last-published", "manage-subscriptions", "member-affiliation", "meta-data", "modify-affiliations", "multi-items", "outcast-affiliation",
	"persistent-items", "presence-subscribe", "publish", "publish-only-affiliation", "publish-options", "publisher-affiliation", "purge-nodes",
	"retract-items", "retrieve-affiliations", "retrieve-default", "retrieve-default-sub", "retrieve-items", "retrieve-subscriptions", "rsm", "subscribe",
	"subscription-options", "subscription-notifications",
}

func pubFeatureNames() []string {
	list := []string{ns.PubSub, ns.RSM}
	for _, f := range pubFeatures {
		list = append(list, ns.PubSub+"#"+f)
	}
	return list
}

// info answers what the service, or a node of it, is; XEP-0060 §5.1, §5.3, §5.4.
func (p *pubService) info(node string) (*Element, *stanzaError) {
	q := el(ns.DiscoInfo, "query").withAttr("node", node)
	if node == "" {
		return q.with(el(ns.DiscoInfo, "identity", "category", "pubsub", "type", "service")).with(featureList(append(pubFeatureNames(), ns.DiscoInfo, ns.DiscoItems))...), nil
	}
	n := p.nodes[node]
	if n == nil {
		return nil, errItemNotFound
	}
	fields := n.config.form("result", ns.PubSubMetaData, "title", "description", "type", "access_model", "publish_model", "max_items")
	fields = fields.with(el(ns.Data, "field", "var", "pubsub#num_subscribers").with(el(ns.Data, "value").withText(fmt.Sprint(len(n.subs)))))
	return q.with(el(ns.DiscoInfo, "identity", "category", "pubsub", "type", "leaf")).with(featureList([]string{ns.PubSub})...).with(fields), nil
}

// list answers which nodes there are, or which items a node has; XEP-0060 §5.2, §5.5.
func (p *pubService) list(who jid.JID, node string) (*Element, *stanzaError) {
	q := el(ns.DiscoItems, "query").withAttr("node", node)
	if node == "" {
		return q.with(p.nodeList(who)...), nil
	}
	n := p.nodes[node]
	if n == nil {
		return nil, errItemNotFound
	}
	if fault := p.mayRead(n, who); fault != nil {
		return nil, fault
	}
	for _, item := range n.items {
		q = q.with(el(ns.DiscoItems, "item", "jid", p.jid.String(), "name", item.el.attr("id")))
	}
	return q, nil
}

// nodeList is the nodes that somebody may see, for service discovery.
func (p *pubService) nodeList(who jid.JID) (list []*Element) {
	for _, n := range p.visible(who) {
		list = append(list, el(ns.DiscoItems, "item", "jid", p.jid.String(), "node", n.name).withAttr("name", n.config.value("title")))
	}
	return list
}
