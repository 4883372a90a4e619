package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/leak"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

const root = "../.."

// TestBreaksStand holds the lists to the sources: what is to be taken out is still there, exactly once, it becomes something else, and
// the tests that must notice are tests. Whoever changes a check changes its break, and sees the test fail again.
func TestBreaksStand(t *testing.T) {
	all, err := readAll(root)
	require.NoError(t, err)
	require.NotEmpty(t, all)
	tests, err := findTests(root)
	require.NoError(t, err)
	seen := map[string]string{}
	for _, c := range all {
		src, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(c.file)))
		if !assert.NoError(t, err, c.at) {
			continue
		}
		broken, err := c.apply(string(src))
		if !assert.NoError(t, err) {
			continue
		}
		assert.NotEqual(t, string(src), broken, "%s: it changes nothing", c.at)
		assert.Empty(t, seen[c.file+"\n"+broken], "%s: the same change", c.at)
		seen[c.file+"\n"+broken] = c.at
		for _, w := range c.tests {
			assert.True(t, slices.Contains(tests[w.dir], w.function()), "%s: there is no test %s", c.at, w)
		}
	}
}

// TestEveryRowIsBroken: each class of the table in .github/SECURITY.md has a check that was taken out to see its test fail.
func TestEveryRowIsBroken(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, ".github", "SECURITY.md"))
	require.NoError(t, err)
	all, err := readAll(root)
	require.NoError(t, err)
	rows := regexp.MustCompile(`(?m)^\| S([0-9]+) `).FindAllStringSubmatch(string(page), -1)
	require.NotEmpty(t, rows)
	for _, row := range rows {
		class := "S" + strings.Repeat("0", 2-len(row[1])) + row[1]
		assert.True(t, slices.ContainsFunc(all, func(c change) bool { return c.class == class }), "nothing of %s is broken", class)
	}
}

const list = `# of pending
S03 an answer of anybody
pending.go
-	if from != p.to {
-		return false
+	if false {
TestA
../component TestB/one_two

other nothing at all
run.go
-	go f()
TestA
`

func TestParse(t *testing.T) {
	got, err := parse("xmpp/muc", list)
	require.NoError(t, err)
	assert.Equal(t, []change{
		{"S03", "an answer of anybody", "xmpp/muc/pending.go", []string{"\tif from != p.to {", "\t\treturn false"}, []string{"\tif false {"},
			[]watcher{{"xmpp/muc", "TestA"}, {"xmpp/component", "TestB/one_two"}}, "xmpp/muc/testdata/breaks.txt:2"},
		{"other", "nothing at all", "xmpp/muc/run.go", []string{"\tgo f()"}, nil, []watcher{{"xmpp/muc", "TestA"}}, "xmpp/muc/testdata/breaks.txt:10"},
	}, got)
	assert.Equal(t, "TestB", got[0].tests[1].function())
	for text, want := range map[string]string{
		"S03":                  "no words",
		"S03 x":                "no a file",
		"S03 x\nf.go":          "no lines",
		"S03 x\nf.go\n-a\n+b":  "no tests",
		"S03 x\nf.go\nTestA\n": "no lines",
	} {
		_, err := parse("p", text)
		assert.ErrorContains(t, err, want, "%q", text)
	}
	assert.Len(t, matching(got, regexp.MustCompile("^S03")), 1)
	assert.Len(t, matching(got, regexp.MustCompile("run.go")), 1)
}

