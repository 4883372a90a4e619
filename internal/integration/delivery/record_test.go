package delivery

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

var recordFlag = flag.String("delivery.record", "", "a folder for what each client sends and receives over TCP, with the time")

// watched has w see what a client sends and receives, and a file of its own keep it where the flag asks for that.
func watched(t *testing.T, name string, o *xmpp.Options, w *witness) {
	write := recorder(t, name)
	var mu sync.Mutex // protects l
	l := w.connection()
	present := func() *line {
		mu.Lock()
		defer mu.Unlock()
		return l
	}
	o.Trace = &xmpp.Trace{
		Step: func(step xmpp.Step, addr string, _ time.Duration, err error) {
			if step == xmpp.StepTCP && err == nil {
				mu.Lock()
				l = w.connection()
				mu.Unlock()
			}
			write("step", fmt.Appendf(nil, "%v %s %v", step, addr, err))
		},
		Sent:     func(b []byte) { present().says(b); write("sent", b) },
		Received: func(b []byte) { present().hears(b); write("got", b) },
	}
}

// recorder writes lines to a file for the client of that name.
func recorder(t *testing.T, name string) func(what string, b []byte) {
	if *recordFlag == "" {
		return func(string, []byte) {}
	}
	dir := filepath.Join(*recordFlag, strings.ReplaceAll(t.Name(), "/", "."))
	require.NoError(t, os.MkdirAll(dir, 0o700))
	file, err := os.Create(filepath.Join(dir, name+".wire"))
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	var mu sync.Mutex // protects file
	return func(what string, b []byte) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = fmt.Fprintf(file, "%s %-4s %q\n", time.Now().Format("05.000000"), what, b) // the test has ended when that fails
	}
}
