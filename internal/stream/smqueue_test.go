package stream

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pushAll pushes values of one byte each and returns their numbers.
func pushAll[T any](t *testing.T, q *Queue[T], values ...T) []uint64 {
	t.Helper()
	var numbers []uint64
	for _, v := range values {
		number, ok := q.Push(v, 1)
		require.True(t, ok, "no room for %v", v)
		numbers = append(numbers, number)
	}
	return numbers
}

func unackedOf[T any](q *Queue[T]) []T {
	values := []T{}
	for _, v := range q.Unacked() {
		values = append(values, v)
	}
	return values
}

func TestQueueCountsFromOne(t *testing.T) {
	q := NewQueue[string](QueueLimits{})
	assert.Zero(t, q.Sent())
	assert.Equal(t, []uint64{1, 2, 3}, pushAll(t, q, "a", "b", "c"))
	assert.Equal(t, uint64(3), q.Sent())
	assert.Zero(t, q.Acked())
	assert.Equal(t, map[uint64]string{1: "a", 2: "b", 3: "c"}, maps.Collect(q.Unacked()))

	acked, err := q.Ack([]string{"kept"}, 2)
	require.NoError(t, err)
	assert.Equal(t, []string{"kept", "a", "b"}, acked)
	assert.Equal(t, uint64(2), q.Acked())
	assert.Equal(t, uint64(3), q.Sent())
	assert.Equal(t, map[uint64]string{3: "c"}, maps.Collect(q.Unacked()))
	assert.Equal(t, []uint64{4}, pushAll(t, q, "d"))
}

func TestQueueZeroValue(t *testing.T) {
	var q Queue[int]
	for i := range DefaultQueueStanzas {
		_, ok := q.Push(i, 10)
		require.True(t, ok)
	}
	assert.True(t, q.Full())
	acked, err := q.Ack(nil, DefaultQueueStanzas)
	require.NoError(t, err)
	assert.Len(t, acked, DefaultQueueStanzas)

	_, ok := q.Push(1, DefaultQueueBytes-1)
	require.True(t, ok)
	assert.False(t, q.Full())
	_, ok = q.Push(2, 1)
	require.True(t, ok)
	assert.True(t, q.Full())
}

func TestQueueBounds(t *testing.T) {
	tests := []struct {
		name  string
		held  []int // sizes pushed before
		size  int
		fits  bool
		full  bool
		bytes int
	}{
		{"empty", nil, 1, true, false, 0},
		{"empty, larger than the whole bound", nil, 1000, true, false, 0},
		{"room", []int{40, 40}, 19, true, false, 80},
		{"room to the byte", []int{40, 40}, 20, true, false, 80},
		{"one byte too many", []int{40, 40}, 21, false, false, 80},
		{"bytes used up", []int{40, 60}, 1, false, true, 100},
		{"one stanza beyond the bound", []int{1000}, 1, false, true, 1000},
		{"stanzas used up", []int{1, 1, 1, 1}, 1, false, true, 4},
		{"a negative size is none", []int{50, 50}, -1, true, true, 100},
		{"negative sizes held are none", []int{-5, 100}, 1, false, true, 100},
		{"the largest size there is", []int{1}, math.MaxInt, false, false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := NewQueue[int](QueueLimits{Stanzas: 4, Bytes: 100})
			for i, size := range tt.held {
				_, ok := q.Push(i, size)
				require.True(t, ok)
			}
			assert.Equal(t, tt.bytes, q.Bytes())
			assert.Equal(t, tt.full, q.Full())
			assert.Equal(t, tt.fits, q.Fits(tt.size))

			number, ok := q.Push(99, tt.size)
			assert.Equal(t, tt.fits, ok)
			if !tt.fits {
				assert.Zero(t, number)
				assert.Equal(t, len(tt.held), q.Len(), "a refused stanza must leave no trace")
				assert.Equal(t, tt.bytes, q.Bytes())
				assert.Equal(t, uint64(len(tt.held)), q.Sent())
			}
			_, err := q.Ack(nil, uint32(q.Len()))
			require.NoError(t, err)
			assert.Zero(t, q.Bytes())
			assert.False(t, q.Full())
		})
	}
}

