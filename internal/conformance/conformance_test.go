package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEveryMUSTIsShown holds the table to the tests of the whole module, as their sources tell.
func TestEveryMUSTIsShown(t *testing.T) {
	table, claims := sources(t)
	for _, wrong := range coverage(table, claims) {
		t.Error(wrong)
	}
}

// TestReportIsOfThisTable holds the report and the README's summary to the table: who adds rows or tests runs the command.
func TestReportIsOfThisTable(t *testing.T) {
	table, claims := sources(t)
	report, err := os.ReadFile("CONFORMANCE.md")
	require.NoError(t, err)
	lines := map[string]string{}
	for line := range strings.Lines(string(report)) {
		if id, _, ok := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(line, "| "), "["), "]("); ok {
			lines[id] = line
		}
	}
	claimed := map[string]bool{}
	for _, c := range claims {
		for _, id := range c.ids {
			claimed[id] = true
		}
	}
	for _, r := range table.rows {
		assert.Equal(t, claimed[r.id], strings.Contains(lines[r.id], "| "+passed), "%s: go run ./internal/conformance", r.id)
		assert.NotContains(t, lines[r.id], "| "+failed+" |")
	}
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(readme), markBegin)
	require.True(t, ok)
	summary, _, ok := strings.Cut(rest, markEnd)
	require.True(t, ok)
	assert.Contains(t, string(report), summary, "go run ./internal/conformance writes both")
}

func sources(t *testing.T) (*table, []claim) {
	t.Helper()
	table, err := load()
	require.NoError(t, err)
	claims, err := readClaims(filepath.Join("..", ".."), table)
	require.NoError(t, err)
	return table, claims
}

// small is a table for the tests of the machinery.
func small() *table {
	t := &table{rows: []requirement{
		{"bind-support", "6120", "7", "MUST", "Support binding."},
		{"6120-7.1-1", "6120", "7.1", "MUST NOT", "Never | <ever>."},
		{"6120-7.1-2", "6120", "7.1", "OPTIONAL", "Whatever."},
		{"6120-7.1-3", "6120", "7.1", "SHOULD", "Better."},
	}, byID: map[string]requirement{}}
	for _, r := range t.rows {
		t.byID[r.id] = r
	}
	return t
}

func TestClaims(t *testing.T) {
	for name, c := range map[string]struct {
		source string
		want   map[string][]string
		fails  string
	}{
		"a literal": {
			source: `func TestA(t *testing.T) { t.Attr("conformance", "bind-support 6120-7.1-1") }`,
			want:   map[string][]string{"TestA": {"bind-support", "6120-7.1-1"}},
		},
		"in a subtest": {
			source: `func TestA(t *testing.T) { t.Run("x", func(t *testing.T) { t.Attr("conformance", "6120-7.1-1") }) }`,
			want:   map[string][]string{"TestA": {"6120-7.1-1"}},
		},
		"the names of a table": {
			source: `var cases = []struct{ name string }{{"6120-7.1-2 bind-support what it is"}, {"other 6120-7.1-1"}}
				var others = []string{"6120-7.1-3"}
				func TestA(t *testing.T) { for _, c := range cases { t.Attr("conformance", c.name) } }
				func TestB(t *testing.T) {}`,
			want: map[string][]string{"TestA": {"6120-7.1-2", "bind-support"}},
		},
		"a slip in a literal":  {source: `func TestA(t *testing.T) { t.Attr("conformance", "bind-suport") }`, fails: "no row of the table"},
		"a slip in a number":   {source: `func TestA(t *testing.T) { t.Attr("conformance", "6120-7.1-9") }`, fails: "no row of the table"},
		"a slip in a table":    {source: `func TestA(t *testing.T) { t.Attr("conformance", f("6120-7.1-9 x")) }`, fails: "no row of the table"},
		"words behind the row": {source: `func TestA(t *testing.T) { t.Attr("conformance", "bind-support and more") }`, fails: "no row of the table"},
		"another attribute":    {source: `func TestA(t *testing.T) { t.Attr("speed", "bind-support") }`, want: map[string][]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "a_test.go"), []byte("package a\n"+c.source), 0o600))
			claims, err := readClaims(dir, small())
			if c.fails != "" {
				require.ErrorContains(t, err, c.fails)
				return
			}
			require.NoError(t, err)
			got := map[string][]string{}
			for _, claim := range claims {
				got[claim.test] = append(got[claim.test], claim.ids...)
			}
			assert.Equal(t, normal(c.want), normal(got))
		})
	}
}

