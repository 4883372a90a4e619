package presence

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/stamp"
)

// Options say how a Keeper behaves. Nil and zero fields mean the defaults.
type Options struct {
	// Presence is what we are to begin with. Nil: available.
	Presence *stanza.Presence
	// Idle is how long Active may not be called before we're away. 0: never.
	Idle time.Duration
	// Away is what we are then. Where it has no status, no priority or no payloads, it has those of what was set. Nil: Show
	// stanza.Away.
	Away *stanza.Presence
	// TellIdle adds to what we are when idle since when that is so (XEP-0319): the time of the last call of Active, to the second.
	TellIdle bool
}

// A Keeper says an account's presence, again in every fresh session. Its methods may be called from several goroutines and in
// handlers.
type Keeper struct {
	idleAfter time.Duration
	tellIdle  bool
	away      stanza.Presence
	close     []func()
	client    bool // there are sessions after the present one

	life context.Context // until Close
	die  func()

	sending chan struct{} // holds one value while something is sent, so that nothing overtakes

	mu       sync.Mutex // protects what follows
	session  *xmpp.Session
	set      stanza.Presence // what the program wants to be
	idle     bool
	active   time.Time   // when the idle time has begun
	timer    *time.Timer // until idle; nil: never
	directed map[jid.JID]struct{}
	over     bool
}

// Keep says the presence of e's account from now on: at once where e has a session, and in each later one. An endpoint has one
// Keeper at a time: of two, each would say again in a new session what it was set to, and others see what was said last. The
// same goes for presence that is sent past the Keeper. The error is that of sending it, or that Options.Presence or Options.Away
// has a type which Set does not take. ctx bounds the call only.
func Keep(ctx context.Context, e xmpp.Endpoint, o *Options) (*Keeper, error) {
	if o == nil {
		o = &Options{}
	}
	k := &Keeper{idleAfter: o.Idle, tellIdle: o.TellIdle, away: stanza.Presence{Show: stanza.Away}, directed: make(map[jid.JID]struct{}), active: time.Now(),
		sending: make(chan struct{}, 1)}
	k.life, k.die = context.WithCancel(context.Background())
	if err := cmp.Or(given(&k.set, o.Presence), given(&k.away, o.Away)); err != nil {
		return nil, err
	}
	_, k.client = e.(interface{ Run(context.Context) error })
	k.close = []func(){xmpp.OnPresence(e, k.heard, stanza.Unavailable, stanza.PresenceError)}
	if o.Idle > 0 {
		k.timer = time.AfterFunc(o.Idle, k.fallIdle)
	}
	stop, err := xmpp.OnSession(ctx, e, k.begin)
	if err != nil {
		k.Close()
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.close = append(k.close, stop)
	return k, nil
}

// given takes up presence of the Options, if it's there.
func given(kept, p *stanza.Presence) error {
	if p == nil {
		return nil
	}
	if !settable(p.Type) {
		return errType(p.Type)
	}
	*kept = *p
	return nil
}

// begin says initial presence in a fresh session (RFC 6121 §4.2).
func (k *Keeper) begin(ctx context.Context, s *xmpp.Session) (end func(), err error) {
	k.mu.Lock()
	k.adopt(s)
	k.mu.Unlock()
	return func() { k.ended(s) }, k.say(ctx)
}

// ended forgets the session, so that nothing is sent to where nobody is, and whom it had told: the server tells them that
// we're gone (RFC 6121 §4.6.3).
func (k *Keeper) ended(s *xmpp.Session) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.session == s {
		k.adopt(nil)
	}
}

// adopt makes s the session; nil: there is none. Nobody knows any more whom the last one had told. mu is held.
func (k *Keeper) adopt(s *xmpp.Session) {
	k.session = s
	clear(k.directed)
}

// now is what we are, as it's broadcast. mu is held.
func (k *Keeper) now() *stanza.Presence {
	p := k.set
	// Whoever has said more than that they're available, or is gone, stays so.
	if k.idle && p.Type == stanza.Available && (p.Show == stanza.Online || p.Show == stanza.FreeForChat) {
		p = k.away
		p.Priority = cmp.Or(p.Priority, k.set.Priority)
		if p.Status == "" && len(p.Statuses) == 0 {
			p.Status, p.Statuses = k.set.Status, k.set.Statuses
		}
		if len(p.Payloads) == 0 {
			p.Payloads = k.set.Payloads
		}
	}
	if k.idle && k.tellIdle && p.Type == stanza.Available {
		p.Payloads = append(slices.Clip(p.Payloads), stanza.Payload(Idle{Since: stamp.Time{Time: k.active.Truncate(time.Second)}}))
	}
	p.To = jid.JID{}
	if p.Type == stanza.Unavailable {
		p.Show, p.Priority = "", 0 // RFC 6121 §4.5.1: unavailable presence must not contain them
	}
	return &p
}

