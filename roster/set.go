package roster

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// A set is a change that we have asked for and whose push has not come. It waits in Roster.ours, the oldest first.
type set struct {
	item   Item // Subscription: remove for a removal
	agreed bool // the server has answered that it's done
}

// on returns what the set makes of an item.
func (s *set) on(it Item) (Item, bool) {
	if s.item.Subscription == remove {
		return Item{}, false
	}
	if it.JID.IsZero() {
		it.Subscription = None
	}
	it.JID, it.Name, it.Groups = s.item.JID, s.item.Name, s.item.Groups
	return it, true
}

var (
	errNoAddress = errors.New("roster: the contact has no address")
	// RFC 6121 §2.3.3: to take a contact out of all groups, a client sends no group
	errNoGroup = errors.New("roster: a group has no name; a contact that is in no group has no Groups")
)

// Set adds a contact to the roster, or gives it the name and the groups of it, which replace what was there (RFC 6121 §2.3,
// §2.4): an item without Groups takes the contact out of all of them. Update changes one thing and leaves the others. The address is taken as it is, and is usually a bare one: a full one is a contact of its own. A group that is named
// twice is sent once, and one with an empty name is an error before anything is sent (RFC 6121 §2.3.3 forbids both). The other
// fields are not sent: subscriptions come with Subscribe and Approve. When Set returns nil, Get shows the contact so, until the
// push comes that the server must send to this session as well (RFC 6121 §2.3.2); it has the words as the server has altered them.
// Where a server alters words, perhaps to what they were, and pushes nothing all the same, the ones that were asked for show until
// the next push of the contact, or Fetch.
//
// What the server refuses is a *stanza.Error, as the server says. RFC 6121 §2.3.3 lists stanza.NotAcceptable for a name or a
// group that is longer than the server takes, and stanza.Forbidden for a roster that is not ours to change; whether our own
// address is refused, say, is the server's business. Other errors are those of Do, and ErrClosed.
func (r *Roster) Set(ctx context.Context, it Item) error {
	if slices.Contains(it.Groups, "") {
		return errNoGroup
	}
	it.Groups, it.Subscription = unique(it.Groups), ""
	return r.set(ctx, it)
}

