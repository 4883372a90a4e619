package hostile

import (
	"flag"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/leak"
)

var soakFor = flag.Duration("hostile.for", 10*time.Second, "how long TestSoak goes on")

func TestMain(m *testing.M) { leak.Main(m) }
