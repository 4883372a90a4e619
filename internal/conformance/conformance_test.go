package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryRowIsShown holds the table to the tests of the whole module, as their sources tell: each row has a test or a reason,
// and no test is skipped.
func TestEveryRowIsShown(t *testing.T) {
	wrong, err := sources(t).wrong()
	require.NoError(t, err)
	for _, line := range wrong {
		t.Error(line)
	}
}

// TestReportIsOfThisTable holds the report and the README's summary to the table and the sources, as far as they tell without
// a run: no cell may differ from what the rest of the report makes of it, and the tests that show a row are those that claim
// it. The command with -check holds them to a run.
func TestReportIsOfThisTable(t *testing.T) {
	h := sources(t)
	_, shown, err := committed(h.root, h.table)
	require.NoError(t, err)
	for _, wrong := range slices.Concat(stale(h.root, h.table, shown), silent(h.claims, shown), failures(shown), unclaimed(h.claims, shown), unseen(h, shown)) {
		t.Error(wrong)
	}
}

// unclaimed returns the tests that the report has show rows, and whose sources don't say so.
func unclaimed(claims []claim, shown results) (wrong []string) {
	said := map[string]bool{}
	for _, c := range claims {
		for _, id := range c.ids {
			said[id+" `"+c.name()+"`"] = true
		}
	}
	for id := range shown {
		if strings.HasPrefix(id, "capability ") {
			continue
		}
		for _, name := range tests(shown, id) {
			if !said[id+" "+name] {
				wrong = append(wrong, name+" is said to show "+id+" and does not claim it")
			}
		}
	}
	return wrong
}

// unseen returns the features that package integration shows, and that the report does not have passed at every server.
func unseen(h *house, shown results) (wrong []string) {
	for _, c := range h.claims {
		for _, id := range c.ids {
			for _, target := range targets[1:] {
				if h.table.byID[id].feature() && strings.HasPrefix(c.name(), integration) && shown[id][target] == nil && reason(h.table.unseen, id) == "" {
					wrong = append(wrong, id+" is shown by "+c.name()+" and not at "+target)
				}
			}
		}
	}
	return wrong
}

func sources(t *testing.T) *house {
	t.Helper()
	table, err := load()
	require.NoError(t, err)
	root := filepath.Join("..", "..")
	h, err := survey(root, table)
	require.NoError(t, err)
	return h
}

// TestLegend: whatever stands in the cells of a row is explained at the head of the report.
func TestLegend(t *testing.T) {
	text, _, err := committed(filepath.Join("..", ".."), newTable())
	require.NoError(t, err)
	said := map[string]bool{}
	for line := range strings.Lines(text) {
		if cells := strings.Split(line, " | "); len(cells) == 4+len(targets) && !strings.HasPrefix(line, "| row ") && !strings.HasPrefix(line, "| package ") && !strings.HasPrefix(line, "| `") {
			for _, cell := range cells[3 : 3+len(targets)] {
				said[cell] = true
			}
		}
	}
	delete(said, "")
	require.Greater(t, len(said), 4)
	for cell := range said {
		require.Contains(t, legend(), "*"+cell+"*")
	}
}