func TestQueuePushOver(t *testing.T) {
	q := NewQueue[string](QueueLimits{Stanzas: 1, Bytes: 10})
	assert.Equal(t, uint64(1), q.PushOver("a", 8))
	_, ok := q.Push("b", 1)
	assert.False(t, ok)
	assert.Equal(t, uint64(2), q.PushOver("c", 8))
	assert.Equal(t, 16, q.Bytes())
	assert.True(t, q.Full())
	acked, err := q.Ack(nil, 2)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "c"}, acked)
	assert.Equal(t, []uint64{3}, pushAll(t, q, "d"))
}

func TestQueueRestore(t *testing.T) {
	sizes := func(yield func(string, int) bool) {
		_ = yield("a", 60) && yield("b", 60) && yield("c", 60)
	}
	q := RestoreQueue(QueueLimits{Stanzas: 2, Bytes: 100}, 7, sizes)
	assert.Equal(t, uint64(7), q.Acked())
	assert.Equal(t, uint64(10), q.Sent())
	assert.Equal(t, 180, q.Bytes(), "what was saved is held, whatever the limits")
	assert.True(t, q.Full())
	assert.Equal(t, map[uint64]string{8: "a", 9: "b", 10: "c"}, maps.Collect(q.Unacked()))

	acked, err := q.Resume(nil, 9)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, acked)
	assert.Equal(t, []uint64{11}, pushAll(t, q, "d"))
	assert.True(t, q.Full())
}

func TestQueueUnackedStopsEarly(t *testing.T) {
	q := NewQueue[int](QueueLimits{})
	pushAll(t, q, 10, 20, 30)
	for number, v := range q.Unacked() {
		if number == 2 {
			assert.Equal(t, 20, v)
			break
		}
		assert.Equal(t, 10, v)
	}
	assert.Equal(t, 3, q.Len())
}

// What was acknowledged must not stay reachable through the free slots.
func TestQueueForgetsValues(t *testing.T) {
	q := NewQueue[*int](QueueLimits{})
	for range 3 {
		for range 10 {
			pushAll(t, q, new(int))
		}
		_, err := q.Ack(nil, uint32(q.Sent()-4))
		require.NoError(t, err)
	}
	_, err := q.Ack(nil, uint32(q.Sent()-4))
	require.NoError(t, err)
	held := 0
	for _, s := range q.ring {
		if s.value != nil {
			held++
		}
	}
	assert.Equal(t, q.Len(), held)
}

// A million stanzas through a small window, over the wrap of 2³²: the memory stays that of the window.
func TestQueueMemoryOverMillion(t *testing.T) {
	const total, window = 1_000_000, 100
	start := uint64(math.MaxUint32 - total/2)
	q := RestoreQueue[uint64](QueueLimits{}, start, nil)
	var acked []uint64
	largest := 0
	for i := range uint64(total) {
		number, ok := q.Push(i, 600)
		if !ok || number != start+i+1 {
			t.Fatalf("stanza %d: number %d, %t", i, number, ok)
		}
		if q.Len() < window {
			continue
		}
		var err error
		if acked, err = q.Ack(acked[:0], uint32(number-window/4)); err != nil {
			t.Fatal(err)
		}
		if last := acked[len(acked)-1]; last != i-window/4 {
			t.Fatalf("acknowledged up to %d, want %d", last, i-window/4)
		}
		largest = max(largest, len(q.ring))
	}
	assert.Equal(t, 128, largest, "slots for a window of %d", window)
	assert.Equal(t, start+total, q.Sent())
	assert.Greater(t, q.Acked(), uint64(math.MaxUint32))
}

