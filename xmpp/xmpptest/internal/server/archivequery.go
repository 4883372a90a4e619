package server

import (
	"slices"
	"strconv"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
)

// A wish is what a query asks for; XEP-0313 §4.1.
type wish struct {
	with       jid.JID
	start, end time.Time
	ids        []string
	from, to   int // places: after-id, before-id
	groupchat  bool
}

var errNotImplemented = &stanzaError{kind: "cancel", condition: "feature-not-implemented"}

// wish reads the form of a query.
func (a *archive) wish(query *Element) (w wish, fault *stanzaError) {
	w = wish{to: len(a.entries), groupchat: true}
	form := query.child(ns.Data, "x")
	if form == nil {
		return w, nil
	}
	for f := range form.elements() {
		if !f.is(ns.Data, "field") {
			continue
		}
		var values []string
		for v := range f.elements() {
			values = append(values, v.text())
		}
		if fault := a.field(&w, f.attr("var"), values); fault != nil {
			return w, fault
		}
	}
	return w, nil
}

func (a *archive) field(w *wish, name string, values []string) *stanzaError {
	if len(values) == 0 {
		return errBadRequest
	}
	var err error
	value := values[0]
	extended := name == "before-id" || name == "after-id" || name == "ids"
	switch {
	case extended && a.opts.NoExtended:
		return errNotImplemented
	case name == "FORM_TYPE" && value != ns.MAM:
		return errBadRequest
	case name == "FORM_TYPE":
	case name == "with":
		w.with, err = jid.Parse(value)
	case name == "start":
		w.start, err = time.Parse(time.RFC3339, value)
	case name == "end":
		w.end, err = time.Parse(time.RFC3339, value)
	case name == "include-groupchat":
		w.groupchat = value == "1" || value == "true"
	case extended:
		for _, id := range values { // XEP-0313 §4.1.3
			if a.find(id) < 0 {
				return errItemNotFound
			}
		}
		switch name {
		case "before-id":
			w.to = a.find(value)
		case "after-id":
			w.from = a.find(value) + 1
		default:
			w.ids = values
		}
	default:
		return errNotImplemented // XEP-0313 §4.1.5
	}
	if err != nil {
		return errBadRequest
	}
	return nil
}

// fits tells whether the message at place i is wished for.
func (a *archive) fits(w wish, i int) bool {
	e := a.entries[i]
	switch {
	case i < w.from, i >= w.to,
		!w.start.IsZero() && e.at.Before(w.start),
		!w.end.IsZero() && e.at.After(w.end),
		w.ids != nil && !slices.Contains(w.ids, e.id),
		!w.groupchat && e.el.attr("type") == "groupchat":
		return false
	case w.with.IsZero():
		return true
	}
	is := func(j jid.JID) bool { return j == w.with || j.Bare() == w.with }
	if w.with == a.by { // XEP-0313 §4.1.1: else it were every message
		return is(e.peers[0]) && is(e.peers[1])
	}
	return is(e.peers[0]) || is(e.peers[1])
}

// answer gives the messages of a page to result and returns the <fin/>; XEP-0313 §4.2 and §4.3.
func (a *archive) answer(query *Element, result func(*Element)) (*Element, *stanzaError) {
	w, fault := a.wish(query)
	if fault != nil {
		return nil, fault
	}
	var places []int
	for i := range a.entries {
		if a.fits(w, i) {
			places = append(places, i)
		}
	}
	count := len(places)
	set := query.child(ns.RSM, "set")
	if set == nil {
		set = el(ns.RSM, "set")
	}
	page, index, fault := a.page(places, set)
	if fault != nil {
		return nil, fault
	}
	send := slices.Clone(page)
	if query.child(ns.MAM, "flip-page") != nil {
		if a.opts.NoExtended {
			return nil, errNotImplemented
		}
		slices.Reverse(send)
	}
	for _, i := range send {
		result(a.result(a.entries[i], query.attr("queryid")))
	}
	out := el(ns.RSM, "set")
	if len(page) > 0 {
		out = out.with(
			el(ns.RSM, "first", "index", strconv.Itoa(index)).withText(a.entries[page[0]].id),
			el(ns.RSM, "last").withText(a.entries[page[len(page)-1]].id))
	}
	fin := el(ns.MAM, "fin").with(out.with(el(ns.RSM, "count").withText(strconv.Itoa(count))))
	back := set.child(ns.RSM, "before") != nil
	if back && index == 0 || !back && index+len(page) == count {
		fin = fin.withAttr("complete", "true")
	}
	return fin, nil
}

// page cuts a page out of the places and tells where it begins among them; XEP-0059 §2.
func (a *archive) page(places []int, set *Element) (page []int, index int, fault *stanzaError) {
	limit := a.opts.Page
	if limit == 0 {
		limit = 50
	}
	if m := set.child(ns.RSM, "max"); m != nil {
		n, err := strconv.Atoi(m.text())
		if err != nil || n < 0 {
			return nil, 0, errBadRequest
		}
		limit = min(limit, n)
	}
	from, to := 0, len(places)
	if after := set.child(ns.RSM, "after"); after != nil && after.text() != "" {
		at := a.find(after.text())
		if at < 0 {
			return nil, 0, errItemNotFound // XEP-0313 §4.3.2
		}
		from = len(places)
		if i := slices.IndexFunc(places, func(p int) bool { return p > at }); i >= 0 {
			from = i
		}
	}
	before := set.child(ns.RSM, "before")
	if before == nil {
		return places[from:min(to, from+limit)], from, nil
	}
	if id := before.text(); id != "" {
		at := a.find(id)
		if at < 0 {
			return nil, 0, errItemNotFound
		}
		if i := slices.IndexFunc(places, func(p int) bool { return p >= at }); i >= 0 {
			to = i
		}
	}
	from = max(from, to-limit)
	return places[from:to], from, nil
}

// result is one message as it's sent out of the archive.
func (a *archive) result(e archived, queryID string) *Element {
	carried := el(ns.Forward, "forwarded").with(el(ns.Delay, "delay", "stamp", utc(e.at)), e.el)
	r := el(ns.MAM, "result", "id", e.id).withAttr("queryid", queryID)
	return el(ns.Client, "message").with(r.with(carried))
}

// form lists the fields of a query; XEP-0313 §4.1.5.
func (a *archive) form() *Element {
	fields := [][2]string{{"with", "jid-single"}, {"start", "text-single"}, {"end", "text-single"}, {"include-groupchat", "boolean"}}
	if !a.opts.NoExtended {
		fields = append(fields, [2]string{"before-id", "text-single"}, [2]string{"after-id", "text-single"}, [2]string{"ids", "list-multi"})
	}
	f := el(ns.Data, "x", "type", "form").with(formField("FORM_TYPE", "hidden", ns.MAM))
	for _, d := range fields {
		f = f.with(el(ns.Data, "field", "type", d[1], "var", d[0]))
	}
	return el(ns.MAM, "query").with(f)
}
