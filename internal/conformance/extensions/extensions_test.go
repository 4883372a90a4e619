package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/leak"
	"github.com/canto-im/canto/internal/tree"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

// told is the list of the module, and where the module is.
func told(t *testing.T) (root string, list []extension) {
	t.Helper()
	root, err := tree.Root()
	require.NoError(t, err)
	list, err = read(filepath.Join(root, listFile))
	require.NoError(t, err)
	require.NotEmpty(t, list)
	return root, list
}

func TestList(t *testing.T) {
	root, list := told(t)
	assert.True(t, slices.IsSortedFunc(list, func(a, b extension) int { return strings.Compare(a.number, b.number) }))
	for i, e := range list {
		assert.False(t, i > 0 && list[i-1].number == e.number, "XEP-%s stands twice", e.number)
		assert.NotEmpty(t, e.title, e.number)
		assert.Regexp(t, `^\d+\.\d+(\.\d+)?$`, e.version, e.number)
		assert.Contains(t, []string{complete, partial}, e.status, e.number)
		assert.False(t, e.status == partial && e.remark == "", "XEP-%s: what is left out?", e.number)
		for _, dir := range e.packages {
			assert.True(t, cites(t, filepath.Join(root, dir), e.number), "nothing in %s cites XEP-%s", dir, e.number)
		}
	}
}

// cites reports whether the sources of a package, its tests apart, name the XEP.
func cites(t *testing.T, dir, number string) bool {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, name := range names {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		if !strings.HasSuffix(name, "_test.go") && bytes.Contains(b, []byte("XEP-"+number)) {
			return true
		}
	}
	return false
}

var xep = regexp.MustCompile(`XEP-(\d{4})`)

// Nothing that a package's documentation tells of is missing in the list, or said to be in another package alone.
func TestNothingIsMissing(t *testing.T) {
	root, list := told(t)
	err := tree.EachGo(root, func(name string) error {
		dir, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil || filepath.Base(name) != "doc.go" || strings.Contains(filepath.ToSlash(dir)+"/", "internal/") || strings.HasPrefix(dir, "examples") {
			return err
		}
		b, err := os.ReadFile(name)
		for _, m := range xep.FindAllSubmatch(b, -1) {
			known := slices.ContainsFunc(list, func(e extension) bool { return e.number == string(m[1]) })
			assert.True(t, known, "%s tells of XEP-%s, which %s has not got", filepath.ToSlash(dir), m[1], listFile)
		}
		return err
	})
	require.NoError(t, err)
}

// TestREADME: go run ./internal/conformance/extensions mends it.
func TestREADME(t *testing.T) {
	root, list := told(t)
	between, err := inREADME.Read(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	assert.Equal(t, table(list), between)
}

func TestRead(t *testing.T) {
	const head = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='" + doapNS + "' xmlns:xmpp='https://linkmauve.fr/ns/xmpp-doap#'><Project>"
	for in, want := range map[string]string{
		head + "<implements><xmpp:SupportedXep><xmpp:xep rdf:resource='https://xmpp.org/xep'/></xmpp:SupportedXep></implements></Project></rdf:RDF>": "is not where a XEP stands",
		"<rdf/>": "RDF",
		head:     "EOF",
	} {
		name := filepath.Join(t.TempDir(), "doap.xml")
		require.NoError(t, os.WriteFile(name, []byte(in), 0o600))
		_, err := read(name)
		assert.ErrorContains(t, err, want)
	}
	_, err := read(filepath.Join(t.TempDir(), "none"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}
