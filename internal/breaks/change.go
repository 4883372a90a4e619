package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// A change takes one check out.
type change struct {
	class, what string
	file        string   // from the module's root, with slashes
	old, new    []string // lines
	tests       []watcher
	at          string // where it is written down: file:line
}

func (c change) String() string { return c.class + " " + c.file + ": " + c.what }

// A watcher is a test that must notice a change.
type watcher struct {
	dir  string // of its package, from the module's root
	name string // with its subtests: TestA/one
}

func (w watcher) String() string { return w.dir + " " + w.name }

// function is the name of the test's function.
func (w watcher) function() string {
	name, _, _ := strings.Cut(w.name, "/")
	return name
}

// listFile is where a package keeps its changes.
const listFile = "testdata/breaks.txt"

// readAll reads the lists of all packages.
func readAll(root string) (all []change, err error) {
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && name != root && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return err
		}
		rel, err := filepath.Rel(root, name)
		dir, ok := strings.CutSuffix(filepath.ToSlash(rel), "/"+listFile)
		if err != nil || !ok {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		list, err := parse(dir, string(text))
		all = append(all, list...)
		return err
	})
	return all, err
}

// parse reads the list of the package in dir.
func parse(dir, text string) (list []change, err error) {
	var c *change
	s := bufio.NewScanner(strings.NewReader(text))
	for n := 1; s.Scan(); n++ {
		line := s.Text()
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.TrimSpace(line) == "":
			c = nil
		case c == nil:
			class, what, _ := strings.Cut(line, " ")
			list = append(list, change{class: class, what: what, at: fmt.Sprintf("%s/%s:%d", dir, listFile, n)})
			c = &list[len(list)-1]
		default:
			c.line(dir, line)
		}
	}
	for _, c := range list {
		err = errors.Join(err, c.complete())
	}
	return list, errors.Join(err, s.Err())
}

// line reads one of the lines below the first.
func (c *change) line(dir, line string) {
	switch {
	case c.file == "":
		c.file = path.Join(dir, line)
	case line[0] == '-':
		c.old = append(c.old, line[1:])
	case line[0] == '+':
		c.new = append(c.new, line[1:])
	default:
		w := watcher{dir, line}
		if at, name, ok := strings.Cut(line, " "); ok {
			w = watcher{path.Join(dir, at), name}
		}
		c.tests = append(c.tests, w)
	}
}

func (c *change) complete() error {
	missing := ""
	switch {
	case c.what == "":
		missing = "words"
	case c.file == "":
		missing = "a file"
	case len(c.old) == 0:
		missing = "lines to take out"
	case len(c.tests) == 0:
		missing = "tests"
	default:
		return nil
	}
	return fmt.Errorf("%s: the change has no %s", c.at, missing)
}

// apply returns the source with the change made. The lines must stand in it exactly once.
func (c *change) apply(src string) (string, error) {
	lines := strings.SplitAfter(src, "\n")
	at, times := 0, 0
	for i := range lines {
		if standsAt(lines[i:], c.old) {
			at, times = i, times+1
		}
	}
	if times != 1 {
		return "", fmt.Errorf("%s: what is taken out stands %d times in %s: %q", c.at, times, c.file, c.old)
	}
	before, after := strings.Join(lines[:at], ""), strings.Join(lines[at+len(c.old):], "")
	return before + strings.Join(c.new, "\n") + "\n" + after, nil
}

func standsAt(lines, old []string) bool {
	if len(lines) < len(old) {
		return false
	}
	for i, o := range old {
		if strings.TrimSpace(lines[i]) != strings.TrimSpace(o) {
			return false
		}
	}
	return true
}
