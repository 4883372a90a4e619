package xmpp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/canto-im/canto/internal/stream"
)

var errRunning = errors.New("xmpp: Run is running already")

// Run keeps the client online until ctx is done: then it closes the session in order and returns nil. It also returns,
// with the cause, when to go on would be of no use: the password is wrong, the account was taken over (conflict), the
// server refuses us for a reason of policy, the certificate is wrong on the very first connection, or Online failed. Any
// other loss is followed by a new attempt after a growing delay (at most a minute). Run returns nil after the session
// was closed by its own program, too, and after Detach. What the last session had received is handed over before that, for twice
// Options.CloseTimeout at most where a handler does not return or a channel is not read; a ctx that is done cuts that short.
//
// With Options.Store, the client goes on with the stream that a process before it has left there, if the server still keeps
// that: then the first state is Resumed and Online is not called. What was sent and not acknowledged is sent again, and what
// the server sends again is marked (Redelivered). If another process goes on with the stream in turn, Run returns
// ErrTakenOver; what had not been saved for that process then goes to Options.Undelivered.
//
// Handlers and channels of a lost session get what it had received before they get anything of the next one.
func (c *Client) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c.mu.Lock()
	if c.running {
		c.mu.Unlock()
		return errRunning
	}
	c.running, c.cancel, c.over = true, cancel, nil
	c.mu.Unlock()
	err := c.run(ctx)
	c.balance()
	c.handOut(ctx)
	c.steward.settled()
	c.mu.Lock()
	c.running, c.over = false, ended(err)
	subs, d := c.channels, c.detach
	c.channels, c.detach = nil, nil
	c.mu.Unlock()
	c.become(State{Kind: Offline, Err: err})
	for sub := range subs {
		sub.close()
	}
	if d != nil {
		d.err = err
		close(d.done)
		return nil
	}
	return err
}

// ended is what calls on a client return after its Run has returned err.
func ended(err error) error {
	if err == nil {
		return fmt.Errorf("%w: the client's Run has returned", ErrClosed)
	}
	return fmt.Errorf("xmpp: the client's Run has returned: %w", err)
}

func (c *Client) run(ctx context.Context) error {
	var wait backoff
	var own ghost
	s, err := c.inherit(ctx) // s is what is suspended; nil: nothing
	if err != nil {
		return err
	}
	if s != nil {
		own.left() // the process before may have been stopped while it connected
	}
	for {
		if s != nil && s.hasEnded() { // by the program, while it was suspended
			if err = s.Err(); err == nil || permanent(err, true) {
				c.abandon(s, err)
				return err
			}
			s = nil
		}
		began := time.Now()
		var l *link
		uri, _ := sentElsewhere(err) // RFC 7395 §3.6.1: at any point
		if l, err = c.dial(ctx, s, uri, own.left); err == nil {
			began = time.Now()
			s, err = c.attend(ctx, s, l)
		}
		switch {
		case ctx.Err() != nil:
			return c.leave(ctx, s)
		case err == nil || permanent(err, c.wasOnline()) && !own.explains(err):
			c.abandon(s, err)
			return err
		}
		wait.lasted(time.Since(began))
		if !c.pause(ctx, s, err, wait.next()) {
			return c.leave(ctx, s)
		}
	}
}

// letGo has a session that has ended hand over what it has, although the capabilities never began with it: it was inherited
// and not resumed. The next session would wait for it for ever.
func (s *Session) letGo() {
	if s.ready != nil && !s.isReady() {
		close(s.ready)
	}
}

// balance waits until the program has got back what the last session can't answer for: it may exit when Run returns.
func (c *Client) balance() {
	c.mu.Lock()
	s := c.last
	c.mu.Unlock()
	if s != nil && s.hasEnded() {
		<-s.balanced
		s.letGo()
		s.expire()
	}
}

// handOut waits until handlers and channels have what the last session had received, for as long as they get where a session is lost
// (see Session.Messages): a Client's channels close after that.
func (c *Client) handOut(ctx context.Context) {
	c.mu.Lock()
	s := c.last
	c.mu.Unlock()
	if s == nil || !s.hasEnded() {
		return
	}
	t := time.NewTimer(2 * c.opts.CloseTimeout)
	defer t.Stop()
	select {
	case <-s.handed:
	case <-t.C:
	case <-ctx.Done():
	}
}

// inherit returns the suspended session that a process before this one has left in the store.
func (c *Client) inherit(ctx context.Context) (*Session, error) {
	if c.steward == nil {
		return nil, nil
	}
	p, err := c.steward.claim(ctx)
	var damaged *stream.SnapshotError
	switch {
	case errors.As(err, &damaged):
		c.opts.Logger.Error("xmpp: the stream that was left in the store can't be read: a new one is begun", "key", c.steward.key, "err", err)
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("xmpp: what the store has of the stream %q: %w", c.steward.key, err)
	case p == nil:
		return nil, nil
	}
	s, err := restore(p, c.opts, &c.handlers, make(chan error, 1))
	if err != nil {
		c.opts.Logger.Error("xmpp: the stream that was left in the store is not usable: a new one is begun", "key", c.steward.key, "err", err)
		return nil, nil
	}
	// Until then the process before may still hand over what it has received: see steward.ours.
	select {
	case <-time.After(leaseTime):
	case <-ctx.Done():
	}
	c.own(s)
	if c.opts.Setup != nil {
		c.opts.Setup(s)
	}
	return s, nil
}

