package main

import (
	"bytes"
	"fmt"
	"os"
)

// The marks between which the README holds the summary.
const (
	markBegin = "<!-- conformance: written by go run ./internal/conformance -->\n"
	markEnd   = "<!-- conformance: end -->\n"
)

// cutMarks returns a file's parts before, between and after the marks.
func cutMarks(name string) (before, between, after []byte, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, nil, nil, err
	}
	before, rest, ok := bytes.Cut(b, []byte(markBegin))
	between, after, ok2 := bytes.Cut(rest, []byte(markEnd))
	if !ok || !ok2 {
		return nil, nil, nil, fmt.Errorf("%s has not got the marks %q and %q", name, markBegin, markEnd)
	}
	return before, between, after, nil
}

// betweenMarks reports whether text stands between the marks of a file, as an error if it does not.
func betweenMarks(name, text string) error {
	_, between, _, err := cutMarks(name)
	if err == nil && string(between) != text {
		err = fmt.Errorf("%s: the summary of conformance is not\n%s", name, text)
	}
	return err
}

// writeBetweenMarks replaces what stands between the marks of a file.
func writeBetweenMarks(name, text string) error {
	before, _, after, err := cutMarks(name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(string(before)+markBegin+text+markEnd+string(after)), 0o644)
}
