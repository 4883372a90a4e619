package examples

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// run runs a command and returns what it printed; it must succeed.
func run(t *testing.T, dir string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "XMPP_JID=", "XMPP_ADDR=", "XMPP_DIRECT_TLS=")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// TestEchobot runs the program as the README says.
func TestEchobot(t *testing.T) {
	out := run(t, "..", "go", "run", "./examples/echobot")
	assert.Regexp(t, `online as bot@canto\.test/\S+: TLS 1\.3, SCRAM-SHA-\d+-PLUS, channel binding "tls-exporter"`, out)
	assert.Contains(t, out, `juliet@canto.test says "wherefore art thou Romeo?"`)
	assert.Contains(t, out, `bot@canto.test answers "wherefore art thou Romeo?"`)
}

// TestEchobotSource keeps the example as short as it is said to be.
func TestEchobotSource(t *testing.T) {
	b, err := os.ReadFile("echobot/main.go")
	require.NoError(t, err)
	assert.Less(t, len(regexp.MustCompile(`\n`).FindAll(b, -1)), 60)
}

// TestMucBot runs the bot of a room: it welcomes, answers, does what a moderator asks, and comes back after a cut with what it was asked
// meanwhile.
func TestMucBot(t *testing.T) {
	out := run(t, "..", "go", "run", "./examples/muc-bot")
	for _, want := range []string{
		`in balcony@conference.canto.test as "robbie"`, "<robbie> Welcome, romeo! I know !help.", "<robbie> 3 are here: juliet, robbie, romeo.",
		`kicked by "robbie": "asked by juliet"`, "away: ", "back in the room", `<robbie> We speak about "what's in a name".`,
	} {
		assert.Contains(t, out, want)
	}
}

// TestMucBotSource keeps the bot as short as it is said to be, imports included; main.go is what it runs on.
func TestMucBotSource(t *testing.T) {
	b, err := os.ReadFile("muc-bot/bot.go")
	require.NoError(t, err)
	assert.LessOrEqual(t, len(regexp.MustCompile(`\n`).FindAll(b, -1)), 60)
}

// TestArchive runs the program on the server inside it: it's stopped in the middle, goes on, and follows.
func TestArchive(t *testing.T) {
	out := run(t, "..", "go", "run", "./examples/archive")
	for _, want := range []string{
		"from the beginning to ", " 30 %: 601 messages", "stopped after 700 messages\n", "going on behind message ",
		"1300 messages in ", `: "letter 2002"`, "2003 lines in the file: each letter of romeo's once, in order\n",
	} {
		assert.Contains(t, out, want)
	}
}

// TestPresence runs the script on the server inside it: it sees a contact come, change and go, and is seen.
func TestPresence(t *testing.T) {
	out := run(t, "..", "go", "run", "./examples/presence")
	assert.Contains(t, out, `juliet@canto.test is there at last, at "balcony"`)
	assert.Contains(t, out, `juliet@canto.test is busy: "the nurse calls"`)
	assert.Contains(t, out, "juliet@canto.test is offline")
	assert.Contains(t, out, `juliet sees: romeo@canto.test is free for chat: "in Mantua"`)
	assert.Contains(t, out, `juliet sees: romeo@canto.test is away: "in Mantua"`)
}

// TestWithoutAServer holds that the programs say why they are not online, and go on trying.
func TestWithoutAServer(t *testing.T) {
	for name, first := range map[string]string{"presence": "connecting as juliet@canto.test", "echobot": ""} {
		t.Run(name, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), name)
			run(t, "..", "go", "build", "-o", program, "./examples/"+name)
			nobody, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			require.NoError(t, nobody.Close())
			ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
			defer stop()
			cmd := exec.CommandContext(ctx, program)
			cmd.Env = append(os.Environ(), "XMPP_JID=juliet@canto.test", "XMPP_PASSWORD=secret", "XMPP_ADDR="+nobody.Addr().String())
			said, err := cmd.StderrPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			lines := bufio.NewScanner(said)
			if first != "" {
				require.True(t, lines.Scan())
				assert.Equal(t, first, lines.Text())
			}
			for range 2 {
				require.True(t, lines.Scan())
				assert.Contains(t, lines.Text(), nobody.Addr().String())
				assert.Contains(t, lines.Text(), "next attempt in ")
			}
			stop()
			assert.Error(t, cmd.Wait(), "it was killed")
		})
	}
}

// TestInterop runs the report on the server inside the program: each line of it works there.
func TestInterop(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.md")
	out := run(t, "..", "go", "run", "./examples/interop", "-o", file)
	assert.Contains(t, out, "0 are not offered, 0 were not tried, 0 fail")
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	lines := regexp.MustCompile(`(?m)^\| ([^|]+) \| (works|not offered|not tried|FAILS) \|`).FindAllStringSubmatch(string(b), -1)
	assert.Greater(t, len(lines), 25)
	for _, l := range lines {
		assert.Equal(t, "works", l[2], l[1])
	}
	for _, want := range []string{
		"# Interoperability of canto.test\n", "| TLS | works | TLS 1.3, ", "| channel binding | works | tls-exporter |", "| login | works |", " round trips |",
		"| resumption after a cut | works |", "| roster | works |", "| request, approval, end | works |", "| pre-approval | works |", "| conflict of resources | works |",
		"| XEP-0198 | Stream Management | stream |", "| XEP-0199 | XMPP Ping | server, account, ",
	} {
		assert.Contains(t, string(b), want)
	}
	assert.NotContains(t, string(b), "juliet", "a report does not tell the account")
	assert.NotContains(t, string(b), "romeo", "nor its contact")
}

// TestREADME does what the README says under "Use it", in an empty folder.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)TestREADME.*?```sh\n(.*?)```").FindSubmatch(readme)
	require.NotNil(t, block, "the README has no block for this test")
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.Symlink(root, filepath.Join(dir, "canto")))
	out := run(t, dir, "sh", "-euc", string(block[1]))
	assert.Contains(t, out, "a note to myself\n")
}
