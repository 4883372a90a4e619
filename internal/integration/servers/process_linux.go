package servers

import "syscall"

// attributes makes a process group, and the kernel ends the process when the test process dies, however that happens.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
