package xmpp

import (
	"context"
	"fmt"
	"time"
)

// A StateKind says what a Client is.
type StateKind string

// The kinds of state.
const (
	Offline   StateKind = "offline"   // no session; the client is waiting to connect, or connecting
	Online    StateKind = "online"    // a new session is bound
	Suspended StateKind = "suspended" // the connection is lost; the session waits to be resumed (XEP-0198)
	Resumed   StateKind = "resumed"   // the same session goes on, on a new connection
)

// A State is what a Client has come to.
type State struct {
	Kind    StateKind
	Session *Session      // the session; nil when Offline
	Err     error         // Offline, Suspended: why the last session, connection or attempt ended; nil at first
	Retry   time.Duration // Offline, Suspended: how long until the next attempt; 0 while one is under way
}

// String says it in a line.
func (s State) String() string {
	switch {
	case s.Kind == Online || s.Kind == Resumed:
		return string(s.Kind) + " as " + s.Session.JID().String()
	case s.Err != nil:
		return fmt.Sprintf("%s: %v; next attempt in %v", s.Kind, s.Err, s.Retry.Round(time.Millisecond))
	}
	return string(s.Kind)
}

// stateBacklog is how many states wait for a slow reader.
const stateBacklog = 32

// A watcher is one channel of states.
type watcher struct {
	ch chan State
}

// tell queues st; a reader that is 32 states behind misses the oldest.
func (w *watcher) tell(st State) {
	for {
		select {
		case w.ch <- st:
			return
		default:
		}
		select {
		case <-w.ch:
		default:
		}
	}
}

// State returns a channel of the client's states, beginning with the present one. It closes when ctx is done. A reader
// that falls more than 32 states behind misses the oldest.
func (c *Client) State(ctx context.Context) <-chan State {
	w := &watcher{ch: make(chan State, stateBacklog)}
	c.mu.Lock()
	defer c.mu.Unlock()
	w.tell(c.state)
	if c.watchers == nil {
		c.watchers = make(map[*watcher]struct{})
	}
	c.watchers[w] = struct{}{}
	context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.watchers, w)
		close(w.ch)
	})
	return w.ch
}

// become makes st the client's state and tells the watchers.
func (c *Client) become(st State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = st
	for w := range c.watchers {
		w.tell(st)
	}
	close(c.changed)
	c.changed = make(chan struct{})
}
