package presence_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/presence"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "status")
	require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("x"), 70<<10), 0o600))
	p, err := presence.File(path)(t.Context())
	require.NoError(t, err)
	assert.Len(t, p.Status, 64<<10)
	_, err = presence.File(filepath.Dir(path))(t.Context())
	assert.ErrorContains(t, err, "presence: ")
}

func TestCommand(t *testing.T) {
	p, err := presence.Command("echo", "away", "at lunch")(t.Context())
	require.NoError(t, err)
	assert.Equal(t, &stanza.Presence{Show: stanza.Away, Status: "at lunch"}, p)
	_, err = presence.Command("sh", "-c", "echo broken >&2; exit 3")(t.Context())
	assert.ErrorContains(t, err, `exit status 3 "broken"`)
	_, err = presence.Command("/no/such/program")(t.Context())
	assert.ErrorIs(t, err, os.ErrNotExist)
	p, err = presence.Command("sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x")(t.Context())
	require.NoError(t, err)
	assert.Len(t, p.Status, 64<<10)
}

// TestCommandThatLeavesSomethingRunning holds that what keeps the pipes of a program open is not waited for.
func TestCommandThatLeavesSomethingRunning(t *testing.T) {
	begin := time.Now()
	p, err := presence.Command("sh", "-c", "sleep 40 & echo away")(t.Context())
	require.NoError(t, err)
	assert.Equal(t, stanza.Away, p.Show)
	assert.Less(t, time.Since(begin), 30*time.Second)
}
