package server

import (
	"cmp"
	"strconv"

	"github.com/canto-im/canto/internal/ns"
)

// iqToRoom answers requests to a room, and passes on those to an occupant. r is nil where there is no such room.
func (s *Server) iqToRoom(st *stanza, r *room) {
	request := st.typ() == "get" || st.typ() == "set"
	switch {
	case r == nil && request:
		s.bounce(st, errItemNotFound)
	case r == nil:
	case st.to.Resourcepart() != "":
		r.iqToOccupant(st, request)
	case request:
		result, fault := r.answer(st)
		if fault != nil {
			s.bounce(st, fault)
			return
		}
		s.reply(st, resultReply(st.el, result))
	}
}

// iqToOccupant passes a request or an answer on; a ping to one's own nickname the room answers itself (XEP-0410 §3.3).
func (r *room) iqToOccupant(st *stanza, request bool) {
	from, to := r.byJID[st.from], r.occupants[st.to.Resourcepart()]
	switch {
	case from == nil && request:
		r.srv.bounce(st, &stanzaError{kind: "cancel", condition: "not-acceptable"})
	case from == nil:
	case to == nil && request:
		r.srv.bounce(st, errItemNotFound)
	case to == nil:
	case to == from && request && st.el.first().is(ns.Ping, "ping") && !r.srv.opts.Rooms.NoSelfPing:
		r.srv.reply(st, resultReply(st.el, nil))
	default:
		r.tell(from.at, st.el, to.sessions[0])
	}
}

// answer answers a request to the room itself.
func (r *room) answer(st *stanza) (*Element, *stanzaError) {
	get := st.typ() == "get"
	switch payload := st.el.first(); {
	case payload.is(ns.DiscoInfo, "query") && get:
		return r.info(st, payload.attr("node"))
	case payload.is(ns.DiscoItems, "query") && get:
		return r.items(st), nil
	case payload.is(ns.Ping, "ping") && get:
		return nil, nil
	case payload.is(ns.MUCAdmin, "query") && get:
		return r.list(st, payload)
	case payload.is(ns.MUCAdmin, "query"):
		return nil, r.administer(st, payload)
	case payload.is(ns.MUCOwner, "query"):
		return r.own(st, payload, get)
	case payload.is(ns.Register, "query"):
		return r.register(st, payload, get)
	case payload.Name.Space == ns.MAM && r.archive != nil:
		return r.ofArchive(st, payload, get)
	case payload.is(ns.Moderate, "moderate") && !get:
		return nil, r.moderate(st, payload)
	}
	return nil, errServiceUnavailable
}

// roomNickNode is the node that tells one's reserved nickname; XEP-0045 §7.12.
const roomNickNode = "x-roomuser-item"

// info is XEP-0045 §6.4.
func (r *room) info(st *stanza, node string) (*Element, *stanzaError) {
	q := el(ns.DiscoInfo, "query").withAttr("node", node)
	switch {
	case node == roomNickNode:
		if nick := r.nicks[st.from.Bare()]; nick != "" {
			q = q.with(el(ns.DiscoInfo, "identity", "category", "conference", "type", "text", "name", nick))
		}
		return q, nil
	case node != "", r.locked && r.affiliation(st.from) != "owner":
		return nil, errItemNotFound
	}
	c := &r.conf
	either := func(yes bool, a, b string) string {
		if yes {
			return a
		}
		return b
	}
	features := []string{ns.DiscoInfo, ns.DiscoItems, ns.MUC, ns.MUCStableID, ns.Register, ns.Moderate,
		either(c.password != "", "muc_passwordprotected", "muc_unsecured"),
		either(c.public, "muc_public", "muc_hidden"),
		either(c.persistent, "muc_persistent", "muc_temporary"),
		either(c.membersOnly, "muc_membersonly", "muc_open"),
		either(c.moderated, "muc_moderated", "muc_unmoderated"),
		either(c.anyoneSees, "muc_nonanonymous", "muc_semianonymous"),
	}
	if !r.srv.opts.Rooms.NoIDs {
		features = append(features, ns.StanzaID, ns.OccupantID)
	}
	features = append(features, r.srv.archiveFeatures()...)
	if !r.srv.opts.Rooms.NoSelfPing {
		features = append(features, ns.MUCSelfPing)
	}
	identity := el(ns.DiscoInfo, "identity", "category", "conference", "type", "text", "name", cmp.Or(c.name, r.jid.Localpart()))
	f := el(ns.Data, "x", "type", "result").with(
		formField("FORM_TYPE", "hidden", ns.MUCInfo),
		formField("muc#roominfo_description", "text-single", c.description),
		formField("muc#roominfo_occupants", "text-single", strconv.Itoa(len(r.order))),
		formField("muc#roominfo_subject", "text-single", r.subject.child(ns.Client, "subject").text()),
		formField("muc#maxhistoryfetch", "text-single", strconv.Itoa(c.history)),
	)
	return q.with(identity).with(featureList(features)...).with(f), nil
}

