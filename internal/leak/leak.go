package leak

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// grace is how long a goroutine may take to leave after the last test.
const grace = 5 * time.Second

// Runner runs the tests of a package and returns the exit code; *testing.M is one.
type Runner interface{ Run() int }

// Main runs the tests and exits with their code, or with 1 when they passed and left goroutines behind. It never returns.
func Main(m Runner) { os.Exit(run(m, os.Stderr, grace)) }

func run(m Runner, w io.Writer, grace time.Duration) int {
	code := m.Run()
	if code != 0 {
		return code // a failed test often stops before its clean-up: its own message matters more
	}
	left := wait(grace)
	if len(left) == 0 {
		return 0
	}
	fmt.Fprintf(w, "leak: %d goroutine(s) still here %v after the last test:\n\n%s\n", len(left), grace, strings.Join(left, "\n\n"))
	return 1
}

// wait returns the stacks of the goroutines that are still there when grace has passed, none as soon as all have left.
func wait(grace time.Duration) []string {
	deadline := time.Now().Add(grace)
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		left := others(stacks())
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
		time.Sleep(pause)
	}
}

// stacks returns the stack of every goroutine, the caller's first.
func stacks() []string {
	for buf := make([]byte, 64<<10); ; buf = make([]byte, 2*len(buf)) {
		if n := runtime.Stack(buf, true); n < len(buf) {
			return strings.Split(strings.TrimSpace(string(buf[:n])), "\n\n")
		}
	}
}

// others drops the caller and the goroutines that the runtime and package testing keep for themselves.
func others(stacks []string) (left []string) {
	for _, s := range stacks[1:] {
		if !house(s) {
			left = append(left, s)
		}
	}
	return left
}

// houseFuncs are functions that stand on the stack of a goroutine which is nobody's leak. Each must stand at the start of a line.
var houseFuncs = []string{
	"testing.(*M).",          // the main goroutine, when the check runs beside it
	"testing.runTests(",      // likewise
	"testing.(*T).Run(",      // a parent test that waits for its subtest
	"testing.runFuzzing(",    // the fuzzing coordinator
	"os/signal.signal_recv(", // started by the first signal.Notify, for good
	"os/signal.loop(",        // likewise
	"runtime.ensureSigM(",    // likewise
	"runtime/trace.Start.",   // -trace
	"runtime/pprof.profile",  // -cpuprofile
	"runtime.runFinalizers(", // shown while it runs a finalizer
	"runtime.runCleanups(",   // likewise, a cleanup
	"runtime.ReadTrace(",     // -trace
}

func house(stack string) bool {
	for line := range strings.Lines(stack) {
		for _, f := range houseFuncs {
			if strings.HasPrefix(line, f) {
				return true
			}
		}
	}
	return false
}
