package tree_test

import (
	"go/ast"
	"os"
	"path/filepath"
	"testing"

	"github.com/canto-im/canto/internal/leak"
	"github.com/canto-im/canto/internal/tree"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestRoot(t *testing.T) {
	root, err := tree.Root()
	require.NoError(t, err)
	assert.FileExists(t, filepath.Join(root, "internal", "tree", "tree_test.go"))
}

func TestEachGo(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{
		"a.go", "b/c_test.go", "b/notes.md", // looked at, but for the notes
		"_a.go", ".a.go", ".ci/a.go", "b/testdata/a.go", "inner/go.mod", "inner/a.go", // not looked at
	} {
		name = filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		require.NoError(t, os.WriteFile(name, nil, 0o600))
	}
	var got []string
	require.NoError(t, tree.EachGo(root, func(name string) error {
		got = append(got, name)
		return nil
	}))
	assert.Equal(t, []string{filepath.Join(root, "a.go"), filepath.Join(root, "b", "c_test.go")}, got)
	assert.ErrorIs(t, tree.EachGo(root, func(string) error { return os.ErrClosed }), os.ErrClosed)
}

func TestEachTestFunc(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"a.go": "package a\nfunc No() {}", "a_test.go": "package a\nfunc Root() {}", "b/c/c_test.go": "package c\nfunc (x X) No() {}\nvar no = func() {}\nfunc Yes() {}",
	} {
		name = filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	var got []string
	collect := func(dir string, fn *ast.FuncDecl) { got = append(got, dir+" "+fn.Name.Name) }
	require.NoError(t, tree.EachTestFunc(root, collect))
	assert.Equal(t, []string{". Root", "b/c Yes"}, got)
	require.NoError(t, os.WriteFile(filepath.Join(root, "odd_test.go"), []byte("package"), 0o600))
	assert.Error(t, tree.EachTestFunc(root, collect))
}
