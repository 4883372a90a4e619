package xmpp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"sync"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/stanza"
)

// A Client keeps an account online: Run connects, and connects again whenever the session is lost. Its handlers and
// channels outlive its sessions. Its methods may be called from several goroutines.
//
// Before Run is called for the first time, Send, Deliver, Do and Session wait for it, and channels may be opened. Once it has
// returned, they return its cause at once, and channels are closed, until it's called again.
type Client struct {
	// Online is called with each new session, after its handlers may run: the place for initial presence (RFC 6121
	// §4.2) and whatever the program does at a login. ctx is Run's. An error ends Run with that error, unless the
	// session has ended meanwhile: then Run connects again. It must not be changed after Run was called.
	Online func(ctx context.Context, s *Session) error

	addr     jid.JID
	opts     *Options
	handlers mux
	attic    attic
	steward  *steward // keeps the stream in Options.Store; nil: there is none
	recent   *recent
	wakes    chan struct{} // of Wake

	mu       sync.Mutex // protects what follows
	running  bool
	over     error // Run has returned: what calls return until it's called again; nil: it has not
	state    State
	detach   *detachment             // what Detach waits for; nil: Run is not to leave
	cancel   context.CancelCauseFunc // of Run
	changed  chan struct{}           // closed when state changes
	watchers map[*watcher]struct{}
	channels map[*subscription]struct{}
	last     *Session       // the newest session, online or not
	hooks    []*sessionHook // replaced, never changed in place
	unbegun  bool           // last is another process's and not resumed yet: its hooks begin with it when it is
}

// NewClient returns a client for the account addr; it connects once Run is called. A nil o means the defaults. See Dial
// for the meaning of addr.
func NewClient(addr jid.JID, o *Options) *Client {
	c := &Client{addr: addr, opts: o.withDefaults(), state: State{Kind: Offline}, changed: make(chan struct{}), wakes: make(chan struct{}, 1)}
	if !c.opts.Role.IsComponent() { // whose streams can't be resumed, and whose server repeats nothing
		c.recent = newRecent()
		if o != nil && o.Store != nil {
			c.steward = newSteward(o.Store, addr.String())
		}
	}
	// RFC 6120 §3.3: TLS session resumption makes reconnecting cheap for both sides.
	cfg := &tls.Config{}
	if c.opts.TLS != nil {
		cfg = c.opts.TLS.Clone()
	}
	c.opts.remembers = true
	if cfg.ClientSessionCache == nil {
		cfg.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	}
	c.opts.TLS = cfg
	return c
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
	var tasks *sasl.TasksError
	var refusal *refusal
	switch {
	case errors.As(err, &refusal):
		return !refusal.passes(proven)
	case errors.As(err, &online), errors.Is(err, ErrSlowConsumer), errors.Is(err, ErrTakenOver), errors.As(err, &tasks):
		return true
	case errors.Is(err, sasl.TemporaryAuthFailure), errors.Is(err, sasl.Aborted): // RFC 6120 §6.5: of the moment
		return false
	case errors.As(err, &failure): // RFC 6120 §6.5: the others speak of the account
		return true
	case errors.As(err, &exchange): // the server, or somebody in between, does not know the password or cheats
		var reason sasl.Reason
		var said sasl.ServerError
		return errors.As(exchange.Reason, &reason) || errors.As(exchange.Reason, &said)
	case errors.Is(err, Conflict), errors.Is(err, PolicyViolation), errors.Is(err, NotAuthorized), errors.Is(err, HostUnknown):
		return true
	case errors.Is(err, errNoMechanism), errors.Is(err, errNoService), errors.Is(err, errNoAccount), errors.Is(err, errNoLocalpart), errors.Is(err, errNoHostPort), errors.Is(err, errInsecureConfig):
		return true
	case errors.As(err, &dial) && !proven:
		return dial.Step == StepTLS && (isCertificate(err) || errors.Is(err, errNoStartTLS) || errors.Is(err, errPlaintextOnly) || errors.Is(err, errPlainCarrier))
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

// Session returns the session that is online or suspended, for what a Client has no method of its own: Features, say. While
// there is none, it waits until ctx is done or Run returns. The session may end at any time; the next one is another.
func (c *Client) Session(ctx context.Context) (*Session, error) {
	for {
		c.mu.Lock()
		s, changed, over := c.state.Session, c.changed, c.over
		c.mu.Unlock()
		switch {
		case s != nil && !s.hasEnded():
			return s, nil
		case over != nil:
			return nil, over
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-changed:
		}
	}
}

// try calls f with the session, and again with the next one when f failed because that had ended: nothing was sent then.
func (c *Client) try(ctx context.Context, f func(s *Session) error) error {
	for {
		s, err := c.Session(ctx)
		if err != nil {
			return err
		}
		if err = f(s); err == nil || ctx.Err() != nil || errors.Is(err, ErrUnknownDelivery) || !s.isEnding() {
			return err
		}
		select { // its calls have returned; it may still be saying why
		case <-s.Done():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Send hands st to the session that is online; while there is none, it waits until ctx is done or Run returns. While the
// session is suspended (its stream is managed and its connection lost), st is kept and sent when it's resumed, and Send
// waits when too much is kept. See Session.Send for what nil says: not that st has arrived. What can't be sent after all
// goes to Options.Undelivered where the stream is managed.
func (c *Client) Send(ctx context.Context, st stanza.Stanza) error {
	return c.try(ctx, func(s *Session) error { return s.Send(ctx, st) })
}

// Deliver is Send that returns once the server has taken responsibility for st, over as many connections as that takes.
// See Session.Deliver for its errors.
func (c *Client) Deliver(ctx context.Context, st stanza.Stanza) error {
	return c.try(ctx, func(s *Session) error { return s.Deliver(ctx, st) })
}

// Do sends the request iq in the session that is online and returns its answer; while there is none, it waits until ctx
// is done or Run returns. It goes on waiting while the session is suspended and resumed. When the session ends before the answer is
// there, Do returns the cause: the request may have been carried out. See Session.Do.
func (c *Client) Do(ctx context.Context, iq *stanza.IQ) (*stanza.IQ, error) {
	s, err := c.Session(ctx)
	if err != nil {
		return nil, err
	}
	return s.Do(ctx, iq)
}

// Handle registers h for the stanzas of every session that match p; see Endpoint and Handler.
func (c *Client) Handle(p Pattern, h Handler) (remove func()) { return c.handlers.handle(p, h) }

// Messages returns a channel of the messages that arrive in any session from now on; see Session.Messages. It closes when
// ctx is done or Run returns; one that is opened after that, when Run isn't running, is closed.
func (c *Client) Messages(ctx context.Context, types ...stanza.MessageType) <-chan *stanza.Message {
	return messages(ctx, c, types)
}

// Presences returns a channel of the presence that arrives in any session from now on; see Session.Presences. It closes
// when ctx is done or Run returns; one that is opened after that, when Run isn't running, is closed.
func (c *Client) Presences(ctx context.Context, types ...stanza.PresenceType) <-chan *stanza.Presence {
	return presences(ctx, c, types)
}

func (c *Client) open(sub *subscription) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over != nil {
		return false
	}
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
