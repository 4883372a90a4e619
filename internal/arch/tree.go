package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// A file is one Go file of the tree.
type file struct {
	name string // relative to the root
	test bool
	syn  *ast.File
	fset *token.FileSet
}

func (f file) at(p token.Pos) string {
	return fmt.Sprintf("%s:%d", f.name, f.fset.Position(p).Line)
}

// imports calls yield for each import with its path.
func (f file) imports(yield func(spec *ast.ImportSpec, path string)) {
	for _, s := range f.syn.Imports {
		p, _ := strconv.Unquote(s.Path.Value) // the parser has seen to it that it is a string
		yield(s, p)
	}
}

// load parses all Go files by directory. Hidden folders, testdata and nested modules are not part of the tree.
func load(fsys fs.FS) (map[string][]file, error) {
	tree := map[string][]file{}
	fset := token.NewFileSet()
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return enter(fsys, name)
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		syn, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		tree[dir] = append(tree[dir], file{name, strings.HasSuffix(name, "_test.go"), syn, fset})
		return nil
	})
	return tree, err
}

func enter(fsys fs.FS, dir string) error {
	if dir == "." {
		return nil
	}
	base := path.Base(dir)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" {
		return fs.SkipDir
	}
	if _, err := fs.Stat(fsys, path.Join(dir, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}
