package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A verdict is how a run of a target has ended.
type verdict int

const (
	quiet verdict = iota // nothing was found
	late                 // the tool's time was over while a worker was busy; nothing was found
	found                // an input fails, or the target could not be run
)

// An attempt is one run of a target, or two that count as one.
type attempt struct {
	verdict    verdict
	ran        time.Duration
	executions int64
	output     string // of go test
}

func (a attempt) failed() bool { return a.verdict != quiet }

// String says it in a line.
func (a attempt) String() string {
	end := "nothing found"
	switch a.verdict {
	case late:
		end = "FAILED twice without a finding"
	case found:
		end = "FAILED"
	}
	return fmt.Sprintf("%v, %d executions: %s", a.ran, a.executions, end)
}

// tool runs targets with the go command in the module's root.
type tool struct {
	root    string
	workers int // of a target
}

// attempt runs the target once for d. Building it is not counted.
func (o tool) attempt(ctx context.Context, t target, d time.Duration) attempt {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", d.String(),
		"-parallel", strconv.Itoa(o.workers), "-fuzzminimizetime", "5s", "./"+t.dir)
	cmd.Dir = o.root
	cmd.WaitDelay = time.Minute
	out, err := cmd.CombinedOutput()
	return judge(string(out), err, d)
}

var (
	// progress tells of what was executed, the inputs of earlier runs that are tried first among it.
	progress = regexp.MustCompile(`fuzz: elapsed: (\S+), (?:execs|gathering baseline coverage): (\d+)`)
	// noise is what the tool says when it has run out of time. Whatever else it says is a finding.
	noise = regexp.MustCompile(`^(fuzz: elapsed: .*|--- FAIL: Fuzz\w+ \(.*\)|FAIL|exit status 1|FAIL\t.*|)$`)
	// tooLate is the go tool's own failure: the deadline of -fuzztime cancels the call of a worker that is busy just then, and
	// what cancels it is reported as the target's error (internal/fuzz, CoordinateFuzzing). An input that fails is written to
	// testdata and told with these words; one that hangs is ended after ten seconds and told so.
	tooLate = "context deadline exceeded"
)

// judge reads what go test has said of a run, and the error with which it ended.
func judge(output string, err error, d time.Duration) attempt {
	a := attempt{ran: d, output: output, verdict: found}
	var elapsed time.Duration
	for _, m := range progress.FindAllStringSubmatch(output, -1) { // the last are the sums
		elapsed, _ = time.ParseDuration(m[1])
		a.executions, _ = strconv.ParseInt(m[2], 10, 64)
	}
	switch {
	case err == nil && a.executions > 0:
		a.verdict = quiet
	case err == nil:
		a.output += "nothing was run"
	case onlyLate(output):
		a.verdict = late
	}
	if a.verdict == found {
		a.ran = elapsed // a finding ends the run
	}
	return a
}

// onlyLate reports whether a failed run says that its time was over, and nothing else.
func onlyLate(output string) bool {
	late := false
	for line := range strings.Lines(output) {
		line = strings.TrimSuffix(line, "\n")
		if strings.TrimSpace(line) == tooLate {
			late = true
		} else if !noise.MatchString(line) {
			return false
		}
	}
	return late
}