func normal(m map[string][]string) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for k, ids := range m {
		out[k] = map[string]bool{}
		for _, id := range ids {
			out[k][id] = true
		}
	}
	return out
}

func TestCoverage(t *testing.T) {
	table := small()
	shown := claim{test: "TestA", ids: []string{"bind-support"}}
	assert.Len(t, coverage(table, nil), 2, "two rows are of level MUST")
	assert.Len(t, coverage(table, []claim{shown}), 1)
	table.outside = []remark{{"6120-7.1-*", "no such thing here"}}
	assert.Empty(t, coverage(table, []claim{shown}))
	assert.Contains(t, coverage(table, []claim{shown, {test: "TestB", ids: []string{"6120-7.1-1"}}})[0], "not applicable, and TestB shows it")
	table.outside = append(table.outside, remark{"7622-*", "nothing"})
	assert.Contains(t, coverage(table, []claim{shown})[0], "matches no row")
}

const ran = `{"Action":"run","Package":"p","Test":"TestA/prosody"}
{"Action":"attr","Package":"p","Test":"TestA/prosody","Key":"conformance","Value":"bind-support"}
{"Action":"attr","Package":"p","Test":"TestA/in-process","Key":"conformance","Value":"bind-support 6120-7.1-2 in words"}
{"Action":"attr","Package":"p","Test":"TestB","Key":"conformance","Value":"6120-7.1-1"}
{"Action":"attr","Package":"p","Test":"TestC","Key":"conformance","Value":"6120-7.1-3"}
{"Action":"pass","Package":"p","Test":"TestA/prosody"}
{"Action":"pass","Package":"p","Test":"TestA/in-process"}
{"Action":"output","Package":"p","Test":"TestB","Output":"why it failed\n"}
{"Action":"fail","Package":"p","Test":"TestB"}
{"Action":"skip","Package":"p","Test":"TestC"}
`

func TestReport(t *testing.T) {
	table, shown, said := small(), results{}, &strings.Builder{}
	require.NoError(t, collect(strings.NewReader(ran), "dir", table, shown, said))
	assert.Equal(t, "why it failed\n", said.String())
	for id, want := range map[string][3]string{
		"bind-support": {passed, passed, ""},
		"6120-7.1-1":   {failed, "", ""},
		"6120-7.1-2":   {passed, "", ""},
		"6120-7.1-3":   {notCovered, "", ""}, // skipped is not shown
	} {
		for i, target := range targets {
			assert.Equal(t, want[i], state(table, shown, id, target), "%s at %s", id, target)
		}
	}
	text := report(table, shown)
	assert.Contains(t, text, "against the server in this process, Prosody;")
	assert.Contains(t, text, `| [6120-7.1-1](https://www.rfc-editor.org/rfc/rfc6120#section-7.1) | MUST NOT | Never \| &lt;ever&gt;. | failed | – | – | `+"`dir.TestB` |")
	assert.Contains(t, text, "| RFC 6120 §15, the client's rows | 1 | 1 | 0 | 0 | 0 | 1 | 0 |")
	assert.Contains(t, text, "| RFC 6120, sentence by sentence | 3 | 1 | 1 | 0 | 1 | 0 | 0 |")
	assert.ErrorContains(t, failures(shown), "6120-7.1-1 failed at in-process in dir.TestB")
	assert.Len(t, silent([]claim{{test: "TestC", ids: []string{"6120-7.1-3"}}}, shown), 1)

	name := filepath.Join(t.TempDir(), "README.md")
	require.NoError(t, os.WriteFile(name, []byte("before\n"+markBegin+"old\n"+markEnd+"after\n"), 0o600))
	require.NoError(t, writeBetweenMarks(name, "new\n"))
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, "before\n"+markBegin+"new\n"+markEnd+"after\n", string(b))
	assert.Error(t, writeBetweenMarks("conformance_test.go", ""))
}
