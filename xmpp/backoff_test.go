package xmpp

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The delays double up to a minute; chance takes at most a half off, and of the first second as much as all.
func TestBackoff(t *testing.T) {
	t.Attr("conformance", "6120-3.3-2")
	for _, c := range []struct {
		name   string
		random func(n int64) int64
		want   []time.Duration // in milliseconds
	}{
		{"least", func(int64) int64 { return 0 }, []time.Duration{0, 1000, 2000, 4000, 8000, 16000, 30000, 30000}},
		{"most", func(n int64) int64 { return n }, []time.Duration{1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000}},
	} {
		b := backoff{random: c.random}
		for i, want := range c.want {
			require.Equal(t, want*time.Millisecond, b.next(), "%s, %d", c.name, i)
		}
		b.lasted(stableAfter - 1)
		require.Equal(t, c.want[7]*time.Millisecond, b.next())
		b.lasted(stableAfter)
		require.Equal(t, c.want[0]*time.Millisecond, b.next())
	}
}

// However long a server is away, no delay is out of its bounds, and no two clients come back in step.
func TestBackoffHasChance(t *testing.T) {
	var a, b backoff
	same := 0
	for i := range 1000 {
		d := a.next()
		require.LessOrEqual(t, d, longestWait)
		if i > 6 {
			require.GreaterOrEqual(t, d, longestWait/2)
		}
		if d == b.next() {
			same++
		}
	}
	require.Less(t, same, 10)
}
