package server

import (
	"slices"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
)

// rank orders affiliations and roles, the least first.
var (
	affiliations = []string{"outcast", "none", "member", "admin", "owner"}
	roles        = []string{"none", "visitor", "participant", "moderator"}
)

// list answers who has an affiliation or a role; XEP-0045 §9.5, §8.5.
func (r *room) list(st *stanza, query *Element) (*Element, *stanzaError) {
	ask := query.child(ns.MUCAdmin, "item")
	if ask == nil {
		return nil, errBadRequest
	}
	mine := r.affiliation(st.from)
	q := el(ns.MUCAdmin, "query")
	if role := ask.attr("role"); role != "" {
		if o := r.byJID[st.from]; o == nil || o.role != "moderator" {
			return nil, errForbidden
		}
		for _, o := range r.order {
			if o.role == role {
				q = q.with(el(ns.MUCAdmin, "item", "affiliation", r.affiliation(o.bare), "jid", o.sessions[0].String(), "nick", o.nick, "role", o.role))
			}
		}
		return q, nil
	}
	want := ask.attr("affiliation")
	switch {
	case !slices.Contains(affiliations, want):
		return nil, errBadRequest
	case mine != "owner" && mine != "admin" && (want != "member" || mine != "member" || !r.conf.anyoneSees):
		return nil, errForbidden
	}
	for _, who := range sortedJIDs(r.affiliations) {
		if r.affiliations[who] == want {
			e := el(ns.MUCAdmin, "item", "affiliation", want, "jid", who.String())
			q = q.with(e.withAttr("nick", r.nicks[who]))
		}
	}
	return q, nil
}

// A change is one item that a moderator, an admin or an owner wants otherwise.
type change struct {
	who               jid.JID
	occupant          *occupant
	affiliation, role string
	nick, reason      string
}

