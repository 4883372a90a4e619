package server

import (
	"maps"
	"slices"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// discoModule is XEP-0030 for the server and its accounts.
func discoModule() module {
	info := xmltext.Name{Space: ns.DiscoInfo, Local: "query"}
	items := xmltext.Name{Space: ns.DiscoItems, Local: "query"}
	return module{
		name:            "disco",
		serverFeatures:  []string{ns.DiscoInfo, ns.DiscoItems},
		accountFeatures: []string{ns.DiscoInfo, ns.DiscoItems},
		iqs: []iqRoute{
			{to: toServer, typ: "get", name: info, answer: serverInfo},
			{to: toServer, typ: "get", name: items, answer: serverItems},
			{to: toOwn | toAccount, typ: "get", name: info, answer: accountInfo},
			{to: toOwn | toAccount, typ: "get", name: items, answer: accountItems},
		},
	}
}

func serverInfo(rq *request) (*Element, *stanzaError) {
	if rq.payload.attr("node") != "" {
		return nil, errItemNotFound // XEP-0030 §3.2: no such node
	}
	var features []string
	for _, m := range rq.srv.tables.modules {
		features = append(features, m.serverFeatures...)
	}
	identity := el(ns.DiscoInfo, "identity", "category", "server", "type", "im", "name", "Canto test server")
	return el(ns.DiscoInfo, "query").with(identity).with(featureList(features)...), nil
}

func featureList(names []string) []*Element {
	slices.Sort(names)
	var list []*Element
	for _, f := range slices.Compact(names) {
		list = append(list, el(ns.DiscoInfo, "feature", "var", f))
	}
	return list
}

// serverItems lists the hosts and the components that are connected.
func serverItems(rq *request) (*Element, *stanzaError) {
	q := el(ns.DiscoItems, "query").withAttr("node", rq.payload.attr("node"))
	if rq.payload.attr("node") != "" {
		return q, nil
	}
	hosts := rq.srv.tables.hosts
	for _, domain := range slices.Sorted(maps.Keys(hosts)) {
		q = q.with(el(ns.DiscoItems, "item", "jid", domain, "name", hosts[domain].title))
	}
	rq.srv.eachComponent(func(part *component) { q = q.with(el(ns.DiscoItems, "item", "jid", part.domain.String())) })
	return q, nil
}

func accountInfo(rq *request) (*Element, *stanzaError) {
	switch {
	case !maySee(rq):
		return nil, errServiceUnavailable
	case rq.payload.attr("node") != "":
		return nil, errItemNotFound
	}
	var features []string
	identities := []*Element{el(ns.DiscoInfo, "identity", "category", "account", "type", "registered")}
	for _, m := range rq.srv.tables.modules {
		features = append(features, m.accountFeatures...)
		identities = append(identities, m.identities...)
	}
	features = append(features, rq.srv.archiveFeatures()...)
	return el(ns.DiscoInfo, "query").with(identities...).with(featureList(features)...), nil
}

// accountItems lists the available resources; XEP-0030 §8.
func accountItems(rq *request) (*Element, *stanzaError) {
	if !maySee(rq) {
		return nil, errServiceUnavailable
	}
	q := el(ns.DiscoItems, "query")
	for _, ses := range rq.owner.available() {
		q = q.with(el(ns.DiscoItems, "item", "jid", ses.jid.String()))
	}
	for _, m := range rq.srv.tables.modules {
		if m.accountItems != nil {
			q = q.with(m.accountItems(rq)...)
		}
	}
	return q, nil
}

// maySee tells whether the one who asks may know of the account: itself, or a subscriber of its presence (XEP-0030 §8).
func maySee(rq *request) bool {
	who := rq.from.Bare()
	return who == rq.owner.bare || rq.owner.roster.item(who).From
}
