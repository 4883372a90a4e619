package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const ran = `{"Action":"start","Package":"github.com/canto-im/canto/dir"}
{"Action":"run","Package":"github.com/canto-im/canto/dir","Test":"TestA/prosody"}
{"Action":"attr","Package":"github.com/canto-im/canto/internal/integration","Test":"TestA/prosody","Key":"conformance","Value":"bind-support"}
{"Action":"attr","Package":"github.com/canto-im/canto/internal/integration","Test":"TestA/in-process","Key":"conformance","Value":"bind-support 6120-7.1-2 in words"}
{"Action":"attr","Package":"github.com/canto-im/canto/dir","Test":"TestB","Key":"conformance","Value":"6120-7.1-1"}
{"Action":"attr","Package":"github.com/canto-im/canto/dir","Test":"TestC","Key":"conformance","Value":"6120-7.1-3"}
{"Action":"attr","Package":"github.com/canto-im/canto/dir","Test":"TestC","Key":"speed","Value":"high"}
{"Action":"pass","Package":"github.com/canto-im/canto/internal/integration","Test":"TestA/prosody"}
{"Action":"pass","Package":"github.com/canto-im/canto/internal/integration","Test":"TestA/in-process"}
{"Action":"output","Package":"github.com/canto-im/canto/internal/integration","Test":"TestA/prosody","Output":"what it said\n"}
{"Action":"output","Package":"github.com/canto-im/canto/dir","Test":"TestB","Output":"why it failed\n"}
{"Action":"fail","Package":"github.com/canto-im/canto/dir","Test":"TestB"}
{"Action":"skip","Package":"github.com/canto-im/canto/dir","Test":"TestC"}
{"Action":"output","Package":"github.com/canto-im/canto/dir","Test":"TestD","Output":"what hung\n"}
{"Action":"output","Package":"github.com/canto-im/canto/dir","Output":"FAIL\tdir\t1s\n"}
{"Action":"fail","Package":"github.com/canto-im/canto/dir"}
{"Action":"output","Package":"github.com/canto-im/canto/internal/integration","Output":"PASS\n"}
{"Action":"output","Package":"github.com/canto-im/canto/internal/integration","Output":"ok  \tintegration\t1s\n"}
{"Action":"pass","Package":"github.com/canto-im/canto/internal/integration"}
{"ImportPath":"broken","Action":"build-output","Output":"does not compile\n"}
{"ImportPath":"broken","Action":"build-fail"}
`

// told is what the run above has shown to the small table.
func told(t *testing.T, say *printer) (*table, results) {
	t.Helper()
	table, shown := small(), results{}
	require.NoError(t, collect(strings.NewReader(ran), table, shown, say))
	return table, shown
}

func TestReport(t *testing.T) {
	table, shown := told(t, failedOnly(&strings.Builder{}))
	for id, want := range map[string][3]string{
		"bind-support": {passed, passed, ""},
		"6120-7.1-1":   {failed, "", ""},
		"6120-7.1-2":   {passed, "", ""},
		"6120-7.1-3":   {notCovered, "", ""}, // skipped is not shown
	} {
		for i, target := range targets {
			assert.Equal(t, want[i], state(table, shown, id, target), "%s at %s", id, target)
		}
	}
	text := report(table, shown)
	assert.Contains(t, text, "against the server in this process, Prosody;")
	assert.Contains(t, text, `| [6120-7.1-1](https://www.rfc-editor.org/rfc/rfc6120#section-7.1) | MUST NOT | Never \| &lt;ever&gt;. | failed | – | – | `+"`dir.TestB` |")
	assert.Contains(t, text, "| RFC 6120 §15, the client's rows | 1 | 1 | 0 | 0 | 0 | 0 | 0 | 1 | 0 |")
	assert.Contains(t, text, "| RFC 6120, sentence by sentence | 3 | 1 | 1 | 0 | 0 | 0 | 1 | 0 | 0 |")
	assert.Contains(t, failures(shown)[0], "6120-7.1-1 failed at in-process in dir.TestB")

	table.departs = []remark{{pattern: "6120-7.1-3", reason: "better not"}}
	assert.Contains(t, report(table, shown), "| SHOULD | Better. | not followed |  |  | better not |")
	table.departs, table.later = nil, table.departs
	assert.Contains(t, report(table, shown), "| RFC 6120, sentence by sentence | 3 | 1 | 1 | 0 | 0 | 1 | 0 | 0 | 0 |")
}

