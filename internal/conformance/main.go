package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/canto-im/canto/internal/tree"
)

func main() {
	log.SetFlags(0)
	check := flag.Bool("check", false, "read the output of go test -json ./... and hold the report to it; write nothing")
	flag.Parse()
	do := update
	if *check {
		do = func() error { return verify(os.Stdin, os.Stdout) }
	}
	if err := do(); err != nil {
		log.Fatal("conformance: ", err)
	}
}

// house is what the sources and the table say.
type house struct {
	root   string
	table  *table
	claims []claim
}

// enter reads it.
func enter() (*house, error) {
	root, err := tree.Root()
	if err != nil {
		return nil, err
	}
	t, err := load()
	if err != nil {
		return nil, err
	}
	return survey(root, t)
}

// survey reads the sources.
func survey(root string, t *table) (h *house, err error) {
	h = &house{root: root, table: t}
	if t.capabilities, err = readCapabilities(root); err != nil {
		return nil, err
	}
	h.claims, err = readClaims(root, t)
	return h, err
}

// wrong is all that is wrong with it, whatever a run shows.
func (h *house) wrong() ([]string, error) {
	wrong := slices.Concat(coverage(h.table, h.claims), built(h.root, h.table), untriedCapabilities(h.table.capabilities))
	more, err := skips(h.root)
	return append(wrong, more...), err
}

// update runs the tests and writes what they showed.
func update() error {
	h, err := enter()
	if err != nil {
		return err
	}
	shown, err := run(h.root, h.table, h.claims, os.Stderr)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(h.root, reportFile), []byte(report(h.table, shown)), 0o644); err != nil {
		return err
	}
	if err := inREADME.Write(filepath.Join(h.root, "README.md"), summary(h.table, shown)); err != nil {
		return err
	}
	fmt.Print(summary(h.table, shown))
	return h.judge(shown)
}

// judge is an error of all that is wrong with the sources and with what a run of their tests has shown, and of more.
func (h *house) judge(shown results, more ...string) error {
	wrong, err := h.wrong()
	if err != nil {
		return err
	}
	return complaint(wrong, silent(h.claims, shown), more, failures(shown))
}

// verify holds the report to a run of all tests, which it shows on w.
func verify(from io.Reader, w io.Writer) error {
	h, err := enter()
	if err != nil {
		return err
	}
	shown, say := results{}, everything(w)
	if err := collect(from, h.table, shown, say); err != nil {
		return err
	}
	more := stale(h.root, h.table, shown)
	if len(say.failed) > 0 {
		more = append(more, "tests failed in "+strings.Join(say.failed, ", "))
	}
	return h.judge(shown, more...)
}

// complaint is an error of these lines; nil when there are none.
func complaint(lists ...[]string) error {
	var lines []string
	for _, list := range lists {
		lines = append(lines, list...)
	}
	if len(lines) == 0 {
		return nil
	}
	return errors.New(strings.Join(lines, "\n"))
}

// failures names the rows that failed somewhere.
func failures(shown results) (wrong []string) {
	for id, by := range shown {
		for target, s := range by {
			if len(s.failed) > 0 {
				wrong = append(wrong, fmt.Sprintf("%s failed at %s in %s", id, target, strings.Join(s.failed, ", ")))
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}
