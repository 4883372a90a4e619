package xmpp_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// TestWakeWhilePaused: a reader that waits for a handler when Wake is called looks at the connection at once.
// What it finds unread was sent before, and is no sign of a connection.
func TestWakeWhilePaused(t *testing.T) {
	for name, c := range map[string]struct {
		returns time.Duration
		unread  int
	}{
		"the handler returns":             {time.Second, 0},
		"it does not":                     {time.Hour, 0},
		"much is unread, and it returns":  {time.Second, 100},
		"much is unread, and it does not": {time.Hour, 100},
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
				say(t, srv, slices.Repeat([]string{strings.Repeat("long ", 200)}, c.unread)...)
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
				require.LessOrEqual(t, time.Since(before), 11*time.Second)
				srv.DropConns()
				srv.Thaw()
				a.become(xmpp.Resumed)
				elapse(time.Hour)
			})
		})
	}
}

// TestWakeEnds: the answer to what Wake had asked ends the haste, with stream management and without: from then on the server may be
// silent for DeadAfter again. The next Wake asks again.
func TestWakeEnds(t *testing.T) {
	for name, features := range map[string]xmpptest.Options{
		"acknowledgement": {},
		"ping":            {Without: []string{"sm"}},
	} {
		t.Run(name, func(t *testing.T) {
			perform(t, features, func(t *testing.T, srv *xmpptest.Server) {
				o := srv.Options("alice")
				o.Keepalive, o.DeadAfter = time.Minute, 5*time.Minute
				a := enterWith(t, srv, "alice", o)
				lost := xmpp.Suspended
				if len(features.Without) > 0 {
					lost = xmpp.Offline
				}
				for range 2 {
					a.Wake()
					elapse(20 * time.Second)
					require.Empty(t, a.states, "the server has answered")
				}
				srv.Freeze()
				before := time.Now()
				down := a.become(lost)
				require.ErrorIs(t, down.Err, xmpp.ErrPeerSilent)
				require.Greater(t, time.Since(before), 5*time.Minute)
				srv.DropConns()
				srv.Thaw()
				a.become(map[xmpp.StateKind]xmpp.StateKind{xmpp.Offline: xmpp.Online, xmpp.Suspended: xmpp.Resumed}[lost])
				elapse(40 * time.Second) // nothing that was asked before is open

				srv.Freeze()
				before = time.Now()
				a.Wake()
				a.become(lost)
				require.LessOrEqual(t, time.Since(before), 10*time.Second)
				srv.DropConns()
				srv.Thaw()
			})
		})
	}
}

// TestPauseIsNoSilence: a reader that has paused for longer than the server may take for an acknowledgement finds that it came long ago.
func TestPauseIsNoSilence(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		o := srv.Options("alice")
		o.Keepalive, o.DeadAfter = 24*time.Hour, time.Minute
		o.Limits.LaneSoft = 1000
		release := make(chan struct{})
		a := enterWith(t, srv, "alice", o)
		xmpp.OnMessage(a, func(context.Context, *stanza.Message) error { <-release; return nil })
		say(t, srv, "1", "2", "3")
		synctest.Wait()
		a.write("bob", slices.Repeat([]string{"x"}, 20)...) // and <r/> behind some of it
		elapse(time.Hour)
		require.Empty(t, a.states)
		close(release)
		elapse(time.Second)
		require.Empty(t, a.states, "the acknowledgement has been there for an hour")
	})
}
