package main

import (
	"errors"
	"fmt"
	"slices"
)

// A contest is the same work done by several sides: ours first, then its twins.
type contest struct {
	name  string
	unit  string // what an operation is called, in the plural
	ops   int    // in one round of the command
	size  int    // bytes of an operation on the wire; 0: not to be told
	sides []side
}

// encodingXML is the name of the side that most contests are about.
const encodingXML = "encoding/xml"

// A side does the work in its own way.
type side struct {
	name string
	open func() (*runner, error)
	once bool // too slow for every round: a tenth of the operations
}

// A runner is a side that is ready.
type runner struct {
	run   func(ops int) error
	close func() error // nil: nothing to do
}

func (r *runner) end() error {
	if r == nil || r.close == nil {
		return nil
	}
	return r.close()
}

// An outcome is the samples of each side, by round: rounds[i][j] is side j's in round i.
type outcome struct {
	contest
	rounds [][]sample
}

// hold runs all contests for so many rounds. In each round every side of every contest has its turn, and which side of a
// contest begins changes from round to round: what else the machine does meets all of them alike.
func hold(contests []contest, rounds int, tell func(round int, name string)) ([]outcome, error) {
	all := make([]outcome, len(contests))
	runners := make([][]*runner, len(contests))
	var errs []error
	defer func() {
		for _, list := range runners {
			for _, r := range list {
				errs = append(errs, r.end())
			}
		}
	}()
	for i, c := range contests {
		all[i].contest = c
		for _, s := range c.sides {
			r, err := s.open()
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", c.name, s.name, err)
			}
			runners[i] = append(runners[i], r)
		}
	}
	for round := range rounds + 1 {
		for i := range all {
			tell(round, all[i].name)
			samples, err := all[i].turn(runners[i], round)
			if err != nil {
				return nil, err
			}
			if round > 0 { // the first is for buffers and caches to find their size
				all[i].rounds = append(all[i].rounds, samples)
			}
		}
	}
	return all, errors.Join(errs...)
}

// turn lets every side work once.
func (c *contest) turn(runners []*runner, round int) ([]sample, error) {
	samples := make([]sample, len(runners))
	for k := range runners {
		j := (k + round) % len(runners)
		s, ops := c.sides[j], c.ops
		if s.once {
			ops = max(ops/10, 1)
		}
		var err error
		if samples[j], err = measure(ops, func() error { return runners[j].run(ops) }); err != nil {
			return nil, fmt.Errorf("%s, %s: %w", c.name, s.name, err)
		}
	}
	return samples, nil
}

// What a sample is judged by.
func wallTime(s sample) float64       { return s.perOp(s.wall) }
func cpuTime(s sample) float64        { return s.perOp(s.cpu) }
func allocs(s sample) float64         { return float64(s.allocs) / float64(s.ops) }
func bytesAllocated(s sample) float64 { return float64(s.bytes) / float64(s.ops) }

// of is the median of side j by what f judges.
func (o *outcome) of(j int, f func(sample) float64) float64 {
	return median(o.rounds, func(r []sample) float64 { return f(r[j]) })
}

// times is how many times as much side j took as ours did: the median of the rounds' own ratios.
func (o *outcome) times(j int, f func(sample) float64) float64 {
	return median(o.rounds, func(r []sample) float64 {
		if ours := f(r[0]); ours > 0 {
			return f(r[j]) / ours
		}
		return 0
	})
}

// side returns the index of the side of that name, or -1.
func (o *outcome) side(name string) int {
	return slices.IndexFunc(o.sides, func(s side) bool { return s.name == name })
}
