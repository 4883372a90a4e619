package mam

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// elapse lets the time of the bubble go on, and what comes of that; outside of a bubble (testing/synctest) a test must not call it.
func elapse(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
