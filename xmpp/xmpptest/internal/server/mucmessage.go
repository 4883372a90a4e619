package server

import (
	"crypto/rand"
	"strconv"
	"strings"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
)

// spoken is a message that the room remembers.
type spoken struct {
	at   time.Time
	from jid.JID
	el   *Element
	size int
}

// message takes what is sent to the room or to one of its occupants.
func (r *room) message(st *stanza) {
	o := r.byJID[st.from]
	private := st.to.Resourcepart() != ""
	switch typ := st.typ(); {
	case typ == "error":
		if o != nil { // XEP-0045 §18.1.2: whoever can't be reached is a ghost
			r.expel(st.from, "333", "307")
		}
	case private && typ == "groupchat":
		r.srv.bounce(st, errBadRequest)
	case private:
		r.private(st, o)
	case typ == "groupchat" && o == nil, o == nil && st.el.child(ns.MUCUser, "x").child2("decline") == nil:
		// XEP-0045 §7.4
		r.srv.bounce(st, &stanzaError{kind: "modify", condition: "not-acceptable", text: "you are not in the room"})
	case typ == "groupchat":
		r.say(st, o)
	default:
		r.mediate(st, o)
	}
}

// child2 is the first child of that name in the element's own namespace; nil also for no element.
func (e *Element) child2(local string) *Element {
	if e == nil {
		return nil
	}
	return e.child(e.Name.Space, local)
}

// say tells all what one has said; XEP-0045 §7.4, §8.1.
func (r *room) say(st *stanza, o *occupant) {
	subject := st.el.child(ns.Client, "subject") != nil && st.el.child(ns.Client, "body") == nil
	switch {
	case o.role == "visitor":
		r.srv.bounce(st, &stanzaError{kind: "auth", condition: "forbidden", text: "you have no voice"})
	case subject && o.role != "moderator" && !r.conf.changeSubject:
		r.srv.bounce(st, &stanzaError{kind: "auth", condition: "forbidden", text: "the subject is not yours to change"})
	case subject:
		e := r.signed(st.el, o)
		r.subject, r.subjectFrom = e.with(delayNow(r.jid)), o.at
		r.keep(o.at, e)
		r.tellAll(o.at, e)
	default:
		e := r.signed(st.el, o)
		r.remember(o.at, e)
		r.tellAll(o.at, e)
	}
}

// signed is a message with the ids that the room gives to it and to its sender; what others may have written there is gone.
func (r *room) signed(e *Element, o *occupant) *Element {
	e = without(e, ns.MUCUser, ns.OccupantID, ns.Delay)
	if r.srv.opts.Rooms.NoIDs {
		return e
	}
	c := *e
	c.Children = nil
	for _, n := range e.Children { // XEP-0359 §3: ids by this room are this room's alone to give
		if n.Element == nil || !n.Element.is(ns.StanzaID, "stanza-id") || n.Element.attr("by") != r.jid.String() {
			c.Children = append(c.Children, n)
		}
	}
	return c.with(
		el(ns.StanzaID, "stanza-id", "by", r.jid.String(), "id", rand.Text()),
		el(ns.OccupantID, "occupant-id", "id", r.occupantID(o.bare)),
	)
}

// remember keeps a message for those who join.
func (r *room) remember(from jid.JID, e *Element) {
	r.keep(from, e)
	keep := r.conf.history
	if keep <= 0 {
		return
	}
	now := time.Now()
	e = e.withAttr("from", from.String()).with(delayAt(r.jid, now))
	r.history = append(r.history, spoken{now, from, e, len(e.String())})
	if over := len(r.history) - keep; over > 0 {
		clear(r.history[:over])
		r.history = r.history[over:]
	}
}

// sendHistory tells a newcomer what was said, as far as it wants to know; XEP-0045 §7.2.14.
func (r *room) sendHistory(st *stanza) {
	ask := st.el.child(ns.MUC, "x").child2("history")
	for _, m := range r.history[r.historyFrom(ask):] {
		r.tell(m.from, m.el, st.from)
	}
}

// historyFrom is where in the history it begins for one who asks so; ask may be nil.
func (r *room) historyFrom(ask *Element) int {
	stanzas, chars, since := len(r.history), -1, time.Time{}
	if ask != nil {
		if n, err := strconv.Atoi(ask.attr("maxstanzas")); err == nil {
			stanzas = min(stanzas, max(n, 0))
		}
		if n, err := strconv.Atoi(ask.attr("maxchars")); err == nil {
			chars = max(n, 0)
		}
		if n, err := strconv.Atoi(ask.attr("seconds")); err == nil {
			since = time.Now().Add(-time.Duration(n) * time.Second)
		}
		if t, err := time.Parse(time.RFC3339Nano, ask.attr("since")); err == nil && t.After(since) {
			since = t
		}
	}
	from := len(r.history)
	for from > 0 && len(r.history)-from < stanzas {
		m := r.history[from-1]
		if chars >= 0 {
			if chars -= m.size; chars < 0 {
				break
			}
		}
		if m.at.Before(since) {
			break
		}
		from--
	}
	return from
}

