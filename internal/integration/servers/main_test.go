package servers_test

import (
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(servers.Stopping(m)) }

// each runs f as a subtest for every server of this run.
func each(t *testing.T, f func(t *testing.T, kind servers.Kind)) {
	for _, kind := range servers.Kinds(t) {
		t.Run(string(kind), func(t *testing.T) { f(t, kind) })
	}
}
