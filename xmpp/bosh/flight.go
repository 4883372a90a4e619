package bosh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// A flight is a request under way. It has a goroutine of its own, which makes it as often as it takes to get an answer.
type flight struct {
	request
	again context.CancelCauseFunc // gives up the present attempt; nil: there is none
}

// launch makes a request. mu is held.
func (c *conn) launch(r request) {
	f := &flight{request: r}
	c.flying[r.rid] = f
	go c.fly(f)
}

// repeat gives up the attempts at the requests before rid, so that they are made again. mu is held.
func (c *conn) repeat(before uint64, why error) {
	for rid, f := range c.flying {
		if rid < before && f.again != nil {
			f.again(why)
		}
	}
}

// fly is the goroutine of a request.
func (c *conn) fly(f *flight) {
	a, err := c.ask(f)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flying, f.rid)
	if f.kind == forTheEnd {
		c.left = true
		c.changed.Broadcast()
	}
	switch {
	case c.why != nil:
	case err != nil && c.left: // it's over, one way or the other
		c.end(fmt.Errorf("%w: %w", io.ErrUnexpectedEOF, err))
	case err != nil:
		c.end(err)
	default:
		c.arrived(f, a)
	}
	if c.why != nil {
		c.end(c.why) // this may have been the last
	}
}

// arrived takes an answer. mu is held, see handOver.
func (c *conn) arrived(f *flight, a *body) {
	a.end = a.end || f.kind == forTheEnd // XEP-0124 §13: whatever it says
	if a.end {
		c.book.over = true
		if c.verdict == nil {
			c.verdict = a
		}
	}
	c.book.answer(time.Now(), f.rid, a)
	if lost := c.flying[a.missing]; lost != nil && lost.again != nil && a.missing < f.rid {
		lost.again(errStalled) // XEP-0124 §9.2: the server has answered it long ago
	}
	c.step()
	c.handOver()
}

// ask makes a request until there is an answer to it.
//
// XEP-0124 §14.3: an exact copy of it; the server has kept its response.
func (c *conn) ask(f *flight) (*body, error) {
	for try := 0; ; try++ {
		ctx, cancel := context.WithCancelCause(c.ctx)
		c.mu.Lock()
		f.again = cancel
		c.mu.Unlock()
		a, err := c.post(ctx, f.request)
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		cancel(nil)
		if err == nil && a.again {
			err = errRepeat
		}
		if err == nil {
			c.mu.Lock()
			f.again, c.trouble = nil, time.Time{}
			c.mu.Unlock()
			return a, nil
		}
		if err := c.another(f, try, err); err != nil {
			return nil, err
		}
	}
}

// another waits until a request may be made again that has failed with err. It returns an error where that's of no use.
func (c *conn) another(f *flight, try int, err error) error {
	if err := c.hopeless(f, err); err != nil || try == 0 {
		return err
	}
	t := time.NewTimer(min(time.Second<<min(try-1, 4)/4, 4*time.Second))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
}

// hopeless returns an error where a request that has failed with err is of no use any more.
func (c *conn) hopeless(f *flight, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.again = nil
	now := time.Now()
	if c.trouble.IsZero() {
		c.trouble = now
	}
	switch {
	case c.why != nil:
		return c.why
	case !isLoss(err), now.Sub(c.trouble) >= c.patience:
		return err
	case errors.Is(err, errRepeat): // XEP-0124 §17.3: and all before it
		c.repeat(f.rid, err)
	}
	return nil
}
