package main

import (
	"errors"
	"fmt"
	"slices"
)

// A budget is something that must hold of a run.
type budget struct {
	what  string
	got   float64
	most  bool // want is the most; else the least
	want  float64
	unit  string
	digit int // behind the point
}

func (b budget) holds() bool {
	if b.most {
		return b.got <= b.want
	}
	return b.got >= b.want
}

func (b budget) row() string {
	sign, holds := "≥", "holds"
	if b.most {
		sign = "≤"
	}
	if !b.holds() {
		holds = "does not hold"
	}
	return fmt.Sprintf("| %s | %s %v%s | %.*f%s | %s |\n", b.what, sign, b.want, b.unit, b.digit, b.got, b.unit, holds)
}

// budgets are those of a run.
func (r *results) budgets() []budget {
	tokens, small := r.contest("tokenize"), r.contest("tokenize, 7 bytes a read")
	receive, send, request := r.contest("receive"), r.contest("send"), r.contest("request")
	idle, bare := r.crowd("idle, TLS"), r.crowd("bare connections, TLS")
	busy := r.crowds[len(r.crowds)-1]
	list := []budget{
		{what: "tokenize, as fast as encoding/xml Token", got: tokens.times(1, cpuTime), want: 10, unit: " ×", digit: 1},
		{what: "… allocations in a stream of 20 MiB", got: tokens.of(0, allocs), most: true, want: 8},
		{what: "… in one that comes in pieces of 7 bytes", got: small.of(0, allocs), most: true, want: 8},
		{what: "receive, as fast as decoding with encoding/xml", got: receive.times(receive.side(encodingXML), cpuTime), want: 8, unit: " ×", digit: 1},
		{what: "… allocations a message", got: receive.of(0, allocs), most: true, want: 4, digit: 2},
		{what: "… allocated a message", got: receive.of(0, bytesAllocated), most: true, want: 1300, unit: " B"},
		{what: "send, as fast as encoding/xml", got: send.times(1, cpuTime), want: 8, unit: " ×", digit: 1},
		{what: "… allocations a message, one sender", got: r.contest("send alone").of(0, allocs), most: true, want: 0.02, digit: 3},
		{what: "a request and its answer, as long as a bare echo", got: 1 / request.times(1, wallTime), most: true, want: 1.25, unit: " ×", digit: 2},
		{what: "an idle session without TLS", got: r.crowd("idle, no TLS").Bytes / 1024, most: true, want: 12, unit: " KiB", digit: 1},
		{what: "… beside TLS, which a bare connection has too", got: (idle.Bytes - bare.Bytes) / 1024, most: true, want: 12, unit: " KiB", digit: 1},
		{what: "… goroutines", got: idle.Goroutines, most: true, want: 1, digit: 2},
		{what: "goroutines of a busy session, at most", got: busy.Goroutines, most: true, want: 2, digit: 2},
	}
	for _, w := range r.ways {
		list = append(list, budget{what: "flights to bound: " + w.name, got: float64(w.flights), most: true, want: float64(w.budget)})
	}
	for _, g := range r.growths {
		list = append(list, budget{what: fmt.Sprintf("a %s of %d %s beside one of %d", g.unit, g.steps[len(g.steps)-1].n, g.of, g.steps[0].n),
			got: g.worst(), most: true, want: 2, unit: " ×", digit: 2})
	}
	return list
}

// broken is an error that names the budgets that do not hold.
func (r *results) broken() error {
	var errs []error
	for _, b := range r.budgets() {
		if !b.holds() {
			errs = append(errs, fmt.Errorf("the budget does not hold: %s", b.row()))
		}
	}
	return errors.Join(errs...)
}

// contest returns the outcome of the contest of that name; an empty one when it was not held.
func (r *results) contest(name string) *outcome {
	i := slices.IndexFunc(r.contests, func(o outcome) bool { return o.name == name })
	return &r.contests[i]
}

func (r *results) crowd(name string) counted {
	return r.crowds[slices.IndexFunc(r.crowds, func(c counted) bool { return c.name == name })]
}