// items lists the occupants for those who are among them; XEP-0045 §6.5.
func (r *room) items(st *stanza) *Element {
	q := el(ns.DiscoItems, "query")
	if r.byJID[st.from] == nil {
		return q
	}
	for _, o := range r.order {
		q = q.with(el(ns.DiscoItems, "item", "jid", o.at.String()))
	}
	return q
}

// register is a subset of XEP-0045 §7.10: one becomes a member at once, with a nickname of one's own.
func (r *room) register(st *stanza, query *Element, get bool) (*Element, *stanzaError) {
	who := st.from.Bare()
	if get {
		q := el(ns.Register, "query")
		if nick := r.nicks[who]; nick != "" {
			return q.with(el(ns.Register, "registered"), el(ns.Register, "username").withText(nick)), nil
		}
		return q.with(dataForm(ns.MUCRegister, "Registration").with(askFor("muc#register_roomnick"))), nil
	}
	if query.child2("remove") != nil {
		delete(r.nicks, who)
		r.setAffiliation(who, "none", "", "")
		return nil, nil
	}
	form := query.child(ns.Data, "x")
	if form == nil || formValues(form)["FORM_TYPE"] != ns.MUCRegister {
		return nil, errBadRequest
	}
	nick := formValues(form)["muc#register_roomnick"]
	at, err := r.jid.WithResource(nick)
	owner := r.reserved(nick)
	switch {
	case err != nil || nick == "":
		return nil, errBadRequest
	case !owner.IsZero() && owner != who, r.occupants[at.Resourcepart()] != nil && r.occupants[at.Resourcepart()].bare != who:
		return nil, &stanzaError{kind: "cancel", condition: "conflict"}
	}
	r.nicks[who] = at.Resourcepart()
	if r.affiliation(who) == "none" {
		r.setAffiliation(who, "member", "", "")
	}
	return nil, nil
}

// moderate is XEP-0425: the message is forgotten, and all are told.
func (r *room) moderate(st *stanza, ask *Element) *stanzaError {
	o := r.byJID[st.from]
	id := ask.attr("id")
	switch {
	case o == nil || o.role != "moderator":
		return &stanzaError{kind: "auth", condition: "forbidden"}
	case ask.child(ns.Retract, "retract") == nil:
		return errBadRequest
	}
	for i, m := range r.history {
		if given := m.el.child(ns.StanzaID, "stanza-id"); given != nil && given.attr("id") == id {
			r.history = append(r.history[:i:i], r.history[i+1:]...)
			moderated := el(ns.Moderate, "moderated", "by", o.at.String()).with(el(ns.OccupantID, "occupant-id", "id", r.occupantID(o.bare)))
			retract := el(ns.Retract, "retract", "id", id).with(moderated)
			if reason := ask.child(ns.Moderate, "reason"); reason != nil {
				retract = retract.with(el(ns.Retract, "reason").withText(reason.text()))
			}
			r.tellAll(r.jid, el(ns.Client, "message", "type", "groupchat").with(retract))
			return nil
		}
	}
	return errItemNotFound
}
