package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/canto-im/canto/internal/marked"
	"github.com/canto-im/canto/internal/tree"
)

// inREADME is the part of the README that holds the table.
var inREADME = marked.Of("extensions", "go run ./internal/conformance/extensions")

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "extensions:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := tree.Root()
	if err != nil {
		return err
	}
	list, err := read(filepath.Join(root, listFile))
	if err != nil {
		return err
	}
	return inREADME.Write(filepath.Join(root, "README.md"), table(list))
}
