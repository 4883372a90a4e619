package muc

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// presence takes what the room says of one who is in it, or what it answers to presence of ours. It's called by the dispatcher of a
// session, one call at a time.
func (r *Room) presence(ctx context.Context, p *stanza.Presence) {
	r.heard.Store(time.Now().UnixNano())
	a := r.attemptIn(xmpp.SessionFrom(ctx))
	r.mu.Lock()
	var events []Event
	var after func()
	switch {
	case r.over:
	case p.Type == stanza.PresenceError:
		after = r.refused(p, a)
	case p.From.Resourcepart() == "": // of the room itself, such as its picture
	case a != nil && a == r.attempt:
		events = r.entering(a, p)
	case p.Type == stanza.Unavailable:
		events, after = r.gone(ctx, p)
	default:
		events = r.here(p)
	}
	r.mu.Unlock()
	r.emit(ctx, p, events...)
	if after != nil {
		after()
	}
}

// attemptIn returns the attempt that is under way in a session: what an earlier one had received may still be coming.
func (r *Room) attemptIn(s *xmpp.Session) *attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.attempt == nil || s != nil && r.attempt.session != s {
		return nil
	}
	return r.attempt
}

// entering takes presence that comes before our own: that of the others, then ours. r.mu is held.
func (r *Room) entering(a *attempt, p *stanza.Presence) []Event {
	x := userOf(p)
	o := readOccupant(p, x.item(), r.features)
	if p.Type == stanza.Unavailable { // of a stay before this one, or of somebody who goes just then
		if o.Nick != a.nick {
			a.others.remove(o.Nick)
		}
		return nil
	}
	// XEP-0045 §7.2.2: 110 says that it's us. Only the room can say so; but one that lets others say it must not make us take them
	// for ourselves: it's under the nickname that we've asked for, or the room says that it has changed it (210).
	own := x.has(ownPresence) && (o.Nick == a.nick || x.has(nickAssigned))
	a.others.put(o, own)
	if !own {
		return nil
	}
	a.own = p
	return r.entered(a, o.Nick, x)
}

// entered is called when the room has let us in. r.mu is held.
func (r *Room) entered(a *attempt, nick string, x *userX) (events []Event) {
	if a.again {
		events = r.returned(a)
	}
	a.created = x.has(created)
	r.nick, r.occupants, r.home = nick, a.others, a.session
	r.attempt, r.away, r.stayed = nil, false, true
	r.stay++
	r.catchup = newCatchup(a.again, r.opts.History == 0)
	r.out() // the end of the session before need not have been told yet: see hub.ended
	close(r.in)
	r.armPing()
	a.end(nil)
	return events
}

// returned says what has changed while we were away. r.mu is held.
func (r *Room) returned(a *attempt) (events []Event) {
	if !r.away {
		events = append(events, Away{Err: endOf(r.home)})
	}
	for _, nick := range slices.Sorted(maps.Keys(r.occupants.all)) {
		if _, still := a.others.all[nick]; !still && nick != r.nick {
			events = append(events, Left{Occupant: *r.occupants.all[nick]})
		}
	}
	for _, nick := range slices.Sorted(maps.Keys(a.others.all)) {
		now, before := *a.others.all[nick], r.occupants.all[nick]
		switch {
		case nick == a.nick:
		case before == nil:
			events = append(events, Joined{now})
		case !before.same(now):
			events = append(events, Left{Occupant: *before}, Joined{now})
		case !before.equal(now):
			events = append(events, Changed{Occupant: now, Before: *before})
		}
	}
	return append(events, Back{})
}

// refused takes an error that answers presence of ours. r.mu is held.
func (r *Room) refused(p *stanza.Presence, a *attempt) (after func()) {
	if p.Error == nil {
		return nil
	}
	if n := r.rename; n != nil && p.ID == n.id {
		r.rename = nil
		return func() { n.end(p.Error) }
	}
	if a != nil && a == r.attempt && (p.ID == a.id || p.ID == "") { // some servers of old leave the id out
		r.attempt = nil
		a.end(p.Error)
	}
	return nil
}

// here takes presence of one who is in the room. r.mu is held.
func (r *Room) here(p *stanza.Presence) (events []Event) {
	x := userOf(p)
	it := x.item()
	now := readOccupant(p, it, r.features)
	before := r.occupants.all[now.Nick]
	switch there := r.occupants.put(now, now.Nick == r.nick); {
	case !there && before != nil:
		return []Event{Left{Occupant: *before}}
	case !there:
		return nil
	case before == nil:
		events = append(events, Joined{now})
	case !before.equal(now):
		c := Changed{Occupant: now, Before: *before, Reason: it.Reason}
		if it.Actor != nil {
			c.By = it.Actor.Nick
		}
		events = append(events, c)
	}
	if n := r.rename; n != nil && x.has(ownPresence) && now.Nick == r.nick && (now.Nick == n.nick || x.has(nickAssigned)) {
		r.rename = nil
		n.end(nil)
	}
	return events
}

