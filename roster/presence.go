package roster

import (
	"cmp"
	"context"
	"slices"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// A presence is what is known of a contact's availability.
type presence struct {
	resources []resource // one for each available resource, the newest last
	err       error      // the last thing that was heard was an error
}

type resource struct {
	*stanza.Presence
	bytes int
}

// handlePresence takes all presence that arrives.
func (r *Roster) handlePresence(ctx context.Context, p *stanza.Presence) error {
	switch p.Type {
	case stanza.Subscribe:
		return r.request(ctx, p)
	case stanza.Unsubscribe: // RFC 6121 §3.3.3: they wish no more; the server answers
		r.mu.Lock()
		if r.current(xmpp.SessionFrom(ctx)) {
			r.requests.remove(p.From.Bare())
		}
		r.mu.Unlock()
	case stanza.Available, stanza.Unavailable, stanza.PresenceError:
		r.see(xmpp.SessionFrom(ctx), p)
	}
	return nil // Subscribed and Unsubscribed: the push that comes with them says it
}

// see notes the presence of contacts and of our own other sessions. That of strangers and rooms is not kept.
func (r *Roster) see(s *xmpp.Session, p *stanza.Presence) {
	r.mu.Lock()
	defer r.mu.Unlock()
	who := p.From.Bare()
	if !r.current(s) || !r.concerns(p.From) {
		return
	}
	c := r.present[who]
	if c == nil {
		c = new(presence)
		r.present[who] = c
	}
	before := c.status(who)
	c.note(p)
	r.report(before, c.status(who))
	if len(c.resources) == 0 && c.err == nil {
		delete(r.present, who)
	}
}

// concerns reports whether presence from that address is to be kept. mu is held.
func (r *Roster) concerns(from jid.JID) bool {
	if from.Bare() == r.account {
		return from != r.session.JID()
	}
	_, known := r.items[from.Bare()]
	if !known {
		_, known = r.items[from]
	}
	return known
}

// note makes p part of what is known.
func (c *presence) note(p *stanza.Presence) {
	p, n := lean(p, maxResource)
	same := func(old resource) bool { return old.From == p.From }
	switch {
	case p.Type != stanza.Available && p.From.Resourcepart() == "":
		// RFC 6121 §4.5.4: from the bare address it applies to all resources
		c.resources = nil
	default:
		c.resources = slices.DeleteFunc(c.resources, same)
	}
	c.err = nil
	switch p.Type {
	case stanza.Available:
		c.add(resource{p, n})
	case stanza.PresenceError:
		if c.err = stanza.UndefinedCondition; p.Error != nil {
			c.err = p.Error
		}
	}
}

// add makes one the newest resource, and room for it: the contact's server may say what it likes.
func (c *presence) add(one resource) {
	c.resources = append(c.resources, one)
	bytes := 0
	for _, old := range c.resources {
		bytes += old.bytes
	}
	drop := max(0, len(c.resources)-maxResources)
	for i, old := range c.resources[:len(c.resources)-1] {
		if bytes > maxContactBytes {
			drop, bytes = max(drop, i+1), bytes-old.bytes
		}
	}
	c.resources = slices.Delete(c.resources, 0, drop)
}

// rank orders the resources of a contact, best first: by priority (RFC 6121 §4.7.2.3), then by how available they are, then
// by who spoke last.
func (c *presence) rank() []*stanza.Presence {
	list := make([]*stanza.Presence, 0, len(c.resources))
	for _, one := range slices.Backward(c.resources) {
		list = append(list, one.Presence)
	}
	slices.SortStableFunc(list, func(a, b *stanza.Presence) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(slices.Index(shows6121, a.Show), slices.Index(shows6121, b.Show)))
	})
	return list
}

// shows6121 are the shows of RFC 6121 §4.7.2.1, the most available first.
var shows6121 = []stanza.Show{stanza.FreeForChat, stanza.Online, stanza.Away, stanza.ExtendedAway, stanza.DoNotDisturb}

func (c *presence) status(who jid.JID) Status {
	st := Status{Contact: who}
	if c == nil {
		return st
	}
	if st.Err = c.err; len(c.resources) > 0 {
		st.Presence = c.rank()[0]
	}
	return st
}

// Resources returns the presence of each available resource of a contact, the best first: by priority, then by show, then
// the latest. Of our own account it's the other sessions. It is empty for a contact that is not available or not in the
// roster. The presence is shared: do not change it. It is as it came where that were at most 64 KiB of XML; of larger presence
// the type, the show, the priority and the beginning of the status are kept. Of the resources of a contact the newest 64 are
// kept, or those that are 256 KiB together.
func (r *Roster) Resources(contact jid.JID) []*stanza.Presence {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.present[contact.Bare()]; c != nil {
		return c.rank()
	}
	return nil
}

// Best returns the presence of the contact's best resource, or nil when the contact is not available. One with a negative
// priority is never the best, since it gets no messages (RFC 6121 §4.7.2.3); Resources and Status have it. Its From is the full
// address for a request that needs one; a chat begins at the bare address all the same (RFC 6121 §5.1; see Target).
func (r *Roster) Best(contact jid.JID) *stanza.Presence {
	if p := r.Status(contact).Presence; p != nil && p.Priority >= 0 {
		return p
	}
	return nil
}

// Status returns what is known of a contact's availability: a contact all of whose resources have negative priorities is
// available, too.
func (r *Roster) Status(contact jid.JID) Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.present[contact.Bare()].status(contact.Bare())
}

// lose forgets a contact's presence. mu is held.
func (r *Roster) lose(who jid.JID) {
	before := r.present[who].status(who)
	delete(r.present, who)
	r.report(before, Status{Contact: who})
}

// voidPresence forgets the presence that came with an item. Of an item with a full address that's one resource, and even that
// stays where the contact is in the roster by the bare address as well. mu is held.
func (r *Roster) voidPresence(item jid.JID) {
	bare := item.Bare()
	if item == bare {
		r.lose(bare)
		return
	}
	c := r.present[bare]
	if _, still := r.items[bare]; still || c == nil {
		return
	}
	before := c.status(bare)
	c.resources = slices.DeleteFunc(c.resources, func(one resource) bool { return one.From == item })
	if len(c.resources) == 0 {
		delete(r.present, bare)
		c = nil
	}
	r.report(before, c.status(bare))
}

// forgetPresence forgets that of all. mu is held.
func (r *Roster) forgetPresence() {
	for who := range r.present {
		r.lose(who)
	}
}

// report tells of a status that differs from the one before. mu is held.
func (r *Roster) report(before, now Status) {
	if !before.same(now) {
		r.statuses.put(now.Contact, transition{before, now})
	}
}
