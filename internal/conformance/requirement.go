package main

import (
	"embed"
	"fmt"
	"path"
	"regexp"
	"strings"
)

//go:embed testdata/*.tsv
var facts embed.FS

// A requirement is one row of the table.
type requirement struct {
	id      string // "stanza-iq-reply", "6120-8.2.3-4"
	rfc     string // "6120"
	section string // "8.2.3"
	level   string // the keyword of RFC 2119, as it stands in the RFC
	text    string
}

// feature tells the rows of the RFCs' own conformance tables from numbered sentences.
func (r requirement) feature() bool { return !numbered.MatchString(r.id) }

var numbered = regexp.MustCompile(`^\d{4}-[0-9.]+-\d+$`)

// binding reduces the eleven keywords of RFC 2119 to three levels.
func (r requirement) binding() string {
	switch r.level {
	case "MUST", "MUST NOT", "REQUIRED", "SHALL", "SHALL NOT":
		return "MUST"
	case "SHOULD", "SHOULD NOT", "RECOMMENDED", "NOT RECOMMENDED":
		return "SHOULD"
	}
	return "MAY"
}

// A table is the requirements in their order, with what is said about those that tests can't show.
type table struct {
	rows    []requirement
	byID    map[string]requirement
	outside []remark // not applicable to a client library, or to this one at present
	unseen  []remark // cannot be shown on servers of others
}

// A remark gives the reason for the rows that its pattern matches (path.Match).
type remark struct{ pattern, reason string }

// load reads the table.
func load() (*table, error) {
	rows, err := readTSV("requirements.tsv", 5)
	if err != nil {
		return nil, err
	}
	t := &table{byID: make(map[string]requirement, len(rows))}
	for _, f := range rows {
		r := requirement{f[0], f[1], f[2], f[3], f[4]}
		if _, twice := t.byID[r.id]; twice {
			return nil, fmt.Errorf("requirements.tsv: %s stands twice", r.id)
		}
		t.rows = append(t.rows, r)
		t.byID[r.id] = r
	}
	if t.outside, err = readRemarks("outside.tsv"); err != nil {
		return nil, err
	}
	t.unseen, err = readRemarks("unseen.tsv")
	return t, err
}

func readRemarks(name string) ([]remark, error) {
	lines, err := readTSV(name, 2)
	if err != nil {
		return nil, err
	}
	var list []remark
	for _, f := range lines {
		for pattern := range strings.FieldsSeq(f[0]) {
			list = append(list, remark{pattern, f[1]})
		}
	}
	return list, nil
}

// readTSV returns the lines below the heading, each with so many fields.
func readTSV(name string, fields int) ([][]string, error) {
	b, err := facts.ReadFile("testdata/" + name)
	if err != nil {
		return nil, err
	}
	var list [][]string
	for i, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		f := strings.Split(line, "\t")
		if len(f) != fields {
			return nil, fmt.Errorf("%s:%d: %d fields in place of %d", name, i+1, len(f), fields)
		}
		if i > 0 {
			list = append(list, f)
		}
	}
	return list, nil
}

// reason returns the first remark that matches id, "" when there is none.
func reason(remarks []remark, id string) string {
	for _, m := range remarks {
		if ok, _ := path.Match(m.pattern, id); ok {
			return m.reason
		}
	}
	return ""
}

// leading returns the words at the beginning of s that are rows, and whether they are all there is. A word that looks like
// a row and is none is an error: a claim with a slip of the pen would show nothing.
func (t *table) leading(s string) (ids []string, all bool, err error) {
	for word := range strings.FieldsSeq(s) {
		if _, ok := t.byID[word]; ok {
			ids = append(ids, word)
			continue
		}
		if numbered.MatchString(word) {
			return nil, false, fmt.Errorf("%q is no row of the table", word)
		}
		return ids, false, nil
	}
	return ids, true, nil
}