func TestQueueGivesMemoryBack(t *testing.T) {
	const burst = 10_000
	fill := func() *Queue[int] {
		q := NewQueue[int](QueueLimits{Stanzas: burst})
		for i := range burst {
			_, ok := q.Push(i, 1)
			require.True(t, ok)
		}
		require.Equal(t, 16384, len(q.ring))
		return q
	}
	t.Run("by itself, to twice what was needed since", func(t *testing.T) {
		q := fill()
		_, err := q.Ack(nil, burst-40)
		require.NoError(t, err)
		for i := range slackAcks {
			require.Equal(t, 16384, len(q.ring), "after %d acknowledgements", i)
			_, err := q.Ack(nil, burst-40)
			require.NoError(t, err)
		}
		assert.Equal(t, 128, len(q.ring))
		want := slices.Collect(func(yield func(int) bool) {
			for i := burst - 40; i < burst && yield(i); i++ {
			}
		})
		assert.Equal(t, want, unackedOf(q))
	})
	t.Run("not while a quarter is in use", func(t *testing.T) {
		for held, want := range map[int]int{17: 64, 16: 32} {
			q := NewQueue[int](QueueLimits{})
			pushAll(t, q, make([]int, 33)...)
			for range 2 * slackAcks {
				_, err := q.Ack(nil, uint32(33-held))
				require.NoError(t, err)
			}
			assert.Equal(t, want, len(q.ring), "%d stanzas in 64 slots", held)
		}
	})
	t.Run("not between bursts", func(t *testing.T) {
		q := fill()
		h := uint32(burst)
		for range 5 {
			for range slackAcks - 1 { // one fewer than it takes
				_, err := q.Ack(nil, h)
				require.NoError(t, err)
			}
			for i := range burst / 2 {
				_, ok := q.Push(i, 1)
				require.True(t, ok)
			}
			h += burst / 2
			_, err := q.Ack(nil, h)
			require.NoError(t, err)
			require.Equal(t, 16384, len(q.ring))
		}
	})
	t.Run("at once", func(t *testing.T) {
		q := fill()
		_, err := q.Ack(nil, burst-17)
		require.NoError(t, err)
		q.Trim()
		assert.Equal(t, 32, len(q.ring))
		assert.Equal(t, burst-17, unackedOf(q)[0])
		assert.Len(t, unackedOf(q), 17)
		q.Trim()
		assert.Equal(t, 32, len(q.ring))

		_, err = q.Ack(nil, burst)
		require.NoError(t, err)
		q.Trim()
		assert.Empty(t, q.ring)
		assert.Equal(t, []uint64{burst + 1}, pushAll(t, q, 5))
		assert.Equal(t, []int{5}, unackedOf(q))
	})
}

// The memory cost of a long queue is paid once: no pushes and acknowledgements allocate while the swing stays the same.
func TestQueueSteadyStateAllocatesNothing(t *testing.T) {
	for _, burst := range []int{1, 7, 64, 1000} {
		q := RestoreQueue[[]byte](QueueLimits{}, math.MaxUint32-3000, nil)
		acked := make([][]byte, 0, burst)
		stanza := []byte("<presence/>")
		round := func() {
			for range burst {
				if _, ok := q.Push(stanza, len(stanza)); !ok {
					t.Fatal("no room")
				}
			}
			var err error
			if acked, err = q.Ack(acked[:0], uint32(q.Sent())); err != nil || len(acked) != burst {
				t.Fatal(len(acked), err)
			}
		}
		round()
		assert.Zero(t, testing.AllocsPerRun(200, round), "bursts of %d", burst)
	}
}

// Neither does a ring that is in use to a third, however long.
func TestQueueInUseIsNotMoved(t *testing.T) {
	q := NewQueue[int](QueueLimits{})
	pushAll(t, q, make([]int, 33)...)
	_, err := q.Ack(nil, 33-17)
	require.NoError(t, err)
	assert.Zero(t, testing.AllocsPerRun(2, func() {
		for range 2 * slackAcks {
			if _, err := q.Ack(nil, 33-17); err != nil {
				t.Fatal(err)
			}
		}
	}))
	assert.Equal(t, 64, len(q.ring))
}
