package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// module is what the import paths of all packages begin with.
const module = "github.com/canto-im/canto/"

// An event is a line of go test -json (go doc test2json).
type event struct {
	Action, Package, ImportPath, Test, Key, Value, Output string
}

// dir is the folder of the event's package.
func (e *event) dir() string { return strings.TrimPrefix(e.Package, module) }

// of tells the tests of several packages apart.
func (e *event) of() string { return cmp.Or(e.Package, e.ImportPath) + " " + e.Test }

// collect reads what go test -json says, of one package or of many at a time. A test that was skipped has shown nothing. say
// gets what a person should see.
func collect(from io.Reader, t *table, shown results, say *printer) error {
	named := map[string][]string{}
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("go test -json says %q: %w", lines.Text(), err)
		}
		say.event(&e)
		switch e.Action {
		case "attr":
			if e.Key != attribute {
				continue
			}
			ids, _, err := t.leading(e.Value)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", e.dir(), e.Test, err)
			}
			named[e.of()] = append(named[e.of()], ids...)
		case "fail", "pass":
			shown.tried(t.capabilities, &e)
			for _, id := range named[e.of()] {
				shown.record(id, target(e.Test), e.dir()+"."+topLevel(e.Test), e.Action == "pass")
			}
			delete(named, e.of())
		}
	}
	return lines.Err()
}

// A printer shows a run as go test does without -json: what failed, and a line for each package.
type printer struct {
	w        io.Writer
	packages bool // the lines of the packages as well
	output   map[string]*strings.Builder
	failed   []string // packages
}

// failedOnly shows what failed.
func failedOnly(w io.Writer) *printer { return &printer{w: w, output: map[string]*strings.Builder{}} }

// everything shows the packages that passed, too.
func everything(w io.Writer) *printer {
	p := failedOnly(w)
	p.packages = true
	return p
}

func (p *printer) event(e *event) {
	switch e.Action {
	case "output", "build-output":
		b := p.output[e.of()]
		if b == nil {
			b = new(strings.Builder)
			p.output[e.of()] = b
		}
		b.WriteString(e.Output)
	case "fail", "build-fail":
		if e.Test == "" {
			p.failed = append(p.failed, cmp.Or(e.Package, e.ImportPath))
		}
		p.flush(e)
	case "pass", "skip":
		if b := p.output[e.of()]; b != nil && e.Test == "" && p.packages {
			p.verdict(b.String())
		}
		delete(p.output, e.of())
	}
}

// flush shows what was held back of a test, or of a whole package and the tests that it did not come to the end of.
func (p *printer) flush(e *event) {
	for key, b := range p.output {
		if key == e.of() || e.Test == "" && strings.HasPrefix(key, e.of()) {
			fmt.Fprint(p.w, b)
			delete(p.output, key)
		}
	}
}

// verdict shows the line about a package.
func (p *printer) verdict(output string) {
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "ok ") || strings.HasPrefix(line, "? ") || strings.Contains(line, "[no test") {
			fmt.Fprint(p.w, line)
		}
	}
}
