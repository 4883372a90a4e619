package main

import (
	"fmt"

	"github.com/canto-im/canto/internal/marked"
)

// inREADME is the part of the README that holds the summary.
var inREADME = marked.Of("conformance", "go run ./internal/conformance")

// betweenMarks reports whether text stands between the marks of a file, as an error if it does not.
func betweenMarks(name, text string) error {
	between, err := inREADME.Read(name)
	if err == nil && between != text {
		err = fmt.Errorf("%s: the summary of conformance is not\n%s", name, text)
	}
	return err
}
