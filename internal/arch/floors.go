package arch

import (
	"maps"
	"slices"
	"strings"
)

// A floor is a storey of the house. Imports go downwards; what may be imported on the same floor is named one by one.
type floor int

const (
	unknown  floor = iota - 2
	support        // test support: the standard library alone; imported by tests and by the top floor
	ground         // L0: pure
	meaning        // L1: pure
	session        // L2: sockets, clocks and goroutines from here upwards
	ability        // L3: roster and the capabilities
	outdoors       // L4: programs and the tests of the whole
)

// rooms are the packages whose floor is not told by their place in the tree.
var rooms = map[string]floor{
	"jid":                             ground,
	"internal/xmltext":                ground,
	"internal/ns":                     ground,
	"internal/datetime":               ground,
	"internal/stream":                 ground,
	"stanza":                          meaning,
	"sasl":                            meaning,
	"xmpp":                            session,
	"internal/web":                    ground,
	"internal/unmarshal":              session,
	"internal/endpoint":               ability,
	"xmpp/xmpptest/internal/server":   session,
	"roster":                          ability,
	"xmpp/xmpptest":                   ability,
	"examples":                        outdoors, // the tests of the programs below it
	"internal/integration":            outdoors,
	"internal/integration/delivery":   outdoors,
	"internal/conformance":            outdoors,
	"internal/conformance/extensions": outdoors,
	"internal/bench":                  outdoors,
	"internal/breaks":                 outdoors,
	"internal/fuzz":                   outdoors,
	"internal/arch":                   support,
	"internal/leak":                   support,
	"internal/corpus":                 support,
	"internal/marked":                 support,
	"internal/tree":                   support,
	"internal/specexample":            support,
	"internal/specexample/author":     outdoors,
	"internal/integration/servers":    support,
	"internal/integration/relay":      support,
}

// narrow names, for packages that may not import all that lies below them, what they may import of the module.
var narrow = map[string][]string{
	"jid":                           {},
	"internal/ns":                   {},
	"internal/datetime":             {},
	"internal/xmltext":              {"internal/ns"},
	"internal/stream":               {"internal/ns", "internal/xmltext"},
	"stanza":                        {"jid", "internal/ns", "internal/xmltext"},
	"sasl":                          {},
	"internal/web":                  {},
	"internal/unmarshal":            {"stanza"},
	"xmpp/xmpptest/internal/server": {"jid", "stanza", "sasl", "internal/ns", "internal/xmltext", "internal/stream"},
}

// sideways names what a package may import of its own floor. A capability knows few others: each line is a dependency in
// the XEPs themselves.
var sideways = map[string][]string{
	"internal/xmltext":  {"internal/ns"},
	"internal/stream":   {"internal/ns", "internal/xmltext"},
	"xmpp/xmpptest":     {},
	"xmpp/forward":      {"xmpp/stamp"},
	"xmpp/register":     {"xmpp/form"},
	"xmpp/muc":          {"xmpp/form", "xmpp/disco", "xmpp/stamp", "xmpp/forward"},
	"xmpp/disco":        {"xmpp/form", "xmpp/paging"},
	"xmpp/pubsub":       {"xmpp/form", "xmpp/disco", "xmpp/paging", "xmpp/stamp"},
	"xmpp/mam":          {"xmpp/form", "xmpp/disco", "xmpp/paging", "xmpp/stamp", "xmpp/forward", "xmpp/carbons"},
	"xmpp/carbons":      {"xmpp/disco", "xmpp/forward"},
	"xmpp/chat":         {"xmpp/disco", "xmpp/form", "xmpp/pubsub", "xmpp/stamp"},
	"xmpp/entity":       {"xmpp/disco", "xmpp/stamp"},
	"xmpp/presence":     {"xmpp/stamp"},
	"xmpp/upload":       {"xmpp/disco"},
	"xmpp/adhoc":        {"xmpp/form", "xmpp/disco"},
	"xmpp/bookmarks":    {"xmpp/pubsub", "xmpp/disco", "xmpp/form"},
	"internal/endpoint": {"xmpp/hostmeta"},
	"xmpp/websocket":    {"internal/endpoint"},
	"xmpp/bosh":         {"internal/endpoint"},
}

// testsMayAsk is what the tests of the session floor and above may import beside what their package may: the in-process server.
const testsMayAsk = "xmpp/xmpptest"

