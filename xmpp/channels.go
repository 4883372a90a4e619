package xmpp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/canto-im/canto/stanza"
)

// A subscription is the part of a channel that does not depend on what goes through it.
type subscription struct {
	end   chan struct{} // closed first: the sender lets go
	once  sync.Once
	mu    sync.Mutex // held while something is handed over, and to close
	over  bool
	left  bool          // the dispatcher of a lost session has let go of what it had in hand for the channel: see forsake
	aside chan struct{} // closed for that
	shut  func()        // closes the channel; mu is held
	undo  []func()      // removes the registrations
	stop  func() bool
	leave func(*subscription) // takes it out of its owner's table
}

// close ends the subscription and closes its channel. It may be called several times.
func (sub *subscription) close() {
	sub.once.Do(func() {
		close(sub.end)
		sub.mu.Lock()
		defer sub.mu.Unlock()
		sub.over = true
		for _, undo := range sub.undo {
			undo()
		}
		if sub.stop != nil {
			sub.stop()
		}
		sub.leave(sub)
		sub.shut()
	})
}

// pass hands v to whoever reads ch, and gives up when the subscription ends or given is closed.
func pass[T any](given <-chan struct{}, sub *subscription, ch chan<- T, v T) bool {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	if sub.over {
		return false
	}
	aside := sub.aside
	if isClosed(aside) {
		aside = nil // the dispatcher has let go already: see Session.feed
	}
	select {
	case ch <- v:
		return true
	case <-sub.end:
	case <-given:
	case <-aside:
		sub.left = true
	}
	return false
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// A channelHandler is what stands behind a channel. Its program may take as long as it likes.
type channelHandler struct {
	owner channelOwner
	sub   *subscription
	f     func(ctx context.Context, st stanza.Stanza) error
}

// HandleStanza calls f.
func (h channelHandler) HandleStanza(ctx context.Context, st stanza.Stanza) (any, error) {
	return nil, h.f(ctx, st)
}

// A channelOwner keeps the table of open channels: a Session or a Client.
type channelOwner interface {
	Handle(p Pattern, h Handler) (remove func())
	open(*subscription) bool // false: the owner has ended
	forget(*subscription)
}

// subscribe returns a channel of what comes in for the patterns, until ctx is done or the owner ends. receive is called
// with each stanza and a function that hands a value to the channel's reader; what it returns is the handler's answer.
func subscribe[T any](ctx context.Context, owner channelOwner, patterns []Pattern,
	receive func(ctx context.Context, st stanza.Stanza, hand func(T) bool) error) <-chan T {
	ch := make(chan T) // without a buffer: a stanza counts as taken when the program has it
	sub := &subscription{end: make(chan struct{}), aside: make(chan struct{}), shut: func() { close(ch) }, leave: owner.forget}
	panics := true
	defer func() {
		if panics { // since one of the patterns has a handler already: the others are not to keep theirs
			sub.close()
		}
	}()
	sub.mu.Lock()
	defer sub.mu.Unlock()
	if !owner.open(sub) {
		panics = false
		close(ch)
		return ch
	}
	h := channelHandler{owner, sub, func(hctx context.Context, st stanza.Stanza) error {
		given := sessionOf(hctx).given // not hctx: what a session had received is there to be taken after its end
		return receive(hctx, st, func(v T) bool { return pass(given, sub, ch, v) })
	}}
	for _, p := range patterns {
		sub.undo = append(sub.undo, owner.Handle(p, h))
	}
	sub.stop = context.AfterFunc(ctx, sub.close)
	panics = false
	return ch
}

func (s *Session) open(sub *subscription) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fed {
		return false
	}
	if s.channels == nil {
		s.channels = make(map[*subscription]struct{})
	}
	s.channels[sub] = struct{}{}
	return true
}

// closeChannels closes the session's own channels, and those that are opened from now on.
func (s *Session) closeChannels() {
	s.mu.Lock()
	s.fed = true
	subs := s.channels
	s.channels = nil
	s.mu.Unlock()
	for sub := range subs {
		sub.close()
	}
}

