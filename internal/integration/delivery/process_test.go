//go:build linux

package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/relay"
	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A process is a child as the test sees it.
type process struct {
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	gone  chan struct{} // closed when it has ended and its journal was read

	mu    sync.Mutex // protects what follows
	notes []note     // states, its end, and what is odd
	news  chan struct{}
}

// startChild starts a process and enters its journal into the book.
func startChild(t *testing.T, book *ledger, o order) *process {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	text, err := json.Marshal(o)
	require.NoError(t, err)
	p := &process{name: o.Name, cmd: exec.Command(exe, "-test.run=^$"), gone: make(chan struct{}), news: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	var complaints bytes.Buffer
	p.cmd.Stderr = &complaints
	p.stdin, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.gone)
		copyTo(book, o.Name+":", out, p.note)
		_ = p.cmd.Wait() // its journal says how it ended
		if complaints.Len() > 0 {
			p.note(note{Event: "odd", Text: complaints.String()})
		}
	}()
	t.Cleanup(func() {
		p.kill()
		for _, n := range p.list() {
			if t.Failed() || n.Event == "odd" {
				t.Logf("%s: %s %s", p.name, n.Event, n.Text)
			}
		}
	})
	return p
}

func (p *process) note(n note) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.notes = append(p.notes, n)
	close(p.news)
	p.news = make(chan struct{})
}

func (p *process) list() []note {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.notes
}

// await waits for a note of the event and returns its text.
func (p *process) await(ctx context.Context, event string, not ...string) string {
	for {
		p.mu.Lock()
		news := p.news
		for _, n := range p.notes {
			if n.Event == event && !strings.Contains(strings.Join(not, " "), n.Text) {
				p.mu.Unlock()
				return n.Text
			}
		}
		p.mu.Unlock()
		select {
		case <-news:
		case <-ctx.Done():
			return "(nothing comes)"
		}
	}
}

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// kill ends the process with -9 and waits until its journal was read.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.gone
}

// freeze stops the process and returns once it stands.
func (p *process) freeze(t *testing.T) {
	p.signal(syscall.SIGSTOP)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 5000 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
		require.NoError(t, err)
		if _, after, _ := strings.Cut(string(stat), ") "); strings.HasPrefix(after, "T") {
			return
		}
		<-tick.C
	}
	t.Fatal("the process does not stop")
}

// A duet is a child, or several one after the other, and a peer in the test's own process who talks to it.
type duet struct {
	t      *testing.T
	ctx    context.Context
	book   *ledger
	peer   *party
	order  order
	enough chan struct{}
	wait   func()
}

// newDuet starts the peer and the first child, and returns when that has sent and received so many messages and left
// something to resume.
func newDuet(t *testing.T, p *place, messages int) (d *duet, first *process) {
	ctx := within(t, patience*time.Duration(*longFlag))
	d = &duet{t: t, ctx: ctx, book: p.ledger(), enough: make(chan struct{})}
	d.peer = p.parties(t, ctx, d.book, p.addr, 1)[0]
	user, password := p.account(t)
	address := user + "@" + p.domain + "/bot"
	d.book.known(d.peer.name, "peer")
	d.order = order{Address: address, Password: password, Addr: tapped(t, p.addr, d.book.observe("bot")), Dir: t.TempDir(), Peer: d.peer.addr.String(), Gate: filepath.Join(t.TempDir(), "gate")}
	var talking sync.WaitGroup
	d.peer.talk(ctx, &talking, &party{name: "bot", addr: jid.MustParse(address)}, 24, d.enough)
	d.wait = talking.Wait
	first = d.next("bot0")
	d.flow(first, messages)
	d.saved()
	return d, first
}

// tapped is an address by way of which w sees all connections.
func tapped(t *testing.T, addr string, w *witness) string {
	return relay.Start(t, addr, func(int) relay.Faults {
		l := w.connection()
		return relay.Faults{Tap: func(d relay.Direction, b []byte) {
			if d == relay.Up {
				l.says(b)
			} else {
				l.hears(b)
			}
		}}
	}).Addr
}

// next starts a child.
func (d *duet) next(name string) *process {
	d.book.known("bot", name)
	o := d.order
	o.Name = name
	return startChild(d.t, d.book, o)
}

// saved waits until there is something in the store: who is killed before has left nothing to resume.
func (d *duet) saved() {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for d.ctx.Err() == nil {
		_, version, err := xmpp.FileStore(d.order.Dir).Load(d.ctx, "stream "+d.order.Address)
		require.NoError(d.t, err)
		if version > 0 {
			return
		}
		<-tick.C
	}
}

