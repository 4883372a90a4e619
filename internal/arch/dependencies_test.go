package arch

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDependencies holds the table of dependencies in .github/SECURITY.md to go.mod: each module is there with its reason, and no
// other. Who may import which is in the table outside.
func TestDependencies(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	var required []string
	for _, m := range regexp.MustCompile(`(?m)^(?:require )?\t?([a-z0-9.]+\.[a-z]+/\S+) v\S+`).FindAllSubmatch(mod, -1) {
		required = append(required, string(m[1]))
	}
	require.Contains(t, required, "golang.org/x/text")

	page, err := os.ReadFile("../../.github/SECURITY.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(page), "\n## Dependencies\n")
	require.True(t, found)
	var listed []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]{10,} \\| [^|]{10,} \\|$").FindAllStringSubmatch(section, -1) {
		listed = append(listed, m[1])
	}
	slices.Sort(required)
	slices.Sort(listed)
	assert.Equal(t, required, listed)
}
