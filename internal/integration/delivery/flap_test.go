package delivery

import (
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDayOfFlapping is 24 hours on a bad line: both sides talk, and every 30 seconds the connection goes down. After each hour
// of it at rest, there are as many goroutines as after the first, and no more memory.
func TestDayOfFlapping(t *testing.T) {
	seed := seedOf()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, quietly(xmpptest.SM{}), 0, dayPlan(seed), nil)
		a, b := w.parties[0], w.parties[1]
		a.start(t)
		b.start(t)
		ctx := within(t, 48*time.Hour)
		tick := time.NewTicker(10 * time.Second)
		defer tick.Stop()
		var first usage
		n := 0
		for hour := range 24 {
			for second := 0; second < 3600; second += 10 {
				<-tick.C
				n++
				a.send(ctx, key{"alice>bob", n}, b.addr)
				b.send(ctx, key{"bob>alice", n}, a.addr)
				if second%30 == 0 {
					w.net.drop([]string{"alice", "bob"}[n%2])
				}
			}
			require.True(t, w.book.settled(ctx), "hour %d", hour)
			for second := time.Duration(0); second < 2*stale; second += 10 * time.Second {
				<-tick.C
			}
			w.net.drop("alice") // what fell silent before is buried when the next connection is made
			<-tick.C
			synctest.Wait()
			switch u := measure(); {
			case hour == 1: // the first one fills caches and pools
				first = u
			case hour > 1:
				assert.LessOrEqual(t, u.goroutines, first.goroutines+4, "hour %d", hour) // two connections may have fallen silent just now
				// What grows is the ledger of the test: two messages each 10 s.
				grown := int64(u.heap) - int64(first.heap) - int64(hour)*3600/10*2*700
				assert.Less(t, grown, int64(1<<20), "hour %d: the heap grew from %d to %d bytes", hour, first.heap, u.heap)
			}
		}
		v := w.balance(t, seed)
		assert.Zero(t, v.returned, "every stream was resumed")
		assert.Greater(t, w.srv.Stats().Resumed, int64(2000))
		t.Logf("%d connections, %d resumptions; at last %+v, after the first hours %+v", w.srv.Stats().Conns, w.srv.Stats().Resumed, measure(), first)
	})
}

// dayPlan has few connections last until they're dropped from outside.
func dayPlan(seed uint64) plan {
	return func(client string, n int) fault {
		r := random(seed, client, n)
		return fault{kind: []string{cut, cut, silent, late}[r.IntN(4)], down: r.IntN(2) == 0, both: true, after: 1 + r.Int64N(20000)}
	}
}

// A usage is what the process has.
type usage struct {
	goroutines int
	heap       uint64
}

// measure counts the goroutines that are at work in this package or the library, and the heap after a collection.
func measure() usage {
	for range 2 { // the second one frees what finalizers and pools held
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	buf := make([]byte, 1<<20)
	stacks := string(buf[:runtime.Stack(buf, true)])
	return usage{strings.Count(stacks, "\ngoroutine "), m.HeapAlloc}
}
