package disco

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

const (
	maxCached    = 512              // hashes in memory
	maxStored    = 256              // and in the store
	maxStoredLen = 16 << 10         // bytes of one there
	saveDelay    = 5 * time.Second  // so long more of them are waited for
	storeTimeout = 10 * time.Second // of the store
)

// A cache has what hashes were seen to be of: only what fits is put into it. It's as good for one peer as for another, so it
// goes into the store, from where it's checked again.
type cache struct {
	store xmpp.Store
	key   string

	saving sync.Mutex // held while the store is written

	mu      sync.Mutex // protects what follows
	entries map[digest]*entry
	used    uint64 // counts uses
	version uint64 // of the value in the store
	dirty   bool   // there is something that is not in the store
}

type entry struct {
	info *Info
	used uint64 // when it was last
}

// stored is an entry in the store. The XML is that of the answer, so that it's read as that was.
type stored struct {
	Second bool   `json:"second,omitempty"`
	Algo   string `json:"algo"`
	Value  string `json:"hash"`
	XML    string `json:"xml"`
	Lang   string `json:"lang,omitempty"`
}

// open reads the store: nothing else waits for it later.
func (c *cache) open(store xmpp.Store, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.store, c.key, c.entries = store, key, map[digest]*entry{}
	c.read()
}

// get returns what d is the hash of, nil if that's not known.
func (c *cache) get(d digest) *Info {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[d]
	if e == nil {
		return nil
	}
	c.used++
	e.used = c.used
	return e.info
}

// put keeps i, which d is the hash of.
func (c *cache) put(d digest, i *Info) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[d] != nil {
		return
	}
	c.add(d, i)
	if !c.dirty {
		c.dirty = true
		time.AfterFunc(saveDelay, c.save)
	}
}

// add keeps an entry in memory, in place of the one that was not used for the longest time. mu is held.
func (c *cache) add(d digest, i *Info) {
	if len(c.entries) >= maxCached {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(c.entries)), func(a, b digest) int { return cmp.Compare(c.entries[a].used, c.entries[b].used) })
		delete(c.entries, oldest)
	}
	c.used++
	c.entries[d] = &entry{info: i, used: c.used}
}

// read takes over what the store has and we don't know. What is damaged there, or does not fit, is left out. mu is held.
func (c *cache) read() {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	b, version, err := c.store.Load(ctx, c.key)
	if err != nil {
		return // it's a cache: without it, others are asked
	}
	c.version = version
	var list []stored
	if json.Unmarshal(b, &list) != nil || len(list) > maxStored {
		return
	}
	for _, s := range list {
		d := digest{s.Second, s.Algo, s.Value}
		if d.algorithm() == nil || c.entries[d] != nil {
			continue
		}
		if raw, err := stanza.ParseElement(s.XML); err == nil {
			if i, err := parse(raw, s.Lang); err == nil && d.fits(i) {
				c.add(d, i)
			}
		}
	}
}

// save writes what was learned to the store. Where another process has done so meanwhile, that is taken over first.
func (c *cache) save() {
	c.saving.Lock()
	defer c.saving.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	for range 2 {
		c.mu.Lock()
		if !c.dirty {
			c.mu.Unlock()
			return
		}
		c.dirty = false
		b, version := c.encode(), c.version
		c.mu.Unlock()
		version, err := c.store.Save(ctx, c.key, b, version)
		c.mu.Lock()
		if err == nil {
			c.version = version
		} else if errors.Is(err, xmpp.ErrStale) {
			c.dirty = true
			c.read()
		}
		c.mu.Unlock()
		if err == nil {
			return
		}
	}
}

// encode is the value for the store: what was used last. mu is held.
func (c *cache) encode() []byte {
	keys := slices.SortedFunc(maps.Keys(c.entries), func(a, b digest) int { return cmp.Compare(c.entries[b].used, c.entries[a].used) })
	list := []stored{}
	for _, d := range keys {
		i := c.entries[d].info
		raw := i.payload("")
		if len(list) < maxStored && raw.Err() == nil && len(raw.String()) <= maxStoredLen {
			list = append(list, stored{d.second, d.algo, d.value, raw.String(), i.lang})
		}
	}
	b, err := json.Marshal(list)
	if err != nil { // strings alone: it's always JSON
		return nil
	}
	return b
}
