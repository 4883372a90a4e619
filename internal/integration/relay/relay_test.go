package relay_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/relay"
	"github.com/canto-im/canto/internal/leak"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

const patience = 10 * time.Second

// echo is a server that says everything back, and closes when its client does.
func echo(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer c.Close()
				_, _ = io.Copy(c, c) // cut connections are the point
			})
		}
	})
	t.Cleanup(func() { l.Close(); open.Wait() })
	return l.Addr().String()
}

func dial(t *testing.T, r *relay.Relay) *net.TCPConn {
	t.Helper()
	c, err := net.DialTimeout("tcp", r.Addr, patience)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	return c.(*net.TCPConn)
}

// say writes b and reads all that comes back.
func say(t *testing.T, c *net.TCPConn, b []byte) (back []byte, err error) {
	t.Helper()
	if _, err := c.Write(b); err != nil {
		return nil, err
	}
	_ = c.CloseWrite() // a connection that was cut tells the reader too
	return io.ReadAll(c)
}

var text = bytes.Repeat([]byte("0123456789"), 1000)

func TestPassesEverything(t *testing.T) {
	for name, f := range map[string]relay.Faults{
		"as it comes":   {},
		"single bytes":  {Up: relay.Lane{Chunk: 1}, Down: relay.Lane{Chunk: 1}},
		"random pieces": {Up: relay.Lane{Chunk: 700}, Down: relay.Lane{Chunk: 700}, Seed: 7},
		"delayed":       {Up: relay.Lane{Delay: time.Millisecond}, Down: relay.Lane{Delay: time.Millisecond}},
		"cut never":     {Up: relay.Lane{Cut: relay.After(1 << 40)}},
	} {
		t.Run(name, func(t *testing.T) {
			r := relay.Start(t, echo(t), relay.Always(f))
			back, err := say(t, dial(t, r), text)
			require.NoError(t, err)
			assert.Equal(t, text, back)
			stats := r.Conns()
			require.Len(t, stats, 1)
			assert.EqualValues(t, len(text), stats[0].Up)
			assert.EqualValues(t, len(text), stats[0].Down)
			assert.GreaterOrEqual(t, stats[0].Flights, 1)
		})
	}
}

// TestCutIsExact cuts at positions of both directions: so many bytes arrive, and not one more.
func TestCutIsExact(t *testing.T) {
	target := echo(t)
	for _, n := range []int64{0, 1, 2, 9, 10, 4095, 4096, 9999} {
		for _, chunk := range []int{0, 1, 3} {
			t.Run(fmt.Sprintf("%d by %d", n, chunk), func(t *testing.T) {
				up := relay.Start(t, target, relay.Always(relay.Faults{Up: relay.Lane{Cut: relay.After(n), Chunk: chunk}}))
				_, _ = say(t, dial(t, up), text) // how the client sees it depends on what it was doing
				assert.EqualValues(t, n, up.Conns()[0].Up)

				down := relay.Start(t, target, relay.Always(relay.Faults{Down: relay.Lane{Cut: relay.After(n), Chunk: chunk}}))
				c := dial(t, down)
				wrote := make(chan struct{})
				go func() {
					defer close(wrote)
					_, _ = c.Write(text) // fails when the cut comes first
				}()
				back, _ := io.ReadAll(c)
				<-wrote
				assert.LessOrEqual(t, int64(len(back)), n)
				assert.True(t, bytes.HasPrefix(text, back))
				assert.EqualValues(t, n, down.Conns()[0].Down)
				assert.Eventually(t, func() bool { s := down.Conns()[0]; return s.Cut && !s.Open }, patience, time.Millisecond)
			})
		}
	}
}

// TestCutDeliversWhatPassed holds that a cut without Reset loses nothing that came before it.
func TestCutDeliversWhatPassed(t *testing.T) {
	r := relay.Start(t, echo(t), relay.Always(relay.Faults{Down: relay.Lane{Cut: relay.After(10)}}))
	c := dial(t, r)
	_, err := c.Write(text[:10])
	require.NoError(t, err)
	back, err := io.ReadAll(c)
	require.NoError(t, err, "an end, not a reset")
	assert.Equal(t, text[:10], back)
}

func TestResetIsAReset(t *testing.T) {
	r := relay.Start(t, echo(t), relay.Always(relay.Faults{Up: relay.Lane{Cut: relay.After(1)}, Reset: true}))
	c := dial(t, r)
	_, err := c.Write(text[:1])
	require.NoError(t, err)
	_, err = io.ReadAll(c)
	assert.ErrorIs(t, err, syscall.ECONNRESET)
}

func TestScheduleGoesByTheNumber(t *testing.T) {
	r := relay.Start(t, echo(t), relay.First(relay.Faults{Down: relay.Lane{Cut: relay.After(0)}}))
	back, _ := say(t, dial(t, r), text)
	assert.Empty(t, back)
	back, err := say(t, dial(t, r), text)
	require.NoError(t, err)
	assert.Equal(t, text, back)
	r.Set(relay.Always(relay.Faults{Down: relay.Lane{Cut: relay.After(3)}}))
	c := dial(t, r)
	_, err = c.Write(text[:3])
	require.NoError(t, err)
	back, err = io.ReadAll(c)
	require.NoError(t, err)
	assert.Equal(t, text[:3], back)
}

