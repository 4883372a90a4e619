package server

import (
	"cmp"
	"maps"
	"slices"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
)

// Rooms configures the service of rooms (XEP-0045), which is at the subdomain "conference".
type Rooms struct {
	// History is how many messages a room keeps for those who join; 0 means 20, negative none.
	History int
	// NoIDs leaves out the ids of messages (XEP-0359) and of occupants (XEP-0421), as older servers do.
	NoIDs bool
	// NoSelfPing has a ping to one's own nickname go to oneself, as services without the optimization of XEP-0410 do.
	NoSelfPing bool
	// Locked refuses to make rooms: those that there are were made by Server.MakeRoom.
	Locked bool
	// Conflict takes a nickname for taken even where its owner comes from another resource.
	Conflict bool
}

// roomsLabel is the label of the subdomain.
const roomsLabel = "conference"

// roomsModule is XEP-0045.
func roomsModule() module {
	return module{name: "rooms", hosts: map[string]host{roomsLabel: {title: "Rooms", handle: (*Server).toRooms, archive: (*Server).archiveOfRoom}}}
}

// toRooms takes what is sent to the service, to a room or to an occupant.
func (s *Server) toRooms(st *stanza) {
	to := st.to
	if to.Localpart() == "" {
		s.toRoomService(st)
		return
	}
	r := s.rooms[to.Localpart()]
	switch st.kind() {
	case "presence":
		s.presenceToRoom(st, r)
	case "message":
		if r == nil {
			s.bounce(st, errItemNotFound)
			return
		}
		r.message(st)
	case "iq":
		s.iqToRoom(st, r)
	}
}

// toRoomService answers questions to the service itself; XEP-0045 §6.2, §6.3.
func (s *Server) toRoomService(st *stanza) {
	if st.kind() != "iq" || st.typ() != "get" {
		s.bounce(st, errServiceUnavailable)
		return
	}
	switch payload := st.el.first(); {
	case payload.is(ns.DiscoInfo, "query"):
		identity := el(ns.DiscoInfo, "identity", "category", "conference", "type", "text", "name", "Rooms")
		features := featureList([]string{ns.DiscoInfo, ns.DiscoItems, ns.MUC, ns.Ping})
		s.reply(st, resultReply(st.el, el(ns.DiscoInfo, "query").with(identity).with(features...)))
	case payload.is(ns.DiscoItems, "query"):
		q := el(ns.DiscoItems, "query")
		for _, name := range slices.Sorted(maps.Keys(s.rooms)) {
			if r := s.rooms[name]; !r.locked && r.conf.public {
				q = q.with(el(ns.DiscoItems, "item", "jid", r.jid.String(), "name", cmp.Or(r.conf.name, name)))
			}
		}
		s.reply(st, resultReply(st.el, q))
	case payload.is(ns.Ping, "ping"):
		s.reply(st, resultReply(st.el, nil))
	default:
		s.bounce(st, errServiceUnavailable)
	}
}

// presenceToRoom lets an entity enter, change and leave. r is nil where there is no such room.
func (s *Server) presenceToRoom(st *stanza, r *room) {
	nick := st.to.Resourcepart()
	here := r != nil && r.byJID[st.from] != nil
	switch typ := st.typ(); {
	case typ == "unavailable" && here:
		r.leave(st)
	case typ == "unavailable" && r == nil:
		s.bounce(st, errItemNotFound) // as servers in the field do
	case typ == "error" && here:
		r.expel(st.from, "333", "307")
	case typ != "":
	case nick == "":
		// XEP-0045 §7.2.1: a nickname has to be there
		s.bounce(st, errMalformedJID)
	case here && r.byJID[st.from].nick == nick:
		r.rejoinOrUpdate(st)
	case here:
		r.rename(st, nick)
	case st.el.child(ns.MUC, "x") == nil:
		s.notInRoom(st)
	case r == nil:
		s.createRoom(st)
	default:
		r.enter(st)
	}
}

// notInRoom tells one who thinks to be in a room that it's not so; XEP-0045 §7.2.18.
func (s *Server) notInRoom(st *stanza) {
	x := el(ns.MUCUser, "x").with(el(ns.MUCUser, "item", "affiliation", "none", "role", "none"))
	for _, code := range []string{"110", "307", "333"} {
		x = x.with(el(ns.MUCUser, "status", "code", code))
	}
	s.reply(st, turned(el(ns.Client, "presence", "type", "unavailable"), st.el).with(x))
}

// createRoom makes a room for its first occupant, who owns it. It's locked until it has been configured; XEP-0045 §10.1.
func (s *Server) createRoom(st *stanza) {
	if s.opts.Rooms.Locked {
		s.bounce(st, &stanzaError{kind: "cancel", condition: "not-allowed", text: "rooms are made by the service"})
		return
	}
	r := s.makeRoom(st.to.Bare())
	r.locked = true
	r.affiliations[st.from.Bare()] = "owner"
	r.enter(st)
}

// makeRoom adds a room, unlocked.
func (s *Server) makeRoom(at jid.JID) *room {
	r := &room{
		srv:          s,
		jid:          at,
		conf:         newRoomConfig(s.opts.Rooms),
		affiliations: make(map[jid.JID]string),
		nicks:        make(map[jid.JID]string),
		occupants:    make(map[string]*occupant),
		byJID:        make(map[jid.JID]*occupant),
		subject:      el(ns.Client, "message", "type", "groupchat").with(el(ns.Client, "subject")),
		subjectFrom:  at,
		archive:      s.newArchive(at),
	}
	s.rooms[at.Localpart()] = r
	return r
}

// A room is a room. Server.mu protects it.
type room struct {
	srv          *Server
	jid          jid.JID
	conf         roomConfig
	locked       bool // its owner has not configured it yet
	affiliations map[jid.JID]string
	nicks        map[jid.JID]string // reserved nicknames, by bare JID
	occupants    map[string]*occupant
	order        []*occupant // as they came
	byJID        map[jid.JID]*occupant
	history      []spoken
	subject      *Element
	subjectFrom  jid.JID
	archive      *archive // nil: there is none
}

// An occupant is a nickname with those who use it: the resources of one account.
type occupant struct {
	nick     string
	at       jid.JID // the room's, with the nickname
	bare     jid.JID
	role     string
	sessions []jid.JID // full JIDs, as they came
	presence *Element  // as it came last
}

// affiliation returns what a bare JID is to the room.
func (r *room) affiliation(who jid.JID) string {
	return cmp.Or(r.affiliations[who.Bare()], "none")
}

// roleFor is the role that an affiliation brings; XEP-0045 §5.1.2.
func (r *room) roleFor(affiliation string) string {
	switch {
	case affiliation == "owner" || affiliation == "admin":
		return "moderator"
	case affiliation == "none" && r.conf.moderated:
		return "visitor"
	}
	return "participant"
}

// tell sends an element of the room, or of an occupant, to one address.
func (r *room) tell(from jid.JID, e *Element, to jid.JID) {
	r.srv.deliver(&stanza{el: e.withAttr("from", from.String()).withAttr("to", to.String()), from: from, to: to}, to)
}

// tellAll sends it to everybody in the room, in the order in which they came.
func (r *room) tellAll(from jid.JID, e *Element) {
	e = e.withAttr("from", from.String())
	for _, o := range slices.Clone(r.order) { // whoever can't be reached leaves meanwhile
		for _, to := range slices.Clone(o.sessions) {
			r.srv.deliver(&stanza{el: e.withAttr("to", to.String()), from: from, to: to}, to)
		}
	}
}
