package bookmarks

import (
	"context"
	"maps"
	"slices"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/pubsub"
)

// Follow returns a channel of the bookmarks that there are, each as a change from none, and then of what becomes of them, by whichever of our
// clients. It closes with ctx, with Close, and with the session where these are the bookmarks of one. A channel that is not read holds
// nothing up: the changes of a bookmark that wait are one, from what was last taken to what is. It's what a program joins rooms from:
//
//	for c := range marks.Follow(ctx) {
//		switch {
//		case c.Join():
//			join(c.New.Room, c.New.Nick, c.New.Password)
//		case c.Leave():
//			leave(c.Room)
//		}
//	}
func (b *Bookmarks) Follow(ctx context.Context) <-chan Change {
	ch := make(chan Change)
	go func() {
		defer close(ch)
		told := map[jid.JID]Bookmark{}
		for {
			c, again := b.next(told)
			var out chan<- Change
			if c != nil {
				out = ch
			} else {
				c = &Change{}
			}
			select {
			case out <- *c:
				if c.New == nil {
					delete(told, c.Room)
				} else {
					told[c.Room] = *c.New
				}
			case <-again: // there may be something else to tell
			case <-ctx.Done():
				return
			case <-b.closed:
				return
			}
		}
	}()
	return ch
}

// next returns a change that is not told yet, nil if there is none, and what is closed when there are others.
func (b *Bookmarks) next(told map[jid.JID]Bookmark) (*Change, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.places == nil { // what was told before the session stays good until there is another
		return nil, b.changed
	}
	now := b.all()
	for _, room := range slices.SortedFunc(maps.Keys(now), jid.JID.Compare) {
		mark := now[room]
		old, was := told[room]
		switch {
		case !was:
			return &Change{Room: room, New: &mark}, b.changed
		case !old.equal(mark):
			return &Change{Room: room, Old: &old, New: &mark}, b.changed
		}
	}
	for _, room := range slices.SortedFunc(maps.Keys(told), jid.JID.Compare) {
		if _, is := now[room]; !is {
			old := told[room]
			return &Change{Room: room, Old: &old}, b.changed
		}
	}
	return nil, b.changed
}

// heard notes what our other clients, or we, have done (XEP-0402 §4).
func (b *Bookmarks) heard(ctx context.Context, ev pubsub.Event[conference]) error {
	b.follow(ctx, nativePlace, ev.Message, func(p *kept) {
		if ev.Kind == pubsub.Purged || ev.Kind == pubsub.Deleted {
			clear(p.rooms)
			p.more = 0
		}
		for _, item := range ev.Items {
			if mark, ok := read(item); ok && !item.Raw.IsZero() && !p.learn(mark) {
				xmpp.LoggerOf(b.e).Warn("bookmarks: our account tells of more than 8 MiB of them, and one is left out", "room", mark.Room)
			}
		}
		for _, id := range ev.Retracted {
			p.forget(roomOf(id))
		}
	})
	return nil
}

// maxMore is how many bytes events may add to what was fetched, which xmpp.Limits bound.
const maxMore = 8 << 20

// learn notes a bookmark, if there's room for it. One that has no room is not there.
func (p *kept) learn(mark Bookmark) bool {
	p.forget(mark.Room)
	n := mark.size()
	if p.more+n > maxMore {
		return false
	}
	p.rooms[mark.Room] = mark
	p.more += n
	return true
}

// forget takes one out.
func (p *kept) forget(room jid.JID) {
	if old, ok := p.rooms[room]; ok {
		p.more -= old.size()
		delete(p.rooms, room)
	}
}

// size is about how many bytes it takes.
func (b *Bookmark) size() int {
	n := 512 + len(b.Room.String()) + len(b.Name) + len(b.Nick) + len(b.Password)
	for _, e := range slices.Concat(b.Extensions, b.Other) {
		n += 64 + len(e.String())
	}
	return n
}

// heardOld notes a new document of XEP-0048.
func (b *Bookmarks) heardOld(ctx context.Context, ev pubsub.Event[*storage]) error {
	b.follow(ctx, personal, ev.Message, func(p *kept) {
		if ev.Kind == pubsub.Purged || ev.Kind == pubsub.Deleted || len(ev.Retracted) > 0 {
			clear(p.rooms)
		}
		for _, item := range ev.Items {
			if item.Payload != nil {
				p.rooms = item.Payload.rooms()
			}
		}
	})
	return nil
}

// follow makes a change that was heard of in one place. What comes while the places are being looked for is done to what is found, which
// may be older, up to 8 MiB of it; what an earlier session has received is older.
func (b *Bookmarks) follow(ctx context.Context, kind place, m *stanza.Message, change func(p *kept)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	do := func() {
		if p := b.at(kind); p != nil {
			change(p)
			p.compare()
			b.tell()
		}
	}
	switch s := xmpp.SessionFrom(ctx); {
	case s == b.fetching && b.held > maxMore:
		xmpp.LoggerOf(b.e).Warn("bookmarks: what is heard of them is left out: the server tells much and does not answer")
	case s == b.fetching:
		b.early = append(b.early, do)
		b.held += 512
		for _, e := range m.Payloads {
			b.held += len(e.String())
		}
	case s == b.session:
		do()
	}
}

// at returns the place of that kind, nil if the account does not use it. mu is held.
func (b *Bookmarks) at(kind place) *kept {
	i := slices.IndexFunc(b.places, func(p *kept) bool { return p.place == kind })
	if i < 0 {
		return nil
	}
	return b.places[i]
}
