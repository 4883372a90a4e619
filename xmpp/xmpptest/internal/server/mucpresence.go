package server

import (
	"crypto/sha1"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
)

// mayEnter says why somebody may not come in; XEP-0045 §7.2.17.
func (r *room) mayEnter(st *stanza, nick string) *stanzaError {
	affiliation := r.affiliation(st.from)
	join := st.el.child(ns.MUC, "x")
	password := ""
	if p := join.child(ns.MUC, "password"); p != nil {
		password = p.text()
	}
	other := r.occupants[nick]
	reserved := r.reserved(nick)
	switch {
	case affiliation == "outcast":
		return &stanzaError{kind: "auth", condition: "forbidden"}
	case r.locked && affiliation != "owner":
		return errItemNotFound // XEP-0045 §7.2.10
	case r.conf.membersOnly && affiliation == "none":
		return &stanzaError{kind: "auth", condition: "registration-required"}
	case r.conf.password != "" && password != r.conf.password:
		return &stanzaError{kind: "auth", condition: "not-authorized"}
	case other != nil && (other.bare != st.from.Bare() || r.srv.opts.Rooms.Conflict), !reserved.IsZero() && reserved != st.from.Bare():
		return &stanzaError{kind: "cancel", condition: "conflict"}
	case r.conf.maxUsers > 0 && len(r.order) >= r.conf.maxUsers && affiliation != "owner" && affiliation != "admin":
		return &stanzaError{kind: "wait", condition: "service-unavailable"}
	}
	return nil
}

// reserved returns whose nickname that is; zero: nobody's.
func (r *room) reserved(nick string) jid.JID {
	for _, who := range sortedJIDs(r.nicks) {
		if r.nicks[who] == nick {
			return who
		}
	}
	return jid.JID{}
}

// enter lets somebody in: first the others, then the newcomer, then what was said, then the subject; XEP-0045 §7.1.
func (r *room) enter(st *stanza) {
	nick := st.to.Resourcepart()
	if fault := r.mayEnter(st, nick); fault != nil {
		r.refuse(st, fault)
		return
	}
	o := r.occupants[nick]
	if o == nil {
		o = &occupant{nick: nick, at: st.to, bare: st.from.Bare(), role: r.roleFor(r.affiliation(st.from))}
		r.occupants[nick] = o
		r.order = append(r.order, o)
	}
	o.sessions = append(o.sessions, st.from)
	r.byJID[st.from] = o
	o.presence = st.el
	for _, other := range r.order {
		if other != o {
			r.tell(other.at, r.presenceOf(other, r.sees(o)), st.from)
		}
	}
	r.announce(o, st.from, r.welcome()...)
	r.sendHistory(st)
	r.tell(r.subjectFrom, r.subject, st.from)
}

// welcome are the status codes for a newcomer.
func (r *room) welcome() []string {
	var codes []string
	if r.conf.anyoneSees {
		codes = append(codes, "100")
	}
	if r.conf.logged {
		codes = append(codes, "170")
	}
	if r.locked {
		codes = append(codes, "201")
	}
	return codes
}

// refuse tells somebody why they can't come in.
func (r *room) refuse(st *stanza, fault *stanzaError) {
	f := *fault
	f.payload = el(ns.MUC, "x")
	r.srv.bounce(st, &f)
	if len(r.order) == 0 && r.locked {
		delete(r.srv.rooms, r.jid.Localpart())
	}
}

// sees reports whether an occupant is shown the real addresses of others.
func (r *room) sees(o *occupant) bool { return r.conf.anyoneSees || o.role == "moderator" }

// item describes an occupant.
func (r *room) item(o *occupant, real bool) *Element {
	e := el(ns.MUCUser, "item", "affiliation", r.affiliation(o.bare), "role", o.role)
	if real && len(o.sessions) > 0 {
		e = e.withAttr("jid", o.sessions[len(o.sessions)-1].String())
	}
	return e
}

// presenceOf is an occupant's presence as others get it.
func (r *room) presenceOf(o *occupant, real bool, codes ...string) *Element {
	return r.dressed(o, o.presence, r.item(o, real), codes...)
}

// dressed adds to presence what the room has to say of its sender. What the room alone may say is taken out.
func (r *room) dressed(o *occupant, e, item *Element, codes ...string) *Element {
	x := el(ns.MUCUser, "x").with(item)
	for _, code := range codes {
		x = x.with(el(ns.MUCUser, "status", "code", code))
	}
	e = without(e, ns.MUC, ns.MUCUser, ns.OccupantID).with(x)
	if !r.srv.opts.Rooms.NoIDs {
		e = e.with(el(ns.OccupantID, "occupant-id", "id", r.occupantID(o.bare)))
	}
	return e
}

// occupantID is the id of XEP-0421: the same for one account in one room, whatever the nickname.
func (r *room) occupantID(bare jid.JID) string {
	sum := sha1.Sum([]byte(r.jid.String() + " " + bare.String()))
	return hex.EncodeToString(sum[:])
}

// without leaves out the children of these namespaces.
func without(e *Element, spaces ...string) *Element {
	c := *e
	c.Children = slices.DeleteFunc(slices.Clone(e.Children), func(n Node) bool {
		return n.Element != nil && slices.Contains(spaces, n.Element.Name.Space)
	})
	return &c
}

// announce tells everybody of an occupant's presence, and the occupant last, with the codes that are for it alone. Of its
// resources it's only, where that isn't zero, that one.
func (r *room) announce(o *occupant, only jid.JID, codes ...string) {
	plain, full := r.presenceOf(o, false), r.presenceOf(o, true)
	r.announceAs(o, only, plain, full, codes...)
}

