package xmpp

import (
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A stopped conn has its first read return an hour after its deadline, as in a process that was stopped meanwhile.
type stopped struct {
	net.Conn
	deadline time.Time
	reads    int
}

func (c *stopped) SetReadDeadline(t time.Time) error { c.deadline = t; return nil }

func (c *stopped) Read(p []byte) (int, error) {
	if c.reads++; c.reads > 1 {
		return copy(p, "x"), nil
	}
	<-time.After(time.Until(c.deadline) + time.Hour)
	return 0, os.ErrDeadlineExceeded
}

// A process that was stopped for longer than the server may be silent reads what came meanwhile before it judges.
func TestStoppedProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := (&Options{Keepalive: -1}).withDefaults()
		c := &stopped{}
		l := &link{conn: c, in: &meter{conn: c}}
		s := newSession(l, o, nil, nil)
		w := newWatchdog(s, l)
		s.out.asked.Store(ticks(time.Now())) // an <r/> is open
		l.in.watch = w
		n, err := l.in.Read(make([]byte, 10))
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}
