package server

import (
	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
)

func isSubscription(typ string) bool {
	return typ == "subscribe" || typ == "subscribed" || typ == "unsubscribe" || typ == "unsubscribed"
}

// subscriptionOut handles a subscription stanza that a client of the account sends; RFC 6121 §3.
func (s *Server) subscriptionOut(st *stanza) {
	a, contact := st.sender.account, st.to.Bare()
	if contact == a.bare { // an account sees its own presence as it is
		return
	}
	// RFC 6121 §3.1.2: stamped with the bare JID, and addressed to one
	e := st.el.withAttr("from", a.bare.String()).withAttr("to", contact.String())
	if fault := s.unreachable(contact, st.typ()); fault != nil {
		// RFC 6121 §3.1.2: what cannot be delivered is returned, and nothing has changed
		st.sender.send(errorReply(st.el.withAttr("to", contact.String()), fault))
		return
	}
	before := s.subscription(a, contact)
	after, route := before.outbound(st.typ())
	if before.From && !after.From {
		// RFC 6121 §3.2.2: unavailable presence goes out while the contact is still a subscriber
		s.hidePresence(a, contact)
	}
	// The state stands before the stanza is on its way: it may be answered before it returns, by a pre-approval say.
	s.change(a, contact, after)
	if route {
		s.subscriptionIn(e, a.bare, contact)
	}
	if !before.From && after.From {
		s.sharePresence(a, contact)
	}
}

// unreachable says why nobody can be subscribed to under an address.
func (s *Server) unreachable(contact jid.JID, typ string) *stanzaError {
	if _, isHost := s.tables.host(contact); isHost || contact.Domain() == s.domain || typ != "subscribe" {
		return nil
	}
	return errRemoteNotFound
}

// subscriptionIn handles a subscription stanza for an account of this server, from whomever.
func (s *Server) subscriptionIn(e *Element, from, to jid.JID) {
	a := s.account(to)
	if a == nil || to.Localpart() == "" { // RFC 6121 §8.5.1: ignored
		return
	}
	typ := e.attr("type")
	before := s.subscription(a, from)
	after, show, answer := before.inbound(typ)
	if after.In && !before.In {
		a.requests[from] = e // RFC 6121 §3.1.3: the complete stanza is kept until it's answered
	}
	if show {
		s.show(a, typ, e)
	}
	s.change(a, from, after)
	if before.From && !after.From {
		s.hidePresence(a, from)
	}
	if answer != "" {
		s.subscriptionIn(el(ns.Client, "presence", "type", answer, "from", a.bare.String(), "to", from.String(), "id", e.attr("id")), a.bare, from)
	}
	if !before.From && after.From {
		s.sharePresence(a, from)
	}
}

// show delivers a subscription stanza: requests to available resources, the rest to interested ones (RFC 6121 §3.1.3, §3.1.6).
func (s *Server) show(a *account, typ string, e *Element) {
	if typ == "subscribe" {
		sendAll(a.available(), e)
		return
	}
	sendAll(a.interested(), e)
}

// subscription returns the state between an account and a contact.
func (s *Server) subscription(a *account, contact jid.JID) Subscription {
	sub := a.roster.item(contact).Subscription
	_, sub.In = a.requests[contact]
	return sub
}

// change puts a new state into effect, and pushes the roster item where it shows.
func (s *Server) change(a *account, contact jid.JID, now Subscription) {
	if !now.In {
		delete(a.requests, contact)
	}
	item := a.roster.item(contact)
	shown := now
	shown.In = false // RFC 6121 appendix A.1: a request that waits is not in the roster
	if item.Subscription == shown {
		return
	}
	item.JID, item.Subscription = contact, shown
	s.push(a, a.roster.set(item))
}

// sharePresence sends the presence of all available resources to somebody who may see it from now on; RFC 6121 §3.1.5.
func (s *Server) sharePresence(a *account, who jid.JID) {
	for _, ses := range a.available() {
		s.dispatch(ses.presence.withAttr("to", who.String()))
	}
}

// hidePresence tells somebody who may no longer see the account's presence that its resources are gone; RFC 6121 §3.2.2, §3.3.3.
func (s *Server) hidePresence(a *account, who jid.JID) {
	for _, ses := range a.available() {
		s.dispatch(el(ns.Client, "presence", "type", "unavailable", "from", ses.jid.String(), "to", who.String()))
	}
}

// Befriend subscribes two accounts to each other's presence, as if each had asked and been granted; nobody is told.
func (s *Server) Befriend(a, b string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, two := s.accounts[a], s.accounts[b]
	if one == nil || two == nil {
		return errNoAccount(a, b)
	}
	befriend(one, two)
	return nil
}

// befriend subscribes two accounts to each other. Server.mu is held.
func befriend(one, two *account) {
	for _, pair := range [][2]*account{{one, two}, {two, one}} {
		item := pair[0].roster.item(pair[1].bare)
		item.JID = pair[1].bare
		item.Subscription = Subscription{To: true, From: true}
		pair[0].roster.set(item)
		delete(pair[0].requests, pair[1].bare)
	}
}
