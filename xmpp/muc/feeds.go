package muc

import (
	"context"
	"slices"
	"sync"
	"time"
)

// heldFor is how long a session waits for a Room's first reader, once, when more than queueBytes were received for it.
const heldFor = 5 * time.Second

// feeds are the channels of one Room. What comes before the first one is opened is held for it, so that nothing is missed between
// Join and Messages.
type feeds struct {
	mu      sync.Mutex // protects what follows
	sinks   []sink     // replaced, never changed in place
	held    []sized[Event]
	bytes   int
	opened  chan struct{} // closed when the first channel is opened, or nothing is held any more
	dropped func()        // is told, once, that nobody has come for what was held
	over    bool
}

// put gives an event to all who want it, and waits for those who are slow, no longer than ctx.
func (fs *feeds) put(ctx context.Context, ev Event, size int) {
	fs.mu.Lock()
	opened := isClosed(fs.opened)
	if !opened && fs.bytes >= queueBytes {
		fs.mu.Unlock()
		fs.await(ctx)
		fs.mu.Lock()
		opened = isClosed(fs.opened)
	}
	if !opened && !fs.over {
		fs.held = append(fs.held, sized[Event]{ev, size})
		fs.bytes += size
		fs.mu.Unlock()
		return
	}
	sinks := fs.sinks
	fs.mu.Unlock()
	for _, s := range sinks {
		s.offer(ctx, ev, size)
	}
}

// await waits for the first reader. If none comes, nothing is held from then on.
func (fs *feeds) await(ctx context.Context) {
	t := time.NewTimer(heldFor)
	defer t.Stop()
	select {
	case <-fs.opened:
		return
	case <-ctx.Done(): // the session is over: what it had received is bounded
		return
	case <-t.C:
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if !isClosed(fs.opened) {
		fs.held, fs.bytes = nil, 0
		close(fs.opened)
		fs.dropped()
	}
}

// add begins a feed, with what was held where it's the first.
func (fs *feeds) add(s sink) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	atOnce, cancel := context.WithCancel(context.Background()) // takes what was held, although it be more than a feed lets wait
	cancel()
	for _, h := range fs.held {
		s.offer(atOnce, h.v, h.size)
	}
	fs.held, fs.bytes = nil, 0
	if !isClosed(fs.opened) {
		close(fs.opened)
	}
	if fs.over {
		s.close(false)
		return
	}
	fs.sinks = append(slices.Clip(fs.sinks), s)
}

func (fs *feeds) remove(s sink) {
	fs.mu.Lock()
	fs.sinks = slices.DeleteFunc(slices.Clone(fs.sinks), func(other sink) bool { return other == s })
	fs.mu.Unlock()
	s.close(true)
}

// close ends all feeds, each after what waits was taken, unless that is to be dropped. Else what is held stays for one who comes late.
func (fs *feeds) close(drop bool) {
	fs.mu.Lock()
	sinks := fs.sinks
	fs.over = true
	if drop {
		fs.held, fs.bytes = nil, 0
	}
	fs.mu.Unlock()
	for _, s := range sinks {
		s.close(drop)
	}
}

// channel returns a channel of what fs feeds and pick wants, until ctx is done.
func channel[T any](ctx context.Context, fs *feeds, pick func(Event) (T, bool)) <-chan T {
	p, ch := newPicked(ctx, pick)
	fs.add(p)
	stop := context.AfterFunc(ctx, func() { fs.remove(p) })
	p.after(func() { stop() }) // a ctx that outlives the stay holds nothing of it
	return ch
}
