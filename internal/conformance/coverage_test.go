package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCoverage(t *testing.T) {
	outside := func(rows string) remark { return remark{pattern: rows, reason: "no such thing here"} }
	shown := claim{test: "TestA", ids: []string{"bind-support"}}
	for name, c := range map[string]struct {
		change func(t *table)
		claims []claim
		want   []string // the beginnings of what is wrong
	}{
		"nothing is shown": {want: []string{"6120-7.1-1 (", "6120-7.1-2 (", "6120-7.1-3 (", "bind-support ("}},
		"all is shown":     {claims: []claim{{test: "TestA", ids: []string{"bind-support", "6120-7.1-1", "6120-7.1-2", "6120-7.1-3"}}}},
		"a reason each":    {func(t *table) { t.outside = []remark{outside("6120-7.1-*")} }, []claim{shown}, nil},
		"both":             {func(t *table) { t.outside = []remark{outside("*")} }, []claim{shown}, []string{"bind-support is said to be not applicable, and TestA shows it"}},
		"both, departing": {func(t *table) {
			t.outside, t.departs = []remark{outside("6120-7.1-[12]")}, []remark{outside("6120-7.1-3")}
		},
			[]claim{shown, {test: "TestB", ids: []string{"6120-7.1-3"}}}, []string{"6120-7.1-3 is said to be not followed, and TestB shows it"}},
		"departing from a MUST": {func(t *table) { t.departs = []remark{outside("6120-7.1-*")} }, []claim{shown}, []string{"6120-7.1-1 is not followed, and a MUST NOT"}},
		"a MUST for later":      {func(t *table) { t.later = []remark{{pattern: "6120-7.1-*", reason: "not built", part: "xmpp/bind"}} }, []claim{shown}, []string{"6120-7.1-1 is not yet, and a MUST NOT"}},
		"a reason for no row": {func(t *table) { t.outside, t.departs = []remark{outside("6120-7.1-*")}, []remark{outside("7622-*")} },
			[]claim{shown}, []string{"departs.tsv: 7622-* matches no row"}},
		"a column's reason": {func(t *table) { t.outside, t.unseen = []remark{outside("6120-7.1-*")}, []remark{outside("6120-7.1-3")} },
			[]claim{shown}, []string{"6120-7.1-3: unseen.tsv"}},
	} {
		t.Run(name, func(t *testing.T) {
			table := small()
			if c.change != nil {
				c.change(table)
			}
			got := coverage(table, c.claims)
			require.Len(t, got, len(c.want), got)
			for i, begin := range c.want {
				assert.True(t, strings.HasPrefix(got[i], begin), got[i])
			}
		})
	}
}

// TestBuilt: rows that wait for a part of Canto wait no longer once it's there.
func TestBuilt(t *testing.T) {
	root, table := t.TempDir(), small()
	table.later = []remark{{pattern: "6120-7.1-*", reason: "not built", part: "xmpp/bind"}}
	assert.Empty(t, built(root, table))
	require.NoError(t, os.MkdirAll(filepath.Join(root, "xmpp/bind"), 0o700))
	assert.Len(t, built(root, table), 1)
}
