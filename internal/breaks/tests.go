package main

import (
	"go/ast"
	"slices"
	"strings"

	"github.com/canto-im/canto/internal/tree"
)

// findTests finds all tests by the folder of their package.
func findTests(root string) (tests map[string][]string, err error) {
	tests = map[string][]string{}
	err = tree.EachTestFunc(root, func(dir string, f *ast.FuncDecl) {
		if strings.HasPrefix(f.Name.Name, "Test") {
			tests[dir] = append(tests[dir], f.Name.Name)
		}
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