// flow waits until the child has sent and received that many messages more.
func (d *duet) flow(p *process, n int) {
	d.t.Helper()
	count := func() (sent, received int) {
		for _, a := range d.book.arrived {
			switch {
			case strings.HasPrefix(a.e.lane, p.name+">"):
				sent++
			case strings.HasPrefix(a.r.session, p.name+":"):
				received++
			}
		}
		return sent, received
	}
	d.book.mu.Lock()
	sent, received := count()
	d.book.mu.Unlock()
	require.True(d.t, d.book.await(d.ctx, func() bool {
		s, r := count()
		return s >= sent+n && r >= received+n
	}), "%s: nothing comes any more: %v %v", p.name, d.book.judge(nil), p.list())
}

// finish has both be quiet, waits until all is settled and has the child leave.
func (d *duet) finish(p *process, seed uint64) {
	d.t.Helper()
	close(d.enough)
	d.wait()
	_, err := p.stdin.Write([]byte("\n"))
	require.NoError(d.t, err)
	settled, cancel := context.WithTimeout(d.ctx, 30*time.Second)
	defer cancel()
	d.book.settled(settled) // if it is not, the judge says what is open
	d.peer.ask(d.ctx)
	require.NoError(d.t, p.stdin.Close())
	assert.Equal(d.t, "<nil>", p.await(d.ctx, "end"))
	<-p.gone
	d.book.judge(nil).check(d.t, seed)
}

// lanesOf are those in which a child sends.
func lanesOf(name string) []string {
	return []string{name + ">peer", name + ">peer.1", name + ">peer.2", name + ">peer.3"}
}

// TestProcessKilled kills a bot with -9 in traffic, again and again, and starts it with its store: the stream is resumed,
// and neither what it had acknowledged to the server nor what the server had acknowledged to it is lost or silently doubled.
func TestProcessKilled(t *testing.T) {
	seed := seedOf()
	each(t, servers.Config{TLS: servers.Plaintext}, false, func(t *testing.T, p *place) {
		d, bot := newDuet(t, p, 40)
		for i := range 6 * *longFlag {
			d.kill(bot)
			bot = d.resumed(fmt.Sprintf("bot%d", i+1))
			d.flow(bot, 25+int(random(seed, p.name, i).IntN(60)))
		}
		d.finish(bot, seed)
	})
}

// freezeAtGate stops the bot where it is about to save its stream. What it returns lets it save, once it's awake.
func (d *duet) freezeAtGate(bot *process) (open func()) {
	require.NoError(d.t, syscall.Mkfifo(d.order.Gate, 0o600))
	bot.await(d.ctx, "saving")
	gate, err := os.OpenFile(d.order.Gate, os.O_RDWR, 0) // who reads from it now waits until it's closed
	require.NoError(d.t, err)
	bot.freeze(d.t)
	require.NoError(d.t, os.Remove(d.order.Gate)) // it's for this one alone
	return func() { require.NoError(d.t, gate.Close()) }
}

// TestProcessReplaced freezes a bot (SIGSTOP), puts another one in its place on the same store, and wakes the first: it stops
// with ErrTakenOver, and neither loses nor doubles anything, whatever it had in hand or in its socket.
//
// Half of them are frozen when they are about to save. Were that done when they wake, it would undo their successor, who is
// killed before it could save again: the next one would go on from what is long past.
func TestProcessReplaced(t *testing.T) {
	seed := seedOf()
	each(t, servers.Config{TLS: servers.Plaintext}, false, func(t *testing.T, p *place) {
		d, bot := newDuet(t, p, 60)
		for i := range 4 * *longFlag {
			saving, open := i%4 >= 2, func() {}
			if saving {
				open = d.freezeAtGate(bot)
			} else {
				bot.freeze(t)
			}
			// What comes now is in the frozen one's socket when it wakes.
			old := bot
			bot = d.resumed(fmt.Sprintf("bot%d", i+1))
			if i%2 == 0 || saving { // else it wakes while its successor is at it
				d.flow(bot, 40)
			}
			if saving {
				bot.freeze(t)
			}
			d.book.wakes(old.name)
			old.signal(syscall.SIGCONT)
			open()
			assert.Contains(t, old.await(d.ctx, "end"), replaced)
			<-old.gone
			if saving {
				d.kill(bot)
				bot = d.resumed(fmt.Sprintf("heir%d", i+1))
			}
			d.flow(bot, 40)
		}
		d.finish(bot, seed)
	})
}

// kill ends a bot with -9: what it had accepted and nobody had acknowledged is nobody's.
func (d *duet) kill(bot *process) {
	bot.kill()
	for _, lane := range lanesOf(bot.name) {
		d.book.orphan(lane)
	}
}

// resumed starts the next bot, which has to go on with the stream.
func (d *duet) resumed(name string) *process {
	bot := d.next(name)
	assert.Equal(d.t, string(xmpp.Resumed), bot.await(d.ctx, "state", string(xmpp.Offline), string(xmpp.Suspended)))
	return bot
}
