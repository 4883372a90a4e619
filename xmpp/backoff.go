package xmpp

import (
	"math/rand/v2"
	"time"
)

const (
	firstDelay  = time.Second
	longestWait = time.Minute
	stableAfter = 10 * time.Second // a session that lasted longer makes the next delay short again
)

// A backoff says how long to wait before the next attempt to connect: truncated binary exponential backoff with chance
// in it (RFC 6120 §3.3), so that the clients of a server that went away don't come back all at once.
type backoff struct {
	failures int
	random   func(n int64) int64 // nil: math/rand/v2
}

// next returns the delay before the next attempt: somewhere in the upper half of 1, 2, 4 … 60 seconds, anywhere below
// one second the first time.
func (b *backoff) next() time.Duration {
	random := b.random
	if random == nil {
		random = rand.Int64N
	}
	n := b.failures
	b.failures++
	if n == 0 {
		return time.Duration(random(int64(firstDelay)))
	}
	d := longestWait
	if n < 6 {
		d = firstDelay << n
	}
	return d/2 + time.Duration(random(int64(d/2)))
}

// lasted tells the backoff how long a session held.
func (b *backoff) lasted(d time.Duration) {
	if d >= stableAfter {
		b.failures = 0
	}
}
