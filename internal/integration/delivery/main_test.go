package delivery

import (
	"flag"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/internal/leak"
)

var (
	seedFlag = flag.Uint64("delivery.seed", 0, "the seed to run with, as a failure has named it; 0: a random one")
	longFlag = flag.Int("delivery.long", 1, "how many times as many faults as in a short run")
)

func TestMain(m *testing.M) {
	if order := os.Getenv(childVariable); order != "" {
		beChild(order)
		return
	}
	leak.Main(servers.Stopping(m))
}

// seedOf returns the seed of a test.
func seedOf() uint64 {
	if *seedFlag != 0 {
		return *seedFlag
	}
	return 1 + rand.Uint64N(1<<40)
}
