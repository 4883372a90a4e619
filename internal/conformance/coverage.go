package main

import (
	"fmt"
	"path"
	"slices"
)

// coverage holds the claims against the table and returns what is wrong, one line each: a row of level MUST without a test
// or a reason, a row that has both, a reason for no row.
func coverage(t *table, claims []claim) (wrong []string) {
	claimed := map[string]claim{}
	for _, c := range claims {
		for _, id := range c.ids {
			claimed[id] = c
		}
	}
	for _, r := range t.rows {
		why := reason(t.outside, r.id)
		c, shown := claimed[r.id]
		switch {
		case shown && why != "":
			wrong = append(wrong, fmt.Sprintf("%s: outside.tsv says why it is not applicable, and %s shows it at %s", r.id, c.test, c.at))
		case !shown && why == "" && r.binding() == "MUST":
			wrong = append(wrong, fmt.Sprintf("%s (RFC %s §%s, %s) is shown by no test: %s", r.id, r.rfc, r.section, r.level, r.text))
		case !shown && reason(t.unseen, r.id) != "":
			wrong = append(wrong, fmt.Sprintf("%s: unseen.tsv says why servers of others can't show it, and no test shows it", r.id))
		}
	}
	return append(wrong, idle(t, "outside.tsv", t.outside)...)
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
