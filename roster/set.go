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

var errNoAddress = errors.New("roster: the contact has no address")

// Set adds a contact to the roster, or gives it the name and the groups of it, which replace what was there (RFC 6121 §2.3,
// §2.4). Its other fields are not sent: subscriptions come with Subscribe and Approve. When Set returns nil, Get shows the
// contact so. Its error is that of the server: a *stanza.Error such as stanza.NotAcceptable for a name that is too long or an
// empty group, stanza.BadRequest for a group that is there twice, stanza.NotAllowed for our own address; or that of Do.
func (r *Roster) Set(ctx context.Context, it Item) error {
	it.Groups, it.Subscription = slices.Clone(it.Groups), ""
	return r.set(ctx, it)
}

// Remove removes a contact from the roster and ends the subscriptions both ways (RFC 6121 §2.5). When it returns nil, Get
// no longer finds the contact. The error for one that is not in the roster is a *stanza.Error, stanza.ItemNotFound.
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
	mine := r.ask(it)
	if _, err = r.via(ctx).Do(ctx, &stanza.IQ{Type: stanza.Set, Payload: q}); err != nil {
		r.refused(mine)
		return fmt.Errorf("roster: set %q: %w", it.JID, err)
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
		return
	}
	mine.agreed = true
	r.list = nil
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
// stands for one set, whose words the server may have altered, unless it leaves the words as they were or is about the
// subscription, with which sets have nothing to do. mu is held, and r.items is what it was before.
func (r *Roster) pushed(it Item) {
	who := it.JID
	waiting := r.ours[who]
	if len(waiting) == 0 {
		return
	}
	i := slices.IndexFunc(waiting, func(s *set) bool { return shows(it, it.Subscription != remove, s.item) })
	if old, ok := r.items[who]; i < 0 && (shows(old, ok, it) || resubscribed(old, it)) {
		return
	}
	r.await(who, slices.Delete(waiting, 0, max(i, 0)+1))
}

// resubscribed reports whether an item differs in what only the server says of it.
func resubscribed(old, now Item) bool {
	if old.JID.IsZero() {
		old.Subscription = None
	}
	return now.Subscription != remove &&
		(old.Subscription != now.Subscription || old.Ask != now.Ask || old.Approved != now.Approved)
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
