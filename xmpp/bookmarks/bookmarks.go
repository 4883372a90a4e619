package bookmarks

import (
	"context"
	"errors"
	"fmt"
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

	writing chan struct{} // one change at a time, whose token is in it: see document

	mu       sync.Mutex    // protects what follows
	undo     []func()      // nil: it's closed
	places   []*kept       // nil: there was no session yet
	session  *xmpp.Session // in which they were found
	fetching *xmpp.Session // in which they're being looked for; nil: in none
	early    []func()      // what is heard of them meanwhile
	held     int           // bytes of that
	changed  chan struct{} // closed with the next change, and replaced
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
	b := &Bookmarks{e: e, closed: make(chan struct{}), writing: make(chan struct{}, 1), changed: make(chan struct{})}
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
	b.mu.Lock()
	b.fetching, b.early, b.held = s, nil, 0
	b.mu.Unlock()
	places, err := choose(ctx, s)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fetching == s {
		b.begun(s, places)
	}
	if err == nil && b.e == xmpp.Endpoint(s) {
		end = b.Close
	}
	return end, err
}

// begun takes what was found in the session, nil if that has failed, and what was heard since it was asked for. mu is held.
func (b *Bookmarks) begun(s *xmpp.Session, places []*kept) {
	if places != nil {
		b.places = places
	}
	b.session, b.fetching = s, nil
	for _, f := range b.early {
		f()
	}
	b.early = nil
	b.tell()
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
	return b.Update(ctx, mark.Room, func(old *Bookmark) { *old = mark.over(*old) })
}

// Update changes the bookmark of a room, or adds one: change gets it as it is, and may do with it what it likes but for its Room. It must not
// call Set, Update or Remove.
func (b *Bookmarks) Update(ctx context.Context, room jid.JID, change func(*Bookmark)) error {
	if room = room.Bare(); room.Localpart() == "" {
		return errNoRoom
	}
	return b.write(ctx, room, change)
}

// Remove removes the bookmark of a room. One that is not there is no error.
func (b *Bookmarks) Remove(ctx context.Context, room jid.JID) error {
	return b.write(ctx, room.Bare(), nil)
}

// write changes a bookmark, or takes it away if change is nil, in the first place, and in those that have it.
func (b *Bookmarks) write(ctx context.Context, room jid.JID, change func(*Bookmark)) error {
	select {
	case b.writing <- struct{}{}:
		defer func() { <-b.writing }()
	case <-ctx.Done():
		return fmt.Errorf("bookmarks: another change of them did not end in time: %w", context.Cause(ctx))
	}
	var mark *Bookmark
	if change != nil {
		now, _ := b.Get(room)
		mark = &now
		change(mark)
		mark.Room = room
	}
	b.mu.Lock()
	places := b.places
	b.mu.Unlock()
	if places == nil {
		return errNoSession
	}
	for i, p := range places {
		if err := b.put(ctx, p, i == 0, room, mark); err != nil {
			return err
		}
	}
	return nil
}

// put changes a bookmark in one place. A new one goes only to the first.
func (b *Bookmarks) put(ctx context.Context, p *kept, first bool, room jid.JID, mark *Bookmark) error {
	b.mu.Lock()
	old, there := p.rooms[room]
	if !there && (!first || mark == nil) {
		b.mu.Unlock()
		return nil
	}
	p.waits = &put{room: room, mark: mark}
	b.mu.Unlock()
	err := p.put(ctx, b.e, old, room, mark)
	b.mu.Lock()
	defer b.mu.Unlock()
	heard := p.waits.heard
	p.waits = nil
	if err != nil || heard { // what we have heard since is newer
		return err
	}
	if mark == nil {
		delete(p.rooms, room)
	} else {
		p.rooms[room] = mark.at(old)
	}
	b.tell()
	return nil
}
