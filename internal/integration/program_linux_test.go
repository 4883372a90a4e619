package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// build makes a program of one of the examples, as it stands.
func build(t *testing.T, example string) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), example)
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../examples/"+example).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

// command is a program that runs on an account of a real server. It learns of the test's authority by SSL_CERT_FILE, which
// crypto/x509 does not read on every system.
func (p *place) command(t *testing.T, user, password string, direct bool, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(within(t), program, args...)
	cmd.Env = append(os.Environ(), "XMPP_JID="+p.jid(user).String(), "XMPP_PASSWORD="+password, "SSL_CERT_FILE="+p.real.CAFile, "XMPP_ADDR="+p.addr)
	if direct {
		cmd.Env = append(cmd.Env, "XMPP_ADDR="+p.direct, "XMPP_DIRECT_TLS=1")
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // it must not outlive a test that crashes
	cmd.Stderr = os.Stderr
	return cmd
}
