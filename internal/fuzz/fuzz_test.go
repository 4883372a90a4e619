package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/leak"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

const (
	begun = "fuzz: elapsed: 0s, gathering baseline coverage: 0/4 completed\n" +
		"fuzz: elapsed: 0s, gathering baseline coverage: 4/4 completed, now fuzzing with 2 workers\n" +
		"fuzz: elapsed: 3s, execs: 39000 (13000/sec), new interesting: 1 (total: 5)\n" +
		"fuzz: elapsed: 3s, execs: 39694 (13000/sec), new interesting: 1 (total: 5)\n"
	endLate = "--- FAIL: FuzzBearer (3.02s)\n    context deadline exceeded\nFAIL\nexit status 1\nFAIL\texample.org/house\t3.04s\n"
	endBad  = "--- FAIL: FuzzBearer (0.02s)\n    --- FAIL: FuzzBearer (0.00s)\n        a_test.go:5: no\n    \n" +
		"    Failing input written to testdata/fuzz/FuzzBearer/771e938e4458e983\n    To re-run:\n" +
		"    go test -run=FuzzBearer/771e938e4458e983\nFAIL\nexit status 1\nFAIL\texample.org/house\t0.04s\n"
)

func TestJudge(t *testing.T) {
	exit := errors.New("exit status 1")
	for name, c := range map[string]struct {
		output     string
		err        error
		want       verdict
		ran        time.Duration
		executions int64
	}{
		"nothing found": {begun + "PASS\nok  \texample.org/house\t3.04s\n", nil, quiet, 10 * time.Second, 39694},
		"nothing but what earlier runs have left": {"fuzz: elapsed: 0s, gathering baseline coverage: 0/700 completed\n" +
			"fuzz: elapsed: 2s, gathering baseline coverage: 382/700 completed\nPASS\nok  \texample.org/house\t2.04s\n", nil, quiet, 10 * time.Second, 382},
		"nothing run":                 {"PASS\nok  \texample.org/house\t0.04s [no tests to run]\n", nil, found, 0, 0},
		"late":                        {begun + endLate, exit, late, 10 * time.Second, 39694},
		"a finding":                   {begun + endBad, exit, found, 3 * time.Second, 39694},
		"a finding that says so, too": {begun + strings.Replace(endBad, "a_test.go:5: no", "context deadline exceeded", 1), exit, found, 3 * time.Second, 39694},
		"a finding not minimized yet": {begun + "fuzz: minimizing 34-byte failing input file\n" + endLate, exit, found, 3 * time.Second, 39694},
		"a worker that hung": {begun + "--- FAIL: FuzzBearer (13.02s)\n    fuzzing process hung or terminated unexpectedly: exit status 2\n" +
			"    context deadline exceeded\nFAIL\n", exit, found, 3 * time.Second, 39694},
		"does not compile": {"# example.org/house\n./a_test.go:5: no\nFAIL\texample.org/house [build failed]\n", exit, found, 0, 0},
		"killed":           {begun, errors.New("signal: killed"), found, 3 * time.Second, 39694},
	} {
		t.Run(name, func(t *testing.T) {
			a := judge(c.output, c.err, 10*time.Second)
			assert.Equal(t, c.want, a.verdict)
			assert.Equal(t, c.executions, a.executions)
			assert.Equal(t, c.ran, a.ran)
		})
	}
}

// play runs a campaign over targets A and B whose runs end as told.
func play(script map[string][]verdict) (said string, ran map[string]attempt, err error) {
	var out strings.Builder
	ran = map[string]attempt{}
	c := campaign{
		targets: []target{{"p", "FuzzA"}, {"p", "FuzzB"}},
		each:    time.Second,
		out:     &out,
		try: func(_ context.Context, t target, d time.Duration) attempt {
			v := script[t.name][0]
			script[t.name] = script[t.name][1:]
			return attempt{v, d, 10, "what go test said of " + t.name}
		},
		ran: func(t target, a attempt) error { ran[t.name] = a; return nil },
	}
	err = c.run(context.Background())
	return out.String(), ran, err
}

func TestCampaign(t *testing.T) {
	t.Run("nothing found", func(t *testing.T) {
		said, ran, err := play(map[string][]verdict{"FuzzA": {quiet}, "FuzzB": {quiet}})
		require.NoError(t, err)
		assert.Equal(t, "2 targets, 1s each\np FuzzA 1s, 10 executions: nothing found\np FuzzB 1s, 10 executions: nothing found\n", said)
		assert.Len(t, ran, 2)
	})
	t.Run("a finding does not end it", func(t *testing.T) {
		said, ran, err := play(map[string][]verdict{"FuzzA": {found}, "FuzzB": {quiet}})
		require.EqualError(t, err, "failed: p FuzzA")
		assert.Contains(t, said, "what go test said of FuzzA")
		assert.NotContains(t, said, "what go test said of FuzzB")
		assert.Equal(t, quiet, ran["FuzzB"].verdict)
	})
	t.Run("late once", func(t *testing.T) {
		_, ran, err := play(map[string][]verdict{"FuzzA": {late, quiet}, "FuzzB": {quiet}})
		require.NoError(t, err)
		assert.Equal(t, attempt{quiet, 2 * time.Second, 20, "what go test said of FuzzA"}, ran["FuzzA"])
	})
	t.Run("late twice", func(t *testing.T) {
		_, _, err := play(map[string][]verdict{"FuzzA": {late, late}, "FuzzB": {late, found}})
		require.EqualError(t, err, "failed: p FuzzA, p FuzzB")
	})
}

