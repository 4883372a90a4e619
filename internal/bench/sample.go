package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"syscall"
	"time"
)

// A sample is what one side took for its operations in one round.
type sample struct {
	ops    int
	wall   time.Duration
	cpu    time.Duration // of this process, in user and system mode, all threads: what the work cost whoever ran it
	allocs uint64
	bytes  uint64 // allocated
}

// measure runs f, which does ops operations, on a heap that has just been collected.
func measure(ops int, f func() error) (sample, error) {
	runtime.GC()
	s := sample{ops: ops}
	allocs, bytes := allocated()
	cpu, began := processTime(), time.Now()
	err := f()
	s.wall, s.cpu = time.Since(began), processTime()-cpu
	s.allocs, s.bytes = allocated()
	s.allocs -= allocs
	s.bytes -= bytes
	return s, err
}

// perOp is d shared out over the operations, in nanoseconds.
func (s sample) perOp(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(s.ops) }

// processTime is the CPU time that this process has used.
func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// allocated is how many objects and bytes were allocated since the process began.
func allocated() (objects, bytes uint64) {
	m := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}, {Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/tiny/allocs:objects"}}
	metrics.Read(m)
	return m[0].Value.Uint64() + m[2].Value.Uint64(), m[1].Value.Uint64()
}

// held is what the process holds after a collection: the objects that are alive, and stacks, in bytes.
func held() uint64 {
	runtime.GC()
	runtime.GC() // what was in pools goes with the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// median returns the middle of what f gives for each of list; 0 for none.
func median[T any](list []T, f func(T) float64) float64 {
	if len(list) == 0 {
		return 0
	}
	v := make([]float64, len(list))
	for i, x := range list {
		v[i] = f(x)
	}
	slices.Sort(v)
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}

// resident is how much of the process is in memory, in bytes; 0 where the system does not say.
func resident() uint64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages uint64
	if _, err := fmt.Sscan(string(b), &size, &pages); err != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize())
}
