package disco

import (
	"context"
	"errors"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// maxContacts bounds of how many addresses we know what their presence says. Whoever may send us presence can add to it.
const maxContacts = 20000

// askPatience is how long we wait for the answer of somebody else with the same hash.
const askPatience = 5 * time.Second

// contacts are those whose presence says what they can do, and who is being asked.
type contacts struct {
	all    map[jid.JID]*contact
	asking map[string]chan struct{} // by what is asked for; closed when it's answered
}

// A contact is one of them.
type contact struct {
	advertised
	info *Info // its own answer, where that is good for nobody else; nil: it was not asked
}

// forget forgets everybody.
func (c *contacts) forget() { c.all = nil }

// heard notes what presence says.
func (d *Disco) heard(ctx context.Context, p *stanza.Presence) error {
	a, says := read(p)
	d.mu.Lock()
	defer d.mu.Unlock()
	c := &d.contacts
	switch {
	case xmpp.SessionFrom(ctx) != d.session: // of the session before
	case p.Type == stanza.Unavailable:
		delete(c.all, p.From)
	case !says || c.all[p.From] != nil && c.all[p.From].same(a):
		// XEP-0115 §8.4: a server may leave out what has not changed
	default:
		if c.all == nil {
			c.all = map[jid.JID]*contact{}
		}
		if c.all[p.From] == nil && len(c.all) >= maxContacts {
			for who := range c.all { // any: it will be asked again
				delete(c.all, who)
				break
			}
		}
		c.all[p.From] = &contact{advertised: a}
	}
	return nil
}

// Known returns what is known of who without asking, by what its presence says; nil if it would have to be asked.
func (d *Disco) Known(who jid.JID) *Info {
	d.mu.Lock()
	defer d.mu.Unlock()
	info, _ := d.known(who)
	return info
}

// known returns what is known of who, and the contact, nil if it is none. mu is held.
func (d *Disco) known(who jid.JID) (*Info, *contact) {
	c := d.contacts.all[who]
	if c == nil {
		return nil, nil
	}
	for _, h := range c.digests {
		if info := d.cache.get(h); info != nil {
			return info, c
		}
	}
	return c.info, c
}

// Lookup returns what who is and can do. Where its presence names that by a hash (XEP-0115, XEP-0390), it's asked once for
// everybody who has the same one, now and, with Options.Store, in later sessions: what it answers is checked to be what the hash
// is of. If it is not, that's believed of nobody else. Who sends no such presence, a server or an account for
// example, is asked each time. The full address is to be given of a client. The errors are those of Get.
func (d *Disco) Lookup(ctx context.Context, who jid.JID) (*Info, error) {
	for {
		d.mu.Lock()
		info, c := d.known(who)
		if info != nil || c == nil {
			d.mu.Unlock()
			if info != nil {
				return info, nil
			}
			return Get(ctx, d.e, who, "")
		}
		key := c.key(who)
		others := d.contacts.asking[key]
		if others == nil {
			done := make(chan struct{})
			if d.contacts.asking == nil {
				d.contacts.asking = map[string]chan struct{}{}
			}
			d.contacts.asking[key] = done
			d.mu.Unlock()
			info, err := d.ask(ctx, who, c)
			d.mu.Lock()
			delete(d.contacts.asking, key)
			d.mu.Unlock()
			close(done)
			return info, err
		}
		d.mu.Unlock()
		patience := time.NewTimer(askPatience)
		select { // what somebody else is told may be good for who, too
		case <-others:
			patience.Stop()
		case <-patience.C: // but nobody is kept waiting by one who does not answer
			return d.ask(ctx, who, c)
		case <-ctx.Done():
			patience.Stop()
			return nil, context.Cause(ctx)
		}
	}
}

// key is what is asked for: the same for all who have the same hash.
func (c *contact) key(who jid.JID) string {
	if len(c.digests) > 0 {
		return c.digests[0].key()
	}
	return "of " + who.String()
}

// ask asks who, checks the answer and keeps it: for everybody with the same hash if that fits, else for this one.
func (d *Disco) ask(ctx context.Context, who jid.JID, c *contact) (*Info, error) {
	info, err := Get(ctx, d.e, who, c.asked)
	var refused *stanza.Error
	if errors.As(err, &refused) && c.asked != "" {
		info, err = Get(ctx, d.e, who, "") // it may be something else by now, and not know its old nodes
	}
	if err != nil {
		return nil, err
	}
	fits := false
	for _, h := range c.digests {
		if h.fits(info) {
			fits = true
			d.cache.put(h, info)
		}
	}
	if !fits {
		d.mu.Lock()
		c.info = info // lost with c, when its presence says something else
		d.mu.Unlock()
	}
	return info, nil
}
