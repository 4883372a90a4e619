package stream

import (
	"flag"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// A second, independent implementation of the arithmetic: it keeps every stanza there ever was, counts in uint64, uses
// % for the circle, and searches where the real one calculates. It must agree with the real one on random sequences of
// operations. A run that failed is repeated with -smseed.
var smSeed = flag.Uint64("smseed", 0, "seed of the random stream-management tests; 0 takes a new one")

func smRand(t *testing.T) *rand.Rand {
	t.Helper()
	seed := *smSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("repeat with -smseed %d", seed)
	return rand.New(rand.NewPCG(seed, 198))
}

// starts are the numbers from which the streams of the random tests count.
func starts(r *rand.Rand) uint64 {
	near := []uint64{0, 1, 5, 1<<31 - 10, 1 << 31, wrap - 40, wrap - 1, wrap, wrap + 3, 7*wrap - 20, 1 << 61}
	return near[r.IntN(len(near))]
}

type modelQueue struct {
	maxStanzas, maxBytes int
	first                uint64 // how many stanzas had been acknowledged when values begins
	values, sizes        []int  // everything that was ever sent since
	acked                int    // how many of those are acknowledged
}

func (m *modelQueue) bytes() int {
	sum := 0
	for _, size := range m.sizes[m.acked:] {
		sum += size
	}
	return sum
}

func (m *modelQueue) sent() uint64 { return m.first + uint64(len(m.values)) }

func (m *modelQueue) push(v, size int) (uint64, bool) {
	waiting := len(m.values) - m.acked
	if waiting != 0 && (waiting+1 > m.maxStanzas || m.bytes()+size > m.maxBytes) {
		return 0, false
	}
	m.values, m.sizes = append(m.values, v), append(m.sizes, size)
	return m.sent(), true
}

// ack tries every count that h could stand for, one after the other.
func (m *modelQueue) ack(h uint32) ([]int, AckProblem) {
	for n := m.acked; n <= len(m.values); n++ {
		if (m.first+uint64(n))%wrap == uint64(h) {
			acked := m.values[m.acked:n]
			m.acked = n
			return acked, 0
		}
	}
	// Walk away from both ends of the window at once, one way round the circle and the other.
	last := m.first + uint64(m.acked)
	up := (uint64(h) + wrap - m.sent()%wrap) % wrap
	down := (last%wrap + wrap - uint64(h)) % wrap
	if down > last || up < down {
		return nil, AckTooHigh
	}
	return nil, AckBackwards
}

func TestQueueAgreesWithModel(t *testing.T) {
	r := smRand(t)
	for range 60 {
		m := &modelQueue{maxStanzas: 1 + r.IntN(200), maxBytes: 1 + r.IntN(20_000), first: starts(r)}
		q := RestoreQueue[int](QueueLimits{Stanzas: m.maxStanzas, Bytes: m.maxBytes}, m.first, nil)
		pushes := 1 + r.IntN(90) // percent
		for range 1500 {
			if r.IntN(100) < pushes {
				comparePush(t, r, q, m)
			} else {
				compareAck(t, r, q, m)
			}
			if r.IntN(200) == 0 {
				q.Trim()
			}
			if r.IntN(300) == 0 {
				q = reborn(q, m)
			}
			compareQueue(t, q, m)
		}
	}
}

func comparePush(t *testing.T, r *rand.Rand, q *Queue[int], m *modelQueue) {
	t.Helper()
	v, size := r.Int(), r.IntN(400)
	wantNumber, wantOK := m.push(v, size)
	fits := q.Fits(size)
	number, ok := q.Push(v, size)
	require.Equal(t, wantOK, ok)
	require.Equal(t, wantOK, fits)
	require.Equal(t, wantNumber, number)
}

func compareAck(t *testing.T, r *rand.Rand, q *Queue[int], m *modelQueue) {
	t.Helper()
	h := someH(r, uint64(q.Len()), q.Acked())
	want, problem := m.ack(h)
	settle, element := q.Ack, "a"
	if r.IntN(2) == 0 {
		settle, element = q.Resume, "resumed"
	}
	got, err := settle(nil, h)
	if problem != 0 {
		e, _ := err.(*AckError)
		require.NotNil(t, e, "h %d is outside the window", h)
		require.Equal(t, AckError{problem, element, h, uint32(m.sent() % wrap), uint32((m.first + uint64(m.acked)) % wrap)}, *e)
	} else {
		require.NoError(t, err)
	}
	require.True(t, slices.Equal(want, got), "want %v, got %v", want, got)
}

// someH picks an h: mostly within the window or at its ends, sometimes anywhere on the circle.
func someH(r *rand.Rand, held, acked uint64) uint32 {
	switch r.IntN(12) {
	case 0:
		return r.Uint32()
	case 1:
		return uint32(acked - 1 - r.Uint64N(20))
	case 2:
		return uint32(acked + held + 1 + r.Uint64N(20))
	case 3:
		return uint32(acked + held)
	default:
		return uint32(acked + r.Uint64N(held+1))
	}
}

// reborn is what another process makes of the model's state.
func reborn(q *Queue[int], m *modelQueue) *Queue[int] {
	return RestoreQueue(q.limits, m.first+uint64(m.acked), func(yield func(int, int) bool) {
		for i := m.acked; i < len(m.values) && yield(m.values[i], m.sizes[i]); i++ {
		}
	})
}

func compareQueue(t *testing.T, q *Queue[int], m *modelQueue) {
	t.Helper()
	i := m.acked
	for number, v := range q.Unacked() {
		if i >= len(m.values) || v != m.values[i] || number != m.first+uint64(i)+1 {
			t.Fatalf("stanza %d with %d does not stand at place %d", number, v, i)
		}
		i++
	}
	waiting, bytes := len(m.values)-m.acked, m.bytes()
	full := waiting != 0 && (waiting >= m.maxStanzas || bytes >= m.maxBytes)
	if i != len(m.values) || q.Len() != waiting || q.Bytes() != bytes || q.Full() != full ||
		q.Sent() != m.sent() || q.Acked() != m.first+uint64(m.acked) {
		t.Fatalf("queue has %d, %d bytes, sent %d; the model %d, %d, %d",
			q.Len(), q.Bytes(), q.Sent(), waiting, bytes, m.sent())
	}
	if len(q.ring) > minRing && q.n > len(q.ring) {
		t.Fatalf("%d stanzas in a ring of %d", q.n, len(q.ring))
	}
}

type modelInbound struct {
	first   uint64 // handled when the model begins
	next    uint64 // the number that the next stanza read has
	held    map[uint64]bool
	done    map[uint64]bool
	handled uint64
}

func (m *modelInbound) receive() (uint64, bool) {
	number := m.next
	m.next++
	fresh := number > m.handled && !m.held[number] && !m.done[number]
	m.held[number] = true
	return number, fresh
}

func (m *modelInbound) finish(number uint64) bool {
	if number <= m.handled || !m.held[number] || m.done[number] {
		return false
	}
	m.done[number] = true
	for m.done[m.handled+1] {
		m.handled++
	}
	return true
}

func (m *modelInbound) doneBeyond() []uint64 {
	var numbers []uint64
	for number := range m.done {
		if number > m.handled {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers
}

// restart forgets what was in the hands of the process and not done.
func (m *modelInbound) restart() {
	m.next = m.handled + 1
	m.held = map[uint64]bool{}
}

func TestInboundAgreesWithModel(t *testing.T) {
	r := smRand(t)
	for range 100 {
		start := starts(r)
		in, err := RestoreInbound(start, nil)
		require.NoError(t, err)
		m := &modelInbound{first: start, handled: start, next: start + 1, held: map[uint64]bool{}, done: map[uint64]bool{}}
		window := 1 + r.IntN(1+r.IntN(600))
		receives := 20 + r.IntN(60) // percent
		for range 1500 {
			stepInbound(t, r, in, m, window, receives)
			if r.IntN(300) == 0 {
				in, err = RestoreInbound(in.Handled(), in.AppendDone(nil))
				require.NoError(t, err)
				m.restart()
			}
			if in.Handled() != m.handled || in.H() != uint32(m.handled%wrap) {
				t.Fatalf("handled %d, the model %d", in.Handled(), m.handled)
			}
		}
		require.Equal(t, m.doneBeyond(), in.AppendDone(nil))
	}
}

func stepInbound(t *testing.T, r *rand.Rand, in *Inbound, m *modelInbound, window, receives int) {
	t.Helper()
	switch {
	case r.IntN(100) == 0:
		m.next = m.handled + 1
		require.Equal(t, uint32(m.handled%wrap), in.Resume())
	case r.IntN(100) < receives && in.Open() < uint64(window):
		wantNumber, wantFresh := m.receive()
		number, fresh := in.Receive()
		require.Equal(t, wantNumber, number)
		require.Equal(t, wantFresh, fresh, "stanza %d with %d handled", number, m.handled)
	default:
		number := m.handled + r.Uint64N(uint64(window)+3)
		require.Equal(t, m.finish(number), in.Done(number), "done %d with %d handled", number, m.handled)
	}
}
