package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// recordFile is where the record stands, from the module's root.
const recordFile = "internal/fuzz/FUZZ.md"

const (
	recordHead = `# Fuzz targets

Written by ` + "`go run ./internal/fuzz -record`" + `: how long each target has been run in all recorded runs together, how often it was
executed in them, how many of them found something, and when the last was. What was found is mended; the input that showed it
is kept in the package's ` + "`testdata/fuzz`" + ` or among the seeds in its tests, where every ` + "`go test`" + ` tries it again.

| package | target | run for | executions | found | last |
|---|---|---|---|---|---|
`
	never = "–"
)

// An entry is what is known of one target.
type entry struct {
	ran        time.Duration
	executions int64
	found      int // runs that failed
	last       string
}

// A record is the file.
type record struct {
	file string
	rows map[target]entry
	now  func() time.Time
}

// readRecord reads the file; one that is not there is empty.
func readRecord(file string) (*record, error) {
	r := &record{file: file, rows: map[target]entry{}, now: time.Now}
	b, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	_, rows, _ := strings.Cut(string(b), "|---|---|---|---|---|---|\n")
	for row := range strings.Lines(rows) {
		t, e, err := parseRow(row)
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %w", file, row, err)
		}
		r.rows[t] = e
	}
	return r, nil
}

func parseRow(row string) (t target, e entry, err error) {
	cells := strings.Split(strings.Trim(row, "| \n"), " | ")
	if len(cells) != 6 {
		return t, e, fmt.Errorf("%d cells", len(cells))
	}
	t = target{strings.Trim(cells[0], "`"), strings.Trim(cells[1], "`")}
	if cells[5] == never {
		return t, e, nil
	}
	e.last = cells[5]
	if e.ran, err = time.ParseDuration(cells[2]); err != nil {
		return t, e, err
	}
	if e.executions, err = strconv.ParseInt(cells[3], 10, 64); err != nil {
		return t, e, err
	}
	e.found, err = strconv.Atoi(cells[4])
	return t, e, err
}

func (e entry) String() string {
	if e.last == "" {
		return never + " | " + never + " | " + never + " | " + never
	}
	return fmt.Sprintf("%v | %d | %d | %s", e.ran, e.executions, e.found, e.last)
}

// leastFirst orders the targets by the time that they were run, the shortest first.
func (r *record) leastFirst(list []target) {
	slices.SortStableFunc(list, func(a, b target) int { return cmp.Compare(r.rows[a].ran, r.rows[b].ran) })
}

// add enters a run and writes the file: a row for each target that there is.
func (r *record) add(t target, a attempt, all []target) error {
	e := r.rows[t]
	e.ran += a.ran
	e.executions += a.executions
	e.last = r.now().UTC().Format(time.DateOnly)
	if a.failed() {
		e.found++
	}
	r.rows[t] = e
	var b strings.Builder
	b.WriteString(recordHead)
	for _, t := range all {
		fmt.Fprintf(&b, "| `%s` | `%s` | %v |\n", t.dir, t.name, r.rows[t])
	}
	return replace(r.file, b.String())
}

// replace writes the file so that who stops the campaign just then loses nothing.
func replace(file, text string) error {
	const mode fs.FileMode = 0o644
	tmp := filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".new")
	if err := os.WriteFile(tmp, []byte(text), mode); err != nil {
		return err
	}
	return os.Rename(tmp, file)
}
