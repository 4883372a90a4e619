package main

import (
	"cmp"
	"go/ast"
	"regexp"
	"slices"
	"strings"

	"github.com/canto-im/canto/internal/tree"
)

// A target is a fuzz target of the module.
type target struct {
	dir  string // of its package, relative to the root, with slashes
	name string
}

// String puts the target as -only wants it.
func (t target) String() string { return t.dir + " " + t.name }

// findTargets finds those of all test files below root, in the order of their packages.
func findTargets(root string) (list []target, err error) {
	err = tree.EachTestFunc(root, func(dir string, f *ast.FuncDecl) {
		if isTarget(f) {
			list = append(list, target{dir, f.Name.Name})
		}
	})
	slices.SortFunc(list, func(a, b target) int {
		return cmp.Or(cmp.Compare(a.dir, b.dir), cmp.Compare(a.name, b.name))
	})
	return list, err
}

// isTarget reports whether the go command takes f for a fuzz target.
func isTarget(f *ast.FuncDecl) bool {
	if !strings.HasPrefix(f.Name.Name, "Fuzz") || f.Type.Params.NumFields() != 1 {
		return false
	}
	p, ok := f.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	t, ok := p.X.(*ast.SelectorExpr)
	return ok && t.Sel.Name == "F"
}

func matching(list []target, match *regexp.Regexp) (some []target) {
	for _, t := range list {
		if match.MatchString(t.String()) {
			some = append(some, t)
		}
	}
	return some
}
