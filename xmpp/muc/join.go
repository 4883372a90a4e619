package muc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
)

// Options say how to enter a room. A nil *Options and zero fields mean the defaults stated at each field.
type Options struct {
	// Password opens a room that has one.
	Password string
	// History is how many messages of before we came the room is to send. 0: none. Negative: as many as it likes.
	History int
	// HistoryBytes, HistoryWithin and HistorySince bound that further: the size of the stanzas, their age, the time of the first.
	// 0: no bound. A server need not heed them.
	HistoryBytes  int
	HistoryWithin time.Duration
	HistorySince  time.Time
	// Presence is what the room is to show of us: Show, Status and Payloads of it. Nil: that we're available.
	Presence *stanza.Presence

	// MustExist has Join fail with stanza.ItemNotFound where there is no such room. False: it's made, if the service lets us, and
	// we're its owner.
	MustExist bool
	// Configure is given the form of a room that has been made for us, and fills it in; with its error, the room is undone, and
	// Join returns the error. It's called again should the room be gone when we come back. Nil: the service's defaults.
	Configure func(*form.Form) error

	// PingAfter is how long a room may be silent before it's asked whether we're still in it (XEP-0410). 0: 15 minutes. Negative:
	// it's never asked.
	PingAfter time.Duration
	// NoReturn has the stay end when the room is left against our will, where it would come back else: after Shutdown, Unreachable and Lost. On a Client,
	// a new session brings the room back all the same.
	NoReturn bool
}

// defaultPingAfter is what XEP-0410 §3.2 proposes.
const defaultPingAfter = 15 * time.Minute

// Join enters the room at, whose resourcepart is the nickname; without one, it's the localpart of our own address. It returns once
// the room has said that we're in (XEP-0045 §7.2), which it does after it has said who else is. A Client that is not online is
// waited for; ctx bounds the call only.
//
// The error is a *stanza.Error where the room does not let us in: errors.Is(err, stanza.Conflict) when somebody else has the nickname,
// NotAuthorized when a password is missing or wrong, Forbidden when we're banned, RegistrationRequired when the room is for members,
// ServiceUnavailable when it's full, NotAcceptable when we have to take the nickname that is registered for us, ItemNotFound and
// NotAllowed when there is no such room. It's ErrJoined when this endpoint has the room already.
//
// Join must not be called in a handler, where it returns ErrInHandler if it can see that.
func Join(ctx context.Context, e xmpp.Endpoint, at jid.JID, o *Options) (*Room, error) {
	if xmpp.SessionFrom(ctx) != nil {
		return nil, ErrInHandler
	}
	h := hubOf(e)
	r, err := newRoom(h, at, o)
	if err != nil {
		return nil, err
	}
	for other := h.add(r); other != nil; other = h.add(r) {
		if !other.isLeaving() {
			return nil, fmt.Errorf("%w: %s", ErrJoined, r.jid)
		}
		select {
		case <-other.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	if err := r.first(ctx); err != nil {
		r.finish(err)
		return nil, err
	}
	return r, nil
}

func newRoom(h *hub, at jid.JID, o *Options) (*Room, error) {
	if at.Localpart() == "" {
		return nil, fmt.Errorf("muc: %q is not the address of a room", at)
	}
	nick := at.Resourcepart()
	if nick == "" {
		nick = h.e.JID().Localpart()
	}
	own, err := at.Bare().WithResource(nick)
	if err != nil {
		return nil, err
	}
	if own.Resourcepart() == "" {
		return nil, fmt.Errorf("muc: a nickname is missing: %s/NICKNAME", at)
	}
	r := &Room{
		Manager:  Manage(h.e, at),
		hub:      h,
		jid:      own.Bare(),
		nick:     own.Resourcepart(),
		done:     make(chan struct{}),
		in:       make(chan struct{}),
		known:    make(chan struct{}),
		renaming: make(chan struct{}, 1),
		trying:   make(chan struct{}, 1),
		waiting:  make(map[string]*delivery),
	}
	if o != nil {
		r.opts = *o
		r.opts.Presence = shown(o.Presence)
	}
	if r.opts.PingAfter == 0 {
		r.opts.PingAfter = defaultPingAfter
	}
	close(r.known) // as much as there is, before it's asked
	r.feeds.opened = make(chan struct{})
	r.feeds.dropped = func() {
		xmpp.LoggerOf(h.e).Warn("muc: what a room says is dropped: nobody has called Messages, Events or Whispers", "room", r.jid)
	}
	return r, nil
}

func (r *Room) isLeaving() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.leaving != nil || r.over
}

// first enters the room for the first time, in as many sessions as that takes.
func (r *Room) first(ctx context.Context) error {
	for {
		s, err := r.hub.online(ctx)
		if err != nil {
			return err
		}
		if err = r.enter(ctx, s); err == nil || ctx.Err() != nil || !r.isClient() || !isClosed(s.Done()) {
			return err
		}
	}
}

func (r *Room) isClient() bool {
	_, ok := r.hub.e.(client)
	return ok
}

// An attempt is one try to enter the room.
type attempt struct {
	session *xmpp.Session
	id      string
	nick    string // what we've asked for
	again   bool   // we were in before
	others  roll
	created bool             // the room did not exist
	own     *stanza.Presence // by which the room has let us in
	result  chan error       // of one value
}

// end says how the attempt has ended, once.
func (a *attempt) end(err error) {
	select {
	case a.result <- err:
	default:
	}
}

// enter tries once to enter the room in the session s, and to configure it if it's new. Join and what comes back (tryAgain) may both want that:
// one waits for the other, and then need not.
func (r *Room) enter(ctx context.Context, s *xmpp.Session) error {
	select {
	case r.trying <- struct{}{}:
		defer func() { <-r.trying }()
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.Done():
		return endOf(s)
	}
	a := &attempt{session: s, id: stanza.NewID(), result: make(chan error, 1)}
	r.mu.Lock()
	if r.over || r.leaving != nil {
		defer r.mu.Unlock()
		return r.cause()
	}
	if r.home == s && isClosed(r.in) {
		r.mu.Unlock()
		return nil
	}
	r.attempt, a.nick, a.again = a, r.nick, r.stayed
	p := r.request(a)
	r.mu.Unlock()
	// First what the room can do, as that says whether to believe in ids; then our presence. An answer that stood behind the room's history would
	// have all of that wait in memory: a session reads on while a request waits.
	r.inquire(s)
	r.awaitFeatures(ctx)
	err := s.Send(ctx, p)
	if err == nil {
		select {
		case err = <-a.result:
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-s.Done():
			err = endOf(s)
		}
	}
	if isRefusal(err) {
		return err
	}
	if err == nil && a.created {
		err = r.found(ctx, s, a)
	}
	if err != nil { // we may be in: the room is told that we don't want to be
		r.withdraw(s, a)
	}
	return err
}

// withdrawTimeout is how long it may take to get rid of what says that we're not in after all.
const withdrawTimeout = 10 * time.Second

// withdraw gives up an attempt whose outcome is open, or not what was wanted.
func (r *Room) withdraw(s *xmpp.Session, a *attempt) {
	r.mu.Lock()
	if r.attempt == a {
		r.attempt = nil
	}
	r.out()
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), withdrawTimeout)
	defer cancel()
	_ = s.Send(ctx, &stanza.Presence{ID: stanza.NewID(), To: r.own(a.nick), Type: stanza.Unavailable}) // where it fails the session does, and we're out with that
}

