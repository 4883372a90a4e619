package xmpp_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// TestWakeWhilePaused: a reader that waits for a handler when Wake is called looks at the connection as soon as it may, and at the
// latest when it next notes that it waits.
func TestWakeWhilePaused(t *testing.T) {
	for name, c := range map[string]struct{ returns, patience time.Duration }{
		"the handler returns": {time.Second, 12 * time.Second}, // and 10 s
		"it does not":         {time.Hour, 21 * time.Second},   // pauseNote, and 10 s
	} {
		t.Run(name, func(t *testing.T) {
			perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
				o := srv.Options("alice")
				o.Keepalive, o.DeadAfter = time.Hour, 10*time.Minute
				o.Limits.LaneSoft = 1000
				release := make(chan struct{})
				a := enterWith(t, srv, "alice", o)
				xmpp.OnMessage(a, func(context.Context, *stanza.Message) error { <-release; return nil })
				say(t, srv, "1", "2", "3")
				synctest.Wait()
				elapse(time.Minute)
				srv.Freeze()
				before := time.Now()
				a.Wake()
				go func() {
					elapse(c.returns)
					close(release)
				}()
				a.become(xmpp.Suspended)
				require.LessOrEqual(t, time.Since(before), c.patience)
				srv.DropConns()
				srv.Thaw()
				a.become(xmpp.Resumed)
				elapse(time.Hour)
			})
		})
	}
}
