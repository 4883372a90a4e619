package stream

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// receive reads n stanzas, all of which must be fresh, and returns the number of the last.
func receive(t *testing.T, in *Inbound, n int) uint64 {
	t.Helper()
	var last uint64
	for range n {
		number, fresh := in.Receive()
		if !fresh {
			t.Fatalf("stanza %d is not fresh", number)
		}
		last = number
	}
	return last
}

func TestInboundCountsThePrefix(t *testing.T) {
	var in Inbound
	assert.Zero(t, in.H())
	assert.Equal(t, uint64(5), receive(t, &in, 5))
	steps := []struct {
		done uint64
		ok   bool
		h    uint32
		open uint64
	}{
		{0, false, 0, 5}, // the first stanza is number 1
		{2, true, 0, 5},
		{2, false, 0, 5}, // done already, beyond the prefix
		{6, false, 0, 5}, // not received
		{4, true, 0, 5},
		{1, true, 2, 3},
		{1, false, 2, 3}, // done already, within the prefix
		{2, false, 2, 3},
		{3, true, 4, 1},
		{5, true, 5, 0},
		{5, false, 5, 0},
		{math.MaxUint64, false, 5, 0},
	}
	for _, s := range steps {
		assert.Equal(t, s.ok, in.Done(s.done), "done %d", s.done)
		assert.Equal(t, s.h, in.H(), "h after done %d", s.done)
		assert.Equal(t, s.open, in.Open(), "open after done %d", s.done)
	}
	assert.Equal(t, uint64(5), in.Handled())
	assert.Equal(t, uint64(6), receive(t, &in, 1))
}

func TestInboundWraps(t *testing.T) {
	in, err := RestoreInbound(wrap-2, nil)
	require.NoError(t, err)
	assert.Equal(t, uint64(wrap+2), receive(t, in, 4))
	for i, h := range []uint32{math.MaxUint32, 0, 1, 2} {
		require.True(t, in.Done(wrap-1+uint64(i)))
		assert.Equal(t, h, in.H())
	}
	assert.Equal(t, uint64(wrap+2), in.Handled())
}

// XEP-0198 §5: after a resumption the peer sends again what h did not cover.
func TestInboundResume(t *testing.T) {
	var in Inbound
	receive(t, &in, 5)
	require.True(t, in.Done(1))
	require.True(t, in.Done(3))
	assert.Equal(t, uint32(1), in.Resume())

	require.True(t, in.Done(2), "a handler returns while there is no connection")
	assert.Equal(t, uint32(3), in.H())
	for want := uint64(2); want <= 5; want++ {
		number, fresh := in.Receive()
		assert.Equal(t, want, number)
		assert.False(t, fresh, "stanza %d is done or in our hands", number)
	}
	assert.Equal(t, uint64(6), receive(t, &in, 1))

	assert.Equal(t, uint32(3), in.Resume(), "the next connection goes on from what is handled by then")
	assert.Equal(t, uint32(3), in.Resume(), "and an attempt that failed changes nothing")
	for want := uint64(4); want <= 6; want++ {
		number, fresh := in.Receive()
		assert.Equal(t, want, number)
		assert.False(t, fresh)
	}
	for _, number := range []uint64{6, 5, 4} {
		require.True(t, in.Done(number))
	}
	assert.Equal(t, uint32(6), in.H())
	assert.Zero(t, in.Open())
}

// What another process had received and not done was lost with it; what it had done must not be done again.
func TestInboundRestore(t *testing.T) {
	var first Inbound
	receive(t, &first, 9)
	for _, number := range []uint64{1, 2, 4, 5, 8} {
		require.True(t, first.Done(number))
	}
	done := first.AppendDone([]uint64{99})
	assert.Equal(t, []uint64{99, 4, 5, 8}, done)

	in, err := RestoreInbound(first.Handled(), done[1:])
	require.NoError(t, err)
	assert.Zero(t, in.Open())
	assert.False(t, in.Done(3), "not received again yet")
	assert.Equal(t, uint32(2), in.Resume())

	number, fresh := in.Receive()
	assert.Equal(t, uint64(3), number)
	assert.True(t, fresh)
	require.True(t, in.Done(3))
	assert.Equal(t, uint32(5), in.H(), "4 and 5 are known to be done before they come again")
	assert.Zero(t, in.Open())
	for _, want := range []struct {
		number uint64
		fresh  bool
	}{{4, false}, {5, false}, {6, true}, {7, true}, {8, false}, {9, true}, {10, true}} {
		number, fresh := in.Receive()
		assert.Equal(t, want.number, number)
		assert.Equal(t, want.fresh, fresh, "stanza %d", number)
	}
	assert.False(t, in.Done(8))
	require.True(t, in.Done(7))
	assert.Equal(t, []uint64{7, 8}, in.AppendDone(nil))
	require.True(t, in.Done(6))
	assert.Equal(t, uint32(8), in.H())
	assert.Equal(t, uint64(2), in.Open())
	assert.Empty(t, in.AppendDone(nil))
}

