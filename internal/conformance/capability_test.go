package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lived are the capabilities of a small module, and what a run has shown of them.
func lived(t *testing.T) (list []capability, shown results) {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"roster/roster.go": "package roster",
		"xmpp/mam/mam.go":  "package mam", "xmpp/stamp/stamp.go": "package stamp", "xmpp/testdata/x": "", "xmpp/xmpp.go": "package xmpp",
		"internal/integration/roster_test.go":    "package integration\nimport \"testing\"\nfunc TestR(t *testing.T) {}",
		"internal/integration/mam_test.go":       "package integration\nimport \"testing\"\nfunc TestA(t *testing.T) {}\nfunc help() {}\nfunc TestB(t *testing.T) {}",
		"internal/integration/mam_linux_test.go": "package integration\nimport \"testing\"\nfunc TestC(t *testing.T) {}",
	} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o600))
	}
	list, err := readCapabilities(root)
	require.NoError(t, err)
	table, shown := small(), results{}
	table.capabilities = list
	var run strings.Builder
	for _, e := range [][2]string{
		{"pass", "TestA/in-process"}, {"pass", "TestA/prosody"}, {"pass", "TestA/prosody/over_TLS"}, {"pass", "TestB/prosody"}, {"pass", "TestC/prosody"},
		{"fail", "TestA/ejabberd24"}, {"pass", "TestB/ejabberd24"}, {"skip", "TestB/in-process"}, {"pass", "TestA"}, {"pass", "TestX/prosody"}, {"pass", "TestR/prosody13"},
	} {
		run.WriteString(`{"Action":"` + e[0] + `","Package":"` + module + `internal/integration","Test":"` + e[1] + "\"}\n")
	}
	run.WriteString(`{"Action":"pass","Package":"` + module + `xmpp/mam","Test":"TestA/ejabberd"}`)
	require.NoError(t, collect(strings.NewReader(run.String()), table, shown, failedOnly(&strings.Builder{})))
	return list, shown
}

// TestCapabilities: each version is told for itself, and what the table says can be read back.
func TestCapabilities(t *testing.T) {
	list, shown := lived(t)
	require.Equal(t, []capability{{"roster", []string{"TestR"}}, {"xmpp/mam", []string{"TestA", "TestB", "TestC"}}, {dir: "xmpp/stamp"}}, list)
	text := capabilities(list, shown)
	assert.Contains(t, text, "| package | in process | Prosody 0.12 | Prosody 13 | ejabberd 23 | ejabberd 24 | tests |\n|---|---|---|---|---|---|---|\n")
	assert.Contains(t, text, "| `roster` | – | – | 1 | – | – | TestR |\n| `xmpp/mam` | 1 | 3 | – | – | failed | TestA, TestB, TestC |\n\n")
	assert.Contains(t, text, "; `xmpp/stamp` with `mam` and `muc`;")
	assert.Contains(t, failures(shown), "capability xmpp/mam failed at ejabberd24 in TestA")
	again := results{}
	for line := range strings.Lines(text) {
		again.readCapability(list, line)
	}
	assert.Equal(t, text, capabilities(list, again))
	assert.Empty(t, capabilities(nil, shown))
}

// TestUntriedCapabilities: a package needs tests or a reason, and has not both.
func TestUntriedCapabilities(t *testing.T) {
	list, _ := lived(t)
	wrong := untriedCapabilities(append(list, capability{dir: "xmpp/new"}, capability{"xmpp/form", []string{"TestF"}}))
	assert.Contains(t, wrong, "xmpp/new has no tests in package integration: new_test.go, or a reason in inOthers")
	assert.Contains(t, wrong, "xmpp/form has tests in package integration, and inOthers has a reason why not")
	assert.Contains(t, wrong, "inOthers names xmpp/paging, which is no package")
	assert.NotContains(t, strings.Join(wrong, "\n"), "xmpp/stamp")
}