// announceAs is announce with the presence that those see who are not shown real addresses, and those who are.
func (r *room) announceAs(o *occupant, only jid.JID, plain, full *Element, codes ...string) {
	for _, other := range slices.Clone(r.order) {
		if other == o {
			continue
		}
		e := plain
		if r.sees(other) {
			e = full
		}
		for _, to := range slices.Clone(other.sessions) {
			r.tell(o.at, e, to)
		}
	}
	own := withStatus(full, append([]string{"110"}, codes...)...)
	for _, to := range slices.Clone(o.sessions) {
		if only.IsZero() || to == only {
			r.tell(o.at, own, to)
		} else {
			r.tell(o.at, withStatus(full, "110"), to)
		}
	}
}

// withStatus adds status codes to presence that the room has dressed.
func withStatus(e *Element, codes ...string) *Element {
	c := *e
	c.Children = slices.Clone(e.Children)
	for i, n := range c.Children {
		if n.Element.is(ns.MUCUser, "x") {
			x := n.Element
			for _, code := range codes {
				x = x.with(el(ns.MUCUser, "status", "code", code))
			}
			c.Children[i] = Node{Element: x}
		}
	}
	return &c
}

// rejoinOrUpdate takes presence of one who is in the room: a change, or, where it asks to come in, what a newcomer is told
// (XEP-0045 §7.2.1: its client may have lost it all).
func (r *room) rejoinOrUpdate(st *stanza) {
	o := r.byJID[st.from]
	if st.el.child(ns.MUC, "x") != nil {
		r.forget(st.from)
		r.enter(st)
		return
	}
	o.presence = st.el
	r.announce(o, jid.JID{})
}

// rename gives an occupant another nickname; XEP-0045 §7.6.
func (r *room) rename(st *stanza, nick string) {
	o := r.byJID[st.from]
	if other, owner := r.occupants[nick], r.reserved(nick); other != nil || !owner.IsZero() && owner != o.bare {
		r.srv.bounce(st, &stanzaError{kind: "cancel", condition: "conflict"})
		return
	}
	gone := el(ns.Client, "presence", "type", "unavailable")
	plain := r.dressed(o, gone, r.item(o, false).withAttr("nick", nick), "303")
	full := r.dressed(o, gone, r.item(o, true).withAttr("nick", nick), "303")
	r.announceAs(o, jid.JID{}, plain, full)
	delete(r.occupants, o.nick)
	o.nick, o.at, o.presence = nick, st.to, st.el
	r.occupants[nick] = o
	r.announce(o, jid.JID{})
}

// leave lets an occupant go; XEP-0045 §7.14.
func (r *room) leave(st *stanza) { r.remove(st.from, st.el, removal{}) }

// A removal says why an occupant goes.
type removal struct {
	codes  []string
	actor  string // a nickname
	reason string
	extra  *Element // beside the item
}

// expel removes an occupant that can't be reached.
func (r *room) expel(who jid.JID, codes ...string) {
	r.remove(who, el(ns.Client, "presence", "type", "unavailable"), removal{codes: codes})
}

// remove takes one resource out of the room and tells all, itself included.
func (r *room) remove(who jid.JID, e *Element, why removal) {
	o := r.byJID[who]
	if o == nil {
		return
	}
	if len(o.sessions) > 1 { // the others stay
		gone := withStatus(r.dressed(o, e.withAttr("type", "unavailable"), r.goneItem(o, true, why), why.codes...), "110")
		r.forget(who)
		r.tell(o.at, gone, who)
		return
	}
	bare := e.withAttr("type", "unavailable")
	plain := r.dressed(o, bare, r.goneItem(o, false, why), why.codes...)
	full := r.dressed(o, bare, r.goneItem(o, true, why), why.codes...)
	if why.extra != nil {
		plain, full = inUser(plain, why.extra), inUser(full, why.extra)
	}
	r.announceAs(o, jid.JID{}, plain, full)
	r.forget(who)
	r.closeIfEmpty()
}

// inUser puts a child into what the room says of an occupant.
func inUser(e, child *Element) *Element {
	c := *e
	c.Children = slices.Clone(e.Children)
	for i, n := range c.Children {
		if n.Element.is(ns.MUCUser, "x") {
			c.Children[i] = Node{Element: n.Element.with(child)}
		}
	}
	return &c
}

// goneItem describes an occupant that is no longer there.
func (r *room) goneItem(o *occupant, real bool, why removal) *Element {
	item := r.item(o, real).withAttr("role", "none")
	if why.actor != "" {
		item = item.with(el(ns.MUCUser, "actor", "nick", why.actor))
	}
	if why.reason != "" {
		item = item.with(el(ns.MUCUser, "reason").withText(why.reason))
	}
	return item
}

// forget takes a resource out of the room without a word.
func (r *room) forget(who jid.JID) {
	o := r.byJID[who]
	delete(r.byJID, who)
	o.sessions = slices.DeleteFunc(o.sessions, func(j jid.JID) bool { return j == who })
	if len(o.sessions) == 0 {
		delete(r.occupants, o.nick)
		r.order = slices.DeleteFunc(r.order, func(other *occupant) bool { return other == o })
	}
}

// closeIfEmpty ends a room that nobody is in and that is not to stay.
func (r *room) closeIfEmpty() {
	if len(r.order) == 0 && !r.conf.persistent {
		delete(r.srv.rooms, r.jid.Localpart())
	}
}

// nicknames are those of the occupants, as they came.
func (r *room) nicknames() []string {
	var list []string
	for _, o := range r.order {
		list = append(list, strings.Clone(o.nick))
	}
	return list
}
