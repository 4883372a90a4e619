package arch

import (
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
)

const module = "example.org/house"

// sound is a small tree without a breach; each row of TestCheck puts files over it.
var sound = map[string]string{
	"go.mod":                                 "module " + module,
	".ci/run":                                "",
	"jid/doc.go":                             "// Package jid is an address.\npackage jid",
	"jid/jid.go":                             "package jid\nimport \"golang.org/x/text/secure/precis\"\nimport \"golang.org/x/net/idna\"",
	"jid/jid_test.go":                        "package jid\nimport \"github.com/stretchr/testify/assert\"\nimport \"" + module + "/internal/leak\"",
	"internal/ns/doc.go":                     "// Package ns is names.\npackage ns",
	"internal/xmltext/doc.go":                "// Package xmltext reads.\npackage xmltext\nimport \"" + module + "/internal/ns\"",
	"internal/leak/doc.go":                   "// Package leak checks.\npackage leak\nimport \"time\"\nvar now = time.Now",
	"stanza/doc.go":                          "// Package stanza is data.\npackage stanza\nimport \"" + module + "/jid\"\nimport \"time\"\nvar d time.Duration",
	"xmpp/doc.go":                            "// Package xmpp talks.\npackage xmpp\nimport (\"net\"; \"" + module + "/stanza\")\nfunc f() { go f() }",
	"xmpp/s_test.go":                         "package xmpp_test\nimport (\"" + module + "/xmpp/xmpptest\"; \"" + module + "/xmpp\")",
	"xmpp/form/doc.go":                       "// Package form fills.\npackage form\nimport \"" + module + "/xmpp\"",
	"xmpp/muc/doc.go":                        "// Package muc chats.\npackage muc\nimport \"" + module + "/xmpp/form\"",
	"xmpp/xmpptest/doc.go":                   "// Package xmpptest serves.\npackage xmpptest\nimport \"" + module + "/xmpp/xmpptest/internal/server\"",
	"xmpp/xmpptest/internal/server/doc.go":   "// Package server is one.\npackage server\nimport (\"net\"; \"" + module + "/stanza\")",
	"internal/integration/doc.go":            "// Package integration tries.\npackage integration",
	"internal/integration/a_test.go":         "package integration\nimport (\"" + module + "/xmpp/muc\"; \"" + module + "/internal/integration/relay\")",
	"internal/integration/relay/doc.go":      "// Package relay cuts.\npackage relay\nimport \"net\"",
	"internal/bench/doc.go":                  "// Package bench counts.\npackage bench\nimport \"" + module + "/xmpp\"",
	"internal/bench/report/doc.go":           "// Package report writes.\npackage report\nimport \"" + module + "/xmpp\"",
	"examples/echobot/main.go":               "// Echobot answers.\npackage main\nimport \"" + module + "/xmpp/xmpptest\"\nfunc main() {}",
	"internal/xmltext/testdata/broken/no.go": "this is no Go",
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		add  map[string]string
		want []string // parts of the breaches, in order; none: a sound tree
	}{
		"sound": {},
		"upwards from the ground": {
			add("jid/up.go", "package jid\nimport \""+module+"/stanza\""),
			[]string{"jid/up.go:2: jid may not import " + module + "/stanza: imports go downwards"},
		},
		"upwards in a test": {
			add("stanza/up_test.go", "package stanza_test\nimport \""+module+"/xmpp\""),
			[]string{"stanza/up_test.go:2: stanza may not import " + module + "/xmpp: imports go downwards"},
		},
		"a public package on the ground floor": {
			add("internal/xmltext/jid.go", "package xmltext\nimport \""+module+"/jid\""),
			[]string{"internal/xmltext/jid.go:2: "},
		},
		"a package that is narrower than its floor": {
			add("sasl/doc.go", "// Package sasl proves.\npackage sasl\nimport \""+module+"/internal/xmltext\""),
			[]string{"sasl may not import " + module + "/internal/xmltext: its line in the narrow table"},
		},
		"sideways": {
			add("xmpp/form/muc.go", "package form\nimport \""+module+"/xmpp/muc\""),
			[]string{"xmpp/form/muc.go:2: xmpp/form may not import " + module + "/xmpp/muc: on the same floor"},
		},
		"the server knows the client": {
			add("xmpp/xmpptest/internal/server/c.go", "package server\nimport \""+module+"/xmpp\""),
			[]string{"server may not import " + module + "/xmpp"},
		},
		"the server's tests know the client": {
			add("xmpp/xmpptest/internal/server/c_test.go", "package server_test\nimport (\""+module+"/xmpp\"; \""+module+"/xmpp/xmpptest\")"),
			[]string{"server may not import " + module + "/xmpp:", "server may not import " + module + "/xmpp/xmpptest:"},
		},
		"another opens the server": {
			add("internal/integration/x_test.go", "package integration\nimport \""+module+"/xmpp/xmpptest/internal/server\""),
			nil, // the compiler forbids it, and the top floor may use all that the compiler lets it see
		},
		"a capability ships test support": {
			add("xmpp/muc/l.go", "package muc\nimport \""+module+"/internal/leak\""),
			[]string{"xmpp/muc may not import " + module + "/internal/leak: test support is for tests"},
		},
		"a capability ships the test server": {
			add("xmpp/muc/l.go", "package muc\nimport \""+module+"/xmpp/xmpptest\""),
			[]string{"xmpp/muc may not import " + module + "/xmpp/xmpptest: on the same floor"},
		},
		"test support grows roots": {
			add("internal/integration/relay/x.go", "package relay\nimport \""+module+"/xmpp\""),
			[]string{"test support imports the standard library alone"},
		},
		"an example looks inside": {
			add("examples/echobot/x.go", "package main\nimport \""+module+"/internal/ns\""),
			[]string{"examples/echobot/x.go:2: "},
		},
		"something stands on a program": {
			add("internal/integration/y_test.go", "package integration\nimport \""+module+"/internal/bench\""),
			[]string{"nothing stands on a program"},
		},
		"no floor": {
			add("internal/util/doc.go", "// Package util is a drawer.\npackage util"),
			[]string{"internal/util: has no floor"},
		},
		"the root is no package": {
			add("canto.go", "// Package canto is at the wrong place.\npackage canto"),
			[]string{".: has no floor", "canto.go: stands at the top"},
		},
		"a file beside the card": {
			add("Makefile", ""),
			[]string{"Makefile: stands at the top beside the card"},
		},
		"testify outside tests": {
			add("xmpp/form/t.go", "package form\nimport \"github.com/stretchr/testify/assert\""),
			[]string{"it is for tests alone"},
		},
		"a third party in the wrong package": {
			add("xmpp/i.go", "package xmpp\nimport \"golang.org/x/net/idna\""),
			[]string{"xmpp may not import golang.org/x/net/idna: it is for jid and "},
		},
		"an unknown third party": {
			add("xmpp/i_test.go", "package xmpp\nimport \"example.com/thing\""),
			[]string{"xmpp may not import example.com/thing: it is not among"},
		},
		"a path that only begins alike": {
			add("jid/i.go", "package jid\nimport \"golang.org/x/net/idnaplus\""),
			[]string{"it is not among"},
		},
		"cgo": {
			add("xmpp/c.go", "package xmpp\nimport \"C\""),
			[]string{"Canto is pure Go"},
		},
		"a socket below": {
			add("jid/n.go", "package jid\nimport (\"net\"; \"net/netip\"; \"net/http\")"),
			[]string{"jid/n.go:2: imports net below", "jid/n.go:2: imports net/http below"},
		},
		"a file below": {
			add("stanza/o.go", "package stanza\nimport \"os\""),
			[]string{"stanza/o.go:2: imports os below"},
		},
		"a clock below": {
			add("stanza/c.go", "package stanza\nimport \"time\"\nvar a = time.Now()\nvar b = time.Unix(0, 0)"),
			[]string{"stanza/c.go:3: looks at the clock (time.Now)"},
		},
		"a clock by another name": {
			add("stanza/c.go", "package stanza\nimport t \"time\"\nfunc f() {\n\t<-t.After(1)\n}"),
			[]string{"stanza/c.go:4: looks at the clock (time.After)"},
		},
		"a goroutine below": {
			add("internal/xmltext/g.go", "package xmltext\nfunc f() {\n\tgo f()\n}"),
			[]string{"internal/xmltext/g.go:3: starts a goroutine"},
		},
		"goroutines and clocks in tests below": {
			add("internal/xmltext/g_test.go", "package xmltext\nimport \"time\"\nfunc f() {\n\tgo f()\n\t_ = time.Now()\n}"),
			nil,
		},
		"no doc.go": {
			add("roster/roster.go", "// Package roster is elsewhere.\npackage roster"),
			[]string{"roster: has no doc.go"},
		},
		"a doc.go without a comment": {
			add("roster/doc.go", "package roster"),
			[]string{"roster: has no doc.go"},
		},
		"a file that is no Go": {
			add("roster/doc.go", "package"),
			[]string{".: roster/doc.go:1:8: expected 'IDENT'"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Check(tree(c.add), module)
			if assert.Len(t, got, len(c.want), "%v", got) {
				for i, b := range got {
					assert.Contains(t, b.String(), c.want[i])
				}
			}
		})
	}
}

// TestTablesAgree holds the tables to themselves: what they name has a floor, and a line that repeats the rule is no exception.
func TestTablesAgree(t *testing.T) {
	for _, table := range []map[string][]string{narrow, sideways} {
		for from, tos := range table {
			for _, to := range append(slices.Clone(tos), from) {
				assert.NotEqual(t, unknown, floorOf(to), to)
				assert.NotContains(t, tos, from)
			}
		}
	}
	for from, tos := range sideways {
		for _, to := range tos {
			assert.Equal(t, floorOf(from), floorOf(to), "%s → %s is not sideways", from, to)
			assert.NotContains(t, sideways[to], from, "%s and %s import each other", from, to)
		}
	}
}

func add(name, src string) map[string]string { return map[string]string{name: src} }

func tree(add map[string]string) fstest.MapFS {
	files := maps.Clone(sound)
	maps.Copy(files, add)
	fsys := fstest.MapFS{}
	for name, src := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(src)}
	}
	return fsys
}
