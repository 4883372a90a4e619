package stream

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func TestRequestPolicy(t *testing.T) {
	policy := AckPolicy{RequestStanzas: 5, RequestBytes: 1000, RequestRetry: time.Second}
	sent := func(stanzas, size int) func(*Requests) {
		return func(r *Requests) {
			for range stanzas {
				r.Sent(size)
			}
		}
	}
	asked := func(r *Requests) { r.Asked(noon, r.upTo+uint64(r.stanzas)) } // all stanzas of these tests are asked about
	answered := func(upTo uint64) func(*Requests) { return func(r *Requests) { r.Answered(upTo) } }
	tests := []struct {
		name    string
		before  []func(*Requests)
		unacked int
		idle    bool
		after   time.Duration
		want    bool
	}{
		{"nothing sent", nil, 0, true, 0, false},
		{"one, more to come", []func(*Requests){sent(1, 100)}, 1, false, 0, false},
		{"one, idle", []func(*Requests){sent(1, 100)}, 1, true, 0, true},
		{"one, idle, acknowledged unasked", []func(*Requests){sent(1, 100), answered(1)}, 0, true, 0, false},
		{"four, more to come", []func(*Requests){sent(4, 100)}, 4, false, 0, false},
		{"five, more to come", []func(*Requests){sent(5, 100)}, 5, false, 0, true},
		{"the bytes but for one", []func(*Requests){sent(1, 999)}, 1, false, 0, false},
		{"the bytes", []func(*Requests){sent(2, 500)}, 2, false, 0, true},
		{"asked", []func(*Requests){sent(5, 900), asked}, 5, true, 0, false},
		{"asked, and more, idle", []func(*Requests){sent(5, 100), asked, sent(4, 100)}, 9, true, 0, false},
		{"asked, and as many again", []func(*Requests){sent(5, 100), asked, sent(5, 100)}, 10, false, 0, true},
		{"answered, and more, idle", []func(*Requests){sent(5, 100), asked, sent(1, 100), answered(5)}, 1, true, 0, true},
		{"answered, and more, more to come", []func(*Requests){sent(5, 100), asked, sent(1, 100), answered(5)}, 1, false, 0, false},
		{"answered, not all handled, and more", []func(*Requests){sent(5, 100), asked, sent(1, 100), answered(3)}, 3, true, 0, true},
		{"asked twice, answered once, not all", []func(*Requests){sent(5, 100), asked, sent(5, 100), asked, sent(1, 100), answered(9)}, 2, true, 0, false},
		{"asked twice, answered once, all", []func(*Requests){sent(5, 100), asked, sent(5, 100), asked, sent(1, 100), answered(10)}, 1, true, 0, true},
		{"asked twice, answered twice, not all", []func(*Requests){sent(5, 100), asked, sent(5, 100), asked, sent(1, 100), answered(3), answered(7)}, 4, true, 0, true},
		{"answered more often than asked", []func(*Requests){sent(5, 100), asked, sent(1, 100), answered(3), answered(4)}, 2, true, 0, true},
		{"acknowledged unasked, then asked", []func(*Requests){sent(5, 100), answered(2), asked, sent(1, 100)}, 4, true, 0, false},
		{"answered, nothing new, not all handled", []func(*Requests){sent(5, 100), asked, answered(3)}, 2, true, 999 * time.Millisecond, false},
		{"and a second later", []func(*Requests){sent(5, 100), asked, answered(3)}, 2, true, time.Second, true},
		{"not answered for a second", []func(*Requests){sent(5, 100), asked}, 5, false, time.Second, true},
		{"not answered, but all acknowledged", []func(*Requests){sent(5, 100), asked}, 0, true, time.Hour, false},
		{"never asked", []func(*Requests){sent(1, 100)}, 1, false, time.Hour, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r Requests
			for _, f := range tt.before {
				f(&r)
			}
			assert.Equal(t, tt.want, policy.Request(r, tt.unacked, tt.idle, noon.Add(tt.after)))
		})
	}
}

func TestRequestsTellTheirAge(t *testing.T) {
	var r Requests
	policy := AckPolicy{}
	_, open := r.Open()
	assert.False(t, open)
	_, ok := policy.RetryAt(r, 1)
	assert.False(t, ok, "no question, nothing to repeat")

	r.Asked(noon, 5)
	asked, open := r.Open()
	assert.Equal(t, noon, asked)
	assert.True(t, open)
	at, ok := policy.RetryAt(r, 1)
	assert.True(t, ok)
	assert.Equal(t, noon.Add(DefaultRequestRetry), at)
	assert.True(t, policy.Request(r, 1, false, at))
	assert.False(t, policy.Request(r, 1, false, at.Add(-1)))
	_, ok = policy.RetryAt(r, 0)
	assert.False(t, ok)

	r.Answered(4)
	_, open = r.Open()
	assert.False(t, open)
	_, ok = policy.RetryAt(r, 1)
	assert.True(t, ok, "the answer did not cover all")
}

func TestAckPolicyAnswers(t *testing.T) {
	tests := []struct {
		name          string
		handled, told uint32
		asked         bool
		want          bool
	}{
		{"asked, nothing handled", 0, 0, true, true},
		{"asked, no news", 9, 9, true, true},
		{"not asked, no news", 9, 9, false, false},
		{"not asked, some news", 72, 9, false, false},
		{"not asked, much news", 73, 9, false, true},
		{"over the wrap, some", 62, math.MaxUint32, false, false},
		{"over the wrap, much", 63, math.MaxUint32, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, AckPolicy{}.Ack(tt.handled, tt.told, tt.asked))
		})
	}
	assert.True(t, AckPolicy{AckStanzas: 1}.Ack(1, 0, false))
	assert.False(t, AckPolicy{AckStanzas: 1}.Ack(1, 1, false))
}

