package bosh_test

import (
	"testing"

	"github.com/canto-im/canto/internal/leak"
	"github.com/canto-im/canto/internal/xmltext"
)

func TestMain(m *testing.M) {
	xmltext.PoisonStale()
	leak.Main(m)
}
