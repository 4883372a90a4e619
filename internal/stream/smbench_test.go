package stream

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/xmltext"
)

func BenchmarkQueue(b *testing.B) {
	for _, burst := range []int{1, 64, 1000} {
		b.Run(fmt.Sprintf("acknowledged by %d", burst), func(b *testing.B) {
			q := NewQueue[*int](QueueLimits{})
			v := new(int)
			var acked []*int
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, ok := q.Push(v, 600); !ok {
					b.Fatal("no room")
				}
				if i%burst != burst-1 {
					continue
				}
				var err error
				if acked, err = q.Ack(acked[:0], uint32(q.Sent())); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkInbound(b *testing.B) {
	orders := map[string]func(last uint64, i int) uint64{
		"in order": func(last uint64, i int) uint64 { return last - 63 + uint64(i) },
		"reversed": func(last uint64, i int) uint64 { return last - uint64(i) },
	}
	for name, order := range orders {
		b.Run(name, func(b *testing.B) {
			var in Inbound
			var last uint64
			b.ReportAllocs()
			for i := 0; b.Loop(); i = (i + 1) % 64 {
				if i == 0 {
					for range 64 {
						last, _ = in.Receive()
					}
				}
				if !in.Done(order(last, i)) {
					b.Fatal(last, i)
				}
			}
		})
	}
}

func BenchmarkAckPolicy(b *testing.B) {
	var policy AckPolicy
	var r Requests
	b.ReportAllocs()
	for sent := uint64(1); b.Loop(); sent++ {
		r.Sent(600)
		if policy.Request(r, 5, false, noon) {
			r.Asked(noon.Add(time.Second), sent)
		}
		if policy.Ack(5, 3, false) {
			b.Fatal("not owed")
		}
	}
}

func BenchmarkAppendAck(b *testing.B) {
	var dst []byte
	b.ReportAllocs()
	for h := uint32(0); b.Loop(); h++ {
		dst = AppendAck(dst[:0], h)
	}
}

// One <a/> of a stream of them: 0 allocations.
func BenchmarkReadAck(b *testing.B) {
	d := xmltext.NewDecoder(&endless{text: strings.Repeat("<a xmlns='urn:xmpp:sm:3' h='4294967295'/>", 100)}, xmltext.Limits{})
	if _, err := d.ReadToken(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		start, err := d.ReadToken()
		if err != nil {
			b.Fatal(err)
		}
		if h, err := ReadAck(d, start); err != nil || h != 4294967295 {
			b.Fatal(h, err)
		}
	}
}

// endless is a stream that goes on with text for ever.
type endless struct {
	text string
	at   int
	open bool
}

func (e *endless) Read(p []byte) (int, error) {
	if !e.open {
		e.open = true
		return copy(p, "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'>"), nil
	}
	n := copy(p, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	return n, nil
}

func BenchmarkSnapshot(b *testing.B) {
	s := someSnapshot()
	for range 500 {
		s.Unacked = append(s.Unacked, Saved{At: 1767355200000, XML: make([]byte, 600)})
	}
	encoded, err := s.Append(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Append", func(b *testing.B) {
		b.SetBytes(int64(len(encoded)))
		b.ReportAllocs()
		dst := make([]byte, 0, len(encoded))
		for b.Loop() {
			if _, err := s.Append(dst); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Read", func(b *testing.B) {
		b.SetBytes(int64(len(encoded)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ReadSnapshot(encoded, SnapshotLimits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
