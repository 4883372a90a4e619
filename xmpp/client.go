package xmpp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"sync"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/stanza"
)

// A Client keeps an account online: Run connects, and connects again whenever the session is lost. Its handlers and
// channels outlive its sessions. Its methods may be called from several goroutines.
type Client struct {
	// Online is called with each new session, after its handlers may run: the place for initial presence (RFC 6121
	// §4.2) and whatever the program does at a login. ctx is Run's. An error ends Run with that error, unless the
	// session has ended meanwhile: then Run connects again. It must not be changed after Run was called.
	Online func(ctx context.Context, s *Session) error

	addr     jid.JID
	opts     *Options
	handlers mux

	mu       sync.Mutex // protects what follows
	running  bool
	state    State
	changed  chan struct{} // closed when state changes
	watchers map[*watcher]struct{}
	channels map[*subscription]struct{}
	last     *Session // the newest session, online or not
}

// NewClient returns a client for the account addr; it connects once Run is called. A nil o means the defaults. See Dial
// for the meaning of addr.
func NewClient(addr jid.JID, o *Options) *Client {
	c := &Client{addr: addr, opts: o.withDefaults(), state: State{Kind: Offline}, changed: make(chan struct{})}
	// RFC 6120 §3.3: TLS session resumption makes reconnecting cheap for both sides.
	cfg := &tls.Config{}
	if c.opts.TLS != nil {
		cfg = c.opts.TLS.Clone()
	}
	if cfg.ClientSessionCache == nil {
		cfg.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	}
	c.opts.TLS = cfg
	return c
}

var errRunning = errors.New("xmpp: Run is running already")

// Run keeps the client online until ctx is done: then it closes the session in order and returns nil. It also returns,
// with the cause, when to go on would be of no use: the password is wrong, the account was taken over (conflict), the
// server refuses us for a reason of policy, the certificate is wrong on the very first connection, or Online failed. Any
// other loss is followed by a new attempt after a growing delay (at most a minute). Run returns nil after the session
// was closed by its own program, too.
//
// Handlers and channels of a lost session get what it had received before they get anything of the next one.
func (c *Client) Run(ctx context.Context) error {
	c.mu.Lock()
	if c.running {
		c.mu.Unlock()
		return errRunning
	}
	c.running = true
	c.mu.Unlock()
	err := c.run(ctx)
	c.mu.Lock()
	c.running = false
	c.become(State{Kind: Offline, Err: err})
	subs := c.channels
	c.channels = nil
	c.mu.Unlock()
	for sub := range subs {
		sub.close()
	}
	return err
}

func (c *Client) run(ctx context.Context) error {
	var wait backoff
	proven := false // a session was had: what works may fail for a while
	for {
		began := time.Now()
		s, err := c.connect(ctx)
		if err == nil {
			proven = true
			began = time.Now()
			err = c.attend(ctx, s)
		}
		if ctx.Err() != nil || err == nil {
			return nil
		}
		if permanent(err, proven) {
			return err
		}
		wait.lasted(time.Since(began))
		if !c.pause(ctx, err, wait.next()) {
			return nil
		}
	}
}