// private hands a message to one occupant; XEP-0045 §7.5.
func (r *room) private(st *stanza, o *occupant) {
	to := r.occupants[st.to.Resourcepart()]
	switch {
	case o == nil:
		r.srv.bounce(st, &stanzaError{kind: "modify", condition: "not-acceptable", text: "you are not in the room"})
	case to == nil:
		r.srv.bounce(st, errItemNotFound)
	case !r.mayWhisper(o):
		r.srv.bounce(st, &stanzaError{kind: "auth", condition: "forbidden"})
	default:
		e := without(st.el, ns.MUCUser, ns.OccupantID).with(el(ns.MUCUser, "x"))
		if !r.srv.opts.Rooms.NoIDs {
			e = e.with(el(ns.OccupantID, "occupant-id", "id", r.occupantID(o.bare)))
		}
		for _, who := range to.sessions {
			r.tell(o.at, e, who)
		}
	}
}

func (r *room) mayWhisper(o *occupant) bool {
	switch r.conf.whispers {
	case "none":
		return false
	case "moderators":
		return o.role == "moderator"
	case "participants":
		return o.role != "visitor"
	}
	return true
}

// mediate passes on what the room is asked to pass on: invitations, their being declined, requests for voice and what
// moderators say to them. o is nil for one who is not in the room.
func (r *room) mediate(st *stanza, o *occupant) {
	x := st.el.child(ns.MUCUser, "x")
	form := st.el.child(ns.Data, "x")
	switch {
	case x.child2("invite") != nil:
		r.invite(st, x, o)
	case x.child2("decline") != nil:
		r.decline(st, x.child2("decline"))
	case form != nil && formValues(form)["FORM_TYPE"] == ns.MUCRequest:
		r.voice(formValues(form), o)
	default:
		r.srv.bounce(st, errBadRequest)
	}
}

// invite is XEP-0045 §7.8.2: in a members-only room, who is invited becomes a member.
func (r *room) invite(st *stanza, x *Element, o *occupant) {
	if !r.conf.invites && o.role != "moderator" {
		r.srv.bounce(st, &stanzaError{kind: "auth", condition: "forbidden"})
		return
	}
	for invite := range x.elements() {
		to, err := jid.Parse(invite.attr("to"))
		if !invite.is(ns.MUCUser, "invite") || err != nil {
			continue
		}
		if r.conf.membersOnly && r.affiliation(to) == "none" {
			r.affiliations[to.Bare()] = "member"
		}
		inside := el(ns.MUCUser, "x").with(invite.withAttr("to", "").withAttr("from", st.from.String()))
		if r.conf.password != "" {
			inside = inside.with(el(ns.MUCUser, "password").withText(r.conf.password))
		}
		r.tell(r.jid, el(ns.Client, "message").withAttr("id", st.id()).with(inside), to)
	}
}

// decline tells the one who has invited; XEP-0045 §7.8.2.
func (r *room) decline(st *stanza, decline *Element) {
	to, err := jid.Parse(decline.attr("to"))
	if err != nil {
		r.srv.bounce(st, errMalformedJID)
		return
	}
	inside := el(ns.MUCUser, "x").with(decline.withAttr("to", "").withAttr("from", st.from.Bare().String()))
	r.tell(r.jid, el(ns.Client, "message").withAttr("id", st.id()).with(inside), to)
}

// voice is XEP-0045 §7.13 and §8.6.
func (r *room) voice(values map[string]string, o *occupant) {
	if o.role != "moderator" {
		f := dataForm(ns.MUCRequest, "Voice request").with(
			formField("muc#role", "list-single", "participant"),
			formField("muc#jid", "jid-single", o.sessions[0].String()),
			formField("muc#roomnick", "text-single", o.nick),
			formField("muc#request_allow", "boolean", "false"),
		)
		for _, other := range r.order {
			if other.role == "moderator" {
				for _, to := range other.sessions {
					r.tell(r.jid, el(ns.Client, "message").with(f), to)
				}
			}
		}
		return
	}
	who := r.occupants[values["muc#roomnick"]]
	if who != nil && who.role == "visitor" && isTrue(values["muc#request_allow"]) {
		who.role = "participant"
		r.announce(who, jid.JID{})
	}
}

func isTrue(s string) bool { return strings.TrimSpace(s) == "1" || strings.TrimSpace(s) == "true" }

// formValues are the first values of a form's fields.
func formValues(form *Element) map[string]string {
	values := make(map[string]string)
	for field := range form.elements() {
		if v := field.child(ns.Data, "value"); v != nil {
			values[field.attr("var")] = v.text()
		}
	}
	return values
}