// isRefusal reports whether the room has said no.
func isRefusal(err error) bool {
	var refused *stanza.Error
	return errors.As(err, &refused)
}

// request is the presence that asks to come in. r.mu is held.
func (r *Room) request(a *attempt) *stanza.Presence {
	p := r.presenceAs()
	p.ID, p.To = a.id, r.own(a.nick)
	p.Payloads = append(p.Payloads, stanza.Payload(joinX{History: r.wanted(a.again), Password: r.opts.Password}))
	return p
}

// presenceAs is a copy of what the room is to show of us. r.mu is held.
func (r *Room) presenceAs() *stanza.Presence { return shown(r.opts.Presence) }

// shown is a copy of what a room shows of p, which may be nil.
func shown(p *stanza.Presence) *stanza.Presence {
	if p == nil {
		return &stanza.Presence{}
	}
	return &stanza.Presence{Show: p.Show, Status: p.Status, Statuses: slices.Clone(p.Statuses), Priority: p.Priority, Lang: p.Lang, Payloads: slices.Clone(p.Payloads)}
}

// errUnwanted is what Join fails with where the room did not exist and was not to be made.
var errUnwanted = &stanza.Error{Type: stanza.Cancel, Condition: stanza.ItemNotFound, Text: "there was no such room"}

// found makes something of a room that has come into being by our entering it: until then nobody else gets in (XEP-0045 §10.1).
func (r *Room) found(ctx context.Context, s *xmpp.Session, a *attempt) error {
	m := Manage(s, r.jid)
	if r.opts.MustExist {
		within, cancel := context.WithTimeout(ctx, withdrawTimeout)
		defer cancel()
		if err := m.Destroy(within, nil); err != nil && within.Err() == nil {
			return err
		} // ejabberd's room may end without an answer; who leaves it leaves none behind
		return errUnwanted
	}
	if err := r.configureNew(ctx, m); err != nil {
		_ = m.Destroy(ctx, nil) // it was never open; and where the room does not let itself be destroyed, it's left
		return fmt.Errorf("muc: the new room %s: %w", r.jid, err)
	}
	r.inquire(s) // what could not be said before
	r.awaitFeatures(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if o := r.occupants.all[r.nick]; o != nil && o.ID == "" && r.features.occupantIDs {
		known := *o
		known.ID = occupantID(a.own)
		r.occupants.put(known, true)
	}
	return nil
}

func (r *Room) configureNew(ctx context.Context, m *Manager) error {
	if r.opts.Configure == nil {
		return m.set(ctx, ownerQuery{Form: form.New(form.Answer, "")}) // XEP-0045 §10.1.2: an instant room
	}
	f, err := m.Config(ctx)
	if err != nil {
		return err
	}
	if err := r.opts.Configure(f); err != nil {
		return err
	}
	return m.Configure(ctx, f)
}
