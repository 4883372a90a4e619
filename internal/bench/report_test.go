package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestREADME holds the README's table to the report: both are written by the same run.
func TestREADME(t *testing.T) {
	table, err := inREADME.Read("../../README.md")
	require.NoError(t, err)
	report, err := os.ReadFile("PERFORMANCE.md")
	require.NoError(t, err)
	require.Contains(t, table, "| Canto |", "go run ./internal/bench writes it")
	assert.Contains(t, string(report), "\n"+table, "go run ./internal/bench writes both")
	assert.Contains(t, string(report), notes, "go run ./internal/bench writes it")
}

// TestReportHasWhatIsMeasured holds the report to the program: who adds a contest or a budget runs the command.
func TestReportHasWhatIsMeasured(t *testing.T) {
	report, err := os.ReadFile("PERFORMANCE.md")
	require.NoError(t, err)
	for _, c := range contests(&peerAddr{}, 1000) {
		for _, s := range c.sides {
			assert.Contains(t, string(report), "| "+c.name+" | "+s.name+" |")
		}
	}
	for _, w := range routes() {
		assert.Contains(t, string(report), w.name)
	}
}

// Every budget that does not hold is named, and said why in the notes.
func TestBudgetsThatDoNotHold(t *testing.T) {
	report, err := os.ReadFile("PERFORMANCE.md")
	require.NoError(t, err)
	for line := range strings.Lines(string(report)) {
		if strings.HasSuffix(line, "| does not hold |\n") {
			assert.Contains(t, notes, strings.TrimSpace(strings.Split(line, "|")[1]))
		}
	}
}

func TestBudget(t *testing.T) {
	for _, c := range []struct {
		budget
		holds bool
	}{
		{budget{got: 10, want: 10}, true},
		{budget{got: 9.9, want: 10}, false},
		{budget{got: 10, want: 10, most: true}, true},
		{budget{got: 10.1, want: 10, most: true}, false},
	} {
		assert.Equal(t, c.holds, c.budget.holds(), "%+v", c.budget)
		assert.Equal(t, c.holds, strings.HasSuffix(c.row(), "| holds |\n"), c.row())
	}
}

func TestMedian(t *testing.T) {
	for want, list := range map[float64][]float64{0: nil, 3: {5, 1, 3}, 2: {1, 3, 9, 1}} {
		assert.Equal(t, want, median(list, itself), "%v", list)
	}
}

// A ratio is that of the round: rounds on a busy machine take part as much as others.
func TestTimes(t *testing.T) {
	took := func(ours, theirs time.Duration) []sample {
		return []sample{{ops: 1, wall: ours}, {ops: 10, wall: theirs}}
	}
	o := outcome{rounds: [][]sample{took(1, 100), took(100, 9000), took(3, 300)}}
	assert.Equal(t, 10.0, o.times(1, wallTime))
	assert.Equal(t, 3.0, o.of(0, wallTime))
}

func TestFigure(t *testing.T) {
	for want, v := range map[string]float64{"1.23 M": 1_234_567, "123": 123.4, "12.3": 12.34, "1.23": 1.234} {
		assert.Equal(t, want, figure(v))
	}
}