func TestRestoreInboundRefuses(t *testing.T) {
	tests := []struct {
		name    string
		handled uint64
		done    []uint64
		ok      bool
	}{
		{"none", 5, nil, true},
		{"the nearest", 5, []uint64{7}, true},
		{"the furthest", 5, []uint64{5 + MaxOpen}, true},
		{"beyond the furthest", 5, []uint64{6 + MaxOpen}, false},
		{"within the prefix", 5, []uint64{5}, false},
		{"what would extend the prefix", 5, []uint64{6}, false},
		{"twice", 5, []uint64{8, 8}, false},
		{"backwards", 5, []uint64{9, 8}, false},
		{"zero", 5, []uint64{0}, false},
		{"over the wrap", wrap - 1, []uint64{wrap + 1, wrap + 5}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in, err := RestoreInbound(tt.handled, tt.done)
			if !tt.ok {
				assert.ErrorContains(t, err, "cannot be done")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.handled, in.Handled())
			assert.Equal(t, tt.done, in.AppendDone(nil))
		})
	}
}

// Every distance from the prefix, with the bits starting at every place of a word and rings of several sizes.
func TestInboundAnyDistance(t *testing.T) {
	for _, start := range []uint64{0, 1, 61, 62, 63, 64, 65, 127, wrap - 65, wrap - 64, wrap - 1, wrap} {
		for _, n := range []uint64{2, 3, 62, 63, 64, 65, 66, 127, 128, 129, 200, 5000} {
			in, err := RestoreInbound(start, nil)
			require.NoError(t, err)
			receive(t, in, int(n))
			for i := n; i > 1; i-- { // the last one first
				if !in.Done(start+i) || in.Done(start+i) || in.Handled() != start {
					t.Fatalf("start %d, n %d: done %d", start, n, i)
				}
			}
			assert.Len(t, in.AppendDone(nil), int(n-1))
			if !in.Done(start+1) || in.Handled() != start+n || in.ahead.count != 0 {
				t.Fatalf("start %d, n %d: handled %d", start, n, in.Handled())
			}
			for i, w := range in.ahead.words {
				require.Zero(t, w, "word %d", i)
			}
		}
	}
}

func TestInboundMemory(t *testing.T) {
	t.Run("none while in order", func(t *testing.T) {
		var in Inbound
		receive(t, &in, 100_000)
		for i := range uint64(100_000) {
			if !in.Done(i + 1) {
				t.Fatal(i + 1)
			}
		}
		assert.Nil(t, in.ahead.words)
	})
	t.Run("a bit for each between the first open and the last done, and given back", func(t *testing.T) {
		var in Inbound
		receive(t, &in, 100_000)
		for i := range uint64(100_000 - 1) {
			if !in.Done(i + 2) {
				t.Fatal(i + 2)
			}
		}
		assert.Equal(t, 2048, len(in.ahead.words)) // 131,072 bits
		require.True(t, in.Done(1))
		assert.Nil(t, in.ahead.words)
		assert.Equal(t, uint32(100_000), in.H())
	})
	t.Run("no growth with the stream", func(t *testing.T) {
		in, err := RestoreInbound(wrap-500_000, nil)
		require.NoError(t, err)
		for range 250_000 {
			last := receive(t, in, 4)
			for _, back := range []uint64{0, 2, 3, 1} {
				if !in.Done(last - back) {
					t.Fatal(last - back)
				}
			}
			if in.Handled() != last {
				t.Fatalf("handled %d of %d", in.Handled(), last)
			}
		}
		assert.Equal(t, uint32(500_000), in.H())
		assert.LessOrEqual(t, len(in.ahead.words), 2)
	})
}

func TestInboundSteadyStateAllocatesNothing(t *testing.T) {
	in, err := RestoreInbound(math.MaxUint32-10_000, nil)
	require.NoError(t, err)
	round := func() {
		for range 200 {
			in.Receive()
		}
		for i := in.Handled() + 200; i > in.Handled(); i-- {
			in.Done(i)
		}
	}
	round()
	assert.Zero(t, testing.AllocsPerRun(200, round))
}
