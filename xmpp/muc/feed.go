package muc

import (
	"context"
	"sync"
)

const (
	// queueBytes is how much waits for a reader of a Room's channel, before what comes next waits in the session.
	queueBytes = 1 << 20
	// eventBytes is what an event counts for beside the text in it.
	eventBytes = 512
)

// A feed hands events to one reader, at the reader's pace. A goroutine of its own exists while something waits.
type feed[T any] struct {
	hand func(T)         // gives one to the reader, or gives up when the reader has left
	shut func()          // called once, when no more will be handed over
	gone <-chan struct{} // closed when the reader has left
	quit chan struct{}   // closed when what waits is not handed over any more

	mu      sync.Mutex // protects what follows
	queue   []sized[T]
	bytes   int
	room    chan struct{} // closed when something was taken; nil: nobody waits for that
	running bool
	closing bool
	over    bool
}

type sized[T any] struct {
	v    T
	size int
}

// put adds an event. It waits while too much waits already, until ctx is done: what a session has received by its end is kept all the
// same.
func (f *feed[T]) put(ctx context.Context, v T, size int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.bytes >= queueBytes && !f.closing && ctx.Err() == nil {
		f.wait(ctx)
	}
	f.add(v, size)
}

// wait waits until something was taken. f.mu is held, but not meanwhile.
func (f *feed[T]) wait(ctx context.Context) {
	if f.room == nil {
		f.room = make(chan struct{})
	}
	room := f.room
	f.mu.Unlock()
	defer f.mu.Lock()
	select {
	case <-room:
	case <-ctx.Done():
	case <-f.gone:
	case <-f.quit:
	}
}

// left reports whether nothing is handed over any more.
func (f *feed[T]) left() bool { return isClosed(f.gone) || isClosed(f.quit) }

// add adds an event without waiting. f.mu is held.
func (f *feed[T]) add(v T, size int) {
	if f.closing || f.left() {
		return
	}
	f.queue = append(f.queue, sized[T]{v, size})
	f.bytes += size
	if !f.running {
		f.running = true
		go f.run()
	}
}

// run hands over until nothing waits.
func (f *feed[T]) run() {
	for {
		v, ok := f.next()
		if !ok {
			return
		}
		f.hand(v)
	}
}

func (f *feed[T]) next() (v T, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.room != nil {
		close(f.room)
		f.room = nil
	}
	if len(f.queue) == 0 || f.left() {
		f.queue, f.bytes, f.running = nil, 0, false
		f.finish()
		return v, false
	}
	first := f.queue[0]
	f.queue[0] = sized[T]{}
	f.queue = f.queue[1:]
	f.bytes -= first.size
	return first.v, true
}

// close ends the feed. The reader gets what waits, unless it's to be dropped.
func (f *feed[T]) close(drop bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closing = true
	if drop && !isClosed(f.quit) {
		close(f.quit)
	}
	if f.room != nil {
		close(f.room)
		f.room = nil
	}
	f.finish()
}

// after has do called when no more will be handed over, at once where that is so.
func (f *feed[T]) after(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		do()
		return
	}
	shut := f.shut
	f.shut = func() { shut(); do() }
}

// finish shuts a feed that is closed and has nothing to hand over. f.mu is held.
func (f *feed[T]) finish() {
	if f.closing && !f.running && !f.over {
		f.over = true
		f.shut()
	}
}

// A sink is a feed as those see it who put something in.
type sink interface {
	offer(ctx context.Context, ev Event, size int)
	close(drop bool)
}

// A picked feed takes of all events those that its reader wants.
type picked[T any] struct {
	feed[T]
	pick func(Event) (T, bool)
}

func (p *picked[T]) offer(ctx context.Context, ev Event, size int) {
	if v, ok := p.pick(ev); ok {
		p.put(ctx, v, size)
	}
}

// newPicked returns a feed and the channel that it feeds.
func newPicked[T any](ctx context.Context, pick func(Event) (T, bool)) (*picked[T], <-chan T) {
	ch := make(chan T) // without a buffer: see the queue
	p := &picked[T]{pick: pick}
	p.gone, p.quit = ctx.Done(), make(chan struct{})
	p.shut = func() { close(ch) }
	p.hand = func(v T) {
		select {
		case ch <- v:
		case <-p.gone:
		case <-p.quit:
		}
	}
	return p, ch
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}
