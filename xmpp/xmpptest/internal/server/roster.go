package server

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
)

// A rosterItem is one contact of an account.
type rosterItem struct {
	JID    jid.JID
	Name   string
	Groups []string
	Subscription
	version uint64 // of the roster when the item changed last
	removed bool   // it's no longer in the roster; kept for those who have an older version
}

// A roster is an account's list of contacts, with the version of each change (RFC 6121 §2.6).
type roster struct {
	version uint64
	all     map[jid.JID]rosterItem // removed ones too
}

func newRoster() roster { return roster{all: make(map[jid.JID]rosterItem)} }

// item returns a contact; the zero item, without a JID, means that it's not in the roster.
func (r *roster) item(j jid.JID) rosterItem {
	if it, ok := r.all[j]; ok && !it.removed {
		return it
	}
	return rosterItem{}
}

// set adds or replaces a contact and returns it with its version.
func (r *roster) set(it rosterItem) rosterItem {
	r.version++
	it.version = r.version
	r.all[it.JID] = it
	return it
}

// items returns the contacts in the order of their addresses.
func (r *roster) items() []rosterItem {
	list := slices.DeleteFunc(slices.Collect(maps.Values(r.all)), func(it rosterItem) bool { return it.removed })
	slices.SortFunc(list, func(a, b rosterItem) int { return a.JID.Compare(b.JID) })
	return list
}

// since returns what has changed after a version, oldest change first.
func (r *roster) since(version uint64) []rosterItem {
	list := slices.DeleteFunc(slices.Collect(maps.Values(r.all)), func(it rosterItem) bool { return it.version <= version })
	slices.SortFunc(list, func(a, b rosterItem) int { return cmp.Compare(a.version, b.version) })
	return list
}

func (it rosterItem) element() *Element {
	e := el(ns.Roster, "item", "jid", it.JID.String())
	if it.removed {
		return e.withAttr("subscription", "remove")
	}
	e = e.withAttr("name", it.Name).withAttr("subscription", it.String())
	if it.Out {
		e = e.withAttr("ask", "subscribe")
	}
	if it.Approved {
		e = e.withAttr("approved", "true")
	}
	for _, g := range it.Groups {
		e = e.with(el(ns.Roster, "group").withText(g))
	}
	return e
}

// rosterModule is RFC 6121 §2, with versioning and pre-approval.
func rosterModule() module {
	query := xmltext.Name{Space: ns.Roster, Local: "query"}
	return module{
		name: "roster",
		advertise: func(c *conn) []*Element {
			if c.user == "" {
				return nil
			}
			return []*Element{el(ns.RosterVer, "ver"), el(ns.PreApproval, "sub")}
		},
		iqs: []iqRoute{
			{to: toOwn, typ: "get", name: query, answer: rosterGet},
			{to: toOwn, typ: "set", name: query, answer: rosterSet},
			// RFC 6121 §2.1.5, §2.3.3: nobody's business but the owner's
			{to: toAccount, name: query, answer: func(*request) (*Element, *stanzaError) {
				return nil, &stanzaError{kind: "auth", condition: "forbidden"}
			}},
		},
	}
}

func rosterGet(rq *request) (*Element, *stanzaError) {
	if rq.payload.first() != nil {
		return nil, errBadRequest // RFC 6121 §2.1.3: a get MUST NOT contain an item
	}
	if rq.sender != nil {
		rq.sender.interested = true
	}
	r := &rq.owner.roster
	if known, ok := knownVersion(rq.payload, r); ok {
		// RFC 6121 §2.6.3: an empty result, and what has changed since as pushes
		rq.after = append(rq.after, func() {
			for _, it := range r.since(known) {
				rq.srv.pushTo(rq.sender, it)
			}
		})
		return nil, nil
	}
	q := el(ns.Roster, "query", "ver", versionText(r.version))
	for _, it := range r.items() {
		q = q.with(it.element())
	}
	return q, nil
}