// say broadcasts what we are, and tells those who get no broadcast.
func (k *Keeper) say(ctx context.Context) error {
	if err := k.begins(ctx); err != nil {
		return err
	}
	defer k.ends()
	k.mu.Lock()
	s, p := k.session, k.now()
	if p.Type == stanza.Unavailable {
		// RFC 6121 §4.6.3: the server tells them
		clear(k.directed)
	}
	told := k.told()
	k.mu.Unlock()
	if s == nil {
		return nil
	}
	if err := s.Send(ctx, p); err != nil {
		return err
	}
	for _, who := range told {
		if err := direct(ctx, s, p, who); err != nil {
			return err
		}
	}
	return nil
}

// begins waits until nothing else is being sent, but not longer than ctx or the keeping last. Unless it fails, ends is called
// after the sending.
func (k *Keeper) begins(ctx context.Context) error {
	select {
	case k.sending <- struct{}{}: // though ctx may be done: without a session nothing fails
		return nil
	default:
	}
	select {
	case k.sending <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-k.life.Done():
		return errClosed
	}
}

func (k *Keeper) ends() { <-k.sending }

func direct(ctx context.Context, s *xmpp.Session, p *stanza.Presence, to jid.JID) error {
	copied := *p
	copied.To = to
	return s.Send(ctx, &copied)
}

// Set says p from now on: availability, or with the type stanza.Unavailable that we are gone (RFC 6121 §4.4, §4.5). Other types
// are an error, and so is nil. p is copied. What is sent already goes first, and is waited for until ctx is done, or Close; where
// ctx ends before p was sent, the next session begins with it all the same, and Current has it.
func (k *Keeper) Set(ctx context.Context, p *stanza.Presence) error {
	if p == nil {
		return errNothing
	}
	if !settable(p.Type) {
		return errType(p.Type)
	}
	k.mu.Lock()
	k.set = *p
	k.mu.Unlock()
	return k.say(ctx)
}

// Current returns what is said now; it may be changed.
func (k *Keeper) Current() *stanza.Presence {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now()
}

// Active notes that the user is there: the idle time begins anew, and we are what was set if we were away for it.
func (k *Keeper) Active(ctx context.Context) error {
	k.mu.Lock()
	was := k.idle
	k.idle, k.active = false, time.Now()
	if k.timer != nil {
		k.timer.Reset(k.idleAfter)
	}
	k.mu.Unlock()
	if !was {
		return nil
	}
	return k.say(ctx)
}

// LastActive returns when Active was called last, or when the keeping began: what XEP-0012 asks for (entity.Options.LastActive).
func (k *Keeper) LastActive() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.active
}

// sayTimeout bounds what the timer sends.
const sayTimeout = time.Minute

// fallIdle makes us away, unless the user has done something, or the keeping has ended, since the timer has called it.
func (k *Keeper) fallIdle() {
	k.mu.Lock()
	falls := !k.over && time.Since(k.active) >= k.idleAfter
	k.idle = k.idle || falls
	k.mu.Unlock()
	if !falls {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), sayTimeout)
	defer cancel()
	_ = k.say(ctx) // where that fails the session ends, and the next one begins with it
}

// Close ends the keeping, and Mirror: no later session begins with presence. It sends nothing; the server tells others when the
// session ends. A call that waits for another to have sent returns then, with an error; one that is sending ends with its ctx.
func (k *Keeper) Close() {
	k.die()
	k.mu.Lock()
	undo := k.close
	k.close, k.over = nil, true
	k.adopt(nil)
	if k.timer != nil {
		k.timer.Stop()
	}
	k.mu.Unlock()
	for _, f := range undo {
		f()
	}
}

// settable reports whether presence of that type says what we are (RFC 6121 §4.7.1): the others ask, answer or fail.
func settable(t stanza.PresenceType) bool { return t == stanza.Available || t == stanza.Unavailable }

var (
	errNothing = errors.New("presence: Set and Mirror need presence to say; it is nil")
	errClosed  = errors.New("presence: the Keeper was closed while this waited for something else to be sent")
	errNobody  = errors.New("presence: Direct needs an address: presence without one is broadcast, which is what Set does")
)

type typeError string

func errType(t stanza.PresenceType) error { return typeError(t) }

func (e typeError) Error() string {
	return "presence: Keep and Set take available and unavailable presence; the type is \"" + string(e) + "\""
}
