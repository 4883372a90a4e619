package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"

	"github.com/canto-im/canto/internal/tree"
)

// findTests finds all tests by the folder of their package.
func findTests(root string) (tests map[string][]string, err error) {
	tests = map[string][]string{}
	err = tree.EachGo(root, func(name string) error {
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		syn, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(name))
		for _, d := range syn.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				dir := filepath.ToSlash(rel)
				tests[dir] = append(tests[dir], f.Name.Name)
			}
		}
		return err
	})
	return tests, err
}

// bare lists the TestSecurity… that no change names, a line each.
func bare(all []change, tests map[string][]string) (lines []string) {
	named := map[watcher]bool{}
	for _, c := range all {
		for _, w := range c.tests {
			named[watcher{w.dir, w.function()}] = true
		}
	}
	for dir, names := range tests {
		for _, name := range names {
			if w := (watcher{dir, name}); strings.HasPrefix(name, "TestSecurityS") && !named[w] {
				lines = append(lines, w.String()+"\n")
			}
		}
	}
	slices.Sort(lines)
	return lines
}
