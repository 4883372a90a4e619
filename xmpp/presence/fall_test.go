package presence

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestActiveWinsTheRace holds that Active which comes when the timer has called already, and so does Close, keeps us from being
// away.
func TestActiveWinsTheRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &Keeper{idleAfter: time.Minute, active: time.Now(), die: func() {}}
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