// knownVersion reads the version that a client has, if it's one that we can speak of.
func knownVersion(q *Element, r *roster) (uint64, bool) {
	text := q.attr("ver")
	if text == "" {
		return 0, false
	}
	v, err := strconv.ParseUint(text, 10, 64)
	return v, err == nil && v <= r.version
}

func versionText(v uint64) string { return strconv.FormatUint(v, 10) }

func rosterSet(rq *request) (*Element, *stanzaError) {
	it := rq.payload.first()
	switch {
	case len(slices.Collect(rq.payload.elements())) != 1 || !it.is(ns.Roster, "item"):
		return nil, errBadRequest // RFC 6121 §2.3.3: exactly one item
	case rq.owner.bare.String() == it.attr("jid"):
		return nil, &stanzaError{kind: "cancel", condition: "not-allowed"}
	}
	contact, err := jid.Parse(it.attr("jid"))
	if err != nil {
		return nil, errBadRequest
	}
	if it.attr("subscription") == "remove" {
		return nil, rosterRemove(rq, contact)
	}
	groups, fault := groupsOf(it)
	if fault != nil {
		return nil, fault
	}
	item := rq.owner.roster.item(contact)
	item.JID, item.Name, item.Groups = contact, it.attr("name"), groups // §2.1.2: what the client says of 'subscription' and 'ask' is ignored
	item = rq.owner.roster.set(item)
	rq.after = append(rq.after, func() { rq.srv.push(rq.owner, item) })
	return nil, nil
}

// groupsOf reads the groups of an item; RFC 6121 §2.3.3: neither empty nor twice the same.
func groupsOf(it *Element) ([]string, *stanzaError) {
	var groups []string
	for g := range it.elements() {
		if !g.is(ns.Roster, "group") {
			continue
		}
		switch name := g.text(); {
		case name == "":
			return nil, &stanzaError{kind: "modify", condition: "not-acceptable"}
		case slices.Contains(groups, name):
			return nil, errBadRequest
		default:
			groups = append(groups, name)
		}
	}
	return groups, nil
}

// rosterRemove deletes a contact and all subscriptions with it; RFC 6121 §2.5.
func rosterRemove(rq *request, contact jid.JID) *stanzaError {
	item := rq.owner.roster.item(contact)
	if item.JID.IsZero() {
		return errItemNotFound
	}
	sub := rq.srv.subscription(rq.owner, contact)
	gone := rq.owner.roster.set(rosterItem{JID: contact, removed: true})
	delete(rq.owner.requests, contact)
	rq.after = append(rq.after, func() {
		rq.srv.push(rq.owner, gone)
		// RFC 6121 §2.5.2: the contact is told by the stanzas that end a subscription
		own := rq.owner.bare
		if sub.From {
			rq.srv.hidePresence(rq.owner, contact)
		}
		if sub.From || sub.In {
			rq.srv.subscriptionIn(el(ns.Client, "presence", "type", "unsubscribed", "from", own.String(), "to", contact.String()), own, contact)
		}
		if sub.To || sub.Out {
			rq.srv.subscriptionIn(el(ns.Client, "presence", "type", "unsubscribe", "from", own.String(), "to", contact.String()), own, contact)
		}
	})
	return nil
}

// push sends a roster push to all interested resources; RFC 6121 §2.1.6.
func (s *Server) push(a *account, it rosterItem) {
	for _, ses := range a.interested() {
		s.pushTo(ses, it)
	}
}

func (s *Server) pushTo(ses *session, it rosterItem) {
	if ses == nil {
		return
	}
	s.pushes++
	iq := el(ns.Client, "iq", "type", "set", "id", fmt.Sprintf("push%d", s.pushes), "to", ses.jid.String())
	ses.send(iq.with(el(ns.Roster, "query", "ver", versionText(it.version)).with(it.element())))
}
