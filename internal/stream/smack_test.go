package stream

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const wrap = 1 << 32

func TestAckWindow(t *testing.T) {
	tests := []struct {
		name  string
		acked uint64 // acknowledged before
		sent  int    // and so many sent after them
		h     uint32
		want  int // newly acknowledged
		err   AckProblem
	}{
		{"nothing sent", 0, 0, 0, 0, 0},
		{"nothing sent, one claimed", 0, 0, 1, 0, AckTooHigh},
		{"none of them", 0, 8, 0, 0, 0},
		{"one", 0, 8, 1, 1, 0},
		{"all", 0, 8, 8, 8, 0},
		{"one too many", 0, 8, 9, 0, AckTooHigh},
		{"two too many, as in XEP-0198 example 17", 0, 8, 10, 0, AckTooHigh},
		{"before the first stanza nothing was sent", 0, 8, math.MaxUint32, 0, AckTooHigh},
		{"two before the first stanza", 1, 8, math.MaxUint32, 0, AckTooHigh},
		{"half the circle", 0, 8, 1 << 31, 0, AckTooHigh},

		{"repeated", 5, 3, 5, 0, 0},
		{"repeated, nothing open", 5, 0, 5, 0, 0},
		{"news", 5, 3, 7, 2, 0},
		{"backwards by one", 5, 3, 4, 0, AckBackwards},
		{"backwards to none", 5, 3, 0, 0, AckBackwards},
		{"backwards, nothing open", 5, 0, 4, 0, AckBackwards},
		{"nothing open, one too many", 5, 0, 6, 0, AckTooHigh},

		{"up to the last before the wrap", wrap - 3, 6, math.MaxUint32, 2, 0},
		{"on the wrap", wrap - 3, 6, 0, 3, 0},
		{"over the wrap", wrap - 3, 6, 2, 5, 0},
		{"all, over the wrap", wrap - 3, 6, 3, 6, 0},
		{"one too many, over the wrap", wrap - 3, 6, 4, 0, AckTooHigh},
		{"repeated before the wrap", wrap - 3, 6, wrap - 3, 0, 0},
		{"backwards before the wrap", wrap - 3, 6, wrap - 4, 0, AckBackwards},
		{"backwards over the wrap", wrap + 2, 3, math.MaxUint32, 0, AckBackwards},
		{"backwards to the wrap", wrap + 2, 3, 0, 0, AckBackwards},
		{"repeated after the wrap", wrap + 2, 3, 2, 0, 0},
		{"after the wrap", wrap + 2, 3, 5, 3, 0},
		{"one too many after the wrap", wrap + 2, 3, 6, 0, AckTooHigh},
		{"sent up to the wrap", wrap - 1, 1, 0, 1, 0},
		{"sent up to the wrap, one too many", wrap - 1, 1, 1, 0, AckTooHigh},

		// The rest of the circle, 2³²−3 values, has as its middle those as far from the one end as from the other.
		{"the nearer end is the lower", 3 * wrap, 4, 1<<31 + 2, 0, AckBackwards},
		{"the nearer end is the upper", 3 * wrap, 4, 1<<31 + 1, 0, AckTooHigh},
		{"between the ends", 3 * wrap, 3, 1<<31 + 1, 0, AckTooHigh},
		{"both ends are as near", 3*wrap + 1, 2, 1<<31 + 2, 0, AckBackwards},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := RestoreQueue[int](QueueLimits{}, tt.acked, nil)
			for i := range tt.sent {
				pushAll(t, q, i)
			}
			before := []int{-1}
			acked, err := q.Ack(before, tt.h)
			if tt.err != 0 {
				want := &AckError{Problem: tt.err, Element: "a", H: tt.h,
					Sent: uint32(tt.acked + uint64(tt.sent)), Acked: uint32(tt.acked)}
				assert.Equal(t, want, err)
			} else {
				require.NoError(t, err)
			}
			require.Len(t, acked, 1+tt.want)
			for i, v := range acked {
				assert.Equal(t, i-1, v)
			}
			assert.Equal(t, tt.acked+uint64(tt.want), q.Acked())
			assert.Equal(t, tt.acked+uint64(tt.sent), q.Sent())
			assert.Equal(t, tt.sent-tt.want, q.Len())
			assert.Equal(t, tt.sent-tt.want, q.Bytes())
		})
	}
}