func (s *Session) forget(sub *subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.channels, sub)
}

// Messages returns a channel of the messages that arrive from now on, of the given types; without types, of every type
// but error. The channel closes when ctx is done, or after the session has ended and what it had received was taken.
// A message is shared with all who asked for it: do not change it.
//
// Nothing is dropped: as long as a message is not taken from the channel, what arrived after it waits, in the lane that
// Limits bounds, and so do the other handlers and channels. When the session is lost, they wait for no more than twice
// Options.CloseTimeout (see Handler); then each channel gets what is left by itself, and closes. A message that waits when ctx is
// done counts as handled (XEP-0198) if the session is not closed within Options.CloseTimeout, too.
func (s *Session) Messages(ctx context.Context, types ...stanza.MessageType) <-chan *stanza.Message {
	return messages(ctx, s, types)
}

// Presences returns a channel of the presence that arrives from now on, of the given types; without types, of every type
// but error. Everything said at Messages holds here too.
func (s *Session) Presences(ctx context.Context, types ...stanza.PresenceType) <-chan *stanza.Presence {
	return presences(ctx, s, types)
}

func messages(ctx context.Context, owner channelOwner, types []stanza.MessageType) <-chan *stanza.Message {
	return subscribe(ctx, owner, []Pattern{{Kind: stanza.KindMessage}},
		func(_ context.Context, st stanza.Stanza, hand func(*stanza.Message) bool) error {
			if m := st.(*stanza.Message); asked(messageType(m), stanza.MessageError, types) {
				return taken(hand(m))
			}
			return nil
		})
}

func presences(ctx context.Context, owner channelOwner, types []stanza.PresenceType) <-chan *stanza.Presence {
	return subscribe(ctx, owner, []Pattern{{Kind: stanza.KindPresence}},
		func(_ context.Context, st stanza.Stanza, hand func(*stanza.Presence) bool) error {
			if p := st.(*stanza.Presence); asked(p.Type, stanza.PresenceError, types) {
				return taken(hand(p))
			}
			return nil
		})
}

// Channel returns a channel of what f makes of the stanzas that match p, for a capability that has more to say of a stanza than
// what it is; where ok is false there is nothing to say. Its life is that of Messages, and so is all else that is said there: a stanza
// counts as handled, and is acknowledged to the server, when what was made of it was taken. f must not block, and is best a function of
// the stanza alone: for a lost session it may be called twice for one. p is of messages or of presence: Channel panics if it's not. For an e that is neither a *Session nor a *Client nor a type that embeds one, the channel is closed.
func Channel[T any](ctx context.Context, e Endpoint, p Pattern, f func(ctx context.Context, st stanza.Stanza) (v T, ok bool)) <-chan T {
	if p.answers() {
		panic(fmt.Sprintf("xmpp: a Channel of %v would answer requests: see Session.IQs", p))
	}
	owner, ok := e.(channelOwner)
	if !ok {
		ch := make(chan T)
		close(ch)
		return ch
	}
	return subscribe(ctx, owner, []Pattern{p}, func(ctx context.Context, st stanza.Stanza, hand func(T) bool) error {
		if v, ok := f(ctx, st); ok {
			return taken(hand(v))
		}
		return nil
	})
}

// errNotTaken is what the handler behind a channel returns for what the channel's reader did not take.
var errNotTaken = errors.New("xmpp: not taken from its channel")

func taken(ok bool) error {
	if ok {
		return nil
	}
	return errNotTaken
}

// asked reports whether a stanza of type t is wanted: one of types, or without types any but the error type.
func asked[T comparable](t, failure T, types []T) bool {
	if len(types) == 0 {
		return t != failure
	}
	return slices.Contains(types, t)
}

// messageType is the type of m, in which an absent one is normal (RFC 6121 §5.2.2).
func messageType(m *stanza.Message) stanza.MessageType { return cmp.Or(m.Type, stanza.Normal) }
