package muc

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

const (
	crowd = 500
	past  = 10_000
)

// crowded is a server with a room of 500 occupants and 10,000 messages.
func crowded(tb testing.TB) *xmpptest.Server {
	srv := xmpptest.NewServerWith(tb, &xmpptest.Options{Rooms: xmpptest.Rooms{History: past}, Transcript: -1})
	room := srv.Room("garden")
	require.NoError(tb, room.Make(nil))
	var nicks []string
	for i := range crowd {
		nicks = append(nicks, fmt.Sprint("occupant ", i))
	}
	require.NoError(tb, room.Crowd(nicks...))
	for i := range past {
		require.NoError(tb, room.Say(nicks[i%crowd], fmt.Sprint("id", i), fmt.Sprint("message ", i, " of many, as long as people write them as a rule")))
	}
	return srv
}

// live is how much memory is in use.
func live() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / 1e6
}

// A bot joins a room of 500 occupants with 10,000 messages of the past, reads them all, and follows what is said then. What it holds of
// the past does not grow with it: growth-MB is what is in use more, halfway through it, than before the bot came, the server's part included.
func BenchmarkCrowd(b *testing.B) {
	srv := crowded(b)
	s := srv.Session(b, "bot", nil)
	growth := 0.0
	b.ResetTimer()
	for b.Loop() {
		b.StopTimer()
		before := live()
		b.StartTimer()
		follow(b, srv, s, func() {
			b.StopTimer()
			growth = max(growth, live()-before)
			b.StartTimer()
		})
	}
	b.ReportMetric(growth, "growth-MB")
	b.ReportMetric(past, "messages/op")
}

// follow joins, reads the past and one message more, and leaves.
func follow(tb testing.TB, srv *xmpptest.Server, s *xmpp.Session, halfway func()) {
	tb.Helper()
	r, err := Join(tb.Context(), s, in(srv, "bot"), &Options{History: -1})
	require.NoError(tb, err)
	require.Equal(tb, crowd+1, r.Len())
	heard := r.Messages(tb.Context())
	for i := range past {
		if m := <-heard; !m.History {
			tb.Fatalf("message %d is %q", i, m.Body)
		}
		if i == past/2 {
			halfway()
		}
	}
	require.NoError(tb, r.Say(tb.Context(), "here I am"))
	require.True(tb, (<-heard).Own)
	require.NoError(tb, r.Leave(tb.Context()))
}

// The benchmark's work is done once with the tests, and within a bound: what waits for the reader, in the Room and in the session, is
// two megabytes of stanzas at most.
func TestCrowd(t *testing.T) {
	srv := crowded(t)
	s := srv.Session(t, "bot", nil)
	before := live()
	follow(t, srv, s, func() { require.Less(t, live()-before, 40.0, "MB, what the server has still to write included") })
}
