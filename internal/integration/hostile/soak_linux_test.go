package hostile

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const abreast = 3 // attacks at a time

// TestSoak plays attacks by chance, several at a time, one round after the other, against one process. After each round
// nothing may be left of them: no goroutine, no memory; and the honest session goes on.
func TestSoak(t *testing.T) {
	v := run(t, build(t))
	addrs := make([]string, len(attacks))
	for i, a := range attacks {
		addrs[i] = listen(t, a.play)
	}
	var last Report
	var worst time.Duration
	var most int64
	rounds, end := 0, time.Now().Add(*soakFor)
	for ; time.Now().Before(end); rounds++ {
		for i := range abreast {
			n := rand.IntN(len(attacks))
			a := attacks[n]
			v.order(Order{Do: "attack", Name: fmt.Sprint(i), Addr: addrs[n], Use: a.use, Slow: a.slow, Patience: a.patience})
		}
		for i := range abreast {
			v.await("state", fmt.Sprint(i))
		}
		for i := range abreast {
			v.order(Order{Do: "stop", Name: fmt.Sprint(i)})
			v.await("stopped", fmt.Sprint(i))
		}
		last = v.settle()
		v.early = nil
		worst, most = max(worst, last.Worst), max(most, last.Heap-v.idle.Heap)
		require.LessOrEqual(t, last.Peak>>20, v.idle.Peak>>20+abreast*lane, "MiB, after %d rounds", rounds+1)
	}
	require.Positive(t, rounds)
	t.Logf("%d rounds of %d attacks, %d connections: peak +%d MiB, resident +%d MiB, at most %d KiB of living heap left after a round; "+
		"the honest session had %d answers and waited for %v at most", rounds, abreast, last.Attempts, (last.Peak-v.idle.Peak)>>20,
		(last.Resident-v.idle.Resident)>>20, most>>10, last.Asked, worst)
}
