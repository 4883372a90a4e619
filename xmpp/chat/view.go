package chat

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// An Entry is one message of a Conversation as it stands. What it points to is shared, and must not be changed.
type Entry struct {
	ID   string    // by which reactions and markers name it: the room's, or the sender's; "" if it can't be named
	From jid.JID   // the address that it came from
	Own  bool      // we have sent it, from whichever client
	At   time.Time // when it was sent, as far as that is known

	Message  *stanza.Message // as it is now: as it was sent, or its last correction (XEP-0308); nil once it's retracted
	Original *stanza.Message // as it was sent, where it was corrected
	Edited   time.Time       // when it was corrected last; zero: never

	Retracted *Retracted // by whom, when and why it was retracted (XEP-0424, XEP-0425); nil: it was not
	Reactions []Reaction // the oldest first (XEP-0444)

	Received  bool          // the other side's client has got it (XEP-0184)
	Displayed bool          // it's ours, and the other side, or in a room somebody, has read up to it or farther (XEP-0333)
	Err       *stanza.Error // why it could not be delivered, without what is very long
}

// view is what root and its corrections amount to. mu is held.
func (c *Conversation) view(root *item) Entry {
	return c.entry(root, c.readUpTo())
}

// entry is view, with up to where others have read.
func (c *Conversation) entry(root, read *item) Entry {
	e := Entry{From: root.from, Own: c.isOurs(root), At: root.at, ID: cmp.Or(root.origin, root.id), Message: root.m, Retracted: root.retracted(), Err: root.failure}
	if c.room {
		e.ID = root.host
	}
	last := root
	for it := range root.group {
		if it.what == aCorrection && it != root && (last == root || it.after(last)) {
			last = it
		}
		e.Received = e.Received || it.received
		if e.Err == nil {
			e.Err = it.failure
		}
	}
	if last != root {
		e.Original, e.Message, e.Edited = root.m, last.m, last.at
	}
	if e.Retracted != nil {
		e.Message, e.Original = nil, nil
		return e
	}
	e.Displayed = e.Own && read != nil && !root.after(read)
	e.Reactions = root.reacted()
	return e
}

// readUpTo returns the last text that somebody else has read; nil if there is none. mu is held.
func (c *Conversation) readUpTo() (last *item) {
	for who, list := range c.markers {
		if c.isMe(who) {
			continue
		}
		it := farthest(list)
		if last == nil || it.on.after(last) {
			last = it.on
		}
	}
	return last
}

// isMe reports whether who is ourselves. mu is held.
func (c *Conversation) isMe(who author) bool {
	switch who.kind {
	case ourself:
		return true
	case occupant:
		return c.room && who.id == c.who.id
	case nickname:
		return c.room && who.id == c.who.nick && who.session == c.who.session(who.id)
	}
	return false
}

// reacted is who shows what: of each the last set that did not fail (XEP-0444 §3.2, §3.3), whichever id of the text it names.
func (it *item) reacted() []Reaction {
	last := map[author]*item{}
	for part := range it.group {
		for who, sets := range part.reactions {
			for _, set := range sets {
				if set.failure == nil && (last[who] == nil || set.after(last[who])) {
					last[who] = set
				}
			}
		}
	}
	sets := make([]*item, 0, len(last))
	for _, set := range last {
		sets = append(sets, set)
	}
	slices.SortFunc(sets, func(a, b *item) int {
		return cmp.Or(a.at.Compare(b.at), a.from.Compare(b.from), strings.Compare(a.author.id, b.author.id))
	})
	var list []Reaction
	for _, set := range sets {
		for _, emoji := range set.emoji {
			i := slices.IndexFunc(list, func(r Reaction) bool { return r.Emoji == emoji })
			if i < 0 {
				i, list = len(list), append(list, Reaction{Emoji: emoji})
			}
			list[i].By = append(list[i].By, set.who())
		}
	}
	return list
}

// who is how others call the sender.
func (it *item) who() jid.JID {
	if it.author.kind == ourself || it.author.kind == peer {
		return it.from.Bare()
	}
	return it.from
}

// All iterates over the entries as they are now, the oldest first.
func (c *Conversation) All() iter.Seq[Entry] {
	c.mu.Lock()
	read := c.readUpTo()
	list := make([]Entry, 0, c.roots)
	for _, it := range c.order {
		if it.into == nil {
			list = append(list, c.entry(it, read))
		}
	}
	c.mu.Unlock()
	return slices.Values(list)
}

// Len returns how many entries there are.
func (c *Conversation) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.roots
}

// Get returns the entry that is named so: by the room in a room, and else by its sender, the last one of that id, or by one of its corrections.
func (c *Conversation) Get(id string) (e Entry, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	it := c.named(id, author{kind: ourself})
	if it == nil || !it.shows() {
		return Entry{}, false
	}
	return c.view(it.root()), true
}

// Read returns up to which entry each of the others has read (XEP-0333), by its ID. Entries that are no longer kept are left out.
func (c *Conversation) Read() map[jid.JID]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := map[jid.JID]string{}
	for who, markers := range c.markers {
		it := farthest(markers)
		if root := it.on.root(); !c.isMe(who) && !root.over {
			list[it.who()] = c.entry(root, nil).ID
		}
	}
	return list
}

// Unread counts the entries of others behind the last one that one of our clients has said to have shown (XEP-0333), or behind the last one of our
// own, whichever is later.
func (c *Conversation) Unread() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var up *item
	for who, markers := range c.markers {
		if it := farthest(markers); c.isMe(who) && (up == nil || it.on.after(up)) {
			up = it.on
		}
	}
	for _, it := range c.order {
		switch {
		case it.into != nil || up != nil && !it.after(up):
		case c.isOurs(it):
			n = 0
		default:
			n++
		}
	}
	return n
}
