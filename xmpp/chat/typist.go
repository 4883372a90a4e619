package chat

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
)

// TypistOptions say when a Typist changes by itself. Nil and zero fields mean the defaults, which XEP-0085 §2 suggests.
type TypistOptions struct {
	Paused   time.Duration // after Typing was called last; 0: 30 seconds
	Inactive time.Duration // after anything was called; 0: 2 minutes
	Gone     time.Duration // after anything was called, but not in rooms; 0: 10 minutes; negative: never
}

// A Typist tells the other side of one chat what our user is doing there, and knows what the other side is doing (XEP-0085). It keeps
// the rules of §5: nothing is sent to who does not know states, nothing twice in a row, no Gone in rooms. A program that makes none
// sends no states, which its user must be able to have (§5.2). Its methods may be called from several goroutines and in handlers.
type Typist struct {
	e    xmpp.Endpoint
	to   jid.JID
	kind stanza.MessageType
	o    TypistOptions
	undo func()

	mu     sync.Mutex // protects what follows
	own    State      // what we have told last
	since  time.Time  // when that was
	timer  *time.Timer
	over   bool
	knows  knows
	thread string // of what was said last
	ended  string // the thread that the other side has left
	peer   State
	heard  time.Time
}

// knows is whether the other side knows states.
type knows uint8

const (
	unknown knows = iota
	yes
	no
)

// NewTypist returns the Typist of a chat with to, of the type stanza.Chat or stanza.GroupChat, and declares that we know states. Close
// ends it.
func NewTypist(e xmpp.Endpoint, to jid.JID, kind stanza.MessageType, o *TypistOptions) *Typist {
	t := &Typist{e: e, to: to, kind: kind, undo: disco.Of(e).Declare(ns.ChatStates)}
	if o != nil {
		t.o = *o
	}
	t.o.Paused = cmp.Or(t.o.Paused, 30*time.Second)
	t.o.Inactive = cmp.Or(t.o.Inactive, 2*time.Minute)
	t.o.Gone = cmp.Or(t.o.Gone, 10*time.Minute)
	if kind == stanza.GroupChat {
		t.knows = yes // XEP-0085 §5.5: whoever else knows them
		t.o.Gone = -1 // and nobody is gone
	}
	t.timer = time.AfterFunc(time.Hour, t.tick)
	t.timer.Stop()
	return t
}

// Typing says that the user is writing: to be called at each key, if that's easier.
func (t *Typist) Typing(ctx context.Context) error { return t.becomes(ctx, Composing) }

// Looking says that the user pays attention to the chat, with what was being written given up.
func (t *Typist) Looking(ctx context.Context) error { return t.becomes(ctx, Active) }

// Leave says that the user has left the chat: Gone, in a room Inactive.
func (t *Typist) Leave(ctx context.Context) error {
	if t.kind == stanza.GroupChat {
		return t.becomes(ctx, Inactive) // XEP-0085 §5.5
	}
	return t.becomes(ctx, Gone)
}

// becomes notes what the user does, and tells it.
func (t *Typist) becomes(ctx context.Context, s State) error {
	t.mu.Lock()
	t.since = time.Now()
	m := t.tell(s)
	t.plan()
	t.mu.Unlock()
	if m == nil {
		return nil
	}
	return t.e.Send(ctx, m)
}

// tell returns the message that says s, nil where it's not to be said. mu is held.
func (t *Typist) tell(s State) *stanza.Message {
	if t.over || s == t.own || t.own == "" && s != Composing || !t.peerKnows() {
		// XEP-0085 §5.3: not a second time in a row. Who has said nothing is none who has stopped.
		return nil
	}
	t.own = s
	// XEP-0085 §5.6: nothing else is in it but the thread.
	return &stanza.Message{To: t.to, Type: t.kind, Thread: t.thread, Payloads: []stanza.Element{stanza.Payload(s)}}
}

// peerKnows reports whether the other side knows states: because it has sent one, or because its presence says so (XEP-0085 §5.1). mu is held.
func (t *Typist) peerKnows() bool {
	if t.knows == unknown {
		if info := disco.Of(t.e).Known(t.to); info != nil {
			return info.Has(ns.ChatStates)
		}
	}
	return t.knows == yes
}

// plan sets the timer for the next change that comes by itself. mu is held.
func (t *Typist) plan() {
	t.timer.Stop()
	if after, _ := t.next(); after > 0 && !t.over {
		t.timer.Reset(max(time.Nanosecond, time.Until(t.since.Add(after))))
	}
}

// next is the state that comes by itself, and how long after the user has done something; 0: none. mu is held.
func (t *Typist) next() (after time.Duration, s State) {
	switch {
	case t.own == Composing:
		return t.o.Paused, Paused
	case t.own == Active || t.own == Paused:
		return t.o.Inactive, Inactive
	case t.own == Inactive && t.o.Gone > 0:
		return t.o.Gone, Gone
	}
	return 0, ""
}

// tickTimeout bounds what the timer sends.
const tickTimeout = time.Minute

// tick makes the change that has come by itself, unless something was called meanwhile.
func (t *Typist) tick() {
	t.mu.Lock()
	var m *stanza.Message
	if after, s := t.next(); after > 0 && time.Since(t.since) >= after {
		m = t.tell(s)
	}
	t.plan()
	t.mu.Unlock()
	if m == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), tickTimeout)
	defer cancel()
	if err := t.e.Send(ctx, m); err != nil {
		xmpp.LoggerOf(t.e).Debug("chat: a state could not be told", "to", t.to, "err", err)
	}
}

// Sending completes m, which is about to be sent to the other side: with Active (XEP-0085 §5.1, §5.3), unless the other side is known not
// to know that, and with a new thread where the other side has left that of m (§5.7). The payloads of m are not changed in place.
func (t *Typist) Sending(m *stanza.Message) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if m.Thread != "" && m.Thread == t.ended {
		m.Thread = stanza.NewID()
	}
	t.thread, t.since = m.Thread, time.Now()
	if t.knows == no || t.over {
		return
	}
	if _, has := StateOf(m); !has {
		m.Payloads = append(slices.Clip(m.Payloads), stanza.Payload(Active))
	}
	t.own = Active
	t.plan()
}

// Heard notes a message of the other side.
func (t *Typist) Heard(m *stanza.Message) {
	if m.Type != t.kind && !(t.kind == stanza.Chat && m.Type == stanza.Normal) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s, told := StateOf(m)
	switch {
	case delayed(m): // that is what they were doing
	case told:
		t.peer, t.heard = s, time.Now()
	case isContent(m):
		t.peer, t.heard = Active, time.Now()
	}
	if t.kind == stanza.GroupChat {
		return
	}
	switch {
	case told:
		t.knows = yes
	case m.Body != "":
		t.knows = no // XEP-0085 §5.1 rule 2
	}
	if m.Thread != "" {
		t.thread = m.Thread
	}
	if s == Gone {
		t.ended, t.thread = t.thread, ""
	}
}

// Peer returns what the other side is doing, as far as it has told, and since when; "" before it has. It may never say more: it can
// have gone offline meanwhile (XEP-0085 §8). In a room it's what was heard last, of whomever.
func (t *Typist) Peer() (s State, since time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.peer, t.heard
}

// Close ends it: nothing is sent any more.
func (t *Typist) Close() {
	t.mu.Lock()
	over := t.over
	t.over = true
	t.timer.Stop()
	t.mu.Unlock()
	if !over {
		t.undo()
	}
}
