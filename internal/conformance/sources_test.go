package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWhatIsNotBuilt: a claim shows nothing where a plain go test doesn't compile it.
func TestWhatIsNotBuilt(t *testing.T) {
	const test = "package a\nfunc TestA(t *testing.T) { t.Attr(\"conformance\", \"bind-support\") }"
	for name, source := range map[string]string{
		"a_test.go": "//go:build never\n\n" + test, "b_test.go": "//go:build race\n\n" + test, "b_plan9_test.go": test, "_c_test.go": test,
		"testdata/d_test.go": test, ".hidden/e_test.go": test, "_old/f_test.go": test, "g.go": test, "module/h_test.go": test,
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			file := filepath.Join(root, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
			require.NoError(t, os.WriteFile(file, []byte(source), 0o600))
			if filepath.Dir(name) == "module" {
				require.NoError(t, os.WriteFile(filepath.Join(root, "module", "go.mod"), []byte("module m\n"), 0o600))
			}
			claims, err := readClaims(root, small())
			require.NoError(t, err)
			assert.Empty(t, claims)
		})
	}
}

func TestSkips(t *testing.T) {
	root := t.TempDir()
	source := []string{
		"package a",
		"func TestA(t *testing.T) { t.@(1) }",
		"func TestB(tt *testing.T) { tt.@Now() }",
		"func FuzzC(f *testing.F) { f.Fuzz(func(t *testing.T, b []byte) { t.@f(`no`) }) }",
		"func need(tb testing.TB) { tb.@() }",
		"func (s *suite) TestD() { s.T().@() }",
		"type actor struct { t *testing.T }; func (a *actor) e() { a.t.@() }",
		"func TestF(t *testing.T) { leave := t.@Now; leave() }",
		"func TestG(t *testing.T) { d.@(); d.@Element() }",
	}
	require.NoError(t, os.WriteFile(filepath.Join(root, "a.go"), []byte(strings.ReplaceAll(strings.Join(source, "\n"), "@", "Skip")), 0o600))
	wrong, err := skips(root)
	require.NoError(t, err)
	assert.Len(t, wrong, 7, wrong)
}
