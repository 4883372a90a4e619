//go:build unix

package xmpp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What follows runs in processes of their own: the test binary, started again with this variable set to "name dir".
const saverProcess = "CANTO_TEST_SAVER"

// A saver is a process that appends entries to a list for as long as it lives, and says so on its standard output:
// "try x" before it tries to append x, "ok x" when Save has returned without error.
type saver struct {
	cmd    *exec.Cmd
	killed bool

	ended chan struct{}

	mu    sync.Mutex // protects all below
	lines int
	tried map[string]bool
	ok    map[string]bool
	other []string // what it said beside that
}

// beSaver is the life of such a process.
func beSaver(name, dir string) {
	s := FileStore(dir)
	ctx := context.Background()
	for i := 0; ; {
		b, v, err := s.Load(ctx, "list")
		if err != nil {
			fmt.Println("load:", err)
			return
		}
		item := fmt.Sprintf("%s.%d", name, i)
		fmt.Println("try", item)
		_, err = s.Save(ctx, "list", fmt.Appendf(b, "%s ", item), v)
		switch {
		case err == nil:
			fmt.Println("ok", item)
			i++
		case !errors.Is(err, ErrStale):
			fmt.Println("save:", err)
			return
		}
	}
}

func startSaver(t *testing.T, name, dir string) *saver {
	exe, err := os.Executable()
	require.NoError(t, err)
	s := &saver{tried: make(map[string]bool), ok: make(map[string]bool), ended: make(chan struct{})}
	s.cmd = exec.Command(exe, "-test.run=^TestFileStoreBetweenProcesses$")
	s.cmd.Env = append(os.Environ(), saverProcess+"="+name+" "+dir)
	out, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	go s.listen(out)
	t.Cleanup(s.kill)
	return s
}

// listen writes down what the process says.
func (s *saver) listen(out io.Reader) {
	defer close(s.ended)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		word, item, _ := strings.Cut(lines.Text(), " ")
		s.mu.Lock()
		s.lines++
		switch word {
		case "try":
			s.tried[item] = true
		case "ok":
			s.ok[item] = true
		default:
			s.other = append(s.other, lines.Text())
		}
		s.mu.Unlock()
	}
}

func (s *saver) signal(sig syscall.Signal) { _ = s.cmd.Process.Signal(sig) }

// kill is kill -9; it returns when the process and what it said have come to their end.
func (s *saver) kill() {
	if s.killed {
		return
	}
	s.killed = true
	s.signal(syscall.SIGKILL)
	<-s.ended
	_ = s.cmd.Wait()
}

// progress returns how many saves have succeeded, and how many lines have come.
func (s *saver) progress() (ok, lines int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ok), s.lines
}

// wait returns when more saves have succeeded and more lines have come. That's at a random moment of the saver's work.
func (s *saver) wait(t *testing.T, more, moreLines int) {
	t.Helper()
	ok, lines := s.progress()
	patience := time.After(time.Minute)
	for tick := time.NewTicker(300 * time.Microsecond); ; {
		if nowOK, now := s.progress(); nowOK >= ok+more && now >= lines+moreLines {
			return
		}
		select {
		case <-tick.C:
		case <-patience:
			require.FailNow(t, "a saver makes no progress", "%q", s.other)
		}
	}
}

// Processes append to one list and are killed or frozen at random. Each success must be in the list once, whatever the
// others do; and a frozen process must not keep the others from going on.
func TestFileStoreBetweenProcesses(t *testing.T) {
	if name, dir, ok := strings.Cut(os.Getenv(saverProcess), " "); ok {
		beSaver(name, dir)
		return
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	dir := fastDir(t)
	rounds, kills := 60, 0
	if testing.Short() {
		rounds = 15
	}
	alive := []*saver{startSaver(t, "0", dir), startSaver(t, "1", dir), startSaver(t, "2", dir)}
	all := slices.Clone(alive)
	for range rounds {
		i := rng.IntN(len(alive))
		alive[i].wait(t, 0, 1+rng.IntN(4))
		if rng.IntN(3) == 0 {
			alive[i].kill()
			kills++
			alive[i] = startSaver(t, strconv.Itoa(len(all)), dir)
			all = append(all, alive[i])
			continue
		}
		alive[i].signal(syscall.SIGSTOP)
		alive[(i+1)%len(alive)].wait(t, 4, 0)
		alive[i].signal(syscall.SIGCONT)
	}
	for _, s := range alive {
		s.kill()
	}
	items := checkList(t, dir, all)
	t.Logf("%d saves, %d kills, %d freezes", items, kills, rounds-kills)
}

// checkList compares the list with what the savers said, and returns its length.
func checkList(t *testing.T, dir string, savers []*saver) int {
	t.Helper()
	b, version, err := FileStore(dir).Load(t.Context(), "list")
	require.NoError(t, err)
	items := strings.Fields(string(b))
	require.EqualValues(t, len(items), version, "one version a save")
	stored := make(map[string]bool)
	for _, item := range items {
		require.False(t, stored[item], "%s was saved twice", item)
		stored[item] = true
	}
	known := 0
	for i, s := range savers {
		require.Empty(t, s.other, "saver %d", i)
		unsure := 0
		for item := range s.tried {
			switch {
			case s.ok[item]:
				require.True(t, stored[item], "%s was saved and is lost", item)
				known++
			case stored[item]:
				unsure++
				known++
			}
		}
		require.LessOrEqual(t, unsure, 1, "only the last save of a killed process may be unknown to it")
	}
	require.Equal(t, len(items), known, "all that is in the list was saved by somebody")
	return len(items)
}
