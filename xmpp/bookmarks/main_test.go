package bookmarks

import (
	"testing"

	"github.com/canto-im/canto/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }
