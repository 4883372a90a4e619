package roster

import (
	"maps"
	"slices"

	"github.com/canto-im/canto/jid"
)

// An order is the contacts in the order of their addresses, as All shows them, so that a change does not have all of them
// sorted again.
type order struct {
	list  []Item // never changed: whoever iterates has it; nil: not made
	stale map[jid.JID]struct{}
}

// changed notes that a contact is another than in the list, or that it's new, or gone.
func (o *order) changed(who jid.JID) {
	if o.list == nil {
		return
	}
	if o.stale == nil {
		o.stale = make(map[jid.JID]struct{})
	}
	o.stale[who] = struct{}{}
	if len(o.stale) > len(o.list)/4+orderSlack { // as cheap to sort
		o.forget()
	}
}

// forget has the list made anew.
func (o *order) forget() { *o = order{} }

// update returns the list with what get says of those that have changed: the rest is copied.
func (o *order) update(get func(jid.JID) (Item, bool)) []Item {
	if len(o.stale) == 0 {
		return o.list
	}
	list, rest := make([]Item, 0, len(o.list)+len(o.stale)), o.list
	for _, who := range slices.SortedFunc(maps.Keys(o.stale), jid.JID.Compare) {
		at, found := slices.BinarySearchFunc(rest, who, func(it Item, who jid.JID) int { return it.JID.Compare(who) })
		list, rest = append(list, rest[:at]...), rest[at:]
		if found {
			rest = rest[1:]
		}
		if it, ok := get(who); ok {
			list = append(list, it)
		}
	}
	*o = order{list: append(list, rest...)}
	return o.list
}