func TestRandomCutsComeFromTheSeed(t *testing.T) {
	one, again, other := relay.RandomCuts(1, 100, 200), relay.RandomCuts(1, 100, 200), relay.RandomCuts(2, 100, 200)
	same, up := 0, 0
	for n := range 100 {
		f := one(n)
		assert.Equal(t, f.Up, again(n).Up)
		assert.Equal(t, f.Down, again(n).Down)
		assert.NotEqual(t, f.Up.Cut == 0, f.Down.Cut == 0, "one direction is cut")
		assert.LessOrEqual(t, f.Up.Cut, relay.After(99))
		assert.LessOrEqual(t, f.Down.Cut, relay.After(199))
		if o := other(n); o.Up == f.Up && o.Down == f.Down {
			same++
		}
		if f.Up.Cut != 0 {
			up++
		}
	}
	assert.Less(t, same, 10)
	assert.InDelta(t, 33, up, 15, "in proportion to the bytes")
}

// silent tells whether nothing can be read for a while.
func silent(t *testing.T, c net.Conn) bool {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err := c.Read(make([]byte, 1))
	require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func read(t *testing.T, c net.Conn, n int) string {
	t.Helper()
	b := make([]byte, n)
	_, err := io.ReadFull(c, b)
	require.NoError(t, err)
	return string(b)
}

func TestStallAndResume(t *testing.T) {
	r := relay.Start(t, echo(t), nil)
	c := dial(t, r)
	_, err := c.Write([]byte("a"))
	require.NoError(t, err)
	assert.Equal(t, "a", read(t, c, 1))

	r.Stall()
	_, err = c.Write([]byte("b"))
	require.NoError(t, err)
	assert.True(t, silent(t, c))
	later := dial(t, r)
	_, err = later.Write([]byte("c"))
	require.NoError(t, err)
	assert.True(t, silent(t, later), "connections to come are silent too")

	r.Resume()
	assert.Equal(t, "b", read(t, c, 1))
	assert.Equal(t, "c", read(t, later, 1))
}

func TestStallAtAPosition(t *testing.T) {
	r := relay.Start(t, echo(t), relay.Always(relay.Faults{Down: relay.Lane{Stall: relay.After(4)}}))
	c := dial(t, r)
	_, err := c.Write([]byte("abcdef"))
	require.NoError(t, err)
	assert.Equal(t, "abcd", read(t, c, 4))
	assert.True(t, silent(t, c))
	r.Resume()
	assert.Equal(t, "ef", read(t, c, 2))
	_, err = c.Write([]byte("g"))
	require.NoError(t, err)
	assert.Equal(t, "g", read(t, c, 1), "it stalls once")
}

func TestCutNow(t *testing.T) {
	r := relay.Start(t, echo(t), nil)
	c := dial(t, r)
	_, err := c.Write([]byte("a"))
	require.NoError(t, err)
	assert.Equal(t, "a", read(t, c, 1))
	r.Stall()
	r.Cut()
	_, err = io.ReadAll(c)
	require.NoError(t, err)
	assert.Equal(t, []relay.Stats{{Up: 1, Down: 1, Flights: 1, Cut: true}}, r.Conns())
}

func TestRefuse(t *testing.T) {
	r := relay.Start(t, echo(t), nil)
	require.NoError(t, r.Refuse(true))
	require.NoError(t, r.Refuse(true))
	_, err := net.Dial("tcp", r.Addr)
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.NoError(t, r.Refuse(false))
	back, err := say(t, dial(t, r), text)
	require.NoError(t, err)
	assert.Equal(t, text, back)
	r.Close()
	assert.Error(t, r.Refuse(false))
}

func TestNoTargetLooksLikeACut(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := l.Addr().String()
	l.Close()
	r := relay.Start(t, nobody, nil)
	back, _ := io.ReadAll(dial(t, r))
	assert.Empty(t, back)
}

func TestFlights(t *testing.T) {
	r := relay.Start(t, echo(t), nil)
	c := dial(t, r)
	for range 5 {
		_, err := c.Write([]byte("ping"))
		require.NoError(t, err)
		assert.Equal(t, "ping", read(t, c, 4))
	}
	assert.Equal(t, 5, r.Conns()[0].Flights)
}

func TestTapSeesEveryByte(t *testing.T) {
	var mu sync.Mutex
	seen := map[relay.Direction][]byte{}
	r := relay.Start(t, echo(t), relay.Always(relay.Faults{Tap: func(d relay.Direction, b []byte) {
		mu.Lock()
		defer mu.Unlock()
		seen[d] = append(seen[d], b...)
	}}))
	_, err := say(t, dial(t, r), text)
	require.NoError(t, err)
	mu.Lock()
	defer mu.Unlock()
	assert.Equal(t, text, seen[relay.Up])
	assert.Equal(t, text, seen[relay.Down])
	assert.Equal(t, "up down", fmt.Sprint(relay.Up, " ", relay.Down))
}
