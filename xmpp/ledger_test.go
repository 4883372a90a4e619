package xmpp

import (
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/stream"
	"github.com/stretchr/testify/require"
)

// TestToldNeverGoesBackwards: what a save allows to acknowledge may be less than what <resume/> said meanwhile; the server
// would end the stream for an h that is (XEP-0198 §6).
func TestToldNeverGoesBackwards(t *testing.T) {
	for _, start := range []uint64{0, math.MaxUint32 - 1} {
		var in intake
		require.NoError(t, in.restore(start, nil))
		for range 3 {
			number, fresh := in.receive()
			require.True(t, fresh)
			in.handled(number)
		}
		base := uint32(start)
		require.Equal(t, base+3, in.resume())
		require.Equal(t, base+3, in.tell(base+1))
		require.Equal(t, base+3, in.tell(base+3))
		require.Equal(t, base+4, in.tell(base+4))
	}
}

// TestLedgerOnANewConnection: what was asked on the connection before is answered by nobody, and nothing waits for that.
func TestLedgerOnANewConnection(t *testing.T) {
	var asked atomic.Int64
	g := newLedger(&asked)
	old := time.Unix(1000, 0)
	for range 3 {
		require.True(t, g.sent([]byte("<message/>"), nil))
	}
	require.NotEmpty(t, g.request(nil, old, true))
	require.NoError(t, g.resumed(1, false))
	now := old.Add(time.Second)
	require.NotEmpty(t, g.request(nil, now, true))
	require.Equal(t, ticks(now), asked.Load(), "the silence begins anew")
	require.NoError(t, g.acknowledged(2), "an answer, before all was handled")
	require.True(t, g.sent([]byte("<message/>"), nil))
	require.NotEmpty(t, g.request(nil, now, false), "no other question is open")
}

// TestClockOfTheSecondQuestion: an answer stops the clock of its own <r/>, and that of the next one runs on.
func TestClockOfTheSecondQuestion(t *testing.T) {
	var asked atomic.Int64
	g := newLedger(&asked)
	first := time.Unix(1000, 0)
	second := first.Add(time.Second)
	for _, now := range []time.Time{first, second} {
		require.True(t, g.sent([]byte("<message/>"), nil))
		require.NotEmpty(t, g.request(nil, now, true))
		require.Equal(t, ticks(first), asked.Load())
	}
	require.NoError(t, g.acknowledged(1))
	require.Equal(t, ticks(second), asked.Load())
	require.NoError(t, g.acknowledged(2))
	require.Zero(t, asked.Load())
}

// TestResumptionWaitsForTheReader: what the connection before has brought is read to its end, or <resume/> would ask for it again.
func TestResumptionWaitsForTheReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := restore(&stream.Snapshot{JID: "a@b/c", ID: "x", Handled: 1}, (&Options{}).withDefaults(), nil, nil)
		require.NoError(t, err)
		s.link.gone = make(chan struct{})
		ready := make(chan *resumption, 1)
		go func() { ready <- s.resumption() }()
		synctest.Wait()
		require.Empty(t, ready)
		number, _ := s.intake.receive()
		s.intake.handled(number)
		close(s.link.gone)
		require.EqualValues(t, 2, (<-ready).H)
		s.end(nil)
	})
}