// TestSilent: what the sources claim has to be named by the run, and by the test that claims it.
func TestSilent(t *testing.T) {
	_, shown := told(t, failedOnly(&strings.Builder{}))
	for test, ids := range map[string]string{"dir.TestC": "6120-7.1-3", "dir.TestE": "6120-7.1-1"} {
		dir, name, _ := strings.Cut(test, ".")
		assert.Len(t, silent([]claim{{dir: dir, test: name, ids: []string{ids}, sure: true}}, shown), 1, test)
	}
	assert.Empty(t, silent([]claim{{dir: "dir", test: "TestB", ids: []string{"6120-7.1-1"}, sure: true}}, shown))
	assert.Empty(t, silent([]claim{{dir: "dir", test: "TestE", ids: []string{"6120-7.1-1"}}}, shown), "one test of the file has named it")
}

// TestWhatARunSays: as go test says it: what failed, and the packages.
func TestWhatARunSays(t *testing.T) {
	var all, bad strings.Builder
	say := everything(&all)
	told(t, say)
	assert.Equal(t, []string{module + "dir", "broken"}, say.failed)
	assert.Contains(t, all.String(), "ok  \tintegration\t1s\n")
	told(t, failedOnly(&bad))
	for _, out := range []string{all.String(), bad.String()} {
		for _, line := range []string{"why it failed\n", "what hung\n", "FAIL\tdir\t1s\n", "does not compile\n"} {
			assert.Contains(t, out, line)
		}
		assert.NotContains(t, out, "what it said")
		assert.NotContains(t, out, "PASS")
	}
	assert.NotContains(t, bad.String(), "ok ")
}

// TestSlipsInARun: a value that names a row that there isn't is an error; one of mere words, as a table may have them, is none.
func TestSlipsInARun(t *testing.T) {
	for _, value := range []string{"6120-7.1-9", "bind-suport", "bind-support 6120.7.1-1", "bind-support never-ever"} {
		line := `{"Action":"attr","Package":"p","Test":"TestA","Key":"conformance","Value":"` + value + `"}`
		assert.Error(t, collect(strings.NewReader(line), small(), results{}, failedOnly(&strings.Builder{})), value)
	}
	assert.Error(t, collect(strings.NewReader("not JSON"), small(), results{}, failedOnly(&strings.Builder{})))
}

// TestStale: the report is made of what the run has shown and, for servers that it hadn't got, of itself; any cell that was
// edited shows.
func TestStale(t *testing.T) {
	root := t.TempDir()
	table, shown := told(t, failedOnly(&strings.Builder{}))
	name, readme := filepath.Join(root, reportFile), filepath.Join(root, "README.md")
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
	text := report(table, shown)
	write := func(report, between string) {
		require.NoError(t, os.WriteFile(name, []byte(report), 0o600))
		require.NoError(t, os.WriteFile(readme, []byte("before\n"+inREADME.Begin+between+inREADME.End+"after\n"), 0o600))
	}
	write(text, summary(table, shown))
	assert.Empty(t, stale(root, table, shown))
	_, read, err := committed(root, table)
	require.NoError(t, err)
	assert.Equal(t, text, report(table, read), "it can be read back")
	delete(shown["bind-support"], prosody)
	assert.Empty(t, stale(root, table, shown), "a run without Prosody")

	for old, edited := range map[string]string{
		"| failed | – | – |":      "| passed | – | – |",
		"| passed | passed | – |": "| passed | passed | passed |",
		"| MUST NOT |":            "| MAY |",
		"Better.":                 "Worse.",
		"not covered":             "not applicable",
		"| 3 | 1 | 1 |":           "| 3 | 2 | 0 |",
		"`dir.TestB`":             "`dir.TestA`",
		", Prosody;":              ";",
	} {
		require.Contains(t, text, old)
		write(strings.Replace(text, old, edited, 1), summary(table, shown))
		_, read, err := committed(root, table)
		require.NoError(t, err)
		assert.NotEmpty(t, append(stale(root, table, shown), stale(root, table, read)...), edited)
	}
	write(text+"\nand more", summary(table, shown))
	assert.NotEmpty(t, stale(root, table, shown))
	write(text, strings.Replace(summary(table, shown.with(read)), "| 3 |", "| 4 |", 1))
	assert.NotEmpty(t, stale(root, table, shown))
	write(strings.Replace(text, "| failed | – | – | `dir.TestB` |", "| passed | – | – | nobody |", 1), "")
	assert.Contains(t, stale(root, table, shown)[0], "6120-7.1-1 passed at in-process by no test")
}

func TestBetweenMarks(t *testing.T) {
	name := filepath.Join(t.TempDir(), "README.md")
	require.NoError(t, os.WriteFile(name, []byte("before\n"+inREADME.Begin+"old\n"+inREADME.End+"after\n"), 0o600))
	require.Error(t, betweenMarks(name, "new\n"))
	require.NoError(t, inREADME.Write(name, "new\n"))
	require.NoError(t, betweenMarks(name, "new\n"))
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, "before\n"+inREADME.Begin+"new\n"+inREADME.End+"after\n", string(b))
	assert.Error(t, inREADME.Write("report_test.go", ""))
}
