package bosh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptrace"
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
func (c *conn) repeat(before uint64) {
	for rid, f := range c.flying {
		if rid < before && f.again != nil {
			f.again(errGivenUp)
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
		if c.verdict == nil || c.verdict.why == ItemNotFound { // which is all that requests are told behind the end
			c.verdict = a
		}
	}
	c.book.answer(time.Now(), f.rid, a)
	if lost := c.flying[a.missing]; lost != nil && lost.again != nil && a.missing < f.rid {
		lost.again(errGivenUp) // XEP-0124 §9.2: the server has answered it long ago
	}
	c.step()
	c.handOver()
}

// ask makes a request until there is an answer to it.
//
// XEP-0124 §14.3: an exact copy of it; the server has kept its response.
func (c *conn) ask(f *flight) (*body, error) {
	for failures := 0; ; {
		a, err := c.attempt(f)
		if err == nil && a.again {
			err = errRepeat
		}
		if err == nil {
			return a, nil
		}
		if err := c.hopeless(f, err); err != nil {
			return nil, err
		}
		if errors.Is(err, errGivenUp) { // for no fault of its own
			continue
		}
		if err := c.pause(failures); err != nil {
			return nil, err
		}
		failures++
	}
}

// attempt makes a request once. Its error is errGivenUp where it was to be made again.
func (c *conn) attempt(f *flight) (*body, error) {
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { c.written(f) }})
	c.mu.Lock()
	f.again = cancel
	c.mu.Unlock()
	a, err := c.post(traced, f.request)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.again = nil; err == nil && !a.again {
		c.trouble = time.Time{}
	}
	return a, err
}

// written notes that a request has gone out.
func (c *conn) written(f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.book.written(time.Now(), f.rid, len(f.xml))
	c.step()
}

// pause waits after a failed attempt, the first time not at all.
func (c *conn) pause(failures int) error {
	if failures == 0 {
		return nil
	}
	t := time.NewTimer(min(firstPause<<min(failures-1, 8), longestPause))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
}

const (
	firstPause   = 250 * time.Millisecond
	longestPause = 4 * time.Second
)

// hopeless returns an error where a request that has failed with err is of no use any more.
func (c *conn) hopeless(f *flight, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
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
		c.repeat(f.rid)
	}
	return nil
}
