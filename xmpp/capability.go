package xmpp

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
)

// What a capability (a package below this one) needs of its Endpoint beside sending, asking and handling: to begin anew with
// every session, to tell the sessions apart, and to keep what it knows. Programs seldom need it.

// A host is an Endpoint of this package, or one that embeds it.
type host interface {
	onSession(ctx context.Context, h *sessionHook) (remove func(), err error)
	options() *Options
	shared() *attic
	inUse(ctx context.Context) (*Session, error) // the session in use; a Client waits for one
}

// OnSession has begin called with every session of e: with the present one before OnSession returns, if there is one, and
// with each one that a Client makes later, before anything that it receives is handed over, before Client.Online, and
// before Client.Send and Do use it; what is registered first begins first. A stream that is resumed goes on with its
// session: begin is not called for it.
//
// begin may ask the server, through s alone; its ctx is OnSession's for the present session and Run's for later ones. If it
// fails for the present session, nothing is registered and OnSession returns the error; later it is logged and the session
// goes on. A connection that is lost while begin runs ends the session. The function that begin returns, which may be nil, is
// called once the session has ended and all that it had received was handed over, from a goroutine of its own; that may
// be after the next session has begun. So is one that a begin which has failed returns, where the session goes on or has
// ended with it: what was begun can be tidied up. remove ends it all, without a call.
//
// The error is that of begin, or says that e is neither a *Session nor a *Client nor a type that embeds one.
func OnSession(ctx context.Context, e Endpoint, begin func(ctx context.Context, s *Session) (end func(), err error)) (remove func(), err error) {
	h, ok := e.(host)
	if !ok {
		return nil, fmt.Errorf("xmpp: OnSession needs a *Session or a *Client, or a type that embeds one; this is a %T", e)
	}
	return h.onSession(ctx, &sessionHook{begin: begin})
}

// SessionFrom returns the session that has received the stanza for which a handler got ctx, nil for any other context. On a
// Client, what an earlier session had received may still be handed over when the next one has begun.
func SessionFrom(ctx context.Context) *Session { return sessionOf(ctx) }

// StoreOf returns the Options.Store of e; one that forgets with e if there is none. Values are those of one account: a key
// begins with the name of the package that keeps it.
func StoreOf(e Endpoint) Store {
	if h, ok := e.(host); ok {
		return h.options().Store
	}
	return newMemoryStore()
}

// LoggerOf returns the Options.Logger of e; a silent one if there is none. It's for what no caller can be told.
func LoggerOf(e Endpoint) *slog.Logger {
	if h, ok := e.(host); ok {
		return h.options().Logger
	}
	return slog.New(slog.DiscardHandler)
}

func (s *Session) options() *Options { return s.opts }
func (c *Client) options() *Options  { return c.opts }

func (s *Session) inUse(context.Context) (*Session, error)    { return s, nil }
func (c *Client) inUse(ctx context.Context) (*Session, error) { return c.Session(ctx) }

// A sessionHook is one registration of OnSession. Its address is its identity.
type sessionHook struct {
	begin func(ctx context.Context, s *Session) (end func(), err error)

	mu   sync.Mutex
	stop func() bool // takes back the call of end for the newest session
	over bool
}

// call begins with s. Whoever does not go on after an error calls remove.
func (h *sessionHook) call(ctx context.Context, s *Session) error {
	end, err := h.begin(ctx, s)
	if end == nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.over {
		h.stop = context.AfterFunc(s.life, end)
	}
	return err
}

func (h *sessionHook) remove() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
	if h.stop != nil {
		h.stop()
	}
}

func (s *Session) onSession(ctx context.Context, h *sessionHook) (remove func(), err error) {
	if err := h.call(ctx, s); err != nil {
		h.remove()
		return nil, err
	}
	return h.remove, nil
}

func (c *Client) onSession(ctx context.Context, h *sessionHook) (remove func(), err error) {
	c.mu.Lock()
	c.hooks = append(slices.Clip(c.hooks), h)
	s, unbegun := c.last, c.unbegun
	c.mu.Unlock()
	remove = func() {
		c.mu.Lock()
		c.hooks = slices.DeleteFunc(slices.Clone(c.hooks), func(other *sessionHook) bool { return other == h })
		c.mu.Unlock()
		h.remove()
	}
	if s == nil || unbegun || s.hasEnded() {
		return remove, nil
	}
	if err := h.call(ctx, s); err != nil && !s.isEnding() { // after its end, the next session is begun with
		remove()
		return nil, err
	}
	return remove, nil
}

// settle runs f, with which the session s begins. Nobody would resume its stream meanwhile: a connection that is lost
// ends the session, so that no call in f waits for ever.
func (c *Client) settle(s *Session, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case err := <-s.keeper:
		select {
		case result := <-done: // before, or at the same time: the session can be resumed
			s.keeper <- err // for watch
			return result
		default:
			s.end(err)
			return <-done
		}
	}
}

// isEnding reports whether the session has ended or is about to: its calls return before Done is closed, so that whoever asks
// why one has failed can't go by Done.
func (s *Session) isEnding() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended || s.leaving
}

// introduce lets the hooks begin with the session s, then lets it hand over what it has received.
func (c *Client) introduce(ctx context.Context, s *Session, hooks []*sessionHook) {
	defer close(s.ready)
	if len(hooks) == 0 {
		return
	}
	_ = c.settle(s, func() error {
		for _, h := range hooks {
			if err := h.call(ctx, s); err != nil && !s.isEnding() {
				c.opts.Logger.Warn("xmpp: a capability could not begin with the session", "jid", s.JID(), "err", err)
			}
		}
		return nil
	}) // its errors are logged
}