// Update has change alter a contact that is in the roster, and sets what it makes of it: the name, the groups or both.
//
//	err := contacts.Update(ctx, bob, func(it *roster.Item) { it.Name = "Robert" })
//
// Calls of Update wait for each other, so that none undoes what another has changed. Where Get does not find the contact the
// error is stanza.ItemNotFound; others are those of Set.
func (r *Roster) Update(ctx context.Context, contact jid.JID, change func(it *Item)) error {
	if _, err := r.online(ctx); err != nil { // a Client knows no roster before its first session
		return err
	}
	select {
	case r.updating <- struct{}{}:
		defer func() { <-r.updating }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	it, ok := r.Get(contact)
	if !ok {
		return fmt.Errorf("roster: update %q: %w", contact, stanza.ItemNotFound)
	}
	who := it.JID
	it.Groups = slices.Clone(it.Groups)
	change(&it)
	it.JID = who
	return r.Set(ctx, it)
}

// unique returns a copy without what is there already.
func unique(groups []string) (list []string) {
	for _, g := range groups {
		if !slices.Contains(list, g) {
			list = append(list, g)
		}
	}
	return list
}

// Remove removes a contact from the roster and ends the subscriptions both ways (RFC 6121 §2.5). The address is taken as it is:
// of a contact that is there by its bare address, a full one removes nothing. When Remove returns nil, Get no longer finds the
// item. What the server refuses is a *stanza.Error, as the server says; RFC 6121 §2.5.3 lists stanza.ItemNotFound for what is
// not in the roster. Other errors are those of Do, and ErrClosed.
func (r *Roster) Remove(ctx context.Context, contact jid.JID) error {
	return r.set(ctx, Item{JID: contact, Subscription: remove})
}

func (r *Roster) set(ctx context.Context, it Item) error {
	if it.JID.IsZero() {
		return errNoAddress
	}
	q, err := element(nil, it)
	if err != nil {
		return err
	}
	e, err := r.via(ctx)
	if err != nil {
		return err
	}
	mine := r.ask(it)
	if _, err = e.Do(ctx, &stanza.IQ{Type: stanza.Set, Payload: q}); err != nil {
		r.refused(mine)
		return r.failed(fmt.Errorf("roster: set %q: %w", it.JID, err))
	}
	r.agreed(mine)
	return nil
}

// ask notes that we're about to ask for a change, so that its push is known for what it is.
func (r *Roster) ask(it Item) *set {
	r.mu.Lock()
	defer r.mu.Unlock()
	mine := &set{item: it}
	r.ours[it.JID] = append(r.ours[it.JID], mine)
	return mine
}

// agreed has the change show until its push comes. Where that, or a newer one, has come already there is nothing to do.
func (r *Roster) agreed(mine *set) {
	r.mu.Lock()
	defer r.mu.Unlock()
	who := mine.item.JID
	waiting := r.ours[who]
	if !slices.Contains(waiting, mine) {
		return
	}
	if old, ok := r.items[who]; len(waiting) == 1 && shows(old, ok, mine.item) {
		delete(r.ours, who) // it changes nothing, and there are servers that push nothing then
		if ok {
			r.echoes[who]++ // and others that do
		}
		return
	}
	mine.agreed = true
	r.order.changed(who)
}

// refused forgets a change that the server has not made, or of which we'll not know.
func (r *Roster) refused(mine *set) {
	r.mu.Lock()
	defer r.mu.Unlock()
	who := mine.item.JID
	r.await(who, slices.DeleteFunc(r.ours[who], func(s *set) bool { return s == mine }))
}

// await makes waiting the sets of a contact whose push has not come. mu is held.
func (r *Roster) await(who jid.JID, waiting []*set) {
	if len(waiting) == 0 {
		delete(r.ours, who)
		return
	}
	r.ours[who] = waiting
}

// pushed takes those of our sets off the list that a push is as new as. Pushes come in the order of the changes, so one that
// says what a set has asked for is that set's, and what we asked for later is newer than it and goes on showing. Any other
// stands for one set, whose words the server may have altered, perhaps to what they were; unless it's the echo of a set that
// changed nothing, or is about the subscription alone, with which sets have nothing to do. mu is held, and r.items is what it was
// before.
func (r *Roster) pushed(it Item) {
	who := it.JID
	old := r.items[who]
	gone, sub := it.Subscription == remove, resubscribed(old, it)
	words := !old.sameWords(it) || gone
	switch {
	case words:
		delete(r.echoes, who) // they would have come before
	case sub || r.echoed(who):
		return
	}
	waiting := r.ours[who]
	if len(waiting) == 0 {
		return
	}
	i := slices.IndexFunc(waiting, func(s *set) bool { return shows(it, !gone, s.item) })
	r.await(who, slices.Delete(waiting, 0, max(i, 0)+1))
}

// echoed takes a push for that of a set which changed nothing, if there was one whose push has not come. mu is held.
func (r *Roster) echoed(who jid.JID) bool {
	n := r.echoes[who]
	switch n {
	case 0:
		return false
	case 1:
		delete(r.echoes, who)
	default:
		r.echoes[who] = n - 1
	}
	return true
}

// resubscribed reports whether an item differs in what only the server says of it.
func resubscribed(old, now Item) bool {
	if old.JID.IsZero() {
		old.Subscription = None
	}
	return old.Subscription != now.Subscription || old.Ask != now.Ask || old.Approved != now.Approved
}

// stillAsked forgets the sets that the server had agreed to: what it says of the whole roster has them. mu is held.
func (r *Roster) stillAsked() {
	for who, waiting := range r.ours {
		r.await(who, slices.DeleteFunc(waiting, func(s *set) bool { return s.agreed }))
	}
}

// shows reports whether the contact is as the set has asked for.
func shows(old Item, ok bool, asked Item) bool {
	if asked.Subscription == remove {
		return !ok
	}
	return ok && old.sameWords(asked)
}
