package arch

import (
	"fmt"
	"go/ast"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// A Breach is one place where the tree does not keep the rules.
type Breach struct {
	Where string // file:line, or the file or folder
	What  string
}

// String puts the breach as a compiler would, so that an editor finds the place.
func (b Breach) String() string { return b.Where + ": " + b.What }

// Check reads the tree at fsys, which is the root of module, and returns its breaches sorted by place; a tree that cannot
// be read or parsed is one breach.
func Check(fsys fs.FS, module string) []Breach {
	c := &checker{module: module}
	c.top(fsys)
	tree, err := load(fsys)
	if err != nil {
		return []Breach{{".", err.Error()}}
	}
	for _, dir := range slices.Sorted(maps.Keys(tree)) {
		c.pkg(dir, tree[dir])
	}
	slices.SortStableFunc(c.found, func(a, b Breach) int { return strings.Compare(a.Where, b.Where) })
	return c.found
}

type checker struct {
	module string
	found  []Breach
}

func (c *checker) breach(where, format string, args ...any) {
	c.found = append(c.found, Breach{where, fmt.Sprintf(format, args...)})
}

// top holds the card: what a visitor sees first.
func (c *checker) top(fsys fs.FS) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		c.breach(".", "%v", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(card, e.Name()) {
			c.breach(e.Name(), "stands at the top beside the card")
		}
	}
}

func (c *checker) pkg(dir string, files []file) {
	f := floorOf(dir)
	if f == unknown {
		c.breach(dir, "has no floor: enter the package in internal/arch")
		return
	}
	c.doc(dir, files)
	for _, file := range files {
		c.imports(dir, file)
		if !file.test && (f == ground || f == meaning) {
			c.purity(file)
		}
	}
}

// doc holds that a package explains itself where its reader looks first.
func (c *checker) doc(dir string, files []file) {
	for _, f := range files {
		program := f.syn.Name.Name == "main"
		if (program || path.Base(f.name) == "doc.go") && f.syn.Doc != nil {
			return
		}
	}
	c.breach(dir, "has no doc.go with a package comment")
}

func (c *checker) imports(dir string, f file) {
	f.imports(func(spec *ast.ImportSpec, p string) {
		var why string
		switch to, ours := strings.CutPrefix(p, c.module+"/"); {
		case ours && f.test:
			why = mayTestImport(dir, to)
		case ours:
			why = mayImport(dir, to)
		case p == "C":
			why = "Canto is pure Go"
		case strings.Contains(strings.Split(p, "/")[0], "."):
			why = mayUse(dir, p, f.test)
		}
		if why != "" {
			c.breach(f.at(spec.Pos()), "%s may not import %s: %s", dir, p, why)
		}
	})
}

// purity holds that a package below the session floor is a function of its input: no socket, file, clock or goroutine.
func (c *checker) purity(f file) {
	clocks := ""
	f.imports(func(spec *ast.ImportSpec, p string) {
		if !isPure(p) {
			c.breach(f.at(spec.Pos()), "imports %s below the session floor", p)
		}
		if p == "time" {
			clocks = "time"
			if spec.Name != nil {
				clocks = spec.Name.Name
			}
		}
	})
	ast.Inspect(f.syn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			c.breach(f.at(n.Pos()), "starts a goroutine below the session floor")
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && clocks != "" && x.Name == clocks && slices.Contains(clock, n.Sel.Name) {
				c.breach(f.at(n.Pos()), "looks at the clock (time.%s) below the session floor", n.Sel.Name)
			}
		}
		return true
	})
}
