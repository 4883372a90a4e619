package integration

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestArchiveProgram runs the example as it stands on an account of a real server, killed again and again while somebody writes to it: what it has
// written in the end is what was said, once and in order.
func TestArchiveProgram(t *testing.T) {
	program := build(t, "archive")
	for _, kind := range servers.Kinds(t) {
		t.Run(string(kind), func(t *testing.T) {
			p := outside(servers.Shared(t, kind, servers.Config{Archive: true}))
			bob := p.session(t)
			user, password := p.account(t)
			dir := t.TempDir()
			var said []string
			say := func(n int) {
				t.Helper()
				for range n {
					said = append(said, fmt.Sprint("line ", len(said)))
					require.NoError(t, bob.Send(within(t), &stanza.Message{To: p.jid(user), Type: stanza.Chat, Body: said[len(said)-1]}))
					require.NoError(t, ping(t, bob, p)) // ejabberd names what it archives by the microsecond
				}
			}
			for round := range 4 {
				say(120)
				a := p.archive(t, program, user, password, dir, bob.JID().Bare().String())
				if round%2 == 0 { // in the middle of what was said before
					require.True(t, a.told.Scan())
				} else {
					awaitLine(t, a.told, "now what comes")
					say(40)
					awaitLine(t, a.said, fmt.Sprintf(": %q", said[len(said)-20]))
				}
				require.NoError(t, a.Process.Kill())
				assert.Error(t, a.Wait())
			}
			a := p.archive(t, program, user, password, dir, bob.JID().Bare().String())
			awaitLine(t, a.told, "now what comes")
			require.NoError(t, a.Process.Signal(os.Interrupt))
			require.NoError(t, a.Wait())
			assert.Equal(t, said, archived(t, filepath.Join(dir, "messages.jsonl")))
		})
	}
}

// An archiver is the program at work.
type archiver struct {
	*exec.Cmd
	said, told *bufio.Scanner // what comes; how far it is
}

func (p *place) archive(t *testing.T, program, user, password, dir, with string) *archiver {
	t.Helper()
	a := &archiver{Cmd: p.command(t, user, password, false, program, "-dir", dir, "-with", with)}
	stdout, err := a.StdoutPipe()
	require.NoError(t, err)
	a.Stderr = nil
	stderr, err := a.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, a.Start())
	a.said, a.told = bufio.NewScanner(stdout), bufio.NewScanner(stderr)
	return a
}

// awaitLine reads up to a line that ends so.
func awaitLine(t *testing.T, lines *bufio.Scanner, end string) {
	t.Helper()
	for lines.Scan() {
		if strings.HasSuffix(lines.Text(), end) {
			return
		}
	}
	t.Fatalf("no line ends with %q", end)
}

// archived are the texts that the program has written.
func archived(t *testing.T, name string) (texts []string) {
	t.Helper()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	for line := range strings.Lines(string(b)) {
		var e struct{ Body string }
		require.NoError(t, json.Unmarshal([]byte(line), &e), "%q", line)
		texts = append(texts, e.Body)
	}
	return texts
}
