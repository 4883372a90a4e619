package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// The targets, in the order of the report. All but the first are servers of others.
const (
	inProcess = "in-process"
	prosody   = "prosody"
	ejabberd  = "ejabberd"
)

var targets = []string{inProcess, prosody, ejabberd}

// newer are servers that share a column with the older version of the same software: what is said of that holds at both.
var newer = map[string]string{"prosody13": prosody, "ejabberd24": ejabberd}

// A showing is what became of one row at one target: the tests that named it there.
type showing struct {
	passed, failed []string
}

// results are the showings by row and target.
type results map[string]map[string]*showing

// record notes that a test that named the row at the target has ended.
func (r results) record(id, target, test string, passed bool) {
	if r[id] == nil {
		r[id] = map[string]*showing{}
	}
	s := r[id][target]
	if s == nil {
		s = &showing{}
		r[id][target] = s
	}
	list := &s.failed
	if passed {
		list = &s.passed
	}
	if !slices.Contains(*list, test) {
		*list = append(*list, test)
	}
}

// run runs the tests that claim rows, package by package, and returns what they showed. Output of failed tests goes to w.
func run(root string, t *table, claims []claim, w io.Writer) (results, error) {
	byDir := map[string][]string{}
	for _, c := range t.capabilities {
		dir := strings.TrimSuffix(integration, ".")
		byDir[dir] = append(byDir[dir], c.tests...)
	}
	for _, c := range claims {
		if !slices.Contains(byDir[c.dir], c.test) {
			byDir[c.dir] = append(byDir[c.dir], c.test)
		}
	}
	shown := results{}
	for _, dir := range slices.Sorted(maps.Keys(byDir)) {
		fmt.Fprintf(w, "%s: %d tests\n", dir, len(byDir[dir]))
		cmd := exec.Command("go", "test", "-json", "-count=1", "-run", "^("+strings.Join(byDir[dir], "|")+")$", "./"+dir)
		cmd.Dir, cmd.Stderr = root, os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		if err := collect(out, t, shown, failedOnly(w)); err != nil {
			return nil, err
		}
		if err := cmd.Wait(); err != nil {
			fmt.Fprintf(w, "%s: %v\n", dir, err) // which tests failed is in the results
		}
	}
	return shown, nil
}

// target is where a test ran: package integration names its subtests by server.
func target(test string) string {
	for part := range strings.SplitSeq(test, "/") {
		if older, ok := newer[part]; ok {
			return older
		}
		if slices.Contains(targets, part) {
			return part
		}
	}
	return inProcess
}

func topLevel(test string) string {
	name, _, _ := strings.Cut(test, "/")
	return name
}

// silent returns what is wrong with claims that the run has not borne out: a row that nobody named in this process, a test that
// did not name what its source says.
func silent(claims []claim, shown results) (wrong []string) {
	for _, c := range claims {
		for _, id := range c.ids {
			if shown[id][inProcess] == nil || c.sure && !slices.Contains(tests(shown, id), "`"+c.name()+"`") {
				wrong = append(wrong, fmt.Sprintf("%s: %s claims %s and did not name it when it ran", c.at, c.test, id))
			}
		}
	}
	return wrong
}
