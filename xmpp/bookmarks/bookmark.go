package bookmarks

import (
	"slices"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// A Bookmark is a room that the user wants to find again (XEP-0402 §2).
type Bookmark struct {
	Room     jid.JID // its bare address
	Name     string  // what the user calls it; mostly ""
	Autojoin bool    // it's to be joined as soon as there is a session, and left when this is taken back
	Nick     string  // what the user wants to be called there; "": as elsewhere
	Password string  // of the room; whoever can read the account's data can read it

	// Extensions is what clients keep with the bookmark beyond that. Those of others are to be kept as they are: nil leaves what is
	// there when a bookmark is set, an empty list that is not nil takes it away.
	Extensions []stanza.Element
	Other      []stanza.Element // what else stands in it, which is kept in the same way

	id string // of its item, where a client has written the address in another way than we do; else ""
}

// at returns b where old is kept.
func (b Bookmark) at(old Bookmark) Bookmark {
	b.id = old.id
	return b
}

// equal reports whether two bookmarks say the same.
func (b Bookmark) equal(other Bookmark) bool {
	return b.Room == other.Room && b.Name == other.Name && b.Autojoin == other.Autojoin && b.Nick == other.Nick && b.Password == other.Password &&
		slices.EqualFunc(b.Extensions, other.Extensions, sameElement) && slices.EqualFunc(b.Other, other.Other, sameElement)
}

func sameElement(a, b stanza.Element) bool { return a.String() == b.String() }

// over returns b with what it leaves open from old.
func (b Bookmark) over(old Bookmark) Bookmark {
	if b.Extensions == nil {
		b.Extensions = old.Extensions
	}
	if b.Other == nil {
		b.Other = old.Other
	}
	return b
}

// A Change is what has become of one bookmark.
type Change struct {
	Room jid.JID
	Old  *Bookmark // nil: there was none
	New  *Bookmark // nil: there is none any more
}

// Join reports whether the room is to be joined now (XEP-0402 §4).
func (c Change) Join() bool { return c.New != nil && c.New.Autojoin }

// Leave reports whether the room is to be left, if we are in it: the bookmark has gone, or says no longer that it's to be joined
// (XEP-0402 §4). That of one which is new and never was to be joined says nothing about a room that we're in.
func (c Change) Leave() bool { return c.Old != nil && !c.Join() }
