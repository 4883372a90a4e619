package main

import (
	"testing"

	"github.com/canto-im/canto/internal/leak"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	if played, err := playPart(); played {
		exit(err)
	}
	leak.Main(m)
}

// other starts the other end for a benchmark.
func other(b *testing.B) *peerAddr {
	var addr peerAddr
	peer, err := start("peer", &addr)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, peer.end()) })
	return &addr
}

// compare runs each side of a contest as a benchmark of its own.
func compare(b *testing.B, c contest) {
	for _, s := range c.sides {
		b.Run(c.name+"/"+s.name, func(b *testing.B) {
			r, err := s.open()
			require.NoError(b, err)
			defer func() { require.NoError(b, r.end()) }()
			require.NoError(b, r.run(c.ops)) // buffers and caches find their size
			b.SetBytes(int64(c.size))
			b.ReportAllocs()
			b.ResetTimer()
			m, err := measure(b.N, func() error { return r.run(b.N) })
			b.StopTimer()
			require.NoError(b, err)
			b.ReportMetric(float64(b.N)/m.wall.Seconds(), c.unit+"/s")
			b.ReportMetric(cpuTime(m), "cpu-ns/op")
		})
	}
}

func BenchmarkTokenize(b *testing.B) {
	for _, c := range streams(1 << 20) {
		compare(b, c)
	}
}

// both compares over the plain connection and over TLS.
func both(b *testing.B, contests ...func(p place) contest) {
	addr := other(b)
	for _, secure := range []bool{false, true} {
		for _, c := range contests {
			compare(b, c(place{addr, secure}))
		}
	}
}

func BenchmarkReceive(b *testing.B) {
	both(b, func(p place) contest { return p.receiving(p.called("messages"), 1000) })
}

func BenchmarkSend(b *testing.B) {
	both(b, func(p place) contest { return p.sending(p.called("64 senders"), 1000, 64) },
		func(p place) contest { return p.sending(p.called("one sender"), 1000, 1) })
}

func BenchmarkIQ(b *testing.B) {
	both(b, func(p place) contest { return p.asking(p.called("one at a time"), 100, 1) },
		func(p place) contest { return p.asking(p.called("64 at a time"), 640, 64) })
}

func BenchmarkConnect(b *testing.B) {
	both(b, func(p place) contest { return p.connecting(p.called("sessions"), 1) })
}

// BenchmarkIdle reports what an idle session holds, beside a bare connection. A round is a process.
func BenchmarkIdle(b *testing.B) {
	addr := other(b)
	for _, c := range []counted{
		{name: "canto", crowd: crowd{Size: 200}}, {name: "bare", crowd: crowd{Size: 200, Bare: true}},
		{name: "canto over TLS", crowd: crowd{Size: 200, Secure: true}}, {name: "bare over TLS", crowd: crowd{Size: 200, Secure: true, Bare: true}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.Peer = *addr
			for range b.N {
				n, err := c.inProcess()
				require.NoError(b, err)
				b.ReportMetric(n.Bytes, "B/session")
				b.ReportMetric(n.Goroutines, "goroutines/session")
			}
		})
	}
}
