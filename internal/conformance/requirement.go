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

// suites is the XEP that says what a client, and an advanced one, is expected to have. It binds nobody: level is which of them.
const suites = "0479"

// A requirement is one row of the table.
type requirement struct {
	id      string // "stanza-iq-reply", "6120-8.2.3-4"
	rfc     string // "6120"; suites, for a row of that
	section string // "8.2.3"
	level   string // the keyword of RFC 2119, as it stands in the RFC
	text    string
}

// feature tells the rows of the RFCs' own conformance tables from numbered sentences.
func (r requirement) feature() bool { return !numbered.MatchString(r.id) }

var numbered = regexp.MustCompile(`^\d{4}-[0-9.]+-\d+$`)

// binding reduces the eleven keywords of RFC 2119 to three levels; what has none binds nobody.
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
	rows []requirement
	byID map[string]requirement
	// families are what the names of features begin with: "sasl", "stream".
	families map[string]bool
	outside  []remark // not applicable to a client library
	departs  []remark // known and not followed: what is no MUST may have a good reason against it (RFC 2119 §3, §4)
	later    []remark // of a part that Canto has not got yet
	unseen   []remark // cannot be shown on servers of others

	capabilities []capability // what the sources say of them; not in the files of the table
}

// A remark gives the reason for the rows that its pattern matches (path.Match).
type remark struct {
	pattern, reason string
	part            string // later.tsv: the folder of the part; once it exists the remark is wrong
}

func newTable() *table { return &table{byID: map[string]requirement{}, families: map[string]bool{}} }

// add appends a row.
func (t *table) add(r requirement) error {
	if _, twice := t.byID[r.id]; twice {
		return fmt.Errorf("%s stands twice", r.id)
	}
	t.rows = append(t.rows, r)
	t.byID[r.id] = r
	if family, _, ok := strings.Cut(r.id, "-"); ok && r.feature() {
		t.families[family] = true
	}
	return nil
}

// load reads the table.
func load() (*table, error) {
	rows, err := readTSV("requirements.tsv", 5)
	if err != nil {
		return nil, err
	}
	t := newTable()
	for _, f := range rows {
		if err := t.add(requirement{f[0], f[1], f[2], f[3], f[4]}); err != nil {
			return nil, fmt.Errorf("requirements.tsv: %w", err)
		}
	}
	for name, list := range map[string]*[]remark{"outside.tsv": &t.outside, "departs.tsv": &t.departs, "later.tsv": &t.later, "unseen.tsv": &t.unseen} {
		if *list, err = readRemarks(name); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// readRemarks reads lines of rows and reason, with the folder of the part between them in later.tsv.
func readRemarks(name string) ([]remark, error) {
	fields := 2
	if name == "later.tsv" {
		fields = 3
	}
	lines, err := readTSV(name, fields)
	if err != nil {
		return nil, err
	}
	var list []remark
	for _, f := range lines {
		for pattern := range strings.FieldsSeq(f[0]) {
			m := remark{pattern: pattern, reason: f[len(f)-1]}
			if fields == 3 {
				m.part = f[1]
			}
			list = append(list, m)
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
		if i > 0 { // below the heading
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

// untested returns what a row without a test is called and why it has none; "", "" when nothing is said about it.
func (t *table) untested(id string) (state, why string) {
	for _, is := range []struct {
		state   string
		remarks []remark
	}{{outside, t.outside}, {notFollowed, t.departs}, {notYet, t.later}} {
		if why := reason(is.remarks, id); why != "" {
			return is.state, why
		}
	}
	return "", ""
}

// leading returns the words at the beginning of s that are rows, and whether they are all there is. A word among them that
// looks like a row and is none is an error: a claim with a slip of the pen would show nothing.
func (t *table) leading(s string) (ids []string, all bool, err error) {
	for word := range strings.FieldsSeq(s) {
		if _, ok := t.byID[word]; ok {
			ids = append(ids, word)
			continue
		}
		if t.resembles(word) || len(ids) > 0 && strings.Contains(word, "-") {
			return nil, false, fmt.Errorf("%q is no row of the table; words behind rows begin with one that has no hyphen", word)
		}
		return ids, false, nil
	}
	return ids, true, nil
}

var number = regexp.MustCompile(`^\d{4}-`)

// resembles reports whether a word looks like a row: it begins as an RFC's number or as a feature does ("sasl-").
func (t *table) resembles(word string) bool {
	if number.MatchString(word) {
		return true
	}
	family, _, ok := strings.Cut(word, "-")
	return ok && t.families[family]
}