func TestAckPolicyDefaults(t *testing.T) {
	assert.Equal(t, AckPolicy{DefaultRequestStanzas, DefaultRequestBytes, DefaultRequestRetry, DefaultAckStanzas},
		AckPolicy{RequestStanzas: -1, RequestBytes: -1, RequestRetry: -1, AckStanzas: -1}.withDefaults())
	own := AckPolicy{1, 2, 3, 4}
	assert.Equal(t, own, own.withDefaults())
}

// simulation is a sender with a policy, a path of a given delay, and a peer that answers each <r/> at once.
type simulation struct {
	policy   AckPolicy
	q        *Queue[time.Time] // when each was written
	r        Requests
	now      time.Time
	rtt      time.Duration
	answers  []answer
	asks     int
	waits    []time.Duration // from writing to acknowledgement
	inFlight int             // the most <r/> on their way at once
}

type answer struct {
	at time.Time
	h  uint32
}

// write writes stanzas of size bytes as long as there is room, up to n; then the sender is idle. It returns how many.
func (s *simulation) write(n, size int, idle bool) int {
	written := 0
	for written < n {
		if _, ok := s.q.Push(s.now, size); !ok {
			break
		}
		s.r.Sent(size)
		written++
		s.ask(idle && written == n)
	}
	return written
}

func (s *simulation) ask(idle bool) {
	if s.policy.Request(s.r, s.q.Len(), idle, s.now) {
		s.r.Asked(s.now, s.q.Sent())
		s.asks++
		s.answers = append(s.answers, answer{s.now.Add(s.rtt), uint32(s.q.Sent())})
		s.inFlight = max(s.inFlight, len(s.answers))
	}
}

// until lets the time pass, with the answers that come.
func (s *simulation) until(t *testing.T, moment time.Time, idle bool) {
	t.Helper()
	for len(s.answers) > 0 && !s.answers[0].at.After(moment) {
		s.now = s.answers[0].at
		acked, err := s.q.Ack(nil, s.answers[0].h)
		require.NoError(t, err)
		s.answers = s.answers[1:]
		s.r.Answered(s.q.Acked())
		for _, written := range acked {
			s.waits = append(s.waits, s.now.Sub(written))
		}
		s.ask(idle)
	}
	s.now = moment
}

func (s *simulation) worst() time.Duration {
	worst := time.Duration(0)
	for _, w := range s.waits {
		worst = max(worst, w)
	}
	return worst
}

// The figures in the comment on AckPolicy.
func TestAckPolicyFigures(t *testing.T) {
	const rtt = 100 * time.Millisecond
	const stanza = 600
	exchange := float64(len("<r xmlns='urn:xmpp:sm:3'/>") + len("<a xmlns='urn:xmpp:sm:3' h='1234567'/>"))
	start := func() *simulation {
		return &simulation{q: NewQueue[time.Time](QueueLimits{}), now: noon, rtt: rtt}
	}
	t.Run("one stanza a second: one question each, one round trip", func(t *testing.T) {
		s := start()
		for range 100 {
			s.write(1, stanza, true)
			s.until(t, s.now.Add(time.Second), true)
		}
		assert.Equal(t, 100, s.asks)
		assert.Len(t, s.waits, 100)
		assert.Equal(t, rtt, s.worst())
	})
	t.Run("small writes every millisecond: at most two round trips, one question a round trip or 64 stanzas", func(t *testing.T) {
		s := start()
		for range 10_000 {
			s.write(1, stanza, true)
			s.until(t, s.now.Add(time.Millisecond), true)
		}
		s.until(t, s.now.Add(time.Second), true)
		assert.Len(t, s.waits, 10_000)
		assert.LessOrEqual(t, s.worst(), 2*rtt)
		assert.LessOrEqual(t, s.asks, 10_000/DefaultRequestStanzas+int(10*time.Second/rtt)+1)
		assert.LessOrEqual(t, s.inFlight, 3)
	})
	t.Run("a write of 10,000: the window stays open, the questions are 0.2 % of the bytes", func(t *testing.T) {
		s := start()
		s.q = NewQueue[time.Time](QueueLimits{Stanzas: 1024, Bytes: 1 << 20})
		begin := s.now
		for left := 10_000; left > 0; {
			left -= s.write(left, stanza, true)
			s.until(t, s.now.Add(time.Millisecond), false)
		}
		trips := float64(s.now.Sub(begin)) / float64(rtt)
		assert.Less(t, trips, 10_000./1024*16/15+1, "round trips for 9.8 windows")
		s.until(t, s.now.Add(time.Second), true)
		assert.Len(t, s.waits, 10_000)
		overhead := float64(s.asks) * exchange / (10_000 * stanza)
		assert.InDelta(t, 0.0017, overhead, 0.0001)
		assert.LessOrEqual(t, s.inFlight, 16)
	})
	assert.InDelta(t, 0.11, exchange/stanza, 0.005, "asking after each")
	assert.InDelta(t, 65, exchange, 2)
}
