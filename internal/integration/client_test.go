package integration

import (
	"context"
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
)

// A running client.
type running struct {
	*xmpp.Client
	online chan *xmpp.Session // each session, when it has begun
	done   chan error         // what Run has returned
	stop   context.CancelFunc
}

// keep runs c until stop, or for as long as patience lasts.
func keep(t *testing.T, c *xmpp.Client) *running {
	t.Helper()
	r := &running{Client: c, online: make(chan *xmpp.Session, 16), done: make(chan error, 1)}
	before := c.Online
	c.Online = func(ctx context.Context, s *xmpp.Session) error {
		if before != nil {
			if err := before(ctx, s); err != nil {
				return err
			}
		}
		r.online <- s
		return nil
	}
	r.run(t)
	return r
}

// run runs the client, which is not running at the time.
func (r *running) run(t *testing.T) {
	var ctx context.Context
	ctx, r.stop = context.WithCancel(within(t))
	go func() { r.done <- r.Run(ctx) }()
}

// end stops it, which is no error.
func (r *running) end(t *testing.T) {
	t.Helper()
	r.stop()
	assert.NoError(t, next(t, r.done))
}

// available is what a client does first that wants to be seen.
func available(ctx context.Context, s *xmpp.Session) error { return s.Send(ctx, &stanza.Presence{}) }
