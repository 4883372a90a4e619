package servers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Kind names a server software.
type Kind string

// The servers that the launcher knows.
const (
	Prosody  Kind = "prosody"
	Ejabberd Kind = "ejabberd"
)

// Variable is the environment variable that names the required servers, separated by commas.
const Variable = "CANTO_SERVERS"

var all = []Kind{Prosody, Ejabberd}

var say sync.Once // which servers are used is logged once a test process

// Kinds returns the servers to test against: those that CANTO_SERVERS names, all of which must be there, or without it
// those that are installed. It fails tb when a required one is missing.
func Kinds(tb testing.TB) []Kind {
	tb.Helper()
	kinds, err := choose(os.Getenv(Variable), installed)
	if err != nil {
		tb.Fatal(err)
	}
	say.Do(func() { tb.Logf("real servers in this run: %v (%s=%q)", kinds, Variable, os.Getenv(Variable)) })
	return kinds
}

func choose(wanted string, installed func(Kind) error) (kinds []Kind, err error) {
	switch wanted {
	case "none":
		return nil, nil
	case "":
		return slices.DeleteFunc(slices.Clone(all), func(k Kind) bool { return installed(k) != nil }), nil
	}
	for name := range strings.SplitSeq(wanted, ",") {
		k := Kind(strings.TrimSpace(name))
		if !slices.Contains(all, k) {
			return nil, fmt.Errorf("%s names %q; known are %v", Variable, k, all)
		}
		if err := installed(k); err != nil {
			return nil, fmt.Errorf("%s requires %s: %w", Variable, k, err)
		}
		kinds = append(kinds, k)
	}
	return kinds, nil
}

func installed(k Kind) error {
	if k == Prosody {
		_, err := exec.LookPath("prosody")
		return err
	}
	if _, err := exec.LookPath("erl"); err != nil {
		return err
	}
	_, err := ejabberdLibs()
	return err
}

// ejabberdLibs finds the folder that holds the ejabberd application, whichever architecture the package is for.
func ejabberdLibs() (string, error) {
	for _, pattern := range []string{"/usr/lib/*/ejabberd-*/ebin/ejabberd.app", "/usr/lib/ejabberd-*/ebin/ejabberd.app"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return filepath.Dir(filepath.Dir(filepath.Dir(found[0]))), nil
		}
	}
	return "", fmt.Errorf("no ejabberd application under /usr/lib")
}
