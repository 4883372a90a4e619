package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"

	"github.com/canto-im/canto/internal/tree"
)

// isBuilt reports whether a plain go test compiles the file on this machine: a claim behind a build tag shows nothing.
func isBuilt(name string) (bool, error) {
	return build.Default.MatchFile(filepath.Dir(name), filepath.Base(name))
}

// skips finds what skips tests: a test that may be skipped shows nothing.
func skips(root string) (wrong []string, err error) {
	err = tree.EachGo(root, func(name string) error {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, at := range skipsIn(file) {
			wrong = append(wrong, fmt.Sprintf("%s skips a test", fset.Position(at)))
		}
		return nil
	})
	return wrong, err
}

// skipsIn returns where a file mentions Skip, Skipf or SkipNow of a test.
func skipsIn(file *ast.File) (at []token.Pos) {
	tests := testValues(file)
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || !slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, sel.Sel.Name) {
			return true
		}
		switch x := sel.X.(type) {
		case *ast.Ident:
			ok = tests[x.Name]
		case *ast.CallExpr: // suite.T().Skip
			inner, is := x.Fun.(*ast.SelectorExpr)
			ok = is && inner.Sel.Name == "T"
		case *ast.SelectorExpr: // c.t.Skip
			ok = tests[x.Sel.Name]
		default:
			ok = false
		}
		if ok || sel.Sel.Name != "Skip" { // others than tests have a Skip, too
			at = append(at, sel.Pos())
		}
		return true
	})
	return at
}

// testValues returns the names that a file has for values of *testing.T and its kin, in parameters, fields and variables.
func testValues(file *ast.File) map[string]bool {
	names := map[string]bool{}
	note := func(typ ast.Expr, idents []*ast.Ident) {
		if star, ok := typ.(*ast.StarExpr); ok {
			typ = star.X
		}
		sel, ok := typ.(*ast.SelectorExpr)
		if !ok {
			return
		}
		if pkg, ok := sel.X.(*ast.Ident); !ok || pkg.Name != "testing" {
			return
		}
		names[sel.Sel.Name] = true // embedded
		for _, ident := range idents {
			names[ident.Name] = true
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			note(n.Type, n.Names)
		case *ast.ValueSpec:
			note(n.Type, n.Names)
		}
		return true
	})
	return names
}
