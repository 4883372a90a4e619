package muc

import (
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// nobody is an endpoint that goes nowhere.
type nobody struct{ xmpp.Endpoint }

func (nobody) JID() jid.JID { return jid.MustParse("hag66@shakespeare.lit/pda") }

// bareRoom is a Room without a session, in the room or on its way into it.
func bareRoom(at jid.JID, nick string, in bool) *Room {
	h := &hub{e: nobody{}, rooms: make(map[jid.JID]*Room)}
	own, _ := at.WithResource(nick)
	r, err := newRoom(h, own, &Options{PingAfter: -1, NoReturn: true})
	if err != nil {
		panic(err)
	}
	r.features = features{true, true, true}
	h.rooms[at] = r
	if in {
		r.stayed = true
		close(r.in)
		r.occupants.put(Occupant{Nick: nick}, true)
		return r
	}
	r.attempt = &attempt{id: "n13mt3l", nick: nick, result: make(chan error, 1)}
	return r
}

// parsed is a stanza that must be one.
func parsed[T stanza.Stanza](xml string) T {
	st, err := stanza.Parse([]byte(xml))
	if err != nil {
		panic(err)
	}
	return st.(T)
}

// srvless is an address in the room of the XEP's examples.
var srvless = jid.MustParse("coven@chat.shakespeare.lit/thirdwitch")
