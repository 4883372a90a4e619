package chat

import (
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// An author is who has sent a message, as far as that can be known: two are equal only if they are the same person. The zero author is
// nobody that can be told from others.
type author struct {
	kind    authorKind
	id      string // of an occupant to the room, or the nickname
	session uint64 // for which the nickname is its owner's
}

type authorKind uint8

const (
	unsure   authorKind = iota
	ourself             // our own account
	peer                // the person whom we talk to
	occupant            // XEP-0421
	nickname            // while nobody has left who had it
	theRoom
	weakly // nobody: what finds another copy of a message alone
)

// occupants is what presence says of a room.
type occupants struct {
	nick     string            // ours
	id       string            // ours, to the room
	last     uint64            // session
	base     uint64            // of nicknames that nobody has left yet
	sessions map[string]uint64 // of the others
}

// maxNicks is how many nicknames that were given up are told apart.
const maxNicks = 4096

// see notes presence of an occupant.
func (o *occupants) see(p *stanza.Presence, namesWho bool) {
	nick := p.From.Resourcepart()
	ours := isOwnPresence(p)
	switch {
	case p.Type == stanza.Unavailable && ours:
		o.forget()
	case p.Type == stanza.Unavailable:
		if len(o.sessions) >= maxNicks {
			o.forget()
		}
		if o.sessions == nil {
			o.sessions = map[string]uint64{}
		}
		o.last++
		o.sessions[nick] = o.last
	case p.Type == stanza.Available && ours:
		o.nick = nick
		if id := occupantID(p); namesWho && id != "" {
			o.id = id
		}
	}
}

// forget makes everybody somebody else.
func (o *occupants) forget() {
	o.last++
	o.base, o.sessions = o.last, nil
}

func (o *occupants) session(nick string) uint64 {
	if n, ok := o.sessions[nick]; ok {
		return n
	}
	return o.base
}

// isOwnPresence reports whether a room says that p is about us (XEP-0045 §7.2.2, status 110).
func isOwnPresence(p *stanza.Presence) bool {
	for _, x := range p.Payloads {
		if !x.Is(ns.MUCUser, "x") {
			continue
		}
		for status := range x.Children() {
			if status.Is(ns.MUCUser, "status") && status.Attr("code") == "110" {
				return true
			}
		}
	}
	return false
}

// occupantID returns what the room calls the sender of st (XEP-0421), if it is one and the same.
func occupantID(st stanza.Stanza) (id string) {
	for _, e := range st.Elements() {
		if !e.Is(ns.OccupantID, "occupant-id") {
			continue
		}
		if id != "" && id != e.Attr("id") {
			return ""
		}
		id = e.Attr("id")
	}
	return id
}

// authorOf returns who has sent m; ok is false where it's none of this conversation.
func (c *Conversation) authorOf(m *stanza.Message, late bool) (a author, ok bool) {
	switch from := m.From; {
	case c.room:
		if m.Type != stanza.GroupChat || from.Bare() != c.with {
			return a, false
		}
		if from == c.with {
			return author{kind: theRoom}, true
		}
	case m.Type == stanza.GroupChat || m.Type == stanza.Headline:
		return a, false // SECURITY.md S7: what is said in a room is nothing that somebody says to us alone
	case from.IsZero() || from.Bare() == c.own:
		return author{kind: ourself}, c.isWith(m.To)
	case !c.isWith(from):
		return a, false
	case !c.private:
		return author{kind: peer}, true
	}
	if id := short(occupantID(m)); c.namesWho && id != "" {
		return author{kind: occupant, id: id}, true
	}
	if late {
		return author{}, true // XEP-0308 §5: who had the nickname then is not known
	}
	nick := strings.Clone(m.From.Resourcepart())
	return author{kind: nickname, id: nick, session: c.who.session(nick)}, true
}

// isWith reports whether that is the address of the other side.
func (c *Conversation) isWith(who jid.JID) bool {
	if c.private {
		return who == c.with
	}
	return who.Bare() == c.with
}

// isOurs reports whether a is ourselves.
func (c *Conversation) isOurs(it *item) bool {
	switch a := it.author; a.kind {
	case ourself:
		return true
	case occupant:
		return c.room && a.id == c.who.id
	}
	return it.ours
}
