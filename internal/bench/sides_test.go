package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every side does its work, and says so when it can't.
func TestSides(t *testing.T) {
	var addr peerAddr
	peer, err := start("peer", &addr)
	require.NoError(t, err)
	defer func() { require.NoError(t, peer.end()) }()
	for _, c := range contests(&addr, 10_000) {
		c.ops = max(c.ops/100, 1)
		held, err := hold([]contest{c}, 2, func(int, string) {})
		require.NoError(t, err, c.name)
		require.Len(t, held[0].rounds, 2, c.name)
		for j := range c.sides {
			assert.Positive(t, held[0].of(j, wallTime), "%s, %s", c.name, c.sides[j].name)
		}
	}
}

// most is a bound with room for what the race detector adds.
func most(v float64) float64 { return v*slack + slack - 1 }

// PERFORMANCE: what is allocated is the same however busy the machine is.
func TestAllocations(t *testing.T) {
	var addr peerAddr
	peer, err := start("peer", &addr)
	require.NoError(t, err)
	defer func() { require.NoError(t, peer.end()) }()
	at, ops := place{peer: &addr}, 20_000/slack
	held, err := hold([]contest{at.receiving("receive", ops), at.sending("send", ops, 1), at.sending("send", ops, 64)}, 3, func(int, string) {})
	require.NoError(t, err)
	assert.LessOrEqual(t, held[0].of(0, allocs), most(4.0))
	assert.LessOrEqual(t, held[0].of(0, bytesAllocated), most(1300.0))
	assert.LessOrEqual(t, held[1].of(0, allocs), most(0.02))
	assert.LessOrEqual(t, held[2].of(0, allocs), most(0.1), "and a goroutine for each sender")
	assert.LessOrEqual(t, held[2].of(0, bytesAllocated), most(600.0), "the buffers of a burst serve the next one")
}

// PERFORMANCE: as few flights as the server allows.
func TestRoutes(t *testing.T) {
	for _, r := range routes() {
		require.NoError(t, r.count(), r.name)
		assert.Equal(t, r.budget, r.flights, r.name)
	}
}

// PERFORMANCE: one goroutine when idle, at most two when busy, and the memory.
func TestCrowds(t *testing.T) {
	idle, err := idleCrowds(peerOf(t))
	require.NoError(t, err)
	for _, c := range idle {
		t.Logf("%s: %.0f bytes, %.2f goroutines", c.name, c.Bytes, c.Goroutines)
		assert.LessOrEqual(t, c.Goroutines, 1.0, c.name)
	}
	assert.LessOrEqual(t, idle[0].Bytes, most(12*1024.0))
	assert.LessOrEqual(t, idle[2].Bytes-idle[3].Bytes, most(12*1024.0))
	busy, err := serverCrowds(100, 1)
	require.NoError(t, err)
	assert.LessOrEqual(t, busy[1].Goroutines, 2.0)
	assert.Positive(t, busy[1].Messages)
}

func peerOf(t *testing.T) peerAddr {
	var addr peerAddr
	peer, err := start("peer", &addr)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, peer.end()) })
	return addr
}
