package servers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A folder without its manifest is not taken for a tree, and the error says what makes one.
func TestTreeIsWholeOrNone(t *testing.T) {
	t.Setenv(CacheVariable, t.TempDir())
	dir, err := treeDir()
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(dir, 0o700))
	_, err = openTree()
	assert.ErrorContains(t, err, "servers/fetch")
	assert.Error(t, there(Prosody13))

	require.NoError(t, os.WriteFile(filepath.Join(dir, manifest), nil, 0o600))
	whole, err := openTree()
	require.NoError(t, err)
	again, err := Fetch(t.Context(), nil)
	require.NoError(t, err, "what is there is not fetched")
	assert.Equal(t, string(whole), again)
	_, err = whole.prosody(filepath.Join(t.TempDir(), "prosody.cfg.lua"))
	assert.ErrorContains(t, err, dir, "this one is empty")
	_, _, err = whole.erlang(t.TempDir())
	assert.ErrorContains(t, err, "fetch it again")
}

// Programs of a tree are started by its own loader, whatever the architecture.
func TestTreePrograms(t *testing.T) {
	tr := tree(t.TempDir())
	require.NoError(t, os.MkdirAll(tr.path("usr/lib/some-arch"), 0o700))
	loader := tr.path("usr/lib/some-arch/ld-linux-some.so.1")
	require.NoError(t, os.WriteFile(loader, nil, 0o600))
	line, err := tr.program("/p")
	require.NoError(t, err)
	assert.Equal(t, loader+" --library-path "+filepath.Dir(loader)+" /p", strings.Join(line, " "))
}

// Apt is told to work on nothing but its own folder, with the one suite and the archive's own keys.
func TestFetchLeavesTheSystemAlone(t *testing.T) {
	work := t.TempDir()
	options, err := private(work, "mirror:/debian")
	require.NoError(t, err)
	for _, name := range []string{"Dir::State=", "Dir::State::status=", "Dir::Cache=", "Dir::Cache::archives=", "Dir::Etc::SourceList=", "Dir::Etc::SourceParts="} {
		assert.Contains(t, strings.Join(options, " "), name+work)
	}
	source, err := os.ReadFile(filepath.Join(work, "sources.list"))
	require.NoError(t, err)
	assert.Equal(t, "deb [signed-by="+keyring+"] mirror:/debian "+suite+" main\n", string(source))
}
