package stream

import "iter"

// Bounds of a Queue whose QueueLimits leave them open.
const (
	DefaultQueueStanzas = 1024
	DefaultQueueBytes   = 1 << 20
)

const (
	minRing    = 16 // slots of the smallest ring, once there is one
	slackAcks  = 32 // acknowledgements in a row that must find the ring too large before it shrinks
	slackRatio = 4  // too large: at least so many times what is held
)

// QueueLimits bounds what a Queue holds. Fields that are not positive mean the defaults.
type QueueLimits struct {
	Stanzas int // unacknowledged stanzas; default DefaultQueueStanzas
	Bytes   int // the sum of their sizes; default DefaultQueueBytes
}

func (l QueueLimits) withDefaults() QueueLimits {
	if l.Stanzas <= 0 {
		l.Stanzas = DefaultQueueStanzas
	}
	if l.Bytes <= 0 {
		l.Bytes = DefaultQueueBytes
	}
	return l
}

// Queue is the outbound ledger of a managed stream: the stanzas that were sent and that the peer has not yet said to
// have handled, oldest first (XEP-0198 §4). Each is the sender's responsibility until then.
//
// T is whatever the caller keeps of a stanza. Stanzas are numbered from 1 without wrapping; on the wire the numbers
// are counted modulo 2³². The zero Queue is empty, with default limits, and starts at 0. A Queue is not safe for
// concurrent use and must not be copied once used.
//
// Push and Ack take amortised constant time a stanza and do not allocate while the number of stanzas held swings within
// the same bounds. The memory follows what is held, not the length of the stream: see Ack and Trim.
type Queue[T any] struct {
	limits QueueLimits
	ring   []queued[T] // none, or a power of two of slots; free slots are zero
	head   int         // slot of the oldest stanza
	n      int         // stanzas held
	bytes  int         // sum of their sizes
	acked  uint64      // number of the newest stanza that was acknowledged

	slack int // acknowledgements in a row that found the ring too large
	peak  int // the most held at one of those
}

type queued[T any] struct {
	value T
	size  int
}

// NewQueue returns an empty Queue that counts from 0, as a stream does when it is enabled (XEP-0198 §4).
func NewQueue[T any](l QueueLimits) *Queue[T] {
	return RestoreQueue[T](l, 0, nil)
}

// RestoreQueue returns the Queue of a stream on which the stanzas up to number acked were acknowledged, and those of
// unacked (each with its size) were sent after them. It takes all of unacked, whatever the limits; the queue is then
// full until the peer has acknowledged enough. unacked may be nil.
func RestoreQueue[T any](l QueueLimits, acked uint64, unacked iter.Seq2[T, int]) *Queue[T] {
	q := &Queue[T]{limits: l.withDefaults(), acked: acked}
	if unacked == nil {
		return q
	}
	for v, size := range unacked {
		q.push(v, size)
	}
	return q
}

// Len returns how many stanzas are unacknowledged.
func (q *Queue[T]) Len() int { return q.n }

// Bytes returns the sum of their sizes.
func (q *Queue[T]) Bytes() int { return q.bytes }

// Sent returns the number of the newest stanza that was pushed; 0 before the first.
func (q *Queue[T]) Sent() uint64 { return q.acked + uint64(q.n) }

// Acked returns the number of the newest stanza that was acknowledged; 0 before the first.
func (q *Queue[T]) Acked() uint64 { return q.acked }

// Full reports whether there is no room for even the smallest stanza: the caller holds senders back until an
// acknowledgement made room.
func (q *Queue[T]) Full() bool { return !q.Fits(1) }

// Fits reports whether a stanza of size bytes has room now. An empty queue has room for any one stanza, so that one
// that is larger than the whole bound can still be sent, alone.
func (q *Queue[T]) Fits(size int) bool {
	if q.n == 0 {
		return true
	}
	l := q.limits.withDefaults()
	return q.n < l.Stanzas && max(size, 0) <= l.Bytes-q.bytes
}

// Push records that v, of size bytes, is sent next, and returns its number. It refuses, and changes nothing, when v
// does not fit. The stanza must then be written to the stream before any that is pushed later.
func (q *Queue[T]) Push(v T, size int) (number uint64, ok bool) {
	if !q.Fits(size) {
		return 0, false
	}
	q.push(v, size)
	return q.Sent(), true
}

// PushOver is Push for a stanza that can't wait for room, because its sender is the one who makes room: it is taken
// whatever the limits. Its number is returned.
func (q *Queue[T]) PushOver(v T, size int) (number uint64) {
	q.push(v, size)
	return q.Sent()
}

func (q *Queue[T]) push(v T, size int) {
	if q.n == len(q.ring) {
		q.resize(max(minRing, 2*len(q.ring)))
	}
	size = max(size, 0)
	q.ring[q.slot(q.n)] = queued[T]{v, size}
	q.n++
	q.bytes += size
}

// slot returns where the i-th oldest stanza stands.
func (q *Queue[T]) slot(i int) int { return (q.head + i) & (len(q.ring) - 1) }

// Unacked returns the unacknowledged stanzas with their numbers, oldest first: after Resume, what must be sent again,
// in this order (XEP-0198 §5). The queue must not change while they are read.
func (q *Queue[T]) Unacked() iter.Seq2[uint64, T] {
	return func(yield func(uint64, T) bool) {
		for i := range q.n {
			if !yield(q.acked+uint64(i)+1, q.ring[q.slot(i)].value) {
				return
			}
		}
	}
}

// drop removes the k oldest stanzas and appends their values to dst.
func (q *Queue[T]) drop(dst []T, k int) []T {
	for range k {
		s := &q.ring[q.head]
		dst = append(dst, s.value)
		q.bytes -= s.size
		*s = queued[T]{} // or the ring would keep the value alive
		q.head = q.slot(1)
	}
	q.n -= k
	q.acked += uint64(k)
	return dst
}

// noteSlack shrinks a ring that has been far larger than what it held for some time. held is what it held before the
// acknowledgement at hand, the most since the one before. One burst a minute must not shrink and grow the ring each
// time, hence the patience.
func (q *Queue[T]) noteSlack(held int) {
	if len(q.ring) <= minRing || held*slackRatio > len(q.ring) {
		q.slack, q.peak = 0, 0
		return
	}
	q.slack++
	q.peak = max(q.peak, held)
	if q.slack == slackAcks {
		q.resize(ringFor(2 * q.peak))
	}
}

// Trim gives back, at once, the memory that the stanzas held now do not need; for a stream that goes idle.
func (q *Queue[T]) Trim() {
	if size := ringFor(q.n); size < len(q.ring) {
		q.resize(size)
	}
	if q.n == 0 {
		q.ring, q.head = nil, 0
	}
}

// ringFor returns the smallest ring that holds n stanzas.
func ringFor(n int) int {
	size := minRing
	for size < n {
		size *= 2
	}
	return size
}

// resize moves what is held into a ring of size slots, oldest first.
func (q *Queue[T]) resize(size int) {
	ring := make([]queued[T], size)
	for i := range q.n {
		ring[i] = q.ring[q.slot(i)]
	}
	q.ring, q.head = ring, 0
	q.slack, q.peak = 0, 0
}
