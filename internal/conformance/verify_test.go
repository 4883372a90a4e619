package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ideal is a run in this process that shows what the committed report says, test by test.
func ideal(t *testing.T) (lines []string) {
	t.Helper()
	h := sources(t)
	_, shown, err := committed(h.root, h.table)
	require.NoError(t, err)
	var rows []string
	for _, c := range h.table.capabilities {
		if s := shown[c.under()][inProcess]; s != nil {
			for _, test := range c.tests[:len(s.passed)] {
				lines = append(lines, fmt.Sprintf(`{"Action":"pass","Package":%q,"Test":"%s/in-process"}`, module+strings.TrimSuffix(integration, "."), test))
			}
		}
		delete(shown, c.under())
	}
	for id, by := range shown {
		for _, test := range by[inProcess].passed {
			i := strings.LastIndexByte(test, '.')
			where := fmt.Sprintf(`"Package":%q,"Test":%q`, module+test[:i], test[i+1:])
			rows = append(rows, fmt.Sprintf(`{"Action":"attr",%s,"Key":"conformance","Value":%q}`+"\n"+`{"Action":"pass",%[1]s}`, where, id))
		}
	}
	slices.Sort(rows) // those of package xmpp come last
	return append(lines, rows...)
}

// TestVerify: the report stands as it is by the run that it tells of, and by no other.
func TestVerify(t *testing.T) {
	lines := ideal(t)
	fewer, last := lines[:len(lines)-1], lines[len(lines)-1]
	judge := func(lines ...string) error { return verify(strings.NewReader(strings.Join(lines, "\n")), io.Discard) }
	require.NoError(t, judge(lines...))
	assert.ErrorContains(t, judge(), "did not name it when it ran")
	assert.ErrorContains(t, judge(fewer...), "claims")
	assert.ErrorContains(t, judge(fewer...), "the run says")
	assert.ErrorContains(t, judge(append(slices.Clone(lines), `{"Action":"fail","Package":"p"}`)...), "tests failed in p")
	assert.ErrorContains(t, judge(append(slices.Clone(fewer), strings.Replace(last, `"pass"`, `"fail"`, 1))...), "failed at in-process")
}

// TestJudge: what the sources have wrong counts whatever a run has shown.
func TestJudge(t *testing.T) {
	root := t.TempDir()
	src := "package p\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { t.Sk" + "ip() }\n"
	require.NoError(t, os.WriteFile(filepath.Join(root, "p_test.go"), []byte(src), 0o600))
	h := &house{root: root, table: small(), claims: []claim{{dir: "p", test: "TestB", ids: []string{"6120-7.1-1"}, sure: true}}}
	err := h.judge(results{}, "more")
	for _, part := range []string{"skips a test", "TestB claims 6120-7.1-1", "6120-7.1-2", "more"} {
		assert.ErrorContains(t, err, part)
	}
}