// administer carries out changes, all or none; XEP-0045 §8 and §9.
func (r *room) administer(st *stanza, query *Element) *stanzaError {
	var all []change
	for item := range query.elements() {
		c, fault := r.readChange(item)
		if fault != nil {
			return fault
		}
		if fault := r.mayChange(st.from, c); fault != nil {
			return fault
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return errBadRequest
	}
	actor := ""
	if o := r.byJID[st.from]; o != nil {
		actor = o.nick
	}
	for _, c := range all {
		if c.role != "" {
			r.setRole(c.occupant, c.role, actor, c.reason)
			continue
		}
		if c.nick != "" {
			r.nicks[c.who] = c.nick
		}
		r.setAffiliation(c.who, c.affiliation, actor, c.reason)
	}
	return nil
}

func (r *room) readChange(item *Element) (c change, fault *stanzaError) {
	c = change{affiliation: item.attr("affiliation"), role: item.attr("role"), nick: item.attr("nick")}
	if reason := item.child(ns.MUCAdmin, "reason"); reason != nil {
		c.reason = reason.text()
	}
	switch {
	case !item.is(ns.MUCAdmin, "item"), (c.role == "") == (c.affiliation == ""):
		return c, errBadRequest
	case c.role != "":
		if c.occupant = r.occupants[c.nick]; c.occupant == nil {
			return c, errItemNotFound
		}
		if !slices.Contains(roles, c.role) {
			return c, errBadRequest
		}
		return c, nil
	}
	who, err := jid.Parse(item.attr("jid"))
	if o := r.occupants[c.nick]; item.attr("jid") == "" && o != nil {
		who, err, c.nick = o.bare, nil, ""
	}
	if err != nil || !slices.Contains(affiliations, c.affiliation) {
		return c, errBadRequest
	}
	c.who = who.Bare()
	return c, nil
}

// mayChange tells whether one who asks may have that; XEP-0045 §5.1.3, §5.2.2.
func (r *room) mayChange(who jid.JID, c change) *stanzaError {
	by := slices.Index(affiliations, r.affiliation(who))
	o := r.byJID[who]
	const admin, owner = 3, 4
	notAllowed := &stanzaError{kind: "cancel", condition: "not-allowed"}
	if c.role != "" {
		target := slices.Index(affiliations, r.affiliation(c.occupant.bare))
		switch {
		case o == nil || o.role != "moderator":
			return errForbidden
		case (c.role == "moderator" || c.occupant.role == "moderator") && by < admin, c.occupant != o && target >= admin && by <= target && by < owner:
			return notAllowed
		}
		return nil
	}
	now, then := slices.Index(affiliations, r.affiliation(c.who)), slices.Index(affiliations, c.affiliation)
	switch {
	case by < admin:
		return errForbidden
	case by < owner && (now >= admin || then >= admin):
		return notAllowed
	case c.who == who.Bare() && then < now && (now < owner || r.owners() == 1):
		// XEP-0045 §9.1: nobody bans themselves; §10.4: the last owner stays
		return &stanzaError{kind: "cancel", condition: "conflict"}
	}
	return nil
}

func (r *room) owners() (n int) {
	for _, a := range r.affiliations {
		if a == "owner" {
			n++
		}
	}
	return n
}

// setRole gives an occupant another role; none is a kick (XEP-0045 §8.2).
func (r *room) setRole(o *occupant, role, actor, reason string) {
	if role == "none" {
		r.throwOut(o, removal{codes: []string{"307"}, actor: actor, reason: reason})
		return
	}
	o.role = role
	r.announceWith(o, reason)
}

// announceWith announces an occupant whose place has changed.
func (r *room) announceWith(o *occupant, reason string) {
	item := func(real bool) *Element {
		e := r.item(o, real)
		if reason != "" {
			e = e.with(el(ns.MUCUser, "reason").withText(reason))
		}
		return e
	}
	r.announceAs(o, jid.JID{}, r.dressed(o, o.presence, item(false)), r.dressed(o, o.presence, item(true)))
}

// throwOut removes an occupant with all its resources.
func (r *room) throwOut(o *occupant, why removal) {
	for _, who := range slices.Clone(o.sessions) {
		r.remove(who, el(ns.Client, "presence", "type", "unavailable"), why)
	}
}

// setAffiliation makes somebody something else to the room, and draws the conclusions for those who are in it.
func (r *room) setAffiliation(who jid.JID, affiliation, actor, reason string) {
	if affiliation == "none" {
		delete(r.affiliations, who)
	} else {
		r.affiliations[who] = affiliation
	}
	for _, o := range slices.Clone(r.order) {
		if o.bare != who {
			continue
		}
		switch {
		case affiliation == "outcast": // XEP-0045 §9.1
			r.throwOut(o, removal{codes: []string{"301"}, actor: actor, reason: reason})
		case affiliation == "none" && r.conf.membersOnly: // XEP-0045 §9.4
			r.throwOut(o, removal{codes: []string{"321"}, actor: actor, reason: reason})
		default:
			o.role = r.roleFor(affiliation)
			r.announceWith(o, reason)
		}
	}
}

// own is what owners ask for: the configuration, another one, the end of the room; XEP-0045 §10.
func (r *room) own(st *stanza, query *Element, get bool) (*Element, *stanzaError) {
	form, destroy := query.child(ns.Data, "x"), query.child(ns.MUCOwner, "destroy")
	switch {
	case r.affiliation(st.from) != "owner":
		return nil, errForbidden
	case get:
		return el(ns.MUCOwner, "query").with(r.conf.form()), nil
	case destroy != nil:
		r.destroy(destroy)
		return nil, nil
	case form == nil:
		return nil, errBadRequest
	case form.attr("type") == "cancel":
		if r.locked { // XEP-0045 §10.1.3
			r.destroy(el(ns.MUCOwner, "destroy"))
		}
		return nil, nil
	}
	conf, fault := r.conf.submitted(form)
	if fault != nil {
		return nil, fault
	}
	r.configure(conf)
	return nil, nil
}

// configure gives the room another configuration; XEP-0045 §10.2.1.
func (r *room) configure(conf roomConfig) {
	old, fresh := r.conf, r.locked
	r.conf, r.locked = conf, false
	if over := len(r.history) - max(conf.history, 0); over > 0 {
		r.history = slices.Clone(r.history[over:])
	}
	if fresh {
		return
	}
	code := "104"
	switch {
	case old.logged != conf.logged && conf.logged:
		code = "170"
	case old.logged != conf.logged:
		code = "171"
	case old.anyoneSees != conf.anyoneSees && conf.anyoneSees:
		code = "172"
	case old.anyoneSees != conf.anyoneSees:
		code = "173"
	}
	x := el(ns.MUCUser, "x").with(el(ns.MUCUser, "status", "code", code))
	r.tellAll(r.jid, el(ns.Client, "message", "type", "groupchat").with(x))
	if conf.membersOnly && !old.membersOnly {
		for _, o := range slices.Clone(r.order) {
			if r.affiliation(o.bare) == "none" { // XEP-0045 §10.2
				r.throwOut(o, removal{codes: []string{"322"}})
			}
		}
	}
}

// destroy ends the room; XEP-0045 §10.9.
func (r *room) destroy(why *Element) {
	r.conf.persistent = true // it's taken out once, below
	for _, o := range slices.Clone(r.order) {
		gone := el(ns.Client, "presence", "type", "unavailable").with(
			el(ns.MUCUser, "x").with(el(ns.MUCUser, "item", "affiliation", "none", "role", "none"), renamed(why, ns.MUCOwner, ns.MUCUser),
				el(ns.MUCUser, "status", "code", "110")))
		for _, to := range slices.Clone(o.sessions) {
			r.tell(o.at, gone, to)
			r.forget(to)
		}
	}
	delete(r.srv.rooms, r.jid.Localpart())
}
