package server

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
)

// Archive configures the archives of messages (XEP-0313) that every account and every room has.
type Archive struct {
	// Page is how many messages are on one page at most; 0 means 50.
	Page int
	// Keep is how many messages are kept of each account and room, the oldest ones being dropped; 0 means all.
	Keep int
	// NoExtended leaves the extended queries, flipped pages and the metadata out.
	NoExtended bool
}

// An archive has the messages of one account or room, oldest first. Server.mu protects it.
type archive struct {
	by      jid.JID // whose it is, as stanza ids say
	opts    Archive
	entries []archived
	prefs   *Element // XEP-0441; nil: everything is kept
}

// An archived is one message.
type archived struct {
	id    string
	at    time.Time
	el    *Element
	peers [2]jid.JID // from and to
}

// newArchive makes an empty archive, nil where there are none.
func (s *Server) newArchive(by jid.JID) *archive {
	if s.opts.Archive == nil || !s.opts.has("mam") {
		return nil
	}
	return &archive{by: by, opts: *s.opts.Archive}
}

// add keeps a message and returns it with the id that it has (XEP-0313 §3.5).
func (a *archive) add(e *Element, at time.Time, id string) *Element {
	id = cmp.Or(id, rand.Text())
	from, _ := jid.Parse(e.attr("from")) // the server has made it
	to, _ := jid.Parse(e.attr("to"))     // likewise; a room's has none
	a.entries = append(a.entries, archived{id, at, e, [2]jid.JID{from, to}})
	if over := len(a.entries) - a.opts.Keep; a.opts.Keep > 0 && over > 0 {
		a.entries = slices.Delete(a.entries, 0, over)
	}
	return e.with(el(ns.StanzaID, "stanza-id", "by", a.by.String(), "id", id))
}

// find returns the place of a message, −1 if it's not there.
func (a *archive) find(id string) int {
	return slices.IndexFunc(a.entries, func(e archived) bool { return e.id == id })
}

// mamModule is XEP-0313 and XEP-0441 for accounts.
func mamModule() module {
	query := xmltext.Name{Space: ns.MAM, Local: "query"}
	prefs := xmltext.Name{Space: ns.MAM, Local: "prefs"}
	return module{
		name: "mam",
		iqs: []iqRoute{
			{to: toOwn, typ: "set", name: query, answer: func(rq *request) (*Element, *stanzaError) {
				return rq.srv.ofArchive(rq, func(a *archive) (*Element, *stanzaError) {
					return a.answer(rq.payload, func(e *Element) {
						rq.srv.reply(rq.stanza, e.withAttr("from", a.by.String()).withAttr("to", rq.from.String()))
					})
				})
			}},
			{to: toOwn, typ: "get", name: query, answer: func(rq *request) (*Element, *stanzaError) {
				return rq.srv.ofArchive(rq, func(a *archive) (*Element, *stanzaError) { return a.form(), nil })
			}},
			{to: toOwn, typ: "get", name: xmltext.Name{Space: ns.MAM, Local: "metadata"}, answer: func(rq *request) (*Element, *stanzaError) {
				return rq.srv.ofArchive(rq, (*archive).metadata)
			}},
			{to: toOwn, name: prefs, answer: func(rq *request) (*Element, *stanzaError) {
				return rq.srv.ofArchive(rq, func(a *archive) (*Element, *stanzaError) { return a.prefer(rq.payload, rq.typ() == "set") })
			}},
		},
		message: (*Server).archiveMessage,
	}
}

// ofArchive calls f with the archive of the account that is asked, if there is one.
func (s *Server) ofArchive(rq *request, f func(a *archive) (*Element, *stanzaError)) (*Element, *stanzaError) {
	if rq.owner == nil || rq.owner.archive == nil {
		return nil, errServiceUnavailable
	}
	return f(rq.owner.archive)
}

// archiveFeatures is what service discovery says of an archive.
func (s *Server) archiveFeatures() []string {
	switch o := s.opts.Archive; {
	case o == nil || !s.opts.has("mam"):
		return nil
	case o.NoExtended:
		return []string{ns.MAM, ns.StanzaID}
	}
	return []string{ns.MAM, ns.MAMExtended, ns.StanzaID}
}

// archiveMessage keeps what an account sends and gets, once each; XEP-0313 §6.1.1.
func (s *Server) archiveMessage(owner *account, st *stanza, sent bool) bool {
	a := owner.archive
	if a == nil {
		return false
	}
	peer := st.from
	if sent {
		peer = st.to
		if peer.IsZero() || peer.Bare() == owner.bare {
			return false // it comes back as one that is received
		}
	}
	e := unnamed(st.el, owner.bare) // XEP-0359 §3 rule 2
	if a.wants(owner, e, peer) {
		e = a.add(e, time.Now(), "")
	}
	if sent {
		st.own = e // XEP-0313 §3.5: not for those whom it's sent to
	} else {
		st.el = e
	}
	return false
}

