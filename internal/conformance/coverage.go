package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// coverage holds the claims against the table and returns what is wrong, one line each: a row without a test or a reason, a
// row that has both, a MUST that is said not to be followed or not yet, a reason for no row.
func coverage(t *table, claims []claim) (wrong []string) {
	claimed := map[string]claim{}
	for _, c := range claims {
		for _, id := range c.ids {
			claimed[id] = c
		}
	}
	for _, r := range t.rows {
		said, _ := t.untested(r.id)
		c, shown := claimed[r.id]
		switch {
		case shown && said != "":
			wrong = append(wrong, fmt.Sprintf("%s is said to be %s, and %s shows it at %s", r.id, said, c.test, c.at))
		case !shown && said == "":
			wrong = append(wrong, fmt.Sprintf("%s (RFC %s §%s, %s) is shown by no test: %s", r.id, r.rfc, r.section, r.level, r.text))
		case (said == notFollowed || said == notYet) && r.binding() == "MUST":
			wrong = append(wrong, fmt.Sprintf("%s is %s, and a %s", r.id, said, r.level))
		case !shown && reason(t.unseen, r.id) != "":
			wrong = append(wrong, fmt.Sprintf("%s: unseen.tsv says why servers of others can't show it, and no test shows it", r.id))
		}
	}
	for name, remarks := range map[string][]remark{"outside.tsv": t.outside, "departs.tsv": t.departs, "later.tsv": t.later, "unseen.tsv": t.unseen} {
		wrong = append(wrong, idle(t, name, remarks)...)
	}
	slices.Sort(wrong)
	return wrong
}

// built returns the remarks of later.tsv whose part there is by now.
func built(root string, t *table) (wrong []string) {
	for _, m := range t.later {
		if _, err := os.Stat(filepath.Join(root, m.part)); err == nil {
			wrong = append(wrong, fmt.Sprintf("later.tsv: there is %s now, and %s waits for it: tests are to show these rows", m.part, m.pattern))
		}
	}
	return wrong
}

// idle returns the remarks that no row needs.
func idle(t *table, name string, remarks []remark) (wrong []string) {
	for _, m := range remarks {
		if !slices.ContainsFunc(t.rows, func(r requirement) bool { ok, _ := path.Match(m.pattern, r.id); return ok }) {
			wrong = append(wrong, fmt.Sprintf("%s: %s matches no row", name, m.pattern))
		}
	}
	return wrong
}
