package stream

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Two ends of a stream over connections that are cut anywhere, with stanzas in flight both ways, handlers that return
// in any order, acknowledgements of every kind, and ends that are replaced by another process with their snapshot.
// What must hold: every stanza is handled once, all are, in the end each end knows it, and none is taken for handled
// by the sender before it was.

type frame struct {
	kind    byte // 's' stanza, 'r' <r/>, 'a' <a/>
	payload int
	h       uint32
}

type peer struct {
	q       *Queue[int]
	in      *Inbound
	out     []frame // written and not yet read by the other end
	open    map[uint64]int
	next    int // payload of the next stanza
	acked   []int
	handled map[int]int // payload → times
}

func newPeer(t *testing.T, counted, countedByOther uint64) *peer {
	t.Helper()
	in, err := RestoreInbound(countedByOther, nil)
	require.NoError(t, err)
	return &peer{
		q: RestoreQueue[int](QueueLimits{Stanzas: 50}, counted, nil), in: in,
		open: map[uint64]int{}, handled: map[int]int{},
	}
}

func (p *peer) send() {
	if _, ok := p.q.Push(p.next, 100); ok {
		p.out = append(p.out, frame{kind: 's', payload: p.next})
		p.next++
	}
}

// finish lets the handler of one of the open stanzas return.
func (p *peer) finish(t *testing.T, r *rand.Rand) {
	t.Helper()
	if len(p.open) == 0 {
		return
	}
	numbers := make([]uint64, 0, len(p.open))
	for number := range p.open {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	number := numbers[min(r.IntN(len(numbers)), r.IntN(len(numbers)))]
	require.True(t, p.in.Done(number))
	p.handled[p.open[number]]++
	delete(p.open, number)
}

func (p *peer) read(t *testing.T, f frame) {
	t.Helper()
	switch f.kind {
	case 's':
		if number, fresh := p.in.Receive(); fresh {
			p.open[number] = f.payload
		}
	case 'r':
		p.out = append(p.out, frame{kind: 'a', h: p.in.H()})
	case 'a':
		acked, err := p.q.Ack(nil, f.h)
		require.NoError(t, err)
		p.acked = append(p.acked, acked...)
	}
}

// reconnect is the exchange of <resume/> and <resumed/>, which each carry one end's h to the other.
func (p *peer) reconnect(t *testing.T, h uint32) {
	t.Helper()
	acked, err := p.q.Resume(nil, h)
	require.NoError(t, err)
	p.acked = append(p.acked, acked...)
	p.out = nil
	for _, payload := range p.q.Unacked() {
		p.out = append(p.out, frame{kind: 's', payload: payload})
	}
}

// replace is a new process with the stored state of the old one; what the old one held and had not handled is gone.
func (p *peer) replace(t *testing.T) {
	t.Helper()
	saved := Snapshot{ID: "x", Handled: p.in.Handled(), Done: p.in.AppendDone(nil), Acked: p.q.Acked()}
	payloads := map[string]int{}
	for _, payload := range p.q.Unacked() {
		xml := []byte{byte(payload), byte(payload >> 8), byte(payload >> 16)}
		payloads[string(xml)] = payload
		saved.Unacked = append(saved.Unacked, Saved{XML: xml})
	}
	b, err := saved.Append(nil)
	require.NoError(t, err)
	s, err := ReadSnapshot(b, SnapshotLimits{})
	require.NoError(t, err)
	p.in, err = RestoreInbound(s.Handled, s.Done)
	require.NoError(t, err)
	p.q = RestoreQueue(QueueLimits{Stanzas: 50}, s.Acked, func(yield func(int, int) bool) {
		for _, st := range s.Unacked {
			if !yield(payloads[string(st.XML)], 100) {
				return
			}
		}
	})
	clear(p.open)
}

func cut(t *testing.T, r *rand.Rand, a, b *peer) {
	t.Helper()
	for _, p := range []*peer{a, b} {
		if r.IntN(4) == 0 {
			p.replace(t)
		}
	}
	ha, hb := a.in.Resume(), b.in.Resume()
	a.reconnect(t, hb)
	b.reconnect(t, ha)
}

func TestPeersLoseNothing(t *testing.T) {
	r := smRand(t)
	for range 40 {
		startA, startB := starts(r), starts(r)
		a, b := newPeer(t, startA, startB), newPeer(t, startB, startA)
		cuts, slow := 1+r.IntN(60), 1+r.IntN(4)
		for range 3000 {
			p, other := a, b
			if r.IntN(2) == 0 {
				p, other = b, a
			}
			stepPeers(t, r, p, other, slow)
			if r.IntN(1000) < cuts {
				cut(t, r, a, b)
			}
			falselyAcked(t, p, other)
		}
		settlePeers(t, r, a, b)
		balance(t, a, b)
		balance(t, b, a)
		require.Equal(t, startA+uint64(a.next), a.q.Acked())
	}
}

func stepPeers(t *testing.T, r *rand.Rand, p, other *peer, slow int) {
	t.Helper()
	switch r.IntN(6) {
	case 0, 1:
		p.send()
	case 2:
		p.finish(t, r)
	case 3:
		if r.IntN(slow) == 0 {
			p.out = append(p.out, frame{kind: "ra"[r.IntN(2)], h: p.in.H()})
		}
	default:
		if len(p.out) > 0 {
			f := p.out[0]
			p.out = p.out[1:]
			other.read(t, f)
		}
	}
}

// falselyAcked looks at the newest acknowledgement: it must be for a stanza that was handled, and in its place.
func falselyAcked(t *testing.T, sender, receiver *peer) {
	t.Helper()
	if n := len(sender.acked); n > 0 {
		if last := sender.acked[n-1]; last != n-1 || receiver.handled[last] != 1 {
			t.Fatalf("stanza %d acknowledged as number %d, handled %d times", last, n, receiver.handled[last])
		}
	}
}

// balance closes the ledger of one direction.
func balance(t *testing.T, sender, receiver *peer) {
	t.Helper()
	require.Len(t, sender.acked, sender.next)
	require.Len(t, receiver.handled, sender.next)
	for i, payload := range sender.acked {
		if payload != i || receiver.handled[i] != 1 {
			t.Fatalf("stanza %d acknowledged as number %d, handled %d times", payload, i, receiver.handled[i])
		}
	}
}

// settlePeers lets everything arrive and be handled.
func settlePeers(t *testing.T, r *rand.Rand, a, b *peer) {
	t.Helper()
	cut(t, r, a, b)
	for range 2 {
		for _, ends := range [][2]*peer{{a, b}, {b, a}} {
			p, other := ends[0], ends[1]
			for _, f := range append(p.out, frame{kind: 'r'}) {
				other.read(t, f)
			}
			p.out = nil
			for len(other.open) > 0 {
				other.finish(t, r)
			}
		}
	}
	cut(t, r, a, b)
}
