package examples

import (
	"bufio"
	"context"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

const (
	crowd = 500
	past  = 10_000
	long  = 2000 // bytes of a message, so that a bot which holds on to them shows
)

// A crowdedRoom has 500 occupants and 10,000 messages of history, and muc-bot, in a process of its own, as one occupant more.
type crowdedRoom struct {
	tb    testing.TB
	srv   *xmpptest.Server
	room  *xmpptest.Room
	bot   *exec.Cmd
	said  *bufio.Scanner // what the bot prints
	heard chan string    // what it says in the room
}

func newCrowdedRoom(tb testing.TB) *crowdedRoom {
	tb.Helper()
	cert, err := xmpptest.Certificate(xmpptest.CertSpec{Domains: []string{xmpptest.DefaultDomain}, SelfSigned: true})
	require.NoError(tb, err)
	srv := xmpptest.NewServerWith(tb, &xmpptest.Options{
		Rooms: xmpptest.Rooms{History: past}, Transcript: -1, Certificate: &cert, Without: []string{"sm"}, // so that a cut ends the session
	})
	c := &crowdedRoom{tb: tb, srv: srv, room: srv.Room("garden"), heard: make(chan string, 1000)}
	require.NoError(tb, c.room.Make(nil))
	var nicks []string
	for i := range crowd {
		nicks = append(nicks, fmt.Sprint("occupant ", i))
	}
	require.NoError(tb, c.room.Crowd(nicks...))
	c.talk()
	tb.Cleanup(srv.Intercept(func(from jid.JID, xml string) bool {
		if _, body, ok := strings.Cut(xml, "<body>"); ok && from.Localpart() == "bot" {
			body, _, _ = strings.Cut(body, "</body>")
			c.heard <- body
		}
		return false
	}))
	c.start(&cert.Certificate[0])
	return c
}

// start runs the program.
func (c *crowdedRoom) start(certificate *[]byte) {
	c.tb.Helper()
	dir := c.tb.TempDir()
	program, authority := filepath.Join(dir, "muc-bot"), filepath.Join(dir, "ca.pem")
	out, err := exec.CommandContext(c.tb.Context(), "go", "build", "-o", program, "./muc-bot").CombinedOutput()
	require.NoError(c.tb, err, "%s", out)
	require.NoError(c.tb, os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: *certificate}), 0o600))
	c.bot = exec.CommandContext(context.WithoutCancel(c.tb.Context()), program)
	c.bot.Env = append(os.Environ(), "SSL_CERT_FILE="+authority, "XMPP_JID="+c.srv.JID("bot").String(), "XMPP_PASSWORD="+c.srv.Password("bot"),
		"XMPP_ADDR="+c.srv.Addr(), "XMPP_DIRECT_TLS=", "XMPP_ROOM="+c.room.JID().String()+"/robbie")
	c.bot.Stderr = os.Stderr
	c.bot.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdout, err := c.bot.StdoutPipe()
	require.NoError(c.tb, err)
	require.NoError(c.tb, c.bot.Start())
	c.tb.Cleanup(func() {
		require.NoError(c.tb, c.bot.Process.Signal(os.Interrupt))
		for c.said.Scan() {
		}
		require.NoError(c.tb, c.bot.Wait())
	})
	c.said = bufio.NewScanner(stdout)
	require.True(c.tb, c.said.Scan())
	require.Equal(c.tb, fmt.Sprintf("in %s as \"robbie\", with %d others", c.room.JID(), crowd), c.said.Text())
}

// talk has the others say as much as the room keeps.
func (c *crowdedRoom) talk() {
	c.tb.Helper()
	for i := range past {
		c.say(i%crowd, fmt.Sprint("message ", i, " of many", strings.Repeat(".", long)))
	}
}

func (c *crowdedRoom) say(who int, body string) {
	c.tb.Helper()
	require.NoError(c.tb, c.room.Say(fmt.Sprint("occupant ", who), fmt.Sprint("id", time.Now().UnixNano()), body))
}

// answers waits for what the bot says.
func (c *crowdedRoom) answers(want string) {
	c.tb.Helper()
	select {
	case got := <-c.heard:
		require.Contains(c.tb, got, want)
	case <-time.After(time.Minute):
		c.tb.Fatalf("the bot does not say %q", want)
	}
}

// catchUp has the bot's connection cut and its process stand still while the others talk, and in the end ask it something. It returns when the bot has
// come back and answered.
func (c *crowdedRoom) catchUp() {
	c.tb.Helper()
	require.NoError(c.tb, c.bot.Process.Signal(syscall.SIGSTOP))
	c.srv.CloseStream("bot", "reset")
	c.talk()
	c.say(2, "!topic")
	require.NoError(c.tb, c.bot.Process.Signal(syscall.SIGCONT))
	c.answers("We speak about")
}

// peak is the most memory that the bot has had since it was asked last, in MB.
func (c *crowdedRoom) peak() float64 {
	c.tb.Helper()
	proc := fmt.Sprintf("/proc/%d/", c.bot.Process.Pid)
	b, err := os.ReadFile(proc + "status")
	require.NoError(c.tb, err)
	_, after, found := strings.Cut(string(b), "VmHWM:")
	require.True(c.tb, found)
	kb, err := strconv.ParseFloat(strings.Fields(after)[0], 64)
	require.NoError(c.tb, err)
	require.NoError(c.tb, os.WriteFile(proc+"clear_refs", []byte("5"), 0)) // proc(5)
	return kb / 1000
}

// BenchmarkMucBot is how long a bot of 60 lines takes to be back in a room of 500 occupants and to have taken in 10,000 messages that were said
// meanwhile, and how much more memory its process has at most than after its first join.
func BenchmarkMucBot(b *testing.B) {
	c := newCrowdedRoom(b)
	joined, most := c.peak(), 0.0
	for b.Loop() {
		c.catchUp()
		most = max(most, c.peak())
	}
	b.ReportMetric(joined, "joined-MB")
	b.ReportMetric(most-joined, "growth-MB")
	b.ReportMetric(past, "messages/op")
}

// TestMucBotInACrowd: the benchmark's work, a few times, with a bound: what a bot needs does not grow with the 20 MB that it has missed, nor with how
// often. One that held on to them would need some 60 MB more each time, and so would a Room that had a request wait while it's told of them.
func TestMucBotInACrowd(t *testing.T) {
	c := newCrowdedRoom(t)
	c.say(1, "!who")
	c.answers("501 are here")
	joined := c.peak()
	for range 2 {
		c.catchUp()
		require.Less(t, c.peak(), joined+20, "MB")
	}
}
