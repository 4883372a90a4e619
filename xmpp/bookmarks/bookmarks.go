package bookmarks

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/pubsub"
)

// Bookmarks are those of an account, as they are now. Methods may be called from several goroutines and in handlers.
type Bookmarks struct {
	e      xmpp.Endpoint
	closed chan struct{}

	writing sync.Mutex // one change at a time: see document

	mu      sync.Mutex    // protects what follows
	undo    []func()      // nil: it's closed
	places  []*kept       // nil: there was no session yet
	changed chan struct{} // closed with the next change, and replaced
}

var (
	errNoRoom    = errors.New("bookmarks: the address is none of a room: it needs a localpart")
	errNoSession = errors.New("bookmarks: there was no session yet")
)

// Open fetches the bookmarks of our account and follows them: what our other clients do with them shows. On a Client they
// are fetched anew in each session, and there are none before the first.
//
// Where they are kept depends on the server: see the package's documentation. The error is ErrNowhere, or that of a request.
func Open(ctx context.Context, e xmpp.Endpoint) (*Bookmarks, error) {
	b := &Bookmarks{e: e, closed: make(chan struct{}), changed: make(chan struct{})}
	// Before they're fetched, so that no change falls between.
	b.undo = append(b.undo, pubsub.OnEvent(e, jid.JID{}, ns.Bookmarks, b.heard), pubsub.OnEvent(e, jid.JID{}, ns.BookmarksOld, b.heardOld))
	remove, err := xmpp.OnSession(ctx, e, b.begin)
	if err != nil {
		b.Close()
		return nil, err
	}
	b.mu.Lock()
	over := b.undo == nil // the session has ended meanwhile
	if !over {
		b.undo = append(b.undo, remove)
	}
	b.mu.Unlock()
	if over {
		remove()
	}
	return b, nil
}

// Close ends the following.
func (b *Bookmarks) Close() {
	b.mu.Lock()
	undo := b.undo
	b.undo = nil
	b.mu.Unlock()
	if undo == nil {
		return
	}
	close(b.closed)
	for _, f := range undo {
		f()
	}
}

// begin fetches what there is.
func (b *Bookmarks) begin(ctx context.Context, s *xmpp.Session) (end func(), err error) {
	places, err := choose(ctx, s)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	b.places = places
	b.tell()
	b.mu.Unlock()
	if b.e == xmpp.Endpoint(s) {
		return b.Close, nil
	}
	return nil, nil
}

// tell lets those who follow look again. mu is held.
func (b *Bookmarks) tell() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// all returns every bookmark: where several places have one, that of the first. mu is held.
func (b *Bookmarks) all() map[jid.JID]Bookmark {
	all := map[jid.JID]Bookmark{}
	for _, p := range slices.Backward(b.places) {
		maps.Copy(all, p.rooms)
	}
	return all
}

// List returns the bookmarks, in the order of their rooms' addresses.
func (b *Bookmarks) List() []Bookmark {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.SortedFunc(maps.Values(b.all()), func(x, y Bookmark) int { return x.Room.Compare(y.Room) })
}

// Get returns the bookmark of a room; ok is false if there is none.
func (b *Bookmarks) Get(room jid.JID) (mark Bookmark, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	mark, ok = b.all()[room.Bare()]
	return mark, ok
}

// Set adds a bookmark, or replaces the one of its room. What other clients keep with it stays, unless its Extensions say
// otherwise. The errors are those of pubsub.PublishPrivate, or of package xmpp.
func (b *Bookmarks) Set(ctx context.Context, mark Bookmark) error {
	mark.Room = mark.Room.Bare()
	if mark.Room.Localpart() == "" {
		return errNoRoom
	}
	return b.Update(ctx, mark.Room, func(old *Bookmark) { *old = mark.over(*old) })
}

// Update changes the bookmark of a room, or adds one: change gets it as it is, and may do with it what it likes but for its Room. It must not
// call Set, Update or Remove.
func (b *Bookmarks) Update(ctx context.Context, room jid.JID, change func(*Bookmark)) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	mark, _ := b.Get(room)
	change(&mark)
	mark.Room = room.Bare()
	return b.put(ctx, mark.Room, &mark)
}

// Remove removes the bookmark of a room. One that is not there is no error.
func (b *Bookmarks) Remove(ctx context.Context, room jid.JID) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	return b.put(ctx, room.Bare(), nil)
}

// put changes a bookmark in the first place, and in those that have it. writing is held.
func (b *Bookmarks) put(ctx context.Context, room jid.JID, mark *Bookmark) error {
	b.mu.Lock()
	places := b.places
	b.mu.Unlock()
	if places == nil {
		return errNoSession
	}
	for i, p := range places {
		b.mu.Lock()
		_, there := p.rooms[room]
		b.mu.Unlock()
		if !there && (i > 0 || mark == nil) {
			continue
		}
		if err := p.put(ctx, b.e, room, mark); err != nil {
			return err
		}
		b.note(p, room, mark)
	}
	return nil
}

// note notes what has become of a bookmark in one place.
func (b *Bookmarks) note(p *kept, room jid.JID, mark *Bookmark) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if mark == nil {
		delete(p.rooms, room)
	} else {
		p.rooms[room] = *mark
	}
	b.tell()
}
