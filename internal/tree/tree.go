package tree

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Root returns the folder in which the go.mod stands of the module that the working directory belongs to. It asks the go
// command.
func Root() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// EachGo calls f with every Go file below root that the go command would look at: not in testdata, in folders and files whose
// name begins with "." or "_", and in modules inside this one. It ends with the first error.
func EachGo(root string, f func(name string) error) error {
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != root && (strings.ContainsRune("._", rune(d.Name()[0])) || d.IsDir() && (d.Name() == "testdata" || isModule(name))):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		return f(name)
	})
}

// EachTestFunc calls f with every function, methods aside, in the test files below root that EachGo finds, and the folder of its package,
// relative to root with slashes.
func EachTestFunc(root string, f func(dir string, fn *ast.FuncDecl)) error {
	return EachGo(root, func(name string) error {
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		syn, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(name))
		for _, d := range syn.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				f(filepath.ToSlash(dir), fn)
			}
		}
		return err
	})
}

func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}
