package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// small is a table for the tests of the machinery.
func small() *table {
	t := newTable()
	for _, r := range []requirement{
		{"bind-support", "6120", "7", "MUST", "Support binding."},
		{"6120-7.1-1", "6120", "7.1", "MUST NOT", "Never | <ever>."},
		{"6120-7.1-2", "6120", "7.1", "OPTIONAL", "Whatever."},
		{"6120-7.1-3", "6120", "7.1", "SHOULD", "Better."},
	} {
		if err := t.add(r); err != nil {
			panic(err)
		}
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
		"a slip in a name":     {source: `func TestA(t *testing.T) { t.Attr("conformance", f("bind-suport x")) }`, fails: "no row of the table"},
		"a slip in the second": {source: `func TestA(t *testing.T) { t.Attr("conformance", f("bind-support 6120.7.1-1 x")) }`, fails: "no row of the table"},
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
