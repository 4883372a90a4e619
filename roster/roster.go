package roster

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
)

// A Roster is the live roster of one account. It's open as long as its endpoint: with a Session until that ends, with a Client
// over all its sessions. Its methods may be called from several goroutines and, but for Wait, in handlers.
type Roster struct {
	e      xmpp.Endpoint
	cache  cache
	close  []func()
	client bool // e goes on after a session

	updating chan struct{} // holds one value while Update is under way

	changes  feeds[Change]
	statuses feeds[transition]

	mu       sync.Mutex // protects what follows
	session  *xmpp.Session
	over     error   // what methods return after Close; nil until then
	account  jid.JID // our bare address
	items    map[jid.JID]Item
	order    order              // items and ours, in order
	ver      string             // RFC 6121 §2.6: of items, as the server has named it
	known    bool               // there is a version: items is a roster that the server has sent
	waits    bool               // a fetch is under way
	settled  sync.Cond          // on mu: told when a fetch has ended, and with Close
	ours     map[jid.JID][]*set // sets whose push has not come, the oldest first
	echoes   map[jid.JID]int    // pushes that may come of sets which changed nothing
	requests requests
	answerer answerer
	present  map[jid.JID]*presence // by bare address
}

// ErrClosed is returned by all methods that need the server, after Close, and on a Session after its end; in the second case the
// error is also the cause of that end, as the Session's own calls return it. On a Client that is not online they behave as the
// Client does, and wait for a session until ctx is done or Run returns.
var ErrClosed = errors.New("roster: closed, or without a session")

// Get returns the contact: the item with exactly that address, or of a full address that is not in the roster, that with the
// bare one. So what arrives from a contact can be looked up by its From. ok is false when neither is in the roster.
func (r *Roster) Get(contact jid.JID) (it Item, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.find(contact)
}

// SeesUs reports whether who may see our presence: a contact that is subscribed to it, from whichever of its resources, or our own
// account. What shows that we're online is for them alone (XEP-0012 §8, XEP-0184 §8); those to whom presence was sent
// directly, such as the rooms that we're in, know it, too, and are not among them.
func (r *Roster) SeesUs(who jid.JID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	it, ok := r.find(who)
	return ok && it.SeesUs() || who.Bare() == r.account
}

// find is Get. mu is held.
func (r *Roster) find(contact jid.JID) (it Item, ok bool) {
	if it, ok = r.get(contact); !ok {
		it, ok = r.get(contact.Bare())
	}
	return it, ok
}

// get looks at our own sets first. mu is held.
func (r *Roster) get(contact jid.JID) (it Item, ok bool) {
	it, ok = r.items[contact]
	for _, s := range r.ours[contact] {
		if s.agreed {
			it, ok = s.on(it)
		}
	}
	return it, ok
}

// All iterates over the contacts as they are now, in the order of their addresses. What changes meanwhile does not show. The
// first call sorts them; one after a change copies the list.
func (r *Roster) All() iter.Seq[Item] {
	return slices.Values(r.sorted())
}

// Len returns the number of contacts.
func (r *Roster) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.items)
	for who := range r.ours {
		_, confirmed := r.items[who]
		switch _, shown := r.get(who); {
		case shown && !confirmed:
			n++
		case confirmed && !shown:
			n--
		}
	}
	return n
}

// sorted returns the contacts in order; the slice is never changed.
func (r *Roster) sorted() []Item {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.order.list != nil {
		return r.order.update(r.get)
	}
	list := make([]Item, 0, len(r.items)+len(r.ours))
	for who := range r.items {
		if it, ok := r.get(who); ok {
			list = append(list, it)
		}
	}
	for who := range r.ours {
		if _, twice := r.items[who]; !twice {
			if it, ok := r.get(who); ok {
				list = append(list, it)
			}
		}
	}
	slices.SortFunc(list, func(a, b Item) int { return a.JID.Compare(b.JID) })
	r.order = order{list: list}
	return list
}

// Group iterates over the contacts in a group, in the order of their addresses.
func (r *Roster) Group(name string) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		for it := range r.All() {
			if it.In(name) && !yield(it) {
				return
			}
		}
	}
}

// Groups returns the names of all groups, in order.
func (r *Roster) Groups() []string {
	names := make(map[string]struct{})
	for it := range r.All() {
		for _, g := range it.Groups {
			names[g] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Version returns the server's name for the roster as it stands (RFC 6121 §2.6), "" where the server knows no versions.
func (r *Roster) Version() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ver
}

// Changes returns a channel of what becomes of contacts from now on. It closes when ctx is done, with Close, and with the
// session when the roster is one's. Changes come when the server has confirmed them, our own too. A channel that is not read
// holds nothing up: changes that wait are merged, so that a contact's are one from what was last taken to what is.
func (r *Roster) Changes(ctx context.Context) <-chan Change {
	return channel(ctx, &r.changes, nil, mergeChanges, func(c Change) Change { return c })
}

// OnChange calls f with each change, one at a time, in a goroutine of the roster's own; f may use the roster. Everything said at
// Changes holds here too. remove ends it. Where f panics that is logged (Options.Logger), as it is of a xmpp.Handler, and the next
// change comes all the same.
func (r *Roster) OnChange(f func(Change)) (remove func()) {
	fd := &feed[Change]{merge: mergeChanges, shut: func() {}}
	fd.hand = func(c Change) {
		defer r.recovered(c)
		f(c)
	}
	r.changes.add(fd, nil)
	return func() { r.changes.remove(fd) }
}

// recovered is deferred while a change is handed over to the program.
func (r *Roster) recovered(c Change) {
	if p := recover(); p != nil {
		xmpp.LoggerOf(r.e).Error("roster: a function given to OnChange panicked", "contact", c.JID(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	}
}

// mergeChanges makes one of two that follow each other.
func mergeChanges(old, new Change) (Change, bool) {
	c := Change{Old: old.Old, New: new.New}
	return c, !c.Old.equal(c.New)
}

// Close ends the roster: no push is answered any more, channels close after what they hold was taken. It sends nothing and
// leaves the endpoint open.
func (r *Roster) Close() {
	r.mu.Lock()
	undo := r.close
	if r.over == nil {
		r.over = r.ended(ErrClosed)
	}
	r.close, r.session = nil, nil
	r.settled.Broadcast()
	r.keepLast()
	r.mu.Unlock()
	for _, f := range undo {
		f()
	}
	r.changes.close()
	r.statuses.close()
	r.cache.wait()
}
