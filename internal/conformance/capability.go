package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// places are the servers that package integration names its subtests by, each version for itself, in the order of the table.
var places = []struct{ name, title string }{
	{inProcess, "in process"}, {prosody, "Prosody 0.12"}, {"prosody13", "Prosody 13"}, {ejabberd, "ejabberd 23"}, {"ejabberd24", "ejabberd 24"},
}

// A capability is a package, and the tests of package integration that try it with each server: those in the file of its name.
type capability struct {
	dir   string // "xmpp/mam"
	tests []string
}

// inOthers says of packages that have no such file where they are tried with servers.
var inOthers = map[string]string{
	"xmpp/form":     "with `register`, `muc` and `pubsub`",
	"xmpp/forward":  "with `carbons` and `mam`",
	"xmpp/hostmeta": "in this process alone: what it reads, any web server has",
	"xmpp/paging":   "with `mam` and `disco`",
	"xmpp/stamp":    "with `mam` and `muc`",
	"xmpp/xmpptest": "it is the server in this process",
}

// under is what a capability is called among the results, where rows have their ids.
func (c *capability) under() string { return "capability " + c.dir }

// readCapabilities finds the packages that have a file of tests in package integration, in the order of their names.
func readCapabilities(root string) (list []capability, err error) {
	for _, pattern := range []string{"roster", "xmpp/*"} {
		dirs, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, dir := range dirs {
			base := filepath.Base(dir)
			if info, err := os.Stat(dir); err != nil || !info.IsDir() || base == "testdata" {
				continue
			}
			c := capability{dir: strings.TrimSuffix(pattern, "*")}
			if pattern != base {
				c.dir += base
			}
			for _, end := range []string{"_test.go", "_linux_test.go"} {
				name := filepath.Join(root, filepath.FromSlash(strings.TrimSuffix(integration, ".")), base+end)
				if _, err := os.Stat(name); err != nil {
					continue
				}
				file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
				if err != nil {
					return nil, err
				}
				c.tests = append(c.tests, testsOf(file)...)
			}
			list = append(list, c)
		}
	}
	return list, nil
}

// untriedCapabilities returns the packages that neither a file nor a reason speaks of, or both.
func untriedCapabilities(list []capability) (wrong []string) {
	idle := maps.Clone(inOthers)
	for _, c := range list {
		switch why := inOthers[c.dir]; {
		case len(c.tests) == 0 && why == "":
			wrong = append(wrong, fmt.Sprintf("%s has no tests in package integration: %s_test.go, or a reason in inOthers", c.dir, filepath.Base(c.dir)))
		case len(c.tests) > 0 && why != "":
			wrong = append(wrong, fmt.Sprintf("%s has tests in package integration, and inOthers has a reason why not", c.dir))
		}
		delete(idle, c.dir)
	}
	for dir := range idle {
		wrong = append(wrong, fmt.Sprintf("inOthers names %s, which is no package", dir))
	}
	slices.Sort(wrong)
	return wrong
}

// tried notes what a test of package integration has come to, if it's one of a capability and has a place.
func (r results) tried(list []capability, e *event) {
	if e.dir()+"." != integration {
		return
	}
	test := topLevel(e.Test)
	for part := range strings.SplitSeq(e.Test, "/") {
		for _, p := range places {
			if part != p.name {
				continue
			}
			for _, c := range list {
				if slices.Contains(c.tests, test) {
					r.record(c.under(), p.name, test, e.Action == "pass")
				}
			}
		}
	}
}

// capabilities is the table of how many tests each package has passed with each server.
func capabilities(list []capability, shown results) string {
	if len(list) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n## Which package was tried with which server\n\nHow many tests of package integration passed there.\n\n| package |")
	for _, p := range places {
		fmt.Fprintf(&b, " %s |", p.title)
	}
	fmt.Fprintf(&b, " tests |\n|---|%s---|\n", strings.Repeat("---|", len(places)))
	for _, c := range list {
		if len(c.tests) == 0 {
			continue
		}
		fmt.Fprintf(&b, "| `%s` |", c.dir)
		for _, p := range places {
			fmt.Fprintf(&b, " %s |", shown[c.under()][p.name].count())
		}
		fmt.Fprintf(&b, " %s |\n", strings.Join(c.tests, ", "))
	}
	b.WriteString("\nThe others are tried in the course of these:")
	for i, dir := range slices.Sorted(maps.Keys(inOthers)) {
		fmt.Fprintf(&b, "%s `%s` %s", [...]string{"", ";"}[min(i, 1)], dir, inOthers[dir])
	}
	b.WriteString(".\n")
	return b.String()
}

// count is the cell of a showing.
func (s *showing) count() string {
	switch {
	case s == nil:
		return untried
	case len(s.failed) > 0:
		return failed
	}
	return fmt.Sprint(len(s.passed))
}

// readCapability takes one line of the table back. Which of the tests it were is not in it, and makes no difference.
func (r results) readCapability(list []capability, line string) {
	cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "| "), " |"), " | ")
	for _, c := range list {
		if len(cells) != 2+len(places) || cells[0] != "`"+c.dir+"`" {
			continue
		}
		for i, p := range places {
			var n int
			if cells[1+i] == failed {
				r.record(c.under(), p.name, c.tests[0], false)
			} else if _, err := fmt.Sscan(cells[1+i], &n); err == nil {
				for j := range n {
					r.record(c.under(), p.name, fmt.Sprint(j), true)
				}
			}
		}
	}
}