// outside is the whole list of third-party import paths: a path and what lies under it, and the packages that may import it.
// No packages means: tests, wherever they stand. The server inside xmpptest prepares names and passwords itself, so that it
// does not share a mistake with what it tests.
var outside = map[string][]string{
	"golang.org/x/text":           {"jid", "sasl", "xmpp/xmpptest/internal/server"},
	"golang.org/x/net/idna":       {"jid", "xmpp/xmpptest/internal/server"},
	"github.com/coder/websocket":  {"xmpp/websocket"},
	"github.com/stretchr/testify": nil,
}

// card is what may stand at the top, hidden entries aside (DESIGN §1).
var card = []string{
	"xmpp", "stanza", "jid", "sasl", "roster", "internal", "examples", "go.mod", "go.sum", "README.md", "LICENSE",
}

// impure are the imports that no package below the session floor may have, each with what lies under it, pure excepted.
var (
	impure = []string{"net", "os", "io/ioutil", "log", "syscall", "path/filepath", "os/exec", "embed"}
	pure   = []string{"net/netip", "net/url"}
)

// clock are the functions of package time that look at one; durations and dates are data, and may be used anywhere.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}

// floorOf returns the floor of the package in dir, a path relative to the module's root.
func floorOf(dir string) floor {
	if f, ok := rooms[dir]; ok {
		return f
	}
	switch parts := strings.Split(dir, "/"); {
	case parts[0] == "examples" && len(parts) == 2:
		return outdoors
	case parts[0] == "xmpp" && len(parts) == 2:
		return ability
	case len(parts) > 2 && parts[0] == "internal" && rooms[parts[0]+"/"+parts[1]] == outdoors:
		return outdoors
	}
	return unknown
}

// mayImport tells whether package from may import package to, both relative to the module's root, and if not, why.
func mayImport(from, to string) (why string) {
	a, b := floorOf(from), floorOf(to)
	switch {
	case b == unknown:
		return "it has no floor"
	case a == outdoors && strings.HasPrefix(from, "examples/") && strings.Contains("/"+to+"/", "/internal/"):
		return "an example shows what any program can do, and no program of others can import internal packages"
	case a == outdoors:
		return within(b != outdoors || inside(from, to), "nothing stands on a program or on the tests of the whole")
	case a == support:
		return "test support imports the standard library alone"
	case b == support:
		return "test support is for tests"
	case to == "xmpp/xmpptest/internal/server":
		return within(from == "xmpp/xmpptest", "only xmpptest opens it")
	case b > a:
		return "imports go downwards"
	case b == a:
		return within(slices.Contains(sideways[from], to), "on the same floor only what the sideways table names")
	}
	if allowed, ok := narrow[from]; ok {
		return within(slices.Contains(allowed, to), "its line in the narrow table does not name it")
	}
	return ""
}

// mayTestImport is mayImport for test files.
func mayTestImport(from, to string) (why string) {
	switch a, b := floorOf(from), floorOf(to); {
	case b == support && a != unknown:
		return ""
	case to == testsMayAsk && (a == session || a == ability) && from != "xmpp/xmpptest/internal/server":
		return ""
	case from == to:
		return ""
	}
	return mayImport(from, to)
}

// mayUse tells whether the package in dir, or its tests, may import path from outside the module and std.
func mayUse(dir, path string, test bool) (why string) {
	for _, module := range slices.Sorted(maps.Keys(outside)) {
		if !under(path, module) {
			continue
		}
		users := outside[module]
		if users == nil {
			return within(test, "it is for tests alone")
		}
		return within(slices.Contains(users, dir), "it is for "+strings.Join(users, " and ")+" alone")
	}
	return "it is not among the third-party modules of the table"
}

// isPure tells whether a package below the session floor may import path.
func isPure(path string) bool {
	if slices.Contains(pure, path) {
		return true
	}
	return !slices.ContainsFunc(impure, func(p string) bool { return under(path, p) })
}

func within(ok bool, why string) string {
	if ok {
		return ""
	}
	return why
}

// under tells whether path is root or lies under it.
func under(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

// inside tells whether two packages of the top floor belong to the same tests: internal/bench and internal/bench/report.
func inside(from, to string) bool { return under(to, from) || under(from, to) }
