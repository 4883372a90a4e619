package xmpp

import (
	"errors"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// A saverSchedule lets one of several savers take one step at a time, and draws who is next. It tends to stay with the one
// that runs, so that the others sleep for long between two of their steps: that is where the dangers are.
type saverSchedule struct {
	rng    *rand.Rand
	events chan saverEvent
	grants []chan struct{}
}

type saverEvent struct {
	saver int
	done  bool
}

// step stops a saver until it's its turn.
func (s *saverSchedule) step(saver int) {
	s.events <- saverEvent{saver: saver}
	<-s.grants[saver]
}

// run runs all savers to their end.
func (s *saverSchedule) run(savers []func()) {
	for i, f := range savers {
		s.grants = append(s.grants, make(chan struct{}))
		go func() {
			s.step(i)
			f()
			s.events <- saverEvent{saver: i, done: true}
		}()
	}
	var ready []int
	for range savers {
		ready = append(ready, (<-s.events).saver)
	}
	for len(ready) > 0 {
		i := len(ready) - 1 // the one that ran last
		if s.rng.IntN(12) == 0 {
			i = s.rng.IntN(len(ready))
		}
		saver := ready[i]
		ready = append(ready[:i], ready[i+1:]...)
		s.grants[saver] <- struct{}{}
		if e := <-s.events; !e.done {
			ready = append(ready, e.saver)
		}
	}
}

// fastDir returns a directory in memory where there is one: what is tested is the order of the steps, not the disk.
func fastDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "canto-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// Whatever the order of the steps: a version is given out once, each value that was saved is built on the one before,
// and what came back as stale is nowhere.
func TestFileStoreUnderRandomSchedules(t *testing.T) {
	const savers, rounds = 3, 4
	seeds := 250
	if testing.Short() {
		seeds = 50
	}
	for seed := range uint64(seeds) {
		dir := fastDir(t)
		s := &saverSchedule{rng: rand.New(rand.NewPCG(seed, 0)), events: make(chan saverEvent)}
		var saved [savers]map[uint64]string
		var failed [savers]error
		var work []func()
		for i := range savers {
			saved[i] = make(map[uint64]string)
			store := FileStore(dir).(*fileStore)
			store.step = func(string, string) { s.step(i) }
			work = append(work, func() { failed[i] = appendRounds(t, store, byte('a'+i), rounds, saved[i]) })
		}
		s.run(work)
		require.NoError(t, errors.Join(failed[:]...), "seed %d", seed)
		checkChain(t, dir, seed, saved[:])
	}
}

// appendRounds appends c to the list several times and notes which versions that gave. What is stale is dropped.
func appendRounds(t *testing.T, s Store, c byte, rounds int, saved map[uint64]string) error {
	for range rounds {
		b, v, err := s.Load(t.Context(), "list")
		if err != nil {
			return err
		}
		b = append(b, c)
		v, err = s.Save(t.Context(), "list", b, v)
		switch {
		case err == nil:
			saved[v] = string(b)
		case !errors.Is(err, ErrStale):
			return err
		}
	}
	return nil
}

// checkChain compares what the savers were told with what stands.
func checkChain(t *testing.T, dir string, seed uint64, saved []map[uint64]string) {
	t.Helper()
	chain := make(map[uint64]string)
	for _, of := range saved {
		for v, value := range of {
			require.NotContains(t, chain, v, "seed %d: version %d was given out twice", seed, v)
			chain[v] = value
		}
	}
	last := ""
	for v := uint64(1); v <= uint64(len(chain)); v++ {
		require.Contains(t, chain, v, "seed %d: version %d was stored, and its saver was told that it was not", seed, v)
		require.Equal(t, last, chain[v][:len(chain[v])-1], "seed %d: version %d", seed, v)
		last = chain[v]
	}
	requireValue(t, FileStore(dir), "list", last, uint64(len(chain)))
}
