package hostile

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// A process is a victim that runs, with an honest session in it.
type process struct {
	t       *testing.T
	orders  *json.Encoder
	reports chan Report
	early   []Report // have come before they were asked for
	idle    Report   // as it was with the honest session alone
}

// build builds the victim: without the race detector, which multiplies what a process uses.
func build(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "victim")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", file, "./victim").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return file
}

// run starts a victim and returns once its honest session talks to an honest server.
func run(t *testing.T, file string) *process {
	t.Helper()
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{StartTLS: xmpptest.Off})
	require.NoError(t, srv.AddUser("honest", "secret"))
	cmd := exec.Command(file)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	stderr := &logs{t: t}
	cmd.Stderr = stderr
	require.NoError(t, cmd.Start())
	p := &process{t: t, orders: json.NewEncoder(in), reports: make(chan Report, 10_000)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for dec := json.NewDecoder(out); ; {
			var r Report
			if dec.Decode(&r) != nil {
				return
			}
			p.reports <- r
		}
	}()
	t.Cleanup(func() {
		in.Close()
		<-read
		require.NoError(t, cmd.Wait(), "the victim has come to harm")
	})
	p.order(Order{Do: "honest", Addr: srv.Addr()})
	p.await("ready", "honest")
	p.idle = p.measure()
	return p
}

// logs is where the victim's last words go.
type logs struct{ t *testing.T }

func (l *logs) Write(b []byte) (int, error) {
	l.t.Logf("victim: %s", b)
	return len(b), nil
}

func (p *process) order(o Order) {
	p.t.Helper()
	require.NoError(p.t, p.orders.Encode(o))
}

// await returns the next report of what about name, and keeps the others for later. The honest session must not end.
func (p *process) await(what, name string) Report {
	p.t.Helper()
	wanted := func(r Report) bool { return r.What == what && r.Name == name }
	if i := slices.IndexFunc(p.early, wanted); i >= 0 {
		r := p.early[i]
		p.early = slices.Delete(p.early, i, i+1)
		return r
	}
	for late := time.After(2 * time.Minute); ; {
		select {
		case r := <-p.reports:
			require.False(p.t, r.What == "ended" && r.Name == "honest", "the honest session has ended: %s", r.Text)
			if wanted(r) {
				return r
			}
			p.early = append(p.early, r)
		case <-late:
			require.FailNow(p.t, "the victim does not report", "%s of %q", what, name)
		}
	}
}

func (p *process) measure() Report {
	p.t.Helper()
	p.order(Order{Do: "measure"})
	return p.await("measured", "")
}
