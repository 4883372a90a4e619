package main

import (
	"fmt"
	"slices"
	"strings"
)

// The states of a row at a target.
const (
	passed     = "passed"
	failed     = "failed"
	notCovered = "not covered"

	outside     = "not applicable"
	notFollowed = "not followed"
	notYet      = "not yet"

	// of servers of others
	untried   = "–"
	unseeable = "cannot be shown"
)

// state is what the run has shown of a row at a target; "" when it was not tried there.
func state(t *table, shown results, id, target string) string {
	s := shown[id][target]
	switch {
	case s != nil && len(s.failed) > 0:
		return failed
	case s != nil && len(s.passed) > 0:
		return passed
	case target != inProcess:
		return ""
	}
	if said, _ := t.untested(id); said != "" {
		return said
	}
	return notCovered
}

// A part is a section of the report.
type part struct {
	title string
	has   func(r requirement) bool
}

func features(rfc string) func(requirement) bool {
	return func(r requirement) bool { return r.feature() && r.rfc == rfc }
}

func sentences(rfc string) func(requirement) bool {
	return func(r requirement) bool { return !r.feature() && r.rfc == rfc }
}

// parts are the sections: the tables of the RFCs first, then their sentences.
func parts(t *table) []part {
	list := []part{
		{"RFC 6120 §15, the client's rows", features("6120")},
		{"RFC 6121 §12, the client's rows", features("6121")},
		{"RFC 7622 §8", features("7622")},
		{"XEP-0479, what the suites of 2023 ask of a client, and of an advanced one", features(suites)},
	}
	var seen []string
	for _, r := range t.rows {
		if !r.feature() && !slices.Contains(seen, r.rfc) {
			seen = append(seen, r.rfc)
			list = append(list, part{"RFC " + r.rfc + ", sentence by sentence", sentences(r.rfc)})
		}
	}
	return list
}

// tested says what ran, for the head of the report.
func tested(shown results) string {
	names := map[string]string{inProcess: "the server in this process", prosody: "Prosody", ejabberd: "ejabberd"}
	var list []string
	for _, target := range targets {
		for _, by := range shown {
			if by[target] != nil {
				list = append(list, names[target])
				break
			}
		}
	}
	return strings.Join(list, ", ")
}

// legend explains what stands in the cells of a row.
func legend() string {
	var b strings.Builder
	for _, l := range [][2]string{
		{passed + "*, *" + failed, "what the tests that name the row came to, at that target"},
		{untried, "the tests that show the row do not run at that target: what they need of a server, the one in this process does on demand"},
		{unseeable, "a server of others, as it is installed, gives no occasion for it; the last column says why"},
		{outside, "binds somebody else than a client library; the last column says whom, or why"},
		{notFollowed, "is no MUST, and has the reason against it that the last column gives"},
		{notYet, "belongs to a part that Canto has not got: the last column says which"},
		{notCovered, "no test shows it, and nothing says why: the tests of this page fail"},
	} {
		fmt.Fprintf(&b, "- *%s*: %s.\n", l[0], l[1])
	}
	return b.String()
}

// report is CONFORMANCE.md.
func report(t *table, shown results) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Conformance\n\nWritten by `go run ./internal/conformance` from a run of the tests against %s; see that package's documentation. "+
		"Each row is a requirement that concerns a client; the words are those of the RFCs. What a cell says:\n\n%s\n", tested(shown), legend())
	b.WriteString(summary(t, shown))
	b.WriteString(capabilities(t.capabilities, shown))
	for _, p := range parts(t) {
		fmt.Fprintf(&b, "\n## %s\n\n| row | level | requirement | in process | Prosody | ejabberd | shown by |\n|---|---|---|---|---|---|---|\n", p.title)
		for _, r := range t.rows {
			if p.has(r) {
				b.WriteString(line(t, shown, r))
			}
		}
	}
	return b.String()
}

// line is one row of the report.
func line(t *table, shown results, r requirement) string {
	link := fmt.Sprintf("[%s](https://www.rfc-editor.org/rfc/rfc%s#section-%s)", r.id, r.rfc, r.section)
	switch {
	case r.rfc == suites:
		link = fmt.Sprintf("[%s](https://xmpp.org/extensions/xep-%s.html)", r.id, r.rfc)
	case strings.HasPrefix(r.section, "A"):
		link = r.id
	}
	cells := make([]string, len(targets))
	for i, target := range targets {
		if cells[i] = state(t, shown, r.id, target); cells[i] == "" {
			if cells[i] = untried; reason(t.unseen, r.id) != "" {
				cells[i] = unseeable
			}
		}
	}
	by := strings.Join(tests(shown, r.id), ", ")
	if said, why := t.untested(r.id); said != "" {
		cells = []string{said, "", ""}
		by = why
	} else if why := reason(t.unseen, r.id); why != "" {
		by += "; on servers of others: " + why
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n", link, r.level, cell(r.text), strings.Join(cells, " | "), cell(by))
}

// tests lists who showed a row, shortest first names of packages.
func tests(shown results, id string) (list []string) {
	for _, target := range targets {
		s := shown[id][target]
		if s == nil {
			continue
		}
		for _, name := range append(slices.Clone(s.failed), s.passed...) {
			if name = "`" + name + "`"; !slices.Contains(list, name) {
				list = append(list, name)
			}
		}
	}
	slices.Sort(list)
	return list
}

// longest is how much of a requirement's text the report shows.
const longest = 240

// cell makes s fit for a cell of a Markdown table.
func cell(s string) string {
	if r := []rune(s); len(r) > longest && !strings.Contains(s, "`") {
		s = string(r[:longest-1]) + "…"
	}
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`).Replace(s)
}

// summary is the table of counts, for the report and the README.
func summary(t *table, shown results) string {
	var b strings.Builder
	b.WriteString("| requirements | rows | passed | failed | not applicable | not followed | not yet | not covered | passed on Prosody | passed on ejabberd |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, p := range parts(t) {
		count := map[string]int{}
		rows := 0
		for _, r := range t.rows {
			if !p.has(r) {
				continue
			}
			rows++
			count[state(t, shown, r.id, inProcess)]++
			for _, target := range targets[1:] {
				count[target+" "+state(t, shown, r.id, target)]++
			}
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %d | %d | %d | %d |\n", p.title, rows, count[passed], count[failed],
			count[outside], count[notFollowed], count[notYet], count[notCovered],
			count[prosody+" "+passed], count[ejabberd+" "+passed])
	}
	return b.String()
}
