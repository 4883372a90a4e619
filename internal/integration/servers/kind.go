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

// Kind names a server software, and which of its packages.
type Kind string

// The servers that the launcher knows.
const (
	Prosody    Kind = "prosody"    // as installed: 0.12
	Ejabberd   Kind = "ejabberd"   // as installed: 23.01
	Prosody13  Kind = "prosody13"  // as unpacked by Fetch: 13.0
	Ejabberd24 Kind = "ejabberd24" // as unpacked by Fetch: 24.12
)

// Variable is the environment variable that names the required servers, separated by commas.
const Variable = "CANTO_SERVERS"

var all = []Kind{Prosody, Ejabberd, Prosody13, Ejabberd24}

// IsNewer tells whether the server knows SASL2, Bind 2 and FAST, and is not installed but unpacked.
func (k Kind) IsNewer() bool { return k == Prosody13 || k == Ejabberd24 }

// isProsody tells Prosody, of whichever version, from ejabberd.
func (k Kind) isProsody() bool { return k == Prosody || k == Prosody13 }

var say sync.Once // which servers are used is logged once a test process

// Kinds returns the servers to test against: those that CANTO_SERVERS names, all of which must be there, or without it
// those that are. It fails tb when a required one is missing.
func Kinds(tb testing.TB) []Kind {
	tb.Helper()
	kinds, err := choose(os.Getenv(Variable), there)
	if err != nil {
		tb.Fatal(err)
	}
	say.Do(func() { tb.Logf("real servers in this run: %v (%s=%q)", kinds, Variable, os.Getenv(Variable)) })
	return kinds
}

// Older returns those of Kinds that are no newer ones, for tests that take long and would learn nothing else from these.
func Older(tb testing.TB) []Kind {
	tb.Helper()
	return slices.DeleteFunc(Kinds(tb), Kind.IsNewer)
}

func choose(wanted string, there func(Kind) error) (kinds []Kind, err error) {
	switch wanted {
	case "none":
		return nil, nil
	case "":
		return slices.DeleteFunc(slices.Clone(all), func(k Kind) bool { return there(k) != nil }), nil
	}
	for name := range strings.SplitSeq(wanted, ",") {
		k := Kind(strings.TrimSpace(name))
		if !slices.Contains(all, k) {
			return nil, fmt.Errorf("%s names %q; known are %v", Variable, k, all)
		}
		if err := there(k); err != nil {
			return nil, fmt.Errorf("%s requires %s: %w", Variable, k, err)
		}
		kinds = append(kinds, k)
	}
	return kinds, nil
}

// there returns nil if the server can be started.
func there(k Kind) error {
	switch {
	case k.IsNewer():
		_, err := openTree()
		return err
	case k.isProsody():
		_, err := exec.LookPath("prosody")
		return err
	}
	if _, err := exec.LookPath("erl"); err != nil {
		return err
	}
	_, err := ejabberdLibs("/")
	return err
}

// ejabberdLibs finds the folder below root that holds the ejabberd application, whichever architecture the package is for.
func ejabberdLibs(root string) (string, error) {
	for _, pattern := range []string{"usr/lib/*/ejabberd-*/ebin/ejabberd.app", "usr/lib/ejabberd-*/ebin/ejabberd.app"} {
		if found, _ := filepath.Glob(filepath.Join(root, pattern)); len(found) > 0 {
			return filepath.Dir(filepath.Dir(filepath.Dir(found[0]))), nil
		}
	}
	return "", fmt.Errorf("no ejabberd application under %s", filepath.Join(root, "usr/lib"))
}
