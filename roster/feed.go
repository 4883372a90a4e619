package roster

import (
	"context"
	"slices"
	"sync"

	"github.com/canto-im/canto/jid"
)

// A feed hands values to one taker, at the taker's pace. What waits is merged contact by contact, so that no more waits than
// there are contacts, the taker always comes to know the latest, and whoever puts never waits. A goroutine of its own
// exists while something waits.
type feed[T any] struct {
	merge func(old, new T) (merged T, news bool) // of one contact; news false: taken together they are nothing
	hand  func(T)                                // gives one to the taker
	shut  func()                                 // called once, when no more will be handed over

	mu      sync.Mutex // protects what follows
	order   []jid.JID  // whose values wait, the oldest first; those that are not in waiting are to be passed over
	waiting map[jid.JID]T
	running bool
	closing bool
	over    bool
}

// put adds a value that concerns a contact.
func (f *feed[T]) put(who jid.JID, v T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closing {
		return
	}
	if old, ok := f.waiting[who]; ok {
		merged, news := f.merge(old, v)
		if f.waiting[who] = merged; !news {
			delete(f.waiting, who)
		}
		return
	}
	if f.waiting == nil {
		f.waiting = make(map[jid.JID]T)
	}
	f.waiting[who] = v
	if len(f.order) >= 2*len(f.waiting)+orderSlack {
		f.tidy()
	}
	f.order = append(f.order, who)
	if !f.running {
		f.running = true
		go f.run()
	}
}

// orderSlack is how many passed-over addresses are too few to tidy up.
const orderSlack = 64

// tidy takes those out of the order who are to be passed over, so that changes which undo each other leave nothing behind. It
// halves the order at least, or nearly, so that put stays cheap. mu is held.
func (f *feed[T]) tidy() {
	seen := make(map[jid.JID]struct{}, len(f.waiting))
	f.order = slices.DeleteFunc(f.order, func(who jid.JID) bool {
		_, waits := f.waiting[who]
		_, twice := seen[who]
		seen[who] = struct{}{}
		return !waits || twice
	})
}

// run hands over until nothing waits. Where the taker ends the goroutine (runtime.Goexit), another one goes on.
func (f *feed[T]) run() {
	rests := false
	defer func() {
		if !rests {
			go f.run()
		}
	}()
	for {
		v, ok := f.next()
		if !ok {
			rests = true
			return
		}
		f.hand(v)
	}
}

func (f *feed[T]) next() (v T, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.order) > 0 {
		who := f.order[0]
		f.order = f.order[1:]
		if v, ok = f.waiting[who]; ok {
			delete(f.waiting, who)
			return v, true
		}
	}
	f.running, f.order, f.waiting = false, nil, nil
	f.finish()
	return v, false
}

// close lets the taker have what waits, and ends the feed.
func (f *feed[T]) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closing = true
	f.finish()
}

// finish shuts a feed that is closed and has nothing to hand over. mu is held.
func (f *feed[T]) finish() {
	if f.closing && !f.running && !f.over {
		f.over = true
		f.shut()
	}
}

// feeds are those of one roster that want one kind of value.
type feeds[T any] struct {
	mu   sync.Mutex
	all  map[*feed[T]]func(jid.JID) bool // whose values each wants; nil: everybody's
	over bool
}

// put gives v to all who want it.
func (fs *feeds[T]) put(who jid.JID, v T) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for f, wants := range fs.all {
		if wants == nil || wants(who) {
			f.put(who, v)
		}
	}
}

// add begins a feed, which is closed at once where no more will come.
func (fs *feeds[T]) add(f *feed[T], wants func(jid.JID) bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.over {
		f.close()
		return
	}
	if fs.all == nil {
		fs.all = make(map[*feed[T]]func(jid.JID) bool)
	}
	fs.all[f] = wants
}

func (fs *feeds[T]) remove(f *feed[T]) {
	fs.mu.Lock()
	delete(fs.all, f)
	fs.mu.Unlock()
	f.close()
}

// close ends all feeds, each after what waits was taken.
func (fs *feeds[T]) close() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.over = true
	for f := range fs.all {
		f.close()
	}
	fs.all = nil
}

// channel returns a channel of what fs feeds, made presentable by show, until ctx is done.
func channel[T, V any](ctx context.Context, fs *feeds[T], wants func(jid.JID) bool, merge func(old, new T) (T, bool), show func(T) V) <-chan V {
	ch := make(chan V)
	f := &feed[T]{merge: merge, shut: func() { close(ch) }}
	f.hand = func(v T) {
		select {
		case ch <- show(v):
		case <-ctx.Done():
		}
	}
	fs.add(f, wants)
	context.AfterFunc(ctx, func() { fs.remove(f) })
	return ch
}
