//go:build unix && !linux

package servers

import (
	"syscall"
	"time"
)

// attributes makes a process group. Only Linux ends the process when the test process dies.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// stopped is a guess: there is no portable way to see that a process has come to a halt.
func stopped(int) bool {
	time.Sleep(100 * time.Millisecond)
	return true
}
