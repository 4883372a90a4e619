package roster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// fetchTimeout is how long the server may take to send the roster: a Client begins nothing else in a session before, and what
// arrives meanwhile waits.
const fetchTimeout = time.Minute

// Open returns the live roster of e's account. On a *Session, or a *Client that is online, it has been fetched then; a
// Client that is not online yet fetches it in each fresh session, before anything else of that session is handed over and
// before Client.Online is called. A stream that is resumed goes on, and nothing is fetched.
//
// Open the roster before initial presence is sent (RFC 6121 §2.2): presence that arrived earlier is not known to it. An
// endpoint takes one roster at a time; a second Open panics, until Close.
//
// The error is that of the server (a *stanza.Error) or of the session, and then nothing stays open. ctx bounds the call
// only. However large, a roster comes as one stanza (RFC 6121 §2.1.4): one that is larger than Limits.AnswerBytes, of which the
// default takes some 200,000 contacts, ends the session with the stream error xmpp.PolicyViolation.
//
// Where Options.Store was given, the roster and its version are kept in it, so that a later session or process receives
// no more than what has changed (RFC 6121 §2.6). Close has it written to the last push.
func Open(ctx context.Context, e xmpp.Endpoint) (*Roster, error) {
	r := &Roster{
		e:       e,
		account: e.JID().Bare(),
		items:   make(map[jid.JID]Item),
		ours:    make(map[jid.JID][]*set),
		echoes:  make(map[jid.JID]int),
		present: make(map[jid.JID]*presence),

		updating: make(chan struct{}, 1),
	}
	r.settled.L = &r.mu
	_, r.client = e.(interface{ Run(context.Context) error })
	r.cache = cache{store: xmpp.StoreOf(e), key: "roster " + r.account.String()}
	r.load(ctx)
	r.close = []func(){
		r.handlePushes(),
		xmpp.OnPresence(e, r.handlePresence, stanza.Available, stanza.Unavailable, stanza.PresenceError,
			stanza.Subscribe, stanza.Subscribed, stanza.Unsubscribe, stanza.Unsubscribed),
	}
	stop, err := xmpp.OnSession(ctx, e, r.begin)
	if err != nil {
		r.Close()
		return nil, err
	}
	r.mu.Lock()
	r.close = append(r.close, stop)
	r.mu.Unlock()
	return r, nil
}

// handlePushes has pushes come here. Who opens a second roster is told what to do: the panic of Handle speaks of its pattern.
func (r *Roster) handlePushes() (remove func()) {
	defer func() {
		if v := recover(); v != nil {
			panic(fmt.Sprintf("roster: %s has an open roster: use that one, or call its Close before Open (%v)", r.account, v))
		}
	}()
	pushes := xmpp.Pattern{Kind: stanza.KindIQ, Type: string(stanza.Set), Space: ns.Roster, Local: "query"}
	return r.e.Handle(pushes, xmpp.HandlerFunc(r.handlePush))
}

// load takes up what was kept of the roster, if it was and can be read.
func (r *Roster) load(ctx context.Context) {
	p, ok := r.cache.load(ctx)
	if !ok {
		return
	}
	r.ver, r.known = p.ver, true
	r.hold(p.items)
}

// hold takes up the items of a whole roster. mu is held, or nobody else has r yet.
func (r *Roster) hold(items []Item) {
	for _, it := range items {
		if it.Subscription == remove { // RFC 6121 §2.1.2.5: must be ignored in a result
			it.Subscription = None
		}
		r.items[it.JID] = it
	}
}

// begin makes s the roster's session and fetches the roster.
func (r *Roster) begin(ctx context.Context, s *xmpp.Session) (end func(), err error) {
	r.adopt(s, s.JID().Bare())
	return func() { r.end(s) }, r.fetch(ctx, s, false)
}

// adopt forgets what belonged to the session before: who was available, and who had asked and will be asked for again.
func (r *Roster) adopt(s *xmpp.Session, account jid.JID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.session, r.account = s, account
	r.requests = requests{}
	clear(r.ours)
	clear(r.echoes)
	r.order.forget()
	r.forgetPresence()
}

// end is called when s has ended: nobody is known to be available.
func (r *Roster) end(s *xmpp.Session) {
	r.mu.Lock()
	if r.session == s {
		r.forgetPresence()
		r.keepLast()
		if !r.client { // its Done may be closed a little later
			r.over = causeOf(s)
		}
	}
	r.mu.Unlock()
	if !r.client {
		r.Close()
	}
}

// Fetch asks the server for the whole roster anew, whatever of it is known. It is not needed where the server sends pushes, as it
// must; of one that does not, it brings what that has altered in the words of a Set. What arrives in the session waits until it
// has ended, a minute at the most; another Fetch waits, too, or until its ctx is done. On a Client that has no session it waits for
// the next one, as Do does.
func (r *Roster) Fetch(ctx context.Context) error {
	s, err := r.online(ctx)
	if err != nil {
		return err
	}
	return r.failed(r.fetch(ctx, s, true))
}

