package muc

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// A Room is a room that we're in. It stays so until Leave, until the room sends us away, or, on a Session, until that ends; on a
// Client it comes back by itself in the next session. Its methods may be called from several goroutines; those that say so not in
// handlers.
type Room struct {
	*Manager
	hub   *hub
	jid   jid.JID
	opts  Options
	feeds feeds
	done  chan struct{}

	renaming chan struct{} // holds one value while SetNick is under way
	trying   chan struct{} // holds one value while an attempt is
	pinging  atomic.Bool   // it's being asked whether we're in it
	heard    atomic.Int64  // when something came from the room last, in Unix nanoseconds

	mu        sync.Mutex // protects what follows
	nick      string
	home      *xmpp.Session // in which we're in the room, or were last
	stayed    bool          // we have been in it
	stay      int           // counts how often the room has let us in
	features  features
	known     chan struct{} // closed when features are what the room has answered
	asks      *xmpp.Session // in which it's being asked
	asksAgain bool          // and is to be asked once more
	attempt   *attempt      // under way; nil: none
	in        chan struct{} // closed while we're in the room
	leaving   chan struct{} // of Leave: closed when the room has let us go
	occupants roll
	topic     Topic
	catchup   *catchup // what was said before we came is coming in; nil: it has
	seen      seen
	away      bool // we're out against our will
	over      bool
	err       error
	waiting   map[string]*delivery // by the ids of messages
	rename    *renameCall
	timer     *time.Timer // of the self-ping
	retry     context.CancelFunc
}

// JID returns the address of the room, without a nickname.
func (r *Room) JID() jid.JID { return r.jid }

// Nick returns our nickname.
func (r *Room) Nick() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.nick
}

// Self returns what the room says of us. ok is false while we're not in it.
func (r *Room) Self() (o Occupant, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.occupants.all[r.nick]
	if p == nil || !isClosed(r.in) {
		return o, false
	}
	return *p, true
}

// Occupant returns who has that nickname, ourselves included. ok is false when nobody has.
func (r *Room) Occupant(nick string) (o Occupant, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.occupants.all[nick]
	if p == nil {
		return o, false
	}
	return *p, true
}

// Occupants iterates over those who are in the room now, ourselves included, in the order of their nicknames. What changes
// meanwhile does not show. While we're away it's who was there when we were last.
func (r *Room) Occupants() iter.Seq[Occupant] {
	return func(yield func(Occupant) bool) {
		r.mu.Lock()
		list := make([]Occupant, 0, len(r.occupants.all))
		for _, nick := range slices.Sorted(maps.Keys(r.occupants.all)) {
			list = append(list, *r.occupants.all[nick])
		}
		r.mu.Unlock()
		for _, o := range list {
			if !yield(o) {
				return
			}
		}
	}
}

// Len returns the number of occupants.
func (r *Room) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.occupants.all)
}

// Topic returns the present topic; the zero one until the room has told it, which it does a little after Join.
func (r *Room) Topic() Topic {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.topic
}

// Joined reports whether we're in the room: not before Join has returned, and not while the Room is on its way back.
func (r *Room) Joined() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return isClosed(r.in)
}

// Done returns a channel that is closed when the stay is over for good; Err then says why.
func (r *Room) Done() <-chan struct{} { return r.done }

// Err returns why the stay is over: nil after Leave, and while it isn't; an *Ended where the room has sent us away; a *stanza.Error
// where it would not have us back; what the Session or the Client has ended with.
func (r *Room) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Messages returns a channel of what is said to all in the room, ourselves included (Message.Own), in the order in which the room
// has it, what it sends of the time before we came too. It closes when ctx is done, or when the stay is over: after what came before
// was taken, but for an end of our own making, Leave or the Close of the session. The Room keeps what comes between Join and the first call of this or of Events or Whispers.
//
// Nothing is dropped: when a megabyte waits for the channel, what comes next waits in the session, which xmpp.Limits bounds. Only
// where no channel is opened at all, the session waits for that no longer than five seconds, once.
func (r *Room) Messages(ctx context.Context) <-chan *Message {
	return channel(ctx, &r.feeds, func(ev Event) (*Message, bool) {
		m, ok := ev.(*Message)
		return m, ok && !m.Private
	})
}

// Whispers returns a channel of what occupants say to us alone (XEP-0045 §7.5). What is said at Messages holds here too.
func (r *Room) Whispers(ctx context.Context) <-chan *Message {
	return channel(ctx, &r.feeds, func(ev Event) (*Message, bool) {
		m, ok := ev.(*Message)
		return m, ok && m.Private
	})
}

