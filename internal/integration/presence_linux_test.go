package integration

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPresence runs the example as it stands, on an account of a real server: it announces a contact and is what a file says.
func TestPresence(t *testing.T) {
	program := build(t, "presence")
	for _, kind := range servers.Kinds(t) {
		t.Run(string(kind), func(t *testing.T) {
			presenceScript(t, outside(servers.Shared(t, kind, servers.Config{})), program)
		})
	}
}

func presenceScript(t *testing.T, p *place, program string) {
	user, password := p.account(t)
	bob := p.session(t)
	befriend(t, p, user, password, bob)
	seen := make(chan string, 100)
	xmpp.OnPresence(bob, func(_ context.Context, st *stanza.Presence) error {
		if st.From.Bare() == p.jid(user) {
			seen <- strings.TrimSpace(fmt.Sprintf("%s %s %s", st.Type, st.Show, st.Status))
		}
		return nil
	})
	require.NoError(t, bob.Send(within(t), &stanza.Presence{Show: stanza.ExtendedAway, Status: "on holiday"}))

	file := filepath.Join(t.TempDir(), "status")
	require.NoError(t, os.WriteFile(file, []byte("dnd in a meeting\n"), 0o600))
	cmd := p.command(t, user, password, false, program, "-file", file, bob.JID().Bare().String())
	pipe, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(pipe)
	require.True(t, lines.Scan())
	assert.Equal(t, bob.JID().Bare().String()+` is away for longer: "on holiday"`, lines.Text())
	for next(t, seen) != "dnd in a meeting" {
	}
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	assert.NoError(t, cmd.Wait())
	for next(t, seen) != "unavailable" {
	}
}

// befriend subscribes an account and bob to each other.
func befriend(t *testing.T, p *place, user, password string, bob *xmpp.Session) {
	s := p.login(t, p.jid(user), p.options(password))
	mine, his := openRoster(t, s), openRoster(t, bob)
	changes := mine.Changes(t.Context())
	for _, r := range []*roster.Roster{mine, his} {
		require.NoError(t, r.HandleRequests(within(t), roster.AcceptMutual, nil))
	}
	require.NoError(t, s.Send(within(t), &stanza.Presence{}))
	require.NoError(t, bob.Send(within(t), &stanza.Presence{}))
	require.NoError(t, ping(t, bob, p))
	require.NoError(t, mine.Subscribe(within(t), bob.JID()))
	until(t, changes, mine, bob, roster.Both)
	require.NoError(t, s.Close())
}
