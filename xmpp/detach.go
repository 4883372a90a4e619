package xmpp

import (
	"context"
	"errors"
	"time"
)

// isDetached reports whether the stream was left to a successor.
func (s *Session) isDetached() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.detached
}

// detach leaves the stream as it is to whoever goes on with it: handlers that run are waited for, the state is saved, and
// the connection is cut without ending the stream.
func (s *Session) detach() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.opts.CloseTimeout)
	defer cancel()
	s.stopHanding()
	s.settleLane(ctx)
	s.mu.Lock()
	s.closing, s.detached = true, true
	l, suspended := s.link, s.suspended
	s.mu.Unlock()
	s.out.close(ErrClosed) // what is sent from now on is not in the state
	if !suspended {
		l.wire.Conn.Close()
	}
	<-l.gone
	_, err := s.steward.save(s)
	s.end(nil)
	return err
}

// settleLane waits until what was in the lane has been handed over or dropped.
func (s *Session) settleLane(ctx context.Context) {
	for {
		held, news := s.lane.held()
		if held == 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-news:
		}
	}
}

var errDetached = errors.New("xmpp: detached")

var errNoStore = errors.New("xmpp: Detach leaves the stream to a successor through Options.Store, and there is none")

// Detach makes Run leave the stream without ending it and return nil: another process (or this one, with a new Run) that
// has the same Options.Store goes on with it, as long as the server keeps it, which is some minutes as a rule. Handlers
// that are at work are waited for, up to Options.CloseTimeout. To the others on the network the account stays online.
// Detach returns at once when Run is not running, and else when Run has left; its error says that the state could not be
// saved: the stream is then lost when the server's patience ends.
func (c *Client) Detach(ctx context.Context) error {
	if c.steward == nil {
		return errNoStore
	}
	c.mu.Lock()
	if !c.running {
		c.mu.Unlock()
		return nil
	}
	if c.detach == nil {
		c.detach = &detachment{done: make(chan struct{})}
	}
	d := c.detach
	c.cancel(errDetached)
	c.mu.Unlock()
	select {
	case <-d.done:
		return d.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// A detachment is a Detach on its way to Run.
type detachment struct {
	done chan struct{}
	err  error
}

// Wake tells the client that its network may have changed, as a host knows that comes back from sleep or changes from one
// network to another: a client that waits before its next attempt to connect makes it at once, and one that is online asks
// the server for a sign of life and holds the connection to be dead when there is none within 10 seconds. It returns at
// once and may be called at any time.
func (c *Client) Wake() {
	select {
	case c.wakes <- struct{}{}:
	default: // one is on its way
	}
}

// urgentDead is how long a server may be silent after Wake, and after a resumption.
const urgentDead = 10 * time.Second

// wakeUp has the reader look at the connection now.
func (s *Session) wakeUp() {
	l := s.linked()
	s.mu.Lock()
	w := s.watch
	s.mu.Unlock()
	if w == nil {
		return
	}
	w.wakes.Add(1)
	s.lane.wake() // a reader that has paused
	l.in.look()
}
