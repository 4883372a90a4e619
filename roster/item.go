package roster

import (
	"slices"

	"github.com/canto-im/canto/jid"
)

// A Subscription says who sees whose presence (RFC 6121 §2.1.2.5).
type Subscription string

// The subscriptions of RFC 6121 §2.1.2.5.
const (
	None Subscription = "none" // neither sees the other's presence
	To   Subscription = "to"   // we see theirs
	From Subscription = "from" // they see ours
	Both Subscription = "both" // both
)

// remove is what a push says of an item that is no longer in the roster (RFC 6121 §2.5).
const remove Subscription = "remove"

// An Item is one contact of the roster (RFC 6121 §2.1.2). Set looks at the address, the name and the groups; the rest is
// the server's to say. Groups is shared: do not change its elements (append makes a copy).
type Item struct {
	JID          jid.JID  // usually a bare address
	Name         string   // what the user calls the contact; "" for none
	Groups       []string // in the order of the server; empty for none
	Subscription Subscription
	Ask          bool // we have asked to see their presence, and they have not answered (RFC 6121 §2.1.2.2)
	Approved     bool // they may see our presence as soon as they ask (RFC 6121 §2.1.2.1)
}

// In reports whether the item is in the group.
func (it Item) In(group string) bool { return slices.Contains(it.Groups, group) }

// SeesUs reports whether the contact gets our presence.
func (it Item) SeesUs() bool { return it.Subscription == From || it.Subscription == Both }

// SeenByUs reports whether we get the contact's presence.
func (it Item) SeenByUs() bool { return it.Subscription == To || it.Subscription == Both }

// equal reports whether two items say the same. The order of groups says nothing (RFC 6121 §2.1.2.6).
func (it Item) equal(other Item) bool {
	return it.JID == other.JID && it.Subscription == other.Subscription && it.Ask == other.Ask && it.Approved == other.Approved &&
		it.sameWords(other)
}

// sameWords reports whether the parts are the same that a client may set.
func (it Item) sameWords(other Item) bool {
	if it.Name != other.Name || len(it.Groups) != len(other.Groups) {
		return false
	}
	if slices.Equal(it.Groups, other.Groups) {
		return true
	}
	return slices.Equal(slices.Sorted(slices.Values(it.Groups)), slices.Sorted(slices.Values(other.Groups)))
}

// A Change is what has become of a contact in the roster. Its zero sides have a zero JID: an Old of zero says that the
// contact is new, a New of zero that it was removed.
type Change struct {
	Old, New Item
}

// JID returns the contact's address.
func (c Change) JID() jid.JID {
	if c.New.JID.IsZero() {
		return c.Old.JID
	}
	return c.New.JID
}

// Added reports whether the contact is new.
func (c Change) Added() bool { return c.Old.JID.IsZero() }

// Removed reports whether the contact is gone.
func (c Change) Removed() bool { return c.New.JID.IsZero() }

// String says the change in a line that is good for logs: what others have written is quoted.
func (c Change) String() string {
	switch {
	case c.Added():
		return "added " + c.New.String()
	case c.Removed():
		return "removed " + c.Old.String()
	}
	return "changed " + c.Old.String() + " to " + c.New.String()
}