// unnamed is a message without the ids that claim to be by that archive.
func unnamed(e *Element, by jid.JID) *Element {
	c := *e
	c.Children = slices.DeleteFunc(slices.Clone(e.Children), func(n Node) bool {
		if n.Element == nil || !n.Element.is(ns.StanzaID, "stanza-id") {
			return false
		}
		at, err := jid.Parse(n.Element.attr("by"))
		return err == nil && at == by
	})
	return &c
}

// wants tells what is worth keeping: what has a body, and what the sender hints at (XEP-0334), if the account wants it.
func (a *archive) wants(owner *account, e *Element, peer jid.JID) bool {
	typ := e.attr("type")
	switch {
	case typ == "groupchat" || typ == "headline" || typ == "error",
		e.child(ns.Hints, "no-store") != nil, e.child(ns.Hints, "no-permanent-store") != nil:
		return false
	case e.child(ns.Hints, "store") == nil && e.child(ns.Client, "body") == nil:
		return false
	}
	return a.prefs == nil || preferred(a.prefs, owner, peer)
}

// preferred is XEP-0441 §2.3.
func preferred(prefs *Element, owner *account, peer jid.JID) bool {
	listed := func(list string) bool {
		c := prefs.child(ns.MAM, list)
		return c != nil && slices.ContainsFunc(c.Children, func(n Node) bool {
			if n.Element == nil {
				return false
			}
			j, err := jid.Parse(n.Element.text())
			return err == nil && (j == peer || j == peer.Bare())
		})
	}
	switch {
	case listed("always"):
		return true
	case listed("never"):
		return false
	case prefs.attr("default") == "roster":
		return !owner.roster.item(peer.Bare()).JID.IsZero()
	}
	return prefs.attr("default") == "always"
}

// prefer answers what is preferred, after having changed it if it's told to.
func (a *archive) prefer(payload *Element, set bool) (*Element, *stanzaError) {
	if set {
		if !slices.Contains([]string{"always", "never", "roster"}, payload.attr("default")) {
			return nil, errBadRequest
		}
		a.prefs = payload
	}
	now := el(ns.MAM, "prefs", "default", "always")
	if a.prefs != nil {
		now = el(ns.MAM, "prefs", "default", a.prefs.attr("default"))
	}
	for _, list := range []string{"always", "never"} { // XEP-0441 §2.1: both, even if empty
		c := el(ns.MAM, list)
		if a.prefs != nil && a.prefs.child(ns.MAM, list) != nil {
			c = a.prefs.child(ns.MAM, list)
		}
		now = now.with(c)
	}
	return now, nil
}

// metadata is XEP-0313 §5.
func (a *archive) metadata() (*Element, *stanzaError) {
	if a.opts.NoExtended {
		return nil, errServiceUnavailable
	}
	out := el(ns.MAM, "metadata")
	if n := len(a.entries); n > 0 {
		for _, end := range []struct {
			name string
			e    archived
		}{{"start", a.entries[0]}, {"end", a.entries[n-1]}} {
			out = out.with(el(ns.MAM, end.name, "id", end.e.id, "timestamp", utc(end.e.at)))
		}
	}
	return out, nil
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// Archive puts a message into the archive of an account or a room, by its bare address, as one of that time, and returns its id.
func (s *Server) Archive(owner jid.JID, xml string, at time.Time) (id string, err error) {
	list := stanzasIn(xml)
	if len(list) != 1 {
		return "", fmt.Errorf("%q is no stanza", xml)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.archiveOf(owner)
	if a == nil {
		return "", fmt.Errorf("%v has no archive", owner)
	}
	id = rand.Text()
	a.add(list[0], at, id)
	return id, nil
}

// Archived returns the ids of the messages in an archive, oldest first.
func (s *Server) Archived(owner jid.JID) (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.archiveOf(owner); a != nil {
		for _, e := range a.entries {
			ids = append(ids, e.id)
		}
	}
	return ids
}

// PruneArchive drops the oldest messages of an archive, but for so many of the newest.
func (s *Server) PruneArchive(owner jid.JID, keep int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.archiveOf(owner); a != nil {
		a.entries = slices.Delete(a.entries, 0, max(0, len(a.entries)-keep))
	}
}

// archiveOf returns the archive of that address, nil if there is none. s.mu is held.
func (s *Server) archiveOf(owner jid.JID) *archive {
	if a := s.account(owner); a != nil {
		return a.archive
	}
	if h, ok := s.tables.host(owner); ok && h.archive != nil {
		return h.archive(s, owner)
	}
	return nil
}
