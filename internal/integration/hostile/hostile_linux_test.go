package hostile

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// attacks are all of them.
var attacks = slices.Concat(opening, loggingIn, talking, inRooms, fromArchives, conversing, fromOurAccount)

// TestSecurityS15Hostile plays each attack against a process of its own: it says what happened, stays within its memory and
// leaves nothing running, and the honest session beside does not notice.
func TestSecurityS15Hostile(t *testing.T) {
	file := build(t)
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			v := run(t, file)
			played := make(chan int64, 100)
			addr := listen(t, func(p *peer) error {
				err := a.play(p)
				played <- p.bytes
				return err
			})
			v.order(Order{Do: "attack", Name: "c", Addr: addr, Use: a.use, Slow: a.slow, Patience: a.patience})
			sent := <-played
			assert.Contains(t, v.await("state", "c").Text, a.want)
			if a.use != "" {
				assert.Positive(t, sent, "the attack has not begun")
			}
			if a.used != "" {
				assert.Contains(t, v.await("used", "c").Text, a.used)
			}
			v.order(Order{Do: "stop", Name: "c"})
			v.await("stopped", "c")
			after := v.settle()
			grown := (after.Peak - v.idle.Peak) >> 20
			t.Logf("%d KiB sent, the process has grown by %d MiB, the honest session waited for %v at most", sent>>10, grown, after.Worst)
			assert.LessOrEqual(t, grown, cmp.Or(a.room, usual), "MiB")
			assert.Greater(t, v.measure().Asked, v.idle.Asked, "the honest session goes on")
		})
	}
}

// leavings is how many bytes of living heap may be left of any number of attacks.
const leavings = 4 << 20

// settle returns the victim's measures once all is gone that attacks had started and made it hold.
func (p *process) settle() Report {
	p.t.Helper()
	var worst time.Duration
	for late := time.Now().Add(20 * time.Second); ; {
		r := p.measure()
		worst = max(worst, r.Worst)
		if r.Goroutines <= p.idle.Goroutines && r.Heap <= p.idle.Heap+leavings && r.Asked > p.idle.Asked {
			r.Worst = worst
			return r
		}
		require.True(p.t, time.Now().Before(late), "%d goroutines and %d KiB are left, at first there were %d and %d",
			r.Goroutines, r.Heap>>10, p.idle.Goroutines, p.idle.Heap>>10)
	}
}

// TestHostileReconnects: a server that ends each session as soon as it begins is not asked again all the time.
func TestHostileReconnects(t *testing.T) {
	v := run(t, build(t))
	v.order(Order{Do: "attack", Name: "c", Addr: listen(t, (*peer).bind)})
	const seconds = 6
	for end := time.After(seconds * time.Second); ; {
		select {
		case r := <-v.reports:
			require.NotEqual(t, "ended", r.What, r.Text)
			continue
		case <-end:
		}
		break
	}
	v.order(Order{Do: "stop", Name: "c"})
	v.await("stopped", "c")
	after := v.settle()
	// Delays of up to 1, then 1–2, 2–4 and 4–8 seconds, although each attempt succeeds.
	assert.LessOrEqual(t, after.Attempts, 5, "in %d s", seconds)
	assert.Greater(t, after.Attempts, 1)
}
