package stanza

import (
	"os"
	"testing"

	"github.com/canto-im/canto/internal/xmltext"
	"github.com/stretchr/testify/assert"
)

// spare turns off for one test or benchmark what TestMain has turned on.
var spare func()

// TestMain makes every token of a decoder unreadable as soon as it is stale, so that a stanza that refers to one fails.
func TestMain(m *testing.M) {
	spare = xmltext.PoisonStale()
	os.Exit(m.Run())
}

// unpoisoned lets a test count what the package itself allocates.
func unpoisoned(t testing.TB) {
	spare()
	t.Cleanup(func() { xmltext.PoisonStale() })
}

// What goes back to the pool is overwritten under test.
func TestBuffersThatAreFreedArePoisoned(t *testing.T) {
	w := newWork()
	w.add([]byte("But soft"))
	view := w.buf
	w.release()
	assert.NotContains(t, string(view), "soft")
}
