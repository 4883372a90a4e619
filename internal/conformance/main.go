package main

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The marks between which the README holds the summary.
const (
	markBegin = "<!-- conformance: written by go run ./internal/conformance -->\n"
	markEnd   = "<!-- conformance: end -->\n"
)

func main() {
	log.SetFlags(0)
	if err := update(); err != nil {
		log.Fatal("conformance: ", err)
	}
}

// update runs the tests and writes what they showed.
func update() error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	t, err := load()
	if err != nil {
		return err
	}
	claims, err := readClaims(root, t)
	if err != nil {
		return err
	}
	shown, err := run(root, t, claims, os.Stderr)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, "internal/conformance/CONFORMANCE.md"), []byte(report(t, shown)), 0o644); err != nil {
		return err
	}
	if err := writeBetweenMarks(filepath.Join(root, "README.md"), summary(t, shown)); err != nil {
		return err
	}
	fmt.Print(summary(t, shown))
	if wrong := append(coverage(t, claims), silent(claims, shown)...); len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "\n"))
	}
	return failures(shown)
}

// failures is an error that names the rows that failed somewhere.
func failures(shown results) error {
	var list []string
	for id, by := range shown {
		for target, s := range by {
			if len(s.failed) > 0 {
				list = append(list, fmt.Sprintf("%s failed at %s in %s", id, target, strings.Join(s.failed, ", ")))
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	return errors.New(strings.Join(list, "\n"))
}

// moduleRoot is where go.mod stands.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// writeBetweenMarks replaces what stands between the marks of a file.
func writeBetweenMarks(name, text string) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(b, []byte(markBegin))
	_, after, ok2 := bytes.Cut(rest, []byte(markEnd))
	if !ok || !ok2 {
		return fmt.Errorf("%s has not got the marks %q and %q", name, markBegin, markEnd)
	}
	return os.WriteFile(name, []byte(string(before)+markBegin+text+markEnd+string(after)), 0o644)
}
