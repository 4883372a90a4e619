package server

import (
	"crypto/rand"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
)

// notify tells all who are to hear of it what has become of a node: subscribers, and of an account's node its own resources
// and its contacts that have said so in their capabilities (XEP-0163 §4).
func (s *Server) notify(p *pubService, n *pubNode, event *Element) {
	if !n.config.on("deliver_notifications") {
		return
	}
	told := make(map[jid.JID]bool)
	for _, j := range sortedJIDs(n.subs) {
		if sub := n.subs[j]; sub.state == "subscribed" && sub.deliver {
			told[j] = true
			s.tellOne(p, n, j, event, nil)
		}
	}
	for _, ses := range s.audience(p, n) {
		if !told[ses.jid] && !told[ses.jid.Bare()] {
			s.tellOne(p, n, ses.jid, event, nil)
		}
	}
}

// tellOne sends one event.
func (s *Server) tellOne(p *pubService, n *pubNode, to jid.JID, event, stamp *Element) {
	m := el(ns.Client, "message", "from", p.jid.String(), "to", to.String(), "id", rand.Text())
	if n.config.value("notification_type") == "headline" {
		m = m.withAttr("type", "headline")
	}
	s.dispatch(m.with(el(ns.PubSubEvent, "event").with(event), stamp))
}

// audience returns the sessions that have asked for an account's node by their capabilities, and may read it.
func (s *Server) audience(p *pubService, n *pubNode) (list []*session) {
	if p.owner == nil {
		return nil
	}
	all := p.owner.available()
	for _, item := range p.owner.roster.items() {
		// XEP-0060 §9.2: it works only if each has the other's presence
		if contact := s.account(item.JID); contact != nil && item.From && item.To && p.mayRead(n, item.JID) == nil {
			all = append(all, contact.available()...)
		}
	}
	for _, ses := range all {
		if ses.wants[n.name] {
			list = append(list, ses)
		}
	}
	return list
}