// gone takes presence of one who is no longer in the room, under that nickname. r.mu is held.
func (r *Room) gone(ctx context.Context, p *stanza.Presence) (events []Event, after func()) {
	x := userOf(p)
	it := x.item()
	nick := p.From.Resourcepart()
	before := r.occupants.all[nick]
	if x.has(renamed) {
		if to, err := r.jid.WithResource(it.Nick); err == nil && to.Resourcepart() != "" {
			return r.move(nick, to.Resourcepart()), nil
		}
	}
	if nick == r.nick {
		return nil, r.ourselvesGone(ctx, x)
	}
	if before == nil {
		return nil, nil
	}
	r.occupants.remove(nick)
	l := Left{Occupant: *before, Why: readEnd(x), Reason: it.Reason, Status: clip(p.Status, maxText)}
	if it.Actor != nil {
		l.By = it.Actor.Nick
	}
	return []Event{l}, nil
}

// move gives an occupant another nickname (XEP-0045 §7.6). r.mu is held.
func (r *Room) move(from, to string) []Event {
	o := r.occupants.all[from]
	if o == nil || from == to {
		return nil
	}
	now := *o
	now.Nick = to
	r.occupants.remove(from)
	r.occupants.put(now, true) // at most its nickname is longer
	if from == r.nick {
		r.nick = to
	}
	return []Event{Renamed{Occupant: now, Before: from}}
}

// ourselvesGone takes the room's word that we're out. r.mu is held.
func (r *Room) ourselvesGone(ctx context.Context, x *userX) (after func()) {
	if r.leaving != nil {
		if !isClosed(r.leaving) {
			close(r.leaving)
		}
		return nil
	}
	end := readEnd(x)
	if end == "" && !x.has(ownPresence) { // another resource under the same nickname
		return func() { go r.ping() }
	}
	if end == "" {
		end = Lost
	}
	return func() { r.thrownOut(xmpp.SessionFrom(ctx), ended(r.jid, end, x)) }
}

// endOf is why a session has ended.
func endOf(s *xmpp.Session) error {
	if s == nil || s.Err() == nil {
		return xmpp.ErrClosed
	}
	return s.Err()
}

// A renameCall is a SetNick that waits.
type renameCall struct {
	id, nick string
	result   chan error // of one value
}

func (n *renameCall) end(err error) { n.result <- err }

// SetNick takes another nickname (XEP-0045 §7.6) and returns when the room has said so: errors.Is(err, stanza.Conflict) when somebody
// has it. It must not be called in a handler: ErrInHandler.
func (r *Room) SetNick(ctx context.Context, nick string) error {
	if xmpp.SessionFrom(ctx) != nil {
		return ErrInHandler
	}
	to, err := r.jid.WithResource(nick)
	if err != nil {
		return err
	}
	if to.Resourcepart() == "" {
		return errNoNick
	}
	select {
	case r.renaming <- struct{}{}:
		defer func() { <-r.renaming }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := r.ready(ctx); err != nil {
		return err
	}
	return r.setNick(ctx, to)
}

var errNoNick = errors.New("muc: a nickname is missing")

func (r *Room) setNick(ctx context.Context, to jid.JID) error {
	n := &renameCall{id: stanza.NewID(), nick: to.Resourcepart(), result: make(chan error, 1)}
	r.mu.Lock()
	if r.over || n.nick == r.nick {
		defer r.mu.Unlock()
		if r.over {
			return r.cause()
		}
		return nil
	}
	r.rename = n
	p, home := r.presenceAs(), r.home
	r.mu.Unlock()
	p.ID, p.To = n.id, to
	err := home.Send(ctx, p)
	if err == nil {
		select {
		case err = <-n.result:
			return err
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-home.Done():
			err = endOf(home)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rename == n {
		r.rename = nil
	}
	return err
}

// SetPresence changes what the room shows of us: Show, Status and Payloads of p (XEP-0045 §7.7), in later stays too. Presence that is
// unavailable leaves the room with its Status as the last words: see Leave.
func (r *Room) SetPresence(ctx context.Context, p *stanza.Presence) error {
	if p.Type == stanza.Unavailable {
		return r.leave(ctx, p)
	}
	if err := r.ready(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	if r.over {
		defer r.mu.Unlock()
		return r.cause()
	}
	r.opts.Presence = shown(p)
	now, home := r.presenceAs(), r.home
	now.To = r.own(r.nick)
	r.mu.Unlock()
	return home.Send(ctx, now)
}
