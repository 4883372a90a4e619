package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// bench tries changes on the module at root.
type bench struct{ root string }

// unnoticed makes the change, runs the tests that must notice it, and returns those that pass all the same.
func (b bench) unnoticed(ctx context.Context, c change) (missed []string, err error) {
	scratch, err := os.MkdirTemp("", "breaks")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	overlay, err := b.overlay(scratch, c)
	if err != nil {
		return nil, err
	}
	for _, w := range c.tests {
		noticed, err := b.notices(ctx, scratch, overlay, w)
		if err != nil {
			return nil, err
		}
		if !noticed {
			missed = append(missed, w.String())
		}
	}
	return missed, nil
}

// overlay writes the changed file, and what tells the go command to take it.
func (b bench) overlay(scratch string, c change) (string, error) {
	file := filepath.Join(b.root, filepath.FromSlash(c.file))
	src, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	text, err := c.apply(string(src))
	if err != nil {
		return "", err
	}
	changed, list := filepath.Join(scratch, "changed.go"), filepath.Join(scratch, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{file: changed}})
	return list, errors.Join(err, os.WriteFile(changed, []byte(text), 0o600), os.WriteFile(list, replace, 0o600))
}

// notices reports whether the test fails. It is built once for a package and a change.
func (b bench) notices(ctx context.Context, scratch, overlay string, w watcher) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	dir := filepath.Join(b.root, filepath.FromSlash(w.dir))
	program := filepath.Join(scratch, strings.ReplaceAll(w.dir, "/", "_")+".test")
	if _, err := os.Stat(program); err != nil {
		build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", program, ".")
		build.Dir = dir
		if out, err := build.CombinedOutput(); err != nil {
			return false, fmt.Errorf("it does not compile: %s", out)
		}
	}
	test := exec.CommandContext(ctx, program, "-test.run", pattern(w.name), "-test.v", "-test.timeout", "100s")
	test.Dir = dir
	test.Env = append(os.Environ(), "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+overlay)) // for what it builds
	out, err := test.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case !strings.Contains(string(out), "=== RUN   "+w.name+"\n"):
		return false, fmt.Errorf("there is no test %q that runs", w.name)
	case err != nil && !errors.As(err, &exit):
		return false, err
	}
	return err != nil, nil
}

// pattern is what -run takes for the test alone.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}
