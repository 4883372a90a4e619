package muc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/stamp"
)

// endingTimeout is how long a session may take to say that it has ended, after its calls have failed.
const endingTimeout = 5 * time.Second

// send sends a message in the stay, in whose session alone it would be taken: where that ends before anything was sent, in the next one. d, which
// may be nil, notes in which stay that was.
func (r *Room) send(ctx context.Context, m *stanza.Message, d *delivery) error {
	for {
		if err := r.ready(ctx); err != nil {
			return err
		}
		r.mu.Lock()
		over, cause, home, stay := r.over, r.cause(), r.home, r.stay
		r.mu.Unlock()
		if over {
			return cause
		}
		if home == nil { // in a handler, before we're in
			return r.hub.e.Send(ctx, m)
		}
		err := home.Send(ctx, m)
		if err == nil && d != nil {
			r.sent(d, stay)
		}
		if err == nil || !r.mayGoOn(ctx, err, m) || !hasEnded(ctx, home) {
			return err
		}
		r.mu.Lock()
		if r.home == home {
			r.out()
		}
		r.mu.Unlock()
	}
}

// mayGoOn reports whether a message that could not be sent may be in the next session.
func (r *Room) mayGoOn(ctx context.Context, err error, m *stanza.Message) bool {
	return r.isClient() && ctx.Err() == nil && xmpp.SessionFrom(ctx) == nil &&
		!errors.Is(err, xmpp.ErrUnknownDelivery) && !isRefusal(err) && stanza.Payload(m).Err() == nil
}

// hasEnded reports whether a session has ended one of whose calls has failed.
func hasEnded(ctx context.Context, s *xmpp.Session) bool {
	t := time.NewTimer(endingTimeout)
	defer t.Stop()
	select {
	case <-s.Done():
		return true
	case <-ctx.Done():
	case <-t.C:
	}
	return false
}

// A delivery is a Deliver that waits.
type delivery struct {
	stay   int          // in which the message was sent; 0: it was not yet
	result chan outcome // of one value
}

// An outcome is what became of a message of ours.
type outcome struct {
	m   *Message
	err error
}

// end says what became of it, once: it may stand under two keys.
func (d *delivery) end(o outcome) {
	select {
	case d.result <- o:
	default:
	}
}

// Deliver is Send that returns when the room has told the message to all: it returns that, as all have it, with the room's name for it.
// An error of the room is a *stanza.Error: errors.Is(err, stanza.Forbidden) where we have no voice, NotAcceptable where we're not in the
// room. Where the stay in which it was sent ends before the room has spoken, it's in what the room sends of that time when we're back, or the error is
// xmpp.ErrUnknownDelivery. When ctx or the stay for good ends before that, it's open, too, whether it was told. No two messages that wait may have
// the same ID. It must not be called in a handler: ErrInHandler.
func (r *Room) Deliver(ctx context.Context, m *stanza.Message) (*Message, error) {
	return r.deliver(ctx, m, "")
}

// deliver is Deliver that is completed under another key, too, unless that is empty.
func (r *Room) deliver(ctx context.Context, m *stanza.Message, also string) (*Message, error) {
	if xmpp.SessionFrom(ctx) != nil {
		return nil, ErrInHandler
	}
	c := *m
	c.To, c.Type = r.jid, stanza.GroupChat
	if c.ID == "" {
		c.ID = stanza.NewID()
	}
	// A room that gives messages ids of its own keeps this one (XEP-0359 §3.1).
	c.Payloads = append(c.Payloads[:len(c.Payloads):len(c.Payloads)], stanza.Payload(stamp.OriginID{ID: c.ID}))
	d := &delivery{result: make(chan outcome, 1)}
	if err := r.await(d, c.ID, also); err != nil {
		return nil, err
	}
	defer r.forget(d, c.ID, also)
	if err := r.send(ctx, &c, d); err != nil {
		return nil, err
	}
	select {
	case o := <-d.result:
		return o.m, o.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// await has a delivery completed under these keys; the second may be empty.
func (r *Room) await(d *delivery, id, also string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return r.cause()
	}
	if r.waiting[id] != nil {
		return fmt.Errorf("muc: a message with the id %q waits already: give each another one, or none", id)
	}
	r.waiting[id] = d
	if also != "" {
		r.waiting[also] = d
	}
	return nil
}

func (r *Room) forget(d *delivery, keys ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range keys {
		if r.waiting[key] == d {
			delete(r.waiting, key)
		}
	}
}

// reflected completes a Deliver whose message the room has told. r.mu is held.
func (r *Room) reflected(m *Message) {
	if !m.Own || len(r.waiting) == 0 {
		return
	}
	id := m.ID
	if o, ok := stanza.Find[stamp.OriginID](m); ok && r.waiting[id] == nil {
		id = o.ID
	}
	r.complete(id, outcome{m: m})
}

// complete ends the Deliver of that id. r.mu is held.
func (r *Room) complete(id string, o outcome) {
	if d := r.waiting[id]; d != nil {
		delete(r.waiting, id)
		d.end(o)
	}
}

// sent notes in which stay the message was sent.
func (r *Room) sent(d *delivery, stay int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d.stay = stay
	if r.catchup == nil {
		r.forsake(d)
	}
}

// forsake ends deliveries of earlier stays: the room has told us what it has of that time. r.mu is held.
func (r *Room) forsake(list ...*delivery) {
	for _, d := range list {
		if d.stay != 0 && d.stay < r.stay {
			d.end(outcome{err: fmt.Errorf("muc: %s: we were out of the room before it has told the message, and it does not tell it now: %w", r.jid, xmpp.ErrUnknownDelivery)})
		}
	}
}

// failed takes what has come back of what we've said. r.mu is not held.
func (r *Room) failed(m *stanza.Message) {
	if m.Error == nil {
		return
	}
	r.mu.Lock()
	r.complete(m.ID, outcome{err: m.Error})
	r.mu.Unlock()
	xmpp.LoggerOf(r.hub.e).Warn("muc: the room does not take a message", "room", r.jid, "id", m.ID, "err", m.Error)
	if m.Error.Condition == stanza.NotAcceptable { // XEP-0045 §7.4: we're not in it
		go r.ping()
	}
}