// own makes s the client's newest session.
func (c *Client) own(s *Session) (hooks []*sessionHook) {
	s.ready = make(chan struct{})
	s.steward, s.recent, s.outerAttic = c.steward, c.recent, &c.attic
	c.attic.begin()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != nil {
		s.after = c.last.handed
		c.last.letGo()
		c.last.expire() // s waits for its handlers
	}
	c.last, c.unbegun = s, s.isInherited()
	return c.hooks
}

// leave ends the client's session, because Run is to return: in order, or, if that was asked for or is not possible, so
// that a successor can go on with the stream.
func (c *Client) leave(ctx context.Context, s *Session) error {
	switch {
	case s == nil || s.hasEnded():
		return nil
	case c.steward != nil:
		return s.detach()
	}
	s.end(ErrClosed)
	return nil
}

// abandon ends a session that will not be resumed.
func (c *Client) abandon(s *Session, why error) {
	if s != nil {
		s.end(why)
	}
	if !errors.Is(why, ErrTakenOver) {
		c.release()
	}
}

// release takes the stream out of the store, once what it had open was given back.
func (c *Client) release() {
	c.mu.Lock()
	s := c.last
	c.mu.Unlock()
	if s != nil && s.hasEnded() {
		<-s.balanced
	}
	c.steward.release()
}

// wasOnline reports whether there was ever a session: what has worked may fail for a while.
func (c *Client) wasOnline() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last != nil
}

// pause waits before the next attempt and reports whether there is to be one.
func (c *Client) pause(ctx context.Context, s *Session, err error, d time.Duration) bool {
	st := State{Kind: Offline, Err: err, Retry: d}
	if s != nil {
		st.Kind, st.Session = Suspended, s
	}
	c.opts.Logger.Info("xmpp: "+string(st.Kind), "account", c.addr, "err", err, "retry", d)
	c.become(st)
	t := time.NewTimer(d)
	defer t.Stop()
	var ended <-chan struct{}
	if s != nil {
		ended = s.Done()
	}
	select {
	case <-ctx.Done():
		return false
	case <-ended:
		return true
	case <-t.C:
		return true
	case <-c.wakes:
		return true
	}
}

// dial makes a connection, to go on with s where that is suspended. uri is where the server has sent us with its last word.
func (c *Client) dial(ctx context.Context, s *Session, uri string, left func()) (*link, error) {
	w := wanted{account: c.addr, keep: true, left: left, uri: uri}
	if c.steward != nil {
		w.ours = c.steward.look // the process may have been stopped, and replaced, since it began to connect
	}
	if s != nil {
		w.resume = s.resumption()
		// <resume/> acknowledges like an <a/>, so what it says must be saved before (XEP-0198 §5). This also keeps a process
		// that has been replaced from fighting its successor: it finds out before it connects.
		if err := c.steward.record(s); err != nil {
			return nil, err
		}
	}
	return dial(ctx, w, c.opts)
}

// attend puts the link to use and waits for its end. It returns the session when that is suspended, and a nil error
// when there is nothing more to do: the program closed the session.
func (c *Client) attend(ctx context.Context, s *Session, l *link) (suspended *Session, err error) {
	if s != nil && s.hasEnded() { // while the connection was made
		_, _ = l.conn.Write([]byte(stream.Close)) // to a server that may have gone
		l.part()
		return nil, s.Err()
	}
	if l.resumed != nil {
		switch err := s.attach(l, l.resumed.H); {
		case errors.Is(err, ErrClosed): // at this very moment
			<-s.Done()
			return nil, s.Err()
		case err != nil:
			return nil, err
		}
		if !s.isReady() { // another process began it
			c.introduce(ctx, s, c.registered())
		}
		c.become(State{Kind: Resumed, Session: s})
		return c.watch(ctx, s)
	}
	if s != nil {
		why := error(errNotResumed)
		if l.refused != nil {
			why = fmt.Errorf("%w: %w", errNotResumed, l.refused)
			s.giveUp(l.refused.H, l.refused.HasH, why)
		}
		s.end(why)
	}
	s = c.begin(ctx, l)
	if c.Online != nil && !s.hasEnded() {
		err := c.settle(s, func() error { return c.Online(ctx, s) })
		if err != nil && ctx.Err() == nil && !s.isEnding() {
			s.Close()
			return nil, &onlineError{err}
		}
	}
	return c.watch(ctx, s)
}

// registered returns the hooks that the session begins with which another process has begun. Who comes later begins by itself.
func (c *Client) registered() []*sessionHook {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unbegun = false
	return c.hooks
}

// begin makes a session of a link and starts it.
func (c *Client) begin(ctx context.Context, l *link) *Session {
	s := newSession(l, c.opts, &c.handlers, make(chan error, 1))
	hooks := c.own(s)
	_ = s.start() // a session that was closed in Setup has ended now, as one that is closed later
	c.introduce(ctx, s, hooks)
	if !s.hasEnded() {
		c.become(State{Kind: Online, Session: s})
	}
	return s
}

// watch waits until the session s is suspended, which it returns then, or ends.
func (c *Client) watch(ctx context.Context, s *Session) (suspended *Session, err error) {
	for {
		select {
		case <-s.Done():
			<-s.balanced
			return nil, s.Err()
		case err := <-s.keeper:
			return s, err
		case <-c.wakes:
			s.wakeUp()
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errDetached) {
				return s, nil // see leave
			}
			err := s.Close()
			c.release() // who is killed while that waits has not lost what is in the store
			return nil, err
		}
	}
}
