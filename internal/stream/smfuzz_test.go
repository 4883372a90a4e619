package stream

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The input is a program for the real ledger and the model: where the numbers start, and one operation a byte.
func FuzzQueue(f *testing.F) {
	f.Add(uint64(0), []byte{0, 1, 2, 130, 131})
	f.Add(uint64(wrap-2), []byte{0, 0, 0, 0, 0x83, 0xC1, 0, 0x82, 0xFF, 0x80})
	f.Add(uint64(7*wrap), []byte{0, 60, 0, 0x81, 0x40, 0x41, 0xC0, 0x81})
	f.Fuzz(func(t *testing.T, start uint64, program []byte) {
		m := &modelQueue{maxStanzas: 40, maxBytes: 1000, first: start % maxNumber}
		q := RestoreQueue[int](QueueLimits{Stanzas: m.maxStanzas, Bytes: m.maxBytes}, m.first, nil)
		for i, op := range program[:min(len(program), 500)] {
			switch arg := int(op & 0x3F); op >> 6 {
			case 0:
				wantNumber, wantOK := m.push(i, arg)
				number, ok := q.Push(i, arg)
				require.Equal(t, wantOK, ok)
				require.Equal(t, wantNumber, number)
			case 1:
				q = reborn(q, m)
			case 2: // an h from the window on
				fuzzAck(t, q, m, uint32(q.Acked())+uint32(arg))
			case 3: // an h before it, or anywhere
				fuzzAck(t, q, m, uint32(q.Acked())-uint32(arg)*uint32(arg)*uint32(arg)<<uint(arg%16))
			}
			compareQueue(t, q, m)
		}
	})
}

func fuzzAck(t *testing.T, q *Queue[int], m *modelQueue, h uint32) {
	t.Helper()
	want, problem := m.ack(h)
	got, err := q.Ack(nil, h)
	if problem == 0 {
		require.NoError(t, err)
	} else {
		require.IsType(t, &AckError{}, err)
		require.Equal(t, problem, err.(*AckError).Problem, "%v", err)
	}
	require.True(t, slices.Equal(want, got), "want %v, got %v", want, got)
}

func FuzzInbound(f *testing.F) {
	f.Add(uint64(0), []byte{0, 0, 0x82, 0x81, 0x40, 0})
	f.Add(uint64(wrap-1), []byte{0, 0, 0, 0x83, 0x82, 0xC0, 0x81, 0, 0})
	f.Fuzz(func(t *testing.T, start uint64, program []byte) {
		start %= maxNumber
		in, err := RestoreInbound(start, nil)
		require.NoError(t, err)
		m := &modelInbound{first: start, handled: start, next: start + 1, held: map[uint64]bool{}, done: map[uint64]bool{}}
		for _, op := range program[:min(len(program), 500)] {
			switch arg := uint64(op & 0x3F); op >> 6 {
			case 0:
				for range arg + 1 {
					wantNumber, wantFresh := m.receive()
					number, fresh := in.Receive()
					require.Equal(t, wantNumber, number)
					require.Equal(t, wantFresh, fresh)
				}
			case 1:
				m.next = m.handled + 1
				require.Equal(t, uint32(m.handled%wrap), in.Resume())
			case 2:
				number := m.handled + arg
				require.Equal(t, m.finish(number), in.Done(number))
			case 3:
				in, err = RestoreInbound(in.Handled(), in.AppendDone(nil))
				require.NoError(t, err)
				m.restart()
			}
			require.Equal(t, m.handled, in.Handled())
			require.Equal(t, m.doneBeyond(), in.AppendDone(nil))
		}
	})
}
