package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/canto-im/canto/internal/tree"
)

// attribute is the key under which tests name their rows.
const attribute = "conformance"

// A claim is a test that names rows, as the sources tell.
type claim struct {
	dir  string // of the package, relative to the module: "stanza"
	test string // the top-level function
	ids  []string
	at   token.Position
	// sure: the test itself names the rows. Otherwise a helper of the file's tests does, or they stand in a table of it.
	sure bool
}

// readClaims finds the claims of all test files below root that are compiled here.
func readClaims(root string, t *table) (claims []claim, err error) {
	err = tree.EachGo(root, func(name string) error {
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		if ok, err := isBuilt(name); !ok || err != nil {
			return err
		}
		more, err := fileClaims(root, name, t)
		claims = append(claims, more...)
		return err
	})
	return claims, err
}

// fileClaims reads one test file.
func fileClaims(root, name string, t *table) ([]claim, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Rel(root, filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	var claims []claim
	var computing []string // functions with a computed value
	tests := testsOf(file)
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		by, sure := []string{f.Name.Name}, true
		if !strings.HasPrefix(f.Name.Name, "Test") {
			by, sure = tests, false // a helper of theirs
		}
		fixed, computed := attributes(f)
		for _, lit := range fixed {
			ids, all, err := t.leading(value(lit))
			if err == nil && (!all || len(ids) == 0) {
				err = fmt.Errorf("%s names what is no row of the table", lit.Value)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", fset.Position(lit.Pos()), err)
			}
			for _, test := range by {
				claims = append(claims, claim{filepath.ToSlash(dir), test, ids, fset.Position(lit.Pos()), sure})
			}
		}
		if computed {
			computing = append(computing, by...)
		}
	}
	if len(computing) == 0 {
		return claims, nil
	}
	ids, err := tableIDs(fset, file, t)
	for _, test := range computing {
		claims = append(claims, claim{filepath.ToSlash(dir), test, ids, fset.Position(file.Pos()), false})
	}
	return claims, err
}

// testsOf returns the names of the tests in a file.
func testsOf(file *ast.File) (tests []string) {
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Test") && f.Name.Name != "TestMain" {
			tests = append(tests, f.Name.Name)
		}
	}
	return tests
}

// attributes returns the literal values that f gives to the attribute, and whether it gives computed ones.
func attributes(f *ast.FuncDecl) (fixed []*ast.BasicLit, computed bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); !ok || sel.Sel.Name != "Attr" {
			return true
		}
		if key, ok := call.Args[0].(*ast.BasicLit); !ok || value(key) != attribute {
			return true
		}
		if lit, ok := call.Args[1].(*ast.BasicLit); ok {
			fixed = append(fixed, lit)
		} else {
			computed = true
		}
		return true
	})
	return fixed, computed
}

// tableIDs returns the rows that strings of the file begin with, those of fixed attributes apart.
func tableIDs(fset *token.FileSet, file *ast.File, t *table) (ids []string, err error) {
	given := map[*ast.BasicLit]bool{}
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok {
			fixed, _ := attributes(f)
			for _, lit := range fixed {
				given[lit] = true
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if list, ok := n.(*ast.CompositeLit); ok && isStrings(list.Type) {
			return false // a list of words is no table of tests
		}
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING || given[lit] || err != nil {
			return true
		}
		more, _, bad := t.leading(value(lit))
		if bad != nil {
			err = fmt.Errorf("%s: %w", fset.Position(lit.Pos()), bad)
		}
		ids = append(ids, more...)
		return true
	})
	slices.Sort(ids)
	return slices.Compact(ids), err
}

// isStrings tells whether a type is []string.
func isStrings(typ ast.Expr) bool {
	array, ok := typ.(*ast.ArrayType)
	if !ok {
		return false
	}
	elem, ok := array.Elt.(*ast.Ident)
	return ok && elem.Name == "string"
}

// value is what a string literal stands for.
func value(lit *ast.BasicLit) string {
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return s
}

// name is how the report calls the test.
func (c claim) name() string { return c.dir + "." + c.test }
