package roster

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// A set is a change that we have asked for and the server has agreed to.
type set struct {
	item Item // Subscription: remove for a removal
}

// on returns what the set makes of an item.
func (s set) on(it Item) (Item, bool) {
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
	s, f := r.takeOff(it.JID)
	defer r.land(it.JID, f)
	if _, err = r.via(ctx).Do(ctx, &stanza.IQ{Type: stanza.Set, Payload: q}); err != nil {
		return fmt.Errorf("roster: set %q: %w", it.JID, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// A push that has come since we asked is ours or newer than ours. Without one, what we asked for shows until it comes.
	if old, ok := r.get(it.JID); r.session == s && !f.pushed && !shows(old, ok, it) {
		r.ours[it.JID] = set{it}
		r.list = nil
	}
	return nil
}

// shows reports whether the contact is as the set has asked for.
func shows(old Item, ok bool, asked Item) bool {
	if asked.Subscription == remove {
		return !ok
	}
	return ok && old.sameWords(asked)
}

// A flight is a set that waits for its answer.
type flight struct {
	pushed bool // the server has pushed this contact since
}

// takeOff begins to watch for pushes of a contact.
func (r *Roster) takeOff(who jid.JID) (*xmpp.Session, *flight) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := new(flight)
	r.flights[who] = append(r.flights[who], f)
	return r.session, f
}

// land ends it.
func (r *Roster) land(who jid.JID, f *flight) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.flights[who]
	if list = slices.Delete(list, slices.Index(list, f), slices.Index(list, f)+1); len(list) == 0 {
		delete(r.flights, who)
		return
	}
	r.flights[who] = list
}
