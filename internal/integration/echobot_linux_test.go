package integration

import (
	"bufio"
	"syscall"
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// online is what echobot says of its login, by the versions of TLS that the server speaks and by server.
var online = map[servers.TLS]map[string]string{
	servers.AnyTLS: {
		"prosody":    `TLS 1.3, SCRAM-SHA-256, channel binding ""`,
		"ejabberd":   `TLS 1.3, SCRAM-SHA-512, channel binding ""`,
		"prosody13":  `TLS 1.3, SCRAM-SHA-256-PLUS, channel binding "tls-exporter"`,
		"ejabberd24": `TLS 1.3, SCRAM-SHA-512-PLUS, channel binding "tls-exporter"`,
	},
	servers.TLS12: {
		"prosody":    `TLS 1.2, SCRAM-SHA-256-PLUS, channel binding "tls-unique"`,
		"ejabberd":   `TLS 1.2, SCRAM-SHA-512-PLUS, channel binding "tls-unique"`,
		"prosody13":  `TLS 1.2, SCRAM-SHA-256-PLUS, channel binding "tls-unique"`,
		"ejabberd24": `TLS 1.2, SCRAM-SHA-512-PLUS, channel binding "tls-exporter"`,
	},
}

// TestEchobot runs the example as it stands, on an account of a real server, over both ways in.
func TestEchobot(t *testing.T) {
	bot := build(t, "echobot")
	for versions, want := range online {
		for _, kind := range servers.Kinds(t) {
			for _, direct := range []bool{false, true} {
				name := string(kind) + " " + map[bool]string{false: "starttls", true: "direct"}[direct] + " " + string(versions)
				t.Run(name, func(t *testing.T) {
					p := outside(servers.Shared(t, kind, servers.Config{TLS: versions}))
					echoes(t, p, bot, direct, want[p.name])
				})
			}
		}
	}
}

// echoes runs the bot, talks to it, and interrupts it.
func echoes(t *testing.T, p *place, bot string, direct bool, online string) {
	user, password := p.account(t)
	cmd := p.command(t, user, password, direct, bot)
	pipe, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	said := bufio.NewScanner(pipe)
	require.True(t, said.Scan())
	assert.Contains(t, said.Text(), online)

	alice := p.session(t)
	inbox := alice.Messages(t.Context())
	require.NoError(t, alice.Send(within(t), &stanza.Message{To: p.jid(user), Type: stanza.Chat, Body: "hello"}))
	assert.Equal(t, "hello", next(t, inbox).Body)
	require.True(t, said.Scan())
	assert.Equal(t, alice.JID().Bare().String()+` says "hello"`, said.Text())

	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	assert.False(t, said.Scan(), "%s", said.Text())
	assert.NoError(t, cmd.Wait())
}
