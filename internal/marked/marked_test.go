package marked_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/canto-im/canto/internal/leak"
	"github.com/canto-im/canto/internal/marked"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestPart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	p := marked.Of("speed", "a command")
	require.NoError(t, os.WriteFile(file, []byte("before\n"+p.Begin+"old\n"+p.End+"after\n"), 0o600))
	got, err := p.Read(file)
	require.NoError(t, err)
	assert.Equal(t, "old\n", got)
	require.NoError(t, p.Write(file, "new\n"))
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "before\n<!-- speed: written by a command -->\nnew\n<!-- speed: end -->\nafter\n", string(b))
}

func TestPartWithoutMarks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	p := marked.Of("speed", "a command")
	for _, text := range []string{"", p.Begin, p.End, p.End + p.Begin} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err := p.Read(file)
		assert.ErrorContains(t, err, "has not got the marks", "%q", text)
		assert.Error(t, p.Write(file, "new\n"), "%q", text)
	}
	_, err := p.Read(file + ".absent")
	assert.ErrorIs(t, err, os.ErrNotExist)
}