// Events returns a channel of all that happens in the room, messages included, in order. Who was there when we came is no event:
// see Occupants. What is said at Messages holds here too.
func (r *Room) Events(ctx context.Context) <-chan Event {
	return channel(ctx, &r.feeds, func(ev Event) (Event, bool) { return ev, true })
}

// emit gives events to those who want them; they come from st, if that is not nil. r.mu is not held.
func (r *Room) emit(ctx context.Context, st stanza.Stanza, events ...Event) {
	from := 0
	if len(events) > 0 && st != nil {
		from = sizeOf(st)
	}
	for _, ev := range events {
		size := eventBytes + from
		switch ev := ev.(type) {
		case *Message:
			if ev.Message != st { // of those that were held back
				size = eventBytes + ev.size()
			}
		case Left:
			size += ev.size()
		case Changed:
			size += ev.Before.size()
		}
		r.feeds.put(ctx, ev, size)
	}
}

// cause is what a call returns that comes too late. r.mu is held.
func (r *Room) cause() error { return cmp.Or(r.err, ErrLeft) }

// ready waits until we're in the room. A handler must not wait for that: what it does is tried as it is.
func (r *Room) ready(ctx context.Context) error {
	for {
		r.mu.Lock()
		in, over, cause := r.in, r.over, r.cause()
		r.mu.Unlock()
		switch {
		case over:
			return cause
		case isClosed(in) || xmpp.SessionFrom(ctx) != nil:
			return nil
		}
		select {
		case <-in:
		case <-r.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Leave leaves the room (XEP-0045 §7.14): channels close, what they still hold is dropped, and Err returns nil. It returns when the
// room has confirmed that, a few seconds later at the latest, with the error of sending, if there was one; the stay is over all the same. To say
// last words, give SetPresence one that is unavailable. Leaving twice does nothing.
func (r *Room) Leave(ctx context.Context) error {
	return r.leave(ctx, &stanza.Presence{})
}

// leaveTimeout is how long a room may take to let us go.
const leaveTimeout = 5 * time.Second

func (r *Room) leave(ctx context.Context, p *stanza.Presence) error {
	r.mu.Lock()
	if r.over || r.leaving != nil {
		r.mu.Unlock()
		return nil
	}
	r.leaving = make(chan struct{})
	in, let, retry := isClosed(r.in), r.leaving, r.retry
	to, s := r.own(r.nick), r.home
	r.mu.Unlock()
	if retry != nil {
		retry()
	}
	r.feeds.close(true) // from now on nobody waits for a reader
	defer r.finish(nil)
	if !in || s == nil {
		return nil
	}
	bye := *p
	bye.ID, bye.Type, bye.To = stanza.NewID(), stanza.Unavailable, to // by its id an answer is told from that to a next attempt
	if err := s.Send(ctx, &bye); err != nil {
		return err
	}
	if xmpp.SessionFrom(ctx) != nil { // what it would wait for comes after the stanza in hand
		return nil
	}
	t := time.NewTimer(leaveTimeout)
	defer t.Stop()
	select {
	case <-let:
	case <-s.Done():
	case <-t.C:
	case <-ctx.Done():
	}
	return nil
}

// own is our address in the room.
func (r *Room) own(nick string) jid.JID {
	at, _ := r.jid.WithResource(nick) // it was one when it became ours
	return at
}

// finish ends the stay for good.
func (r *Room) finish(cause error) {
	r.mu.Lock()
	if r.over {
		r.mu.Unlock()
		return
	}
	r.over, r.err = true, cause
	if r.leaving != nil {
		r.err = nil
	}
	if r.timer != nil {
		r.timer.Stop()
	}
	r.out()
	why := r.cause()
	a, waiting, renaming := r.attempt, r.waiting, r.rename
	r.attempt, r.waiting, r.rename = nil, nil, nil
	r.mu.Unlock()
	r.hub.remove(r)
	if a != nil {
		a.end(why)
	}
	for _, d := range waiting {
		d.end(outcome{err: why})
	}
	if renaming != nil {
		renaming.end(why)
	}
	close(r.done)
	r.feeds.close(errors.Is(cause, xmpp.ErrClosed))
	if cause != nil && !errors.Is(cause, xmpp.ErrClosed) {
		xmpp.LoggerOf(r.hub.e).Info("muc: out of the room", "room", r.jid, "err", cause)
	}
}

// out notes that we're not in the room. r.mu is held.
func (r *Room) out() {
	if isClosed(r.in) {
		r.in = make(chan struct{})
	}
}