// pause waits before the next attempt and reports whether there is to be one.
func (c *Client) pause(ctx context.Context, err error, d time.Duration) bool {
	c.opts.Logger.Info("xmpp: offline", "account", c.addr, "err", err, "retry", d)
	c.mu.Lock()
	c.become(State{Kind: Offline, Err: err, Retry: d})
	c.mu.Unlock()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// connect makes a session and starts it.
func (c *Client) connect(ctx context.Context) (*Session, error) {
	l, err := dial(ctx, c.addr, c.opts)
	if err != nil {
		return nil, err
	}
	s := newSession(l, c.opts, &c.handlers)
	c.mu.Lock()
	if c.last != nil {
		s.after = c.last.handed
	}
	c.last = s
	c.mu.Unlock()
	s.start()
	c.mu.Lock()
	c.become(State{Kind: Online, Session: s})
	c.mu.Unlock()
	return s, nil
}

// attend runs Online and waits for the end of the session. It returns nil when the program closed it.
func (c *Client) attend(ctx context.Context, s *Session) error {
	if c.Online != nil {
		if err := c.Online(ctx, s); err != nil {
			select {
			case <-s.Done():
				return s.Err()
			default:
			}
			if ctx.Err() == nil {
				s.Close()
				return &onlineError{err}
			}
		}
	}
	select {
	case <-s.Done():
		return s.Err()
	case <-ctx.Done():
		return s.Close()
	}
}

// An onlineError is an error of the program's own Online function.
type onlineError struct{ err error }

func (e *onlineError) Error() string { return "xmpp: Online failed: " + e.err.Error() }
func (e *onlineError) Unwrap() error { return e.err }

// permanent reports whether to connect again would be of no use. proven says that this client was online before.
func permanent(err error, proven bool) bool {
	var online *onlineError
	var failure *sasl.Error
	var exchange *sasl.ExchangeError
	var dial *DialError
	switch {
	case errors.As(err, &online), errors.Is(err, ErrSlowConsumer):
		return true
	case errors.As(err, &failure): // RFC 6120 §6.5: all but one speak of the account, not of the moment
		return failure.Condition != sasl.TemporaryAuthFailure && failure.Condition != sasl.Aborted
	case errors.As(err, &exchange): // the server, or somebody in between, does not know the password or cheats
		return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
	case errors.Is(err, Conflict), errors.Is(err, PolicyViolation), errors.Is(err, NotAuthorized), errors.Is(err, HostUnknown):
		return true
	case errors.Is(err, errNoMechanism), errors.Is(err, errNoAccount), errors.Is(err, errNoLocalpart), errors.Is(err, errInsecureConfig):
		return true
	case errors.As(err, &dial) && !proven:
		return dial.Step == StepTLS && (isCertificate(err) || errors.Is(err, errNoStartTLS))
	}
	return false
}

// isCertificate reports whether err is a certificate that failed verification.
func isCertificate(err error) bool {
	var cert *tls.CertificateVerificationError
	var host x509.HostnameError
	return errors.As(err, &cert) || errors.As(err, &host)
}

// JID returns the full JID of the newest session; before there is one, the address that the client was made for.
func (c *Client) JID() jid.JID {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != nil {
		return c.last.JID()
	}
	return c.addr
}

// session returns the session that is online, waiting for one until ctx is done.
func (c *Client) session(ctx context.Context) (*Session, error) {
	for {
		c.mu.Lock()
		s, changed := c.state.Session, c.changed
		c.mu.Unlock()
		if s != nil {
			select {
			case <-s.Done():
			default:
				return s, nil
			}
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-changed:
		}
	}
}

// Send hands st to the session that is online; while there is none, it waits until ctx is done. See Session.Send for what
// nil says: not that st has arrived.
func (c *Client) Send(ctx context.Context, st stanza.Stanza) error {
	for {
		s, err := c.session(ctx)
		if err != nil {
			return err
		}
		err = s.Send(ctx, st)
		select {
		case <-s.Done():
			if err != nil && ctx.Err() == nil {
				continue // nothing of it was sent: the next session will do
			}
		default:
		}
		return err
	}
}

// Do sends the request iq in the session that is online and returns its answer; while there is none, it waits until ctx
// is done. When the session ends before the answer is there, Do returns the cause: the request may have been carried
// out. See Session.Do.
func (c *Client) Do(ctx context.Context, iq *stanza.IQ) (*stanza.IQ, error) {
	s, err := c.session(ctx)
	if err != nil {
		return nil, err
	}
	return s.Do(ctx, iq)
}

// Handle registers h for the stanzas of every session that match p; see Endpoint and Handler.
func (c *Client) Handle(p Pattern, h Handler) (remove func()) { return c.handlers.handle(p, h) }

// Messages returns a channel of the messages that arrive in any session from now on; see Session.Messages. It closes when
// ctx is done or Run returns.
func (c *Client) Messages(ctx context.Context, types ...stanza.MessageType) <-chan *stanza.Message {
	return messages(ctx, c, types)
}

// Presences returns a channel of the presence that arrives in any session from now on; see Session.Presences. It closes
// when ctx is done or Run returns.
func (c *Client) Presences(ctx context.Context, types ...stanza.PresenceType) <-chan *stanza.Presence {
	return presences(ctx, c, types)
}

func (c *Client) open(sub *subscription) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.channels == nil {
		c.channels = make(map[*subscription]struct{})
	}
	c.channels[sub] = struct{}{}
	return true
}

func (c *Client) forget(sub *subscription) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.channels, sub)
}
