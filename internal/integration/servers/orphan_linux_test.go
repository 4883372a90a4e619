package servers_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// orphanMaker names, for the copy of the test binary that TestNoOrphans runs, the server to start before it is killed.
const orphanMaker = "CANTO_TEST_ORPHAN"

// TestNoOrphans kills a test process in the middle of a test: its server must not outlive it.
func TestNoOrphans(t *testing.T) {
	if kind := os.Getenv(orphanMaker); kind != "" {
		srv := servers.Start(t, servers.Kind(kind), servers.Config{})
		fmt.Println("pid", srv.Pid())
		select {}
	}
	each(t, func(t *testing.T, kind servers.Kind) {
		cmd := exec.Command(os.Args[0], "-test.run=^TestNoOrphans$")
		cmd.Env = append(os.Environ(), orphanMaker+"="+string(kind), "TMPDIR="+t.TempDir())
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		pid := ""
		for lines := bufio.NewScanner(out); pid == "" && lines.Scan(); {
			pid, _ = strings.CutPrefix(lines.Text(), "pid ")
		}
		n, err := strconv.Atoi(pid)
		require.NoError(t, err)
		assert.True(t, alive(n))
		require.NoError(t, cmd.Process.Kill())
		assert.Error(t, cmd.Wait())
		assert.Eventually(t, func() bool { return !alive(n) }, 10*time.Second, 20*time.Millisecond)
	})
}

// alive tells whether pid runs; one that has ended and that nobody waited for does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}