// TestCampaignAtOnce: with two jobs two targets run at once, and what is told of them comes one by one.
func TestCampaignAtOnce(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	told := map[string]int{} // the race detector sees to it that these are told one at a time
	c := campaign{
		targets: []target{{"p", "FuzzA"}, {"p", "FuzzB"}},
		jobs:    2,
		out:     io.Discard,
		try: func(_ context.Context, t target, _ time.Duration) attempt {
			both.Done()
			both.Wait()
			return attempt{verdict: map[string]verdict{"FuzzA": found}[t.name]}
		},
		ran: func(t target, _ attempt) error { told[t.name]++; return nil },
	}
	require.EqualError(t, c.run(t.Context()), "failed: p FuzzA")
	assert.Equal(t, map[string]int{"FuzzA": 1, "FuzzB": 1}, told)
}

// TestCampaignRecordFails: a record that can't be kept ends it.
func TestCampaignRecordFails(t *testing.T) {
	tries := 0
	c := campaign{
		targets: []target{{"p", "FuzzA"}, {"p", "FuzzB"}},
		out:     io.Discard,
		try:     func(context.Context, target, time.Duration) attempt { tries++; return attempt{} },
		ran:     func(target, attempt) error { return io.ErrShortWrite },
	}
	require.ErrorIs(t, c.run(t.Context()), io.ErrShortWrite)
	assert.Equal(t, 1, tries)
}

// TestCampaignStopped: what did not run to its end is no result.
func TestCampaignStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	c := campaign{
		targets: []target{{"p", "FuzzA"}, {"p", "FuzzB"}},
		out:     io.Discard,
		try: func(context.Context, target, time.Duration) attempt {
			stop()
			return attempt{verdict: late}
		},
		ran: func(target, attempt) error { t.Error("told of a run that was stopped"); return nil },
	}
	require.ErrorIs(t, c.run(ctx), context.Canceled)
	require.Error(t, (&campaign{out: io.Discard}).run(t.Context()), "there is nothing to run")
}

func TestShare(t *testing.T) {
	for _, c := range []struct {
		each, within time.Duration
		n            int
		want         time.Duration
	}{
		{3 * time.Second, 0, 48, 3 * time.Second},
		{3 * time.Second, 10 * time.Minute, 48, 3 * time.Second},
		{time.Minute, 10 * time.Minute, 48, 12 * time.Second},
		{3 * time.Second, time.Second, 48, time.Second},
		{3 * time.Second, time.Minute, 0, 3 * time.Second},
	} {
		assert.Equal(t, c.want, share(c.each, c.within, c.n), "%+v", c)
	}
}

func TestFindTargets(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"b/b_test.go":          "package b\nfunc FuzzTwo(f *testing.F) {}\nfunc FuzzOne(f *testing.F) {}\nfunc TestC(t *testing.T) {}",
		"a/a_test.go":          "package a\n// func FuzzNo(f *testing.F)\nvar s = \"func FuzzNo(f *testing.F)\"\nfunc FuzzA(f *testing.F) {}",
		"a/help_test.go":       "package a\nfunc fuzz(f *testing.F) {}\nfunc FuzzHelp(f *testing.F, n int) {}\nfunc FuzzFor(t *T) {}\nfunc (x X) FuzzM(f *testing.F) {}",
		"a/a.go":               "package a\nfunc FuzzNoTest(f *testing.F) {}",
		"a/testdata/x_test.go": "package a\nfunc FuzzData(f *testing.F) {}",
	} {
		name = filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	got, err := findTargets(root)
	require.NoError(t, err)
	assert.Equal(t, []target{{"a", "FuzzA"}, {"b", "FuzzOne"}, {"b", "FuzzTwo"}}, got)
	assert.Equal(t, []target{{"b", "FuzzOne"}}, matching(got, regexp.MustCompile("^b FuzzO")))
}

func TestRecord(t *testing.T) {
	file := filepath.Join(t.TempDir(), "FUZZ.md")
	a, b, gone := target{"p", "FuzzA"}, target{"p/q", "FuzzB"}, target{"p", "FuzzGone"}
	all := []target{a, b}
	day := func() time.Time { return time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC) }
	r, err := readRecord(file)
	require.NoError(t, err)
	r.now = day
	require.NoError(t, r.add(gone, attempt{quiet, time.Hour, 1, ""}, append(all, gone)))

	r, err = readRecord(file)
	require.NoError(t, err)
	r.now = day
	require.NoError(t, r.add(a, attempt{quiet, 90 * time.Second, 1000, ""}, all))
	require.NoError(t, r.add(a, attempt{found, time.Second, 1, ""}, all))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, recordHead+"| `p` | `FuzzA` | 1m31s | 1001 | 1 | 2026-11-22 |\n| `p/q` | `FuzzB` | – | – | – | – |\n", string(text))

	r, err = readRecord(file)
	require.NoError(t, err)
	assert.Equal(t, entry{91 * time.Second, 1001, 1, "2026-11-22"}, r.rows[a])
	r.leastFirst(all)
	assert.Equal(t, []target{b, a}, all)
	for _, bad := range []string{"| `p` |", "| `p` | `FuzzA` | x | 1 | 1 | d |", "| `p` | `FuzzA` | 1s | x | 1 | d |", "| `p` | `FuzzA` | 1s | 1 | x | d |"} {
		require.NoError(t, os.WriteFile(file, []byte(fmt.Sprint(recordHead, bad, "\n")), 0o600))
		_, err = readRecord(file)
		assert.ErrorContains(t, err, fmt.Sprintf("%q", bad+"\n"))
	}
}