// online returns the session. A Client that has none is waited for, as its Do waits.
func (r *Roster) online(ctx context.Context) (*xmpp.Session, error) {
	r.mu.Lock()
	s, over := r.session, r.over
	r.mu.Unlock()
	c, ok := r.e.(interface {
		Session(context.Context) (*xmpp.Session, error)
	})
	switch {
	case over != nil:
		return nil, over
	case ok && (s == nil || isOver(s)):
		return c.Session(ctx)
	case s == nil:
		return nil, ErrClosed
	}
	return s, nil
}

// isOver reports whether the session has ended.
func isOver(s *xmpp.Session) bool {
	select {
	case <-s.Done():
		return true
	default:
		return false
	}
}

// ended is what a method returns that has failed with err, not nil: ErrClosed as well where the session has ended whose roster it is. mu
// is held.
func (r *Roster) ended(err error) error {
	if r.client || r.session == nil || !isOver(r.session) {
		return err
	}
	if err == ErrClosed { // nothing has been tried
		return causeOf(r.session)
	}
	return fmt.Errorf("%w: %w", ErrClosed, err)
}

// causeOf is ErrClosed with the cause of the session's end.
func causeOf(s *xmpp.Session) error {
	return fmt.Errorf("%w: %w", ErrClosed, cmp.Or(s.Err(), xmpp.ErrClosed))
}

// failed is what a method returns that has failed with err, by now.
func (r *Roster) failed(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil || errors.Is(err, ErrClosed):
		return err
	case r.over != nil:
		return fmt.Errorf("%w: %w", ErrClosed, err)
	}
	return r.ended(err)
}

// fetch asks for the roster, or for what has changed in it, and takes over the answer. Pushes and presence wait for that: see
// current.
func (r *Roster) fetch(ctx context.Context, s *xmpp.Session, all bool) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	defer context.AfterFunc(ctx, r.wake)()
	r.mu.Lock()
	switch r.settle(ctx, s); {
	case r.session != s: // the roster is closed, or s is not the newest session any more
		defer r.mu.Unlock()
		return cmp.Or(r.over, cmp.Or(s.Err(), xmpp.ErrClosed))
	case r.waits:
		r.mu.Unlock()
		return fmt.Errorf("roster: fetch: %w while another one was under way", context.Cause(ctx))
	}
	r.waits = true
	var ver *string
	if s.Features().Has(ns.RosterVer) {
		// RFC 6121 §2.6.2: with 'ver' only where the server has announced versions, and empty when we have none
		known := ""
		if !all {
			known = r.ver
		}
		ver = &known
	}
	r.mu.Unlock()
	p, whole, err := ask(ctx, s, ver)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil && whole && r.session == s {
		r.replace(p)
	}
	r.waits = false
	r.settled.Broadcast()
	return err
}

// wake has those look again who settle.
func (r *Roster) wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settled.Broadcast()
}

// ask is the request of RFC 6121 §2.1.3. whole is false when the answer says that nothing has changed but for pushes to come.
func ask(ctx context.Context, s *xmpp.Session, ver *string) (p payload, whole bool, err error) {
	q, err := element(ver)
	if err != nil {
		return p, false, err
	}
	reply, err := s.Do(ctx, &stanza.IQ{Type: stanza.Get, Payload: q})
	var ended *xmpp.StreamError
	switch {
	case errors.As(err, &ended) && ended.Local && ended.Condition == xmpp.PolicyViolation:
		return p, false, fmt.Errorf("roster: fetch: %w; if it's that the roster is so large, set Limits.AnswerBytes", err)
	case err != nil:
		return p, false, fmt.Errorf("roster: fetch: %w", err)
	}
	if reply.Payload.IsZero() && ver != nil && *ver != "" {
		return p, false, nil // RFC 6121 §2.6.3
	}
	if reply.Payload.IsZero() {
		return p, true, nil // RFC 6121 §2.1.4: an empty roster, as some servers send it
	}
	p, err = parse(reply.Payload)
	return p, true, err
}

// replace makes the answer of the server the roster. mu is held.
func (r *Roster) replace(p payload) {
	old := r.items
	r.items = make(map[jid.JID]Item, len(p.items))
	r.ver, r.known = p.ver, p.hasVer
	r.order.forget()
	r.stillAsked()
	r.hold(p.items)
	for who, it := range r.items {
		r.changed(Change{Old: old[who], New: it})
	}
	for who, it := range old {
		if _, still := r.items[who]; !still {
			r.changed(Change{Old: it})
		}
	}
	r.keep(true)
}

// changed draws the conclusions of a change, if it is one. mu is held.
func (r *Roster) changed(c Change) {
	if c.Old.equal(c.New) {
		return
	}
	who := c.JID()
	if c.New.SeesUs() { // answered, perhaps by another of our sessions
		r.requests.remove(who.Bare())
	}
	if c.Removed() || c.Old.SeenByUs() && !c.New.SeenByUs() {
		// RFC 6121 §3.3.3: the presence that we know is void, whether or not the contact's server says so
		r.voidPresence(who)
	}
	r.changes.put(who, c)
}
