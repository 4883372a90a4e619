package arch_test

import (
	"os"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/arch"
	"github.com/stretchr/testify/require"
)

// TestFloors holds the whole tree to the tables.
func TestFloors(t *testing.T) {
	const root = "../.."
	mod, err := os.ReadFile(root + "/go.mod")
	require.NoError(t, err)
	first, _, _ := strings.Cut(string(mod), "\n")
	module, ok := strings.CutPrefix(first, "module ")
	require.True(t, ok, "go.mod begins with %q", first)
	for _, b := range arch.Check(os.DirFS(root), module) {
		t.Error(b)
	}
}
