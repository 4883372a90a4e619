package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// reportFile is where the report stands in the module.
const reportFile = "internal/conformance/CONFORMANCE.md"

const integration = "internal/integration."

// committed reads the report that stands in the tree back into results. What the tests showed at each target apart is not in
// it: all of them count in this process, and those of package integration at servers of others.
func committed(root string, t *table) (text string, shown results, err error) {
	b, err := os.ReadFile(filepath.Join(root, reportFile))
	if err != nil {
		return "", nil, err
	}
	shown = results{}
	for line := range strings.Lines(string(b)) {
		if err := shown.read(line); err != nil {
			return "", nil, fmt.Errorf("%s: %w in %q", reportFile, err, line)
		}
		shown.readCapability(t.capabilities, line)
	}
	return string(b), shown, nil
}

var quoted = regexp.MustCompile("`([^`]+)`")

// read takes one line of the report. What is no row of it is passed over.
func (r results) read(line string) error {
	cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "| "), " |"), " | ")
	if len(cells) != 4+len(targets) {
		return nil
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(cells[0], "["), "](")
	by, _, _ := strings.Cut(cells[3+len(targets)], "; on servers of others: ")
	for i, target := range targets {
		state := cells[3+i]
		if state != passed && state != failed {
			continue
		}
		some := false
		for _, name := range quoted.FindAllStringSubmatch(by, -1) {
			if target == inProcess || strings.HasPrefix(name[1], integration) {
				r.record(id, target, name[1], state == passed)
				some = true
			}
		}
		if !some {
			return fmt.Errorf("%s %s at %s by no test", id, state, target)
		}
	}
	return nil
}

// with returns what a run has shown, and for the targets that it had not got what old says of them.
func (r results) with(old results) results {
	tried := map[string]bool{}
	all := results{}
	for id, by := range r {
		for target, s := range by {
			tried[target] = true
			all.take(id, target, s)
		}
	}
	for id, by := range old {
		for target, s := range by {
			if !tried[target] {
				all.take(id, target, s)
			}
		}
	}
	return all
}

// take notes another showing.
func (r results) take(id, target string, s *showing) {
	for _, name := range s.failed {
		r.record(id, target, name, false)
	}
	for _, name := range s.passed {
		r.record(id, target, name, true)
	}
}

// stale returns what of the report and of the README's summary is not what shown says, up to ten lines.
func stale(root string, t *table, shown results) (wrong []string) {
	text, old, err := committed(root, t)
	if err != nil {
		return []string{err.Error()}
	}
	shown = shown.with(old)
	have, want := strings.Split(text, "\n"), strings.Split(report(t, shown), "\n")
	for i, line := range want {
		if i >= len(have) || have[i] != line {
			wrong = append(wrong, fmt.Sprintf("%s:%d: the run says %q", reportFile, i+1, line))
		}
	}
	if len(have) > len(want) {
		wrong = append(wrong, fmt.Sprintf("%s: there is more than the run says: %q", reportFile, have[len(want)]))
	}
	if err := betweenMarks(filepath.Join(root, "README.md"), summary(t, shown)); err != nil {
		wrong = append(wrong, err.Error())
	}
	if len(wrong) > 0 {
		wrong = append(slices.Clip(wrong[:min(len(wrong), 10)]), "go run ./internal/conformance writes the report and the summary anew")
	}
	return wrong
}
