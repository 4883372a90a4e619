package presence

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTimerThatCallsTooEarly holds that nothing is said when the timer has called and the user was active just then.
func TestTimerThatCallsTooEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		k, err := Keep(t.Context(), srv.Session(t, "alice", nil), &Options{Idle: time.Minute})
		require.NoError(t, err)
		defer k.Close()
		said := func() (n int) {
			synctest.Wait()
			for _, e := range srv.Transcript("alice") {
				n += strings.Count(e.XML, "<presence")
			}
			return n
		}
		k.fallIdle()
		assert.Equal(t, 1, said(), "initial presence")
		<-time.After(time.Minute)
		assert.Equal(t, 2, said())
	})
}

// TestActiveWinsTheRace holds that Active which comes when the timer has called already, and so does Close, keeps us from being
// away.
func TestActiveWinsTheRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &Keeper{idleAfter: time.Minute, active: time.Now(), die: func() {}, sending: make(chan struct{}, 1)}
		<-time.After(time.Minute)
		assert.NoError(t, k.Active(context.Background()))
		k.fallIdle()
		assert.False(t, k.idle, "active just now")
		<-time.After(time.Minute)
		k.fallIdle()
		assert.True(t, k.idle)
		k.idle = false
		k.Close()
		k.fallIdle()
		assert.False(t, k.idle, "closed")
	})
}
