package integration

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lacks is what examples/interop finds that a server does not offer.
var lacks = map[string][]string{
	"prosody":  {"channel binding: not offered"}, // over TLS 1.3; see the table in echobot_linux_test.go
	"ejabberd": {"channel binding: not offered", "pre-approval: not offered"},

	"ejabberd24": {"pre-approval: not offered"},
}

// TestInterop runs the report as it stands on real servers, with a second account: what a server offers works there, and the
// report names neither account. examples.TestInterop does the same on the server inside the program.
func TestInterop(t *testing.T) {
	program := build(t, "interop")
	for _, kind := range servers.Kinds(t) {
		t.Run(string(kind), func(t *testing.T) {
			p := outside(servers.Shared(t, kind, servers.Config{}))
			user, password := p.account(t)
			friend, secret := p.account(t)
			file := filepath.Join(t.TempDir(), "report.md")
			cmd := p.command(t, user, password, false, program, "-contact", p.jid(friend).String(), "-contact-password", secret, "-o", file)
			out, err := cmd.Output()
			require.NoError(t, err, "%s", out)
			report, err := os.ReadFile(file)
			require.NoError(t, err)
			var not []string
			lines := regexp.MustCompile(`(?m)^\| ([^|]+) \| (works|not offered|not tried|FAILS) \|`).FindAllStringSubmatch(string(report), -1)
			for _, l := range lines {
				if l[2] != "works" {
					not = append(not, l[1]+": "+l[2])
				}
			}
			assert.Equal(t, lacks[p.name], not)
			assert.Greater(t, len(lines), 25)
			for _, secret := range []string{user, friend, password, secret} {
				assert.NotContains(t, string(report), secret)
			}
		})
	}
}
