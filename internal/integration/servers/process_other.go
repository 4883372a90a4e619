//go:build unix && !linux

package servers

import "syscall"

// attributes makes a process group. Only Linux ends the process when the test process dies.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