func TestApply(t *testing.T) {
	src := "package p\n\tif a {\n\t\treturn\n\t}\n\tif a {\n\t\tf()\n\t}\n"
	for name, c := range map[string]struct {
		old, new []string
		want     string
	}{
		"one line": {[]string{"package p"}, []string{"package q"}, strings.Replace(src, "package p", "package q", 1)},
		"two, told by the second, whatever the indentation": {[]string{"if a {", "f()"}, []string{"if b {"}, "package p\n\tif a {\n\t\treturn\n\t}\nif b {\n\t}\n"},
		"nothing instead":  {[]string{"f()"}, nil, "package p\n\tif a {\n\t\treturn\n\t}\n\tif a {\n\n\t}\n"},
		"twice":            {[]string{"if a {"}, nil, ""},
		"nowhere":          {[]string{"if b {"}, nil, ""},
		"a part of a line": {[]string{"package"}, nil, ""},
		"beyond the end":   {[]string{"f()", "}", "", "x"}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := (&change{old: c.old, new: c.new, file: "f.go", at: "list:1"}).apply(src)
			if c.want == "" {
				assert.ErrorContains(t, err, "list:1: what is taken out stands ")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestBare(t *testing.T) {
	all, err := parse("p", "S03 x\nf.go\n-a\nTestSecurityS03Here/one\n../q TestSecurityS03There\n")
	require.NoError(t, err)
	assert.Equal(t, []string{"p TestSecurityS04\n", "q TestSecurityS03Here\n"}, bare(all, map[string][]string{
		"p": {"TestSecurityS03Here", "TestOther", "TestSecurityS04"},
		"q": {"TestSecurityS03There", "TestSecurityS03Here"},
	}))
}

func TestTry(t *testing.T) {
	ends := []struct {
		missed []string
		err    error
	}{{nil, nil}, {[]string{"p TestA"}, nil}, {nil, os.ErrNotExist}}
	var out strings.Builder
	made := 0
	err := try(context.Background(), &out, make([]change, len(ends)), func(context.Context, change) ([]string, error) {
		made++
		return ends[made-1].missed, ends[made-1].err
	})
	require.EqualError(t, err, "2 of 3 were not noticed")
	assert.Contains(t, out.String(), "NOT NOTICED by p TestA")
	assert.Contains(t, out.String(), "CAN'T BE TRIED: file does not exist")
	assert.Error(t, try(context.Background(), &out, nil, nil), "there is nothing to break")
}

// TestBench breaks a module of the test's own: a test that notices, one that does not, one that isn't there, a change that does not
// compile. What the tests build themselves is changed, too.
func TestBench(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":      "module example.org/house\n\ngo 1.26\n",
		"a/a.go":      "package a\n\nfunc Ok(n int) bool {\n\treturn n < 5\n}\n",
		"a/a_test.go": "package a\n\nimport \"testing\"\n\nfunc TestOk(t *testing.T) {\n\tt.Run(\"a b\", func(t *testing.T) {\n\t\tif Ok(7) {\n\t\t\tt.Fail()\n\t\t}\n\t})\n\tt.Run(\"few\", func(t *testing.T) { Ok(1) })\n}\n",
		"b/b_test.go": "package b\n\nimport (\"os/exec\"; \"testing\")\n\nfunc TestChild(t *testing.T) {\n\tif out, err := exec.Command(\"go\", \"run\", \"example.org/house/c\").CombinedOutput(); err != nil {\n\t\tt.Fatalf(\"%s\", out)\n\t}\n}\n",
		"c/main.go":   "package main\n\nimport \"example.org/house/a\"\n\nfunc main() {\n\tif a.Ok(7) {\n\t\tpanic(\"broken\")\n\t}\n}\n",
	} {
		name = filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	all, err := parse("a", "S03 any number\na.go\n-return n < 5\n+return true\nTestOk\nTestOk/a_b\nTestOk/few\n../b TestChild\n\n"+
		"S03 no test\na.go\n-return n < 5\n+return true\nTestNone\n\nS03 no Go\na.go\n-return n < 5\n+return\nTestOk\n")
	require.NoError(t, err)
	b := bench{dir}
	missed, err := b.unnoticed(t.Context(), all[0])
	require.NoError(t, err)
	assert.Equal(t, []string{"a TestOk/few"}, missed)
	_, err = b.unnoticed(t.Context(), all[1])
	assert.ErrorContains(t, err, "there is no test")
	_, err = b.unnoticed(t.Context(), all[2])
	assert.ErrorContains(t, err, "does not compile")
	src, err := os.ReadFile(filepath.Join(dir, "a/a.go"))
	require.NoError(t, err)
	assert.Contains(t, string(src), "n < 5", "no file is changed")
}
