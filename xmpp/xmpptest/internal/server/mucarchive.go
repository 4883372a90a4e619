package server

import (
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
)

// archiveOfRoom returns the archive of a room, nil where there is no such room.
func (s *Server) archiveOfRoom(of jid.JID) *archive {
	if r := s.rooms[of.Localpart()]; r != nil {
		return r.archive
	}
	return nil
}

// keep puts what was said into the archive, under the id that the room has given it; XEP-0313 §6.1.2.
func (r *room) keep(from jid.JID, e *Element) {
	if r.archive == nil {
		return
	}
	id := ""
	if given := e.child(ns.StanzaID, "stanza-id"); given != nil {
		id = given.attr("id")
	}
	r.archive.add(e.withAttr("from", from.String()).withAttr("to", ""), time.Now(), id)
}

// ofArchive answers a request to the room's archive, to those who may enter; XEP-0313 §6.1.2.
func (r *room) ofArchive(st *stanza, payload *Element, get bool) (*Element, *stanzaError) {
	switch a := r.affiliation(st.from); {
	case a == "outcast", r.conf.membersOnly && a == "none":
		return nil, &stanzaError{kind: "auth", condition: "forbidden"}
	case payload.is(ns.MAM, "query") && get:
		return r.archive.form(), nil
	case payload.is(ns.MAM, "query"):
		return r.archive.answer(payload, func(e *Element) { r.tell(r.jid, e, st.from) })
	case payload.is(ns.MAM, "metadata") && get:
		return r.archive.metadata()
	}
	return nil, errServiceUnavailable
}
