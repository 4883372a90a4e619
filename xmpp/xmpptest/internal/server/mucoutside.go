package server

import (
	"fmt"
	"maps"
	"slices"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
)

// RoomJID returns the address of the room of that name.
func (s *Server) RoomJID(name string) (jid.JID, error) {
	return jid.New(name, roomsLabel+"."+s.domain.Domainpart(), "")
}

// MakeRoom makes a room that stays, if there is none of that name, and gives it a configuration, whose fields are those of the
// form of XEP-0045 §16.5.3; what is not named keeps its value.
func (s *Server) MakeRoom(name string, fields map[string]string) error {
	at, err := s.RoomJID(name)
	if err != nil {
		return fmt.Errorf("room %q: %w", name, err)
	}
	form := dataForm(ns.MUCConfig, "")
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		form = form.with(formField(field, "", fields[field]))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[at.Localpart()]
	if r == nil {
		r = s.makeRoom(at)
		r.conf.persistent = true
	}
	conf, fault := r.conf.submitted(form)
	if fault != nil {
		return fmt.Errorf("room %q: %s %s", name, fault.condition, fault.text)
	}
	r.configure(conf)
	return nil
}

// inRoom calls f with the room of that name, if there is one.
func (s *Server) inRoom(name string, f func(r *room)) error {
	at, err := s.RoomJID(name)
	if err != nil {
		return fmt.Errorf("room %q: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[at.Localpart()]
	if r == nil {
		return fmt.Errorf("there is no room %q", name)
	}
	f(r)
	return nil
}

// RoomOccupants returns the nicknames in a room, in the order in which they came.
func (s *Server) RoomOccupants(name string) (nicks []string, err error) {
	err = s.inRoom(name, func(r *room) { nicks = r.nicknames() })
	return nicks, err
}

// RoomSay has a message said by one whom nobody sees: all who are in the room get it, and the history keeps it.
func (s *Server) RoomSay(name, nick, id, body string) error {
	fault := error(nil)
	err := s.inRoom(name, func(r *room) {
		at, err := r.jid.WithResource(nick)
		if err != nil {
			fault = fmt.Errorf("nickname %q: %w", nick, err)
			return
		}
		e := el(ns.Client, "message", "type", "groupchat").withAttr("id", id).with(el(ns.Client, "body").withText(body))
		e = r.signed(e, &occupant{nick: nick, at: at, bare: at})
		r.remember(at, e)
		r.tellAll(at, e)
	})
	if fault != nil {
		return fault
	}
	return err
}

// RoomCrowd adds occupants of whom there is nothing but what others see of them.
func (s *Server) RoomCrowd(name string, nicks []string) error {
	return s.inRoom(name, func(r *room) {
		for _, nick := range nicks {
			at, err := r.jid.WithResource(nick)
			if err != nil || r.occupants[nick] != nil {
				continue
			}
			o := &occupant{nick: nick, at: at, bare: at, role: "participant", presence: el(ns.Client, "presence")}
			r.occupants[nick] = o
			r.order = append(r.order, o)
			r.announce(o, jid.JID{})
		}
	})
}

// RoomForget takes an occupant out of a room without telling anybody, as a service does that has lost its memory.
func (s *Server) RoomForget(name, nick string) error {
	return s.inRoom(name, func(r *room) {
		if o := r.occupants[nick]; o != nil {
			for _, who := range slices.Clone(o.sessions) {
				r.forget(who)
			}
		}
	})
}

// RoomAffiliate makes an account something to a room: an owner, an admin, a member, an outcast or none of these.
func (s *Server) RoomAffiliate(name string, who jid.JID, affiliation string) error {
	if !slices.Contains(affiliations, affiliation) {
		return fmt.Errorf("affiliation %q is none", affiliation)
	}
	return s.inRoom(name, func(r *room) { r.setAffiliation(who.Bare(), affiliation, "", "") })
}

// RoomHats has an occupant wear hats (XEP-0317), by their URIs and titles.
func (s *Server) RoomHats(name, nick string, hats map[string]string) error {
	return s.inRoom(name, func(r *room) {
		o := r.occupants[nick]
		if o == nil {
			return
		}
		worn := el(ns.Hats, "hats")
		for _, uri := range slices.Sorted(maps.Keys(hats)) {
			worn = worn.with(el(ns.Hats, "hat", "uri", uri, "title", hats[uri]))
		}
		o.presence = without(o.presence, ns.Hats).with(worn)
		r.announce(o, jid.JID{})
	})
}

// RestartRooms has the service of rooms shut down and come back: everybody is out (XEP-0045 §11.2), rooms that don't stay are gone.
func (s *Server) RestartRooms() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.rooms)) {
		r := s.rooms[name]
		for _, o := range slices.Clone(r.order) {
			gone := el(ns.Client, "presence", "type", "unavailable")
			item := el(ns.MUCUser, "item", "affiliation", "none", "role", "none")
			for _, to := range slices.Clone(o.sessions) {
				r.tell(o.at, r.dressed(o, gone, item, "110", "332"), to)
				r.forget(to)
			}
		}
		r.closeIfEmpty()
	}
}
