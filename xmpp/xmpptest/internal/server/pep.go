package server

import (
	"crypto/rand"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
)

// pepModule makes each account a publish-subscribe service; XEP-0163.
func pepModule() module {
	m := module{
		name:            "pep",
		accountFeatures: append(pubFeatureNames(), ns.PubSub+"#pubsub-on-a-jid"),
		identities:      []*Element{el(ns.DiscoInfo, "identity", "category", "pubsub", "type", "pep")},
		accountItems: func(rq *request) []*Element {
			return rq.srv.pubService(rq.owner.bare, rq.owner).nodeList(rq.from.Bare())
		},
		announced: interestOf,
	}
	for _, space := range []string{ns.PubSub, ns.PubSubOwner} {
		m.iqs = append(m.iqs, iqRoute{to: toOwn | toAccount, name: pubsubName(space), answer: func(rq *request) (*Element, *stanzaError) {
			return rq.srv.pubService(rq.owner.bare, rq.owner).answer(rq.srv, rq.stanza, rq.payload)
		}})
	}
	return m
}

// interestOf finds out of which nodes a session wants to hear: what its capabilities (XEP-0115, XEP-0390) name is asked once for
// everybody who has the same ones. The hash is not verified: who lies to a test server harms its own test.
func interestOf(s *Server, ses *session) {
	key, node := "", ""
	if c := ses.presence.child(ns.Caps, "c"); c != nil {
		node = c.attr("node") + "#" + c.attr("ver")
		key = node
	} else if c := ses.presence.child(ns.Caps2, "c"); c != nil {
		key = c.String()
	}
	if key == "" {
		return
	}
	if wants, known := s.interests[key]; known {
		s.interested(ses, wants)
		return
	}
	query := el(ns.DiscoInfo, "query").withAttr("node", node)
	s.ask(ses.jid, query, func(answer *Element) {
		q := answer.child(ns.DiscoInfo, "query")
		if q == nil || answer.attr("type") != "result" {
			return
		}
		wants := make(map[string]bool)
		for f := range q.elements() {
			if name, ok := strings.CutSuffix(f.attr("var"), "+notify"); ok {
				wants[name] = true
			}
		}
		s.interests[key] = wants
		s.interested(ses, wants)
	})
}

// interested sends a session the last items of the nodes that it has come to want to hear of; XEP-0163 §4.3.4.
func (s *Server) interested(ses *session, wants map[string]bool) {
	before := ses.wants
	ses.wants = wants
	if ses.over || ses.presence == nil {
		return
	}
	whose := []*account{ses.account}
	for _, item := range ses.account.roster.items() {
		if contact := s.account(item.JID); contact != nil && item.From && item.To {
			whose = append(whose, contact)
		}
	}
	for _, a := range whose {
		p := s.pubService(a.bare, a)
		for _, n := range p.visible(ses.jid.Bare()) {
			if wants[n.name] && !before[n.name] && n.config.value("send_last_published_item") == "on_sub_and_presence" && len(n.items) > 0 {
				last := n.items[len(n.items)-1]
				s.tellOne(p, n, ses.jid, n.event(last), last.stamp)
			}
		}
	}
}

// ask asks somebody in the server's name; heard runs with the answer, with Server.mu held.
func (s *Server) ask(who jid.JID, payload *Element, heard func(answer *Element)) {
	id := rand.Text()
	s.asked[id] = question{who, heard}
	s.dispatch(el(ns.Client, "iq", "type", "get", "id", id, "from", s.domain.String(), "to", who.String()).with(payload))
}

// A question is one that the server has asked.
type question struct {
	who   jid.JID
	heard func(answer *Element)
}

// answered takes the answer to a question of the server's own.
func (s *Server) answered(st *stanza) {
	if q, ok := s.asked[st.id()]; ok && q.who == st.from {
		delete(s.asked, st.id())
		q.heard(st.el)
	}
}
