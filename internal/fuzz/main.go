// Fuzz runs the module's fuzz targets, and keeps a record of it.
//
//	go run ./internal/fuzz -for 3s -within 10m     # what .ci/run does: a moment for each
//	go run ./internal/fuzz -for 10m -record        # a campaign; FUZZ.md says what has been run, on whatever day
//	go run ./internal/fuzz -for 10m -record -jobs 4 # four at once, which share the processors
//	go run ./internal/fuzz -only 'sasl FuzzSCRAM' -for 1m
//
// A target that fails does not keep the others from running; the command fails at the end. The input that failed stands in the
// testdata of its package then: mend what it shows and keep it, so that go test tries it for ever.
//
// The go tool fails a run with the words "context deadline exceeded" when its time is over while a worker is busy. That is no
// finding (attempt.go): such a run is repeated once.
//
// With -record, those that have been run least come first, and the record is written after each: a campaign may be stopped and
// taken up again. Interesting inputs are kept by the go tool in its cache, so that the next run begins with them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/canto-im/canto/internal/tree"
)

func main() {
	log.SetFlags(0)
	each := flag.Duration("for", 10*time.Second, "how long each target is run, at most")
	within := flag.Duration("within", 0, "how long all of them are run together, at most (0: as long as it takes)")
	only := flag.String("only", "", "run only targets that match this `regexp`: \"sasl FuzzSCRAM\"")
	record := flag.Bool("record", false, "add what was run to "+recordFile)
	jobs := flag.Int("jobs", 1, "how many targets are run at once; the processors are shared among them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *each, *within, *only, *jobs, *record); err != nil {
		log.Fatal("fuzz: ", err)
	}
}

func run(ctx context.Context, each, within time.Duration, only string, jobs int, record bool) error {
	match, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	root, err := tree.Root()
	if err != nil {
		return err
	}
	all, err := findTargets(root)
	if err != nil {
		return err
	}
	jobs = max(jobs, 1)
	c := campaign{try: tool{root, max(runtime.GOMAXPROCS(0)/jobs, 1)}.attempt, out: os.Stdout, targets: matching(all, match), jobs: jobs}
	c.each = share(each, within*time.Duration(jobs), len(c.targets))
	if record {
		r, err := readRecord(filepath.Join(root, recordFile))
		if err != nil {
			return err
		}
		r.leastFirst(c.targets)
		c.ran = func(t target, a attempt) error { return r.add(t, a, all) }
	}
	return c.run(ctx)
}

// share is how long each of n targets may run; the go tool can't do with less than a second.
func share(each, within time.Duration, n int) time.Duration {
	if within > 0 && n > 0 {
		each = min(each, within/time.Duration(n))
	}
	return max(each.Truncate(time.Second), time.Second)
}

// A campaign runs targets, some of them at once.
type campaign struct {
	targets []target
	each    time.Duration
	jobs    int
	try     func(ctx context.Context, t target, d time.Duration) attempt
	ran     func(t target, a attempt) error // is told of each, one at a time; may be nil
	out     io.Writer

	mu     sync.Mutex // protects out, ran and what follows
	next   int
	failed []string
	err    error // ends the campaign
}

func (c *campaign) run(ctx context.Context) error {
	if len(c.targets) == 0 {
		return fmt.Errorf("there are no such targets")
	}
	fmt.Fprintf(c.out, "%d targets, %v each\n", len(c.targets), c.each)
	var workers sync.WaitGroup
	for range max(c.jobs, 1) {
		workers.Go(func() {
			for t, ok := c.take(); ok; t, ok = c.take() {
				c.note(ctx, t, c.one(ctx, t))
			}
		})
	}
	workers.Wait()
	if c.err == nil && len(c.failed) > 0 {
		return fmt.Errorf("failed: %s", strings.Join(c.failed, ", "))
	}
	return c.err
}

// take returns the next target that is to be run.
func (c *campaign) take() (target, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.next == len(c.targets) {
		return target{}, false
	}
	c.next++
	return c.targets[c.next-1], true
}

// note tells how a target has done.
func (c *campaign) note(ctx context.Context, t target, a attempt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ctx.Err(); err != nil {
		c.err = err
		return
	}
	fmt.Fprintln(c.out, t, a)
	if a.failed() {
		fmt.Fprintln(c.out, a.output)
		c.failed = append(c.failed, t.String())
	}
	if c.ran != nil {
		c.err = errors.Join(c.err, c.ran(t, a))
	}
}

// one runs a target, a second time when the tool has failed and nothing was found.
func (c *campaign) one(ctx context.Context, t target) attempt {
	first := c.try(ctx, t, c.each)
	if first.verdict != late || ctx.Err() != nil {
		return first
	}
	c.mu.Lock()
	fmt.Fprintf(c.out, "%s: the time was over while a worker was busy, and nothing was found: once more\n", t)
	c.mu.Unlock()
	second := c.try(ctx, t, c.each)
	second.ran += first.ran
	second.executions += first.executions
	return second
}
