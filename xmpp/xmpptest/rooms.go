package xmpptest

import (
	"fmt"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp/xmpptest/internal/server"
)

// A Room is a room of the server (XEP-0045), to be looked at and disturbed. Its methods may be called from any goroutine. Their
// errors say that there is no such room, or that a name can't be one.
type Room struct {
	inner *server.Server
	name  string
}

// Room returns the room of that name, which need not exist: clients make rooms by joining them, Make does it here.
func (s *Server) Room(name string) *Room { return &Room{s.inner, name} }

// JID returns the room's address. It panics where the name can't be that of a room.
func (r *Room) JID() jid.JID {
	at, err := r.inner.RoomJID(r.name)
	if err != nil {
		panic(fmt.Sprintf("xmpptest: %v", err))
	}
	return at
}

// Make makes the room, one that stays when nobody is in it, if there is none. fields give it a configuration, or change it: they
// are named as in the form of XEP-0045 §16.5.3, as in "muc#roomconfig_membersonly": "1".
func (r *Room) Make(fields map[string]string) error { return r.inner.MakeRoom(r.name, fields) }

// Occupants returns the nicknames of those who are in the room, in the order in which they came.
func (r *Room) Occupants() ([]string, error) { return r.inner.RoomOccupants(r.name) }

// Say has a message said under a nickname by one whom nobody sees: everybody in the room gets it, the history keeps it.
func (r *Room) Say(nick, id, body string) error { return r.inner.RoomSay(r.name, nick, id, body) }

// Crowd adds occupants under these nicknames, of whom there is nothing but what others see of them. A nickname that is none, or taken, is
// left out.
func (r *Room) Crowd(nicks ...string) error { return r.inner.RoomCrowd(r.name, nicks) }

// Forget takes an occupant out of the room without a word, as a service does that has lost its memory.
func (r *Room) Forget(nick string) error { return r.inner.RoomForget(r.name, nick) }

// Affiliate makes an account something to the room: "owner", "admin", "member", "outcast" or "none".
func (r *Room) Affiliate(who jid.JID, affiliation string) error {
	return r.inner.RoomAffiliate(r.name, who, affiliation)
}

// Hats has an occupant wear these hats (XEP-0317), titles by URI.
func (r *Room) Hats(nick string, hats map[string]string) error {
	return r.inner.RoomHats(r.name, nick, hats)
}

// RestartRooms has the service of rooms shut down and come back at once: all are out of all rooms and are told so (XEP-0045
// §11.2), and rooms that don't stay are gone.
func (s *Server) RestartRooms() { s.inner.RestartRooms() }
