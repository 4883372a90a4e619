package roster

import (
	"context"
	"sync"
	"time"

	"github.com/canto-im/canto/xmpp"
)

// A cache keeps the roster and its version in the endpoint's Store. It may be older than the roster: the server then sends
// what has changed since (RFC 6121 §2.6.3). So it's written behind the program's back, by one goroutine that exists while
// there is something to write, and not for each push of a large roster: its cost stays in proportion to what is pushed.
type cache struct {
	store xmpp.Store
	key   string

	mu      sync.Mutex // protects what follows
	version uint64     // of the value in the store
	next    []Item     // to be written
	ver     string
	due     bool          // next is to be written
	done    chan struct{} // closed when the writer has ended; nil: there is none
	unsaved int           // pushes since the last writing
}

// storeTimeout bounds what a store may take.
const storeTimeout = 10 * time.Second

// load returns what is kept. What can't be read is as good as nothing (RFC 6121 §2.6.2: lost or corrupted).
func (c *cache) load(ctx context.Context) (payload, bool) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	value, version, err := c.store.Load(ctx, c.key)
	if err != nil {
		return payload{}, false
	}
	c.version = version
	p, _ := parseBytes(value) // what it returns with an error has no version
	return p, p.hasVer && p.ignored == 0
}

// save has the writer write these items, which nobody changes.
func (c *cache) save(ver string, items []Item) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next, c.ver, c.due, c.unsaved = items, ver, true, 0
	if c.done == nil {
		c.done = make(chan struct{})
		go c.write(c.done)
	}
}

// owes counts a push and reports whether it's time to write a roster of n contacts.
func (c *cache) owes(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unsaved++
	return c.unsaved > n/8
}

// behind reports whether there were pushes since the last writing.
func (c *cache) behind() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unsaved > 0
}

func (c *cache) write(done chan struct{}) {
	defer close(done)
	for {
		c.mu.Lock()
		if !c.due {
			c.done = nil
			c.mu.Unlock()
			return
		}
		items, ver, version := c.next, c.ver, c.version
		c.next, c.due = nil, false
		c.mu.Unlock()
		if b, err := query(&ver, true, items...); err == nil {
			c.put(b, version)
		}
	}
}

// put replaces the value. Where another process has written, its value is as good: the next of ours replaces it.
func (c *cache) put(b []byte, version uint64) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	now, err := c.store.Save(ctx, c.key, b, version)
	if err != nil {
		if _, now, err = c.store.Load(ctx, c.key); err != nil {
			return
		}
	}
	c.mu.Lock()
	c.version = now
	c.mu.Unlock()
}

// wait returns when nothing is being written.
func (c *cache) wait() {
	c.mu.Lock()
	done := c.done
	c.mu.Unlock()
	if done != nil {
		<-done
	}
}

// keep has the roster written to the store when that is due, or at once. mu is held.
func (r *Roster) keep(now bool) {
	if r.known && (r.cache.owes(len(r.items)) || now) {
		r.cache.save(r.ver, r.confirmed())
	}
}

// keepLast has what was not worth the writing written after all, since no more comes from the session. mu is held.
func (r *Roster) keepLast() {
	if r.known && r.cache.behind() {
		r.cache.save(r.ver, r.confirmed())
	}
}

// confirmed returns the contacts as the server has them, in no order. mu is held.
func (r *Roster) confirmed() []Item {
	items := make([]Item, 0, len(r.items))
	for _, it := range r.items {
		items = append(items, it)
	}
	return items
}
