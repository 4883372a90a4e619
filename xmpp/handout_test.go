package xmpp_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

const replaced = "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"

// Promise 1: what had come before the end of the last session goes to a Client's channels, too, and then they close; also where Run
// ends because of it.
func TestClientHandsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		c := xmpp.NewClient(juliet, f.options())
		inbox := c.Messages(t.Context())
		r := run(t, c)
		p := <-f.peers
		p.say(chatOf("1") + chatOf("2") + chatOf("3") + replaced)
		p.conn.Close()
		synctest.Wait()
		for _, body := range []string{"1", "2", "3"} {
			elapse(time.Second)
			require.Equal(t, body, (<-inbox).Body)
		}
		_, ok := <-inbox
		require.False(t, ok)
		require.ErrorIs(t, <-r.err, xmpp.Conflict)
	})
}

// A program that reads no more, or handlers that don't return, hold up Run's end for twice CloseTimeout, and not at all when Run's
// context ends.
func TestClientHandsOutForAWhile(t *testing.T) {
	for _, patience := range []time.Duration{time.Minute, 7 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			f := newField(t)
			o := f.options()
			o.CloseTimeout = 5 * time.Second
			c := xmpp.NewClient(juliet, o)
			hang := make(chan struct{})
			defer close(hang)
			xmpp.OnMessage(c, func(context.Context, *stanza.Message) error { <-hang; return nil })
			r := run(t, c)
			p := <-f.peers
			synctest.Wait()
			start := time.Now()
			p.say(chatOf("1") + replaced)
			p.conn.Close()
			time.AfterFunc(patience, r.stop)
			require.Error(t, <-r.err)
			require.LessOrEqual(t, time.Since(start), min(patience, 16*time.Second))
			require.GreaterOrEqual(t, time.Since(start), min(patience, 10*time.Second))
		})
	}
}
