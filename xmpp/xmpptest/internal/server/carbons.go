package server

import (
	"slices"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// carbonsModule sends copies of messages to the other resources of an account that have asked for them; XEP-0280.
func carbonsModule() module {
	set := func(on bool) iqHandler {
		return func(rq *request) (*Element, *stanzaError) {
			if rq.sender == nil { // XEP-0280 §4.1: not hosted here
				return nil, &stanzaError{kind: "cancel", condition: "not-allowed"}
			}
			rq.sender.copied = on
			return nil, nil
		}
	}
	return module{
		name:            "carbons",
		serverFeatures:  []string{ns.Carbons},
		accountFeatures: []string{ns.Carbons},
		iqs: []iqRoute{
			{to: toOwn, typ: "set", name: xmltext.Name{Space: ns.Carbons, Local: "enable"}, answer: set(true)},
			{to: toOwn, typ: "set", name: xmltext.Name{Space: ns.Carbons, Local: "disable"}, answer: set(false)},
		},
		message: func(s *Server, owner *account, st *stanza, sent bool) bool {
			if sent && st.to.Bare() != owner.bare { // what one sends to oneself is received
				s.copySent(owner, st)
			}
			return false
		},
	}
}

// copySent sends a message that one resource has sent to the others; XEP-0280 §8.
func (s *Server) copySent(a *account, st *stanza) {
	e := st.own
	if e == nil {
		e = st.el
	}
	s.copyTo(a, "sent", e, []*session{st.sender})
}

// copyReceived sends a message that got sessions have got to the others, but not to who has sent it; XEP-0280 §7.
func (s *Server) copyReceived(a *account, st *stanza, got []*session) {
	if st.el.child(ns.MUCUser, "x") != nil && st.el.child(ns.MUCUser, "x").child(ns.MUCUser, "invite") == nil {
		return // XEP-0280 §6.1: the room sends it to all of them
	}
	s.copyTo(a, "received", st.el, append(slices.Clone(got), st.sender))
}

// copyTo sends a copy of e to the sessions that want copies, except for those that need none.
func (s *Server) copyTo(a *account, direction string, e *Element, except []*session) {
	if !s.opts.has("carbons") || !copyable(e) {
		return
	}
	payload := el(ns.Carbons, direction).with(el(ns.Forward, "forwarded").with(e))
	for _, ses := range a.ordered() {
		if ses.copied && !slices.Contains(except, ses) {
			ses.send(el(ns.Client, "message", "from", a.bare.String(), "to", ses.jid.String()).withAttr("type", e.attr("type")).with(payload))
		}
	}
}

// copyable follows XEP-0280 §6.1, except for errors, which are never copied: the feature of all its rules is not announced.
func copyable(e *Element) bool {
	for _, private := range []xmltext.Name{{Space: ns.Carbons, Local: "private"}, {Space: ns.Hints, Local: "no-copy"}} {
		if e.child(private.Space, private.Local) != nil {
			return false
		}
	}
	switch typ := e.attr("type"); typ {
	case "chat":
		return true
	case "groupchat", "error":
		return false
	default:
		return typ != "headline" && e.child(ns.Client, "body") != nil || slices.ContainsFunc(e.Children, func(n Node) bool {
			return n.Element != nil && slices.Contains([]string{ns.Receipts, ns.ChatStates, ns.ChatMarkers}, n.Element.Name.Space)
		})
	}
}
