package chat

import (
	"cmp"
	"sync"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/disco"
	"github.com/canto-im/canto/xmpp/stamp"
)

// ConversationOptions say what a Conversation is about. Nil and zero fields mean the defaults.
type ConversationOptions struct {
	// Room says that it's that of a room, and not with a person.
	Room bool
	// Host is what the room says of itself or, with a person, what our own account does (disco.Get): that it names messages (XEP-0359) and,
	// a room, occupants (XEP-0421), and so takes away names that others have forged. Nil: no such name is believed.
	Host *disco.Info
	// Messages is how many are kept; the oldest go first. 0: 1000.
	Messages int
	// Bytes is how large they may be, all together, with what there is about them. 0: 8 MiB.
	Bytes int
}

// A Conversation is what messages amount to that were exchanged with a person or in a room: each text as it was corrected last, or
// retracted, with the reactions to it, and whether it has arrived and was read. Messages may be given to it in any order, live, as
// copies (XEP-0280) and from an archive (XEP-0313), and more than once: the result is the same. What refers to a message that is
// not known waits for it.
//
// Its memory is bounded by the options: a text counts with its corrections and the reactions to it, and what refers to messages that are not known, and
// up to where each has read, takes as much again at most. Its methods may be called from several goroutines.
type Conversation struct {
	own, with jid.JID
	room      bool
	private   bool // with an occupant of a room
	namesIDs  bool // the host's ids are believed
	namesWho  bool // and its occupant ids
	limit     int
	maxBytes  int

	mu      sync.Mutex // protects what follows
	seq     uint64
	byKey   map[key]*item
	order   []*item // texts and their corrections, by time
	notes   []*item // the rest, by arrival
	waiting map[string][]*item
	roots   int                // texts in order that show
	bytes   int                // of the texts, and of what is kept with them
	markers map[author][]*item // the last ones of each
	who     occupants

	noteBytes, markerBytes int // at most half of maxBytes each
}

// NewConversation returns an empty one of the account own, with the bare address of a person, with the bare address of a room
// (ConversationOptions.Room), or with the full address of an occupant of a room, for private messages.
func NewConversation(own, with jid.JID, o *ConversationOptions) *Conversation {
	if o == nil {
		o = &ConversationOptions{}
	}
	c := &Conversation{own: own.Bare(), with: with, room: o.Room, private: !o.Room && with.Resourcepart() != "",
		namesIDs: o.Host.Has(ns.StanzaID), limit: cmp.Or(o.Messages, 1000), maxBytes: cmp.Or(o.Bytes, 8<<20),
		byKey: map[key]*item{}, waiting: map[string][]*item{}, markers: map[author][]*item{}}
	if o.Room {
		c.with = with.Bare()
	}
	c.namesWho = (c.room || c.private) && o.Host.Has(ns.OccupantID)
	return c
}

// Add takes a message that has just been received or sent (with its ID), or the one in a copy of such (package carbons). It returns the entry that was
// added or has changed; ok is false where there is none, as for a message of another conversation. In a room, what we send counts once the room
// sends it back. The message must not be changed afterwards.
func (c *Conversation) Add(m *stanza.Message) (e Entry, ok bool) {
	by := []jid.JID{c.own, c.own.Domain()}
	if c.room {
		by = []jid.JID{c.with}
	}
	if d, late := stamp.Of(m, by...); late {
		return c.add(m, arrival{at: d.Stamp, late: true})
	}
	// Whoever stamps what a room sends: XEP-0045 §7.2.13 has the room do it, older ones name the author.
	return c.add(m, arrival{at: time.Now(), late: c.room && delayed(m)})
}

// AddArchived is Add for a message that an archive has kept: the room's or, with a person, our own account's (package mam). The id is
// the one that it has there, and at is when it was stored.
func (c *Conversation) AddArchived(m *stanza.Message, id string, at time.Time) (e Entry, ok bool) {
	return c.add(m, arrival{at: at, late: true, archived: true, id: id})
}

// An arrival is how a message has come.
type arrival struct {
	at       time.Time
	late     bool // it's not of now: who was then in the room is not known
	archived bool
	id       string // in the archive
}

func (c *Conversation) add(m *stanza.Message, how arrival) (Entry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.Type == stanza.MessageError {
		return c.failed(m)
	}
	it := c.read(m, how)
	if it == nil {
		return Entry{}, false
	}
	changed := c.take(it)
	if changed == nil || changed.root().over {
		return Entry{}, false
	}
	return c.view(changed.root()), true
}

// Presence tells who comes and goes, for a room or an occupant of one: each presence from there has to be given to it, so that
// nobody is taken for somebody who had the nickname before (XEP-0308 §4). It also learns who we are there.
func (c *Conversation) Presence(p *stanza.Presence) {
	if p.From.Bare() != c.with.Bare() || p.From.Resourcepart() == "" || !c.room && !c.private {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.who.see(p, c.namesWho)
}

// Rejoined says that presence may have been missed since the last one, as at the beginning of a new session: nobody can be
// told from the one who had the nickname before, unless the room tells.
func (c *Conversation) Rejoined() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.who.forget()
}
