package xmpp

import (
	"testing"

	"github.com/canto-im/canto/internal/leak"
	"github.com/canto-im/canto/internal/xmltext"
)

// TestMain makes what is stale or was given back unreadable, so that a session that keeps a view too long fails.
func TestMain(m *testing.M) {
	xmltext.PoisonStale()
	leak.Main(m)
}