func TestResume(t *testing.T) {
	t.Run("the rest keeps its numbers", func(t *testing.T) {
		q := RestoreQueue[string](QueueLimits{}, wrap-2, nil)
		pushAll(t, q, "a", "b", "c", "d")
		acked, err := q.Resume(nil, 0)
		require.NoError(t, err)
		assert.Equal(t, []string{"a", "b"}, acked)
		var numbers []uint64
		for number := range q.Unacked() {
			numbers = append(numbers, number)
		}
		assert.Equal(t, []uint64{wrap + 1, wrap + 2}, numbers)
		assert.Equal(t, []string{"c", "d"}, unackedOf(q))

		acked, err = q.Ack(nil, 1)
		require.NoError(t, err)
		assert.Equal(t, []string{"c"}, acked)
	})
	t.Run("too high", func(t *testing.T) {
		q := NewQueue[int](QueueLimits{})
		pushAll(t, q, 1, 2)
		_, err := q.Resume(nil, 3)
		assert.Equal(t, &AckError{Problem: AckTooHigh, Element: "resumed", H: 3, Sent: 2}, err)
		assert.Equal(t, 2, q.Len())
	})
	t.Run("backwards", func(t *testing.T) {
		q := NewQueue[int](QueueLimits{})
		pushAll(t, q, 1, 2)
		_, err := q.Ack(nil, 2)
		require.NoError(t, err)
		_, err = q.Resume(nil, 1)
		assert.Equal(t, &AckError{Problem: AckBackwards, Element: "resumed", H: 1, Sent: 2, Acked: 2}, err)
	})
}

func TestResumeSaved(t *testing.T) {
	tests := []struct {
		name    string
		h       uint32
		unsaved uint32
		acked   []string
		sent    uint64
		fails   bool
	}{
		{"within what is held", 9, 5, []string{"a", "b"}, 10, false},
		{"all that is held", 10, 5, []string{"a", "b", "c"}, 10, false},
		{"some more were sent", 13, 5, []string{"a", "b", "c"}, 13, false},
		{"all more were sent", 15, 5, []string{"a", "b", "c"}, 15, false},
		{"one beyond", 16, 5, nil, 10, true},
		{"none may have been sent", 11, 0, nil, 10, true},
		{"backwards", 6, 5, nil, 10, true},
		{"backwards, anything may have been sent", 6, math.MaxUint32, []string{"a", "b", "c"}, wrap + 6, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := RestoreQueue[string](QueueLimits{}, 7, nil)
			pushAll(t, q, "a", "b", "c")
			acked, err := q.ResumeSaved(nil, tt.h, tt.unsaved)
			assert.Equal(t, tt.fails, err != nil)
			assert.Equal(t, tt.acked, acked)
			assert.Equal(t, tt.sent, q.Sent())
			assert.Equal(t, []uint64{tt.sent + 1}, pushAll(t, q, "next"))
		})
	}
}

func TestAckErrorSpeaks(t *testing.T) {
	high := &AckError{Problem: AckTooHigh, Element: "a", H: 10, Sent: 8, Acked: 3}
	assert.Equal(t, "stream management: <a h='10'/> acknowledges more stanzas than were sent: want 3 to 8; "+
		"end the stream with undefined-condition", high.Error())
	assert.Equal(t, "undefined-condition", high.Condition())
	assert.Equal(t, "You acknowledged 10 stanzas, but I only sent you 8 so far.", high.Text()) // XEP-0198 example 17
	assert.Equal(t, "<handled-count-too-high xmlns='urn:xmpp:sm:3' h='10' send-count='8'/>", string(high.AppendApp(nil)))

	back := &AckError{Problem: AckBackwards, Element: "resumed", H: 2, Sent: 8, Acked: 3}
	assert.Equal(t, "stream management: <resumed h='2'/> acknowledges fewer stanzas than before: want 3 to 8; "+
		"end the stream with undefined-condition", back.Error())
	assert.Equal(t, "You acknowledged 2 stanzas, but had acknowledged 3 before.", back.Text())
	assert.Equal(t, "x<handled-count-too-high xmlns='urn:xmpp:sm:3' h='2' send-count='8'/>", string(back.AppendApp([]byte("x"))))

	for _, e := range []*AckError{high, back} {
		sent := e.StreamError()
		assert.ErrorIs(t, sent, e)
		xml := string(sent.Append(nil))
		assert.Contains(t, xml, "<undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'></undefined-condition>")
		assert.Contains(t, xml, string(e.AppendApp(nil)))
		assert.Contains(t, xml, e.Text())
	}
}
