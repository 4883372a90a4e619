package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// A growth is the cost of ever more of one thing.
type growth struct {
	of    string // what there is more of
	unit  string // what the cost is shared out over
	steps []step
}

// A step is the cost of so many.
type step struct {
	n    int
	cpu  float64 // nanoseconds of CPU for one unit
	held float64 // bytes held afterwards: for one unit of what is kept, in all for what is not
}

// worst is how many times as much a unit costs in the last step as in the first: 1 is linear.
func (g growth) worst() float64 { return g.steps[len(g.steps)-1].cpu / g.steps[0].cpu }

// growths are measured over the plain connection, so that it's our own work that grows.
func (p place) growths() ([]growth, error) {
	roster, err := p.rosters(1_000, 10_000, 100_000)
	if err != nil {
		return nil, err
	}
	sizes, err := p.sizes(1<<10, 16<<10, 256<<10, 1<<20)
	if err != nil {
		return nil, err
	}
	lengths, err := p.lengths(10_000, 100_000, 1_000_000)
	return []growth{roster, sizes, lengths}, err
}

// rosters opens rosters of so many contacts. A step is the middle of several: small ones are over before a clock has ticked.
func (p place) rosters(counts ...int) (growth, error) {
	g := growth{of: "contacts in the roster", unit: "contact"}
	for _, n := range counts {
		var times []float64
		var kept float64
		for range max(3, 20_000/n) {
			t, k, err := p.roster(n)
			if err != nil {
				return g, fmt.Errorf("a roster of %d: %w", n, err)
			}
			times, kept = append(times, t), k
		}
		g.steps = append(g.steps, step{n, median(times, itself) / float64(n), kept / float64(n)})
	}
	return g, nil
}

func itself(v float64) float64 { return v }

// roster is the CPU time that a roster takes to be fetched, and the bytes that it holds.
func (p place) roster(contacts int) (cpu, kept float64, err error) {
	ctx, routines := context.Background(), runtime.NumGoroutine()
	defer func() { settled(routines) }() // or the next one finds what this one still holds
	s, err := p.session(fmt.Sprint(modeAnswer, contacts), nil)
	if err != nil {
		return 0, 0, err
	}
	before := held()
	began := processTime()
	r, err := roster.Open(ctx, s)
	cpu = float64((processTime() - began).Nanoseconds())
	if err != nil {
		return 0, 0, errors.Join(err, s.Close())
	}
	kept = float64(held()) - float64(before)
	if r.Len() != contacts {
		err = fmt.Errorf("it has %d", r.Len())
	}
	return cpu, kept, errors.Join(err, s.Close())
}

// taker is a session that counts what the peer floods it with.
func (p place) taker() (s *xmpp.Session, take func(n, size int) error, err error) {
	left, done := 0, make(chan struct{}, 1)
	s, err = p.session(modeFlood, func(s *xmpp.Session) {
		xmpp.OnMessage(s, func(_ context.Context, m *stanza.Message) error {
			if left--; left == 0 {
				done <- struct{}{}
			}
			return nil
		})
	})
	return s, func(n, size int) error {
		left = n
		if err := s.Send(context.Background(), orderMessage(n, size)); err != nil {
			return err
		}
		select {
		case <-done:
			return nil
		case <-s.Done():
			return ended(s)
		}
	}, err
}

// sizes takes 64 MiB in stanzas of so many bytes.
func (p place) sizes(sizes ...int) (growth, error) {
	g := growth{of: "bytes in a message", unit: "byte"}
	s, take, err := p.taker()
	if err != nil {
		return g, err
	}
	for _, size := range sizes {
		var m []sample
		for range 3 {
			n := 64 << 20 / size
			one, err := measure(n*size, func() error { return take(n, size) })
			if err != nil {
				return g, fmt.Errorf("messages of %d bytes: %w", size, err)
			}
			m = append(m, one)
		}
		g.steps = append(g.steps, step{size, median(m, cpuTime), 0})
	}
	return g, s.Close()
}

// lengths takes so many messages over one stream.
func (p place) lengths(lengths ...int) (growth, error) {
	g := growth{of: "messages in a stream", unit: "message"}
	for _, n := range lengths {
		before := held()
		s, take, err := p.taker()
		if err != nil {
			return g, err
		}
		m, err := measure(n, func() error { return take(n, 0) })
		if err != nil {
			return g, errors.Join(err, s.Close())
		}
		time.Sleep(10 * time.Millisecond) // the dispatcher leaves
		g.steps = append(g.steps, step{n, cpuTime(m), float64(held()) - float64(before)})
		if err := s.Close(); err != nil {
			return g, err
		}
	}
	return g, nil
}
