package leak

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The package holds itself to its own rule.
func TestMain(m *testing.M) { Main(m) }

type runner func() int

func (r runner) Run() int { return r() }

func TestRunPassesACleanRun(t *testing.T) {
	var out bytes.Buffer
	assert.Equal(t, 0, run(runner(func() int { return 0 }), &out, time.Minute))
	assert.Empty(t, out.String())
}

func TestRunKeepsTheCodeOfAFailedRun(t *testing.T) {
	var out bytes.Buffer
	assert.Equal(t, 2, run(forgetful(t, 2), &out, 0))
	assert.Empty(t, out.String(), "the failure's own message is enough")
}

func TestRunNamesWhatWasLeftBehind(t *testing.T) {
	var out bytes.Buffer
	assert.Equal(t, 1, run(forgetful(t, 0), &out, time.Millisecond))
	assert.Contains(t, out.String(), "1 goroutine(s)")
	assert.Contains(t, out.String(), "leak.forgotten(")
}

func TestRunWaitsForOneOnItsWayOut(t *testing.T) {
	var out bytes.Buffer
	stop := make(chan struct{})
	time.AfterFunc(20*time.Millisecond, func() { close(stop) })
	assert.Equal(t, 0, run(runner(func() int { start(stop); return 0 }), &out, time.Minute))
	assert.Empty(t, out.String())
}

func TestHouse(t *testing.T) {
	const head = "goroutine 7 [chan receive]:\n"
	for _, c := range []struct {
		name, stack string
		house       bool
	}{
		{"main", "goroutine 1 [chan receive]:\ntesting.(*M).Run(0xc0000b4000)\n\t/x/testing.go:1\nmain.main()", true},
		{"signals", head + "os/signal.signal_recv()\n\t/x/sigqueue.go:1\ncreated by os/signal.Notify.func1.1", true},
		{"parent test", head + "testing.(*T).Run(0x1)\n\t/x/testing.go:1", true},
		{"a user's", head + "example.reader(0x1)\n\t/x/reader.go:1\ncreated by testing.(*M).Run in goroutine 1", false},
		{"a name in an argument", head + "example.f(\"testing.(*M).\")\n\t/x/f.go:1", false},
	} {
		assert.Equal(t, c.house, house(c.stack), c.name)
	}
}

func TestStacksBeginWithTheCaller(t *testing.T) {
	require.Empty(t, wait(grace), "what earlier tests left")
	all := stacks()
	assert.True(t, strings.Contains(all[0], "TestStacksBeginWithTheCaller"), all[0])
	assert.Greater(t, len(all), 1, "the main goroutine stands too")
	assert.Empty(t, others(all))
}

// forgetful is a run that leaves one goroutine behind until the end of t.
func forgetful(t *testing.T, code int) runner {
	require.Empty(t, wait(grace), "what earlier tests left")
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop); assert.Empty(t, wait(grace)) })
	return func() int { start(stop); return code }
}

// start returns once forgotten stands on its goroutine's stack.
func start(stop <-chan struct{}) {
	started := make(chan struct{})
	go forgotten(started, stop)
	<-started
}

func forgotten(started chan<- struct{}, stop <-chan struct{}) {
	close(started)
	<-stop
}
