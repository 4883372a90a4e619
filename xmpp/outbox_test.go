package xmpp

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/require"
)

// A feeder is a connection on which something more is queued during every write, as under a load of many senders.
type feeder struct {
	net.Conn
	out      *outbox
	more     int           // writes during which more is queued
	returned chan struct{} // closed when the first sender has returned; writes past flushRounds wait for it
	writes   int
	wire     strings.Builder
}

func (f *feeder) Write(p []byte) (int, error) {
	f.writes++
	if f.writes > flushRounds {
		<-f.returned
	}
	f.wire.Write(p)
	if f.writes <= f.more {
		if err := f.out.put(context.Background(), &stanza.Presence{}, "", nil); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (*feeder) SetWriteDeadline(time.Time) error { return nil }

// A sender does not write for others without end: after flushRounds a goroutine takes over, until there is nothing left.
func TestOneSenderDoesNotWriteForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const more = 5 * flushRounds
		f := &feeder{more: more, returned: make(chan struct{})}
		opts := (*Options)(nil).withDefaults()
		l := newLink(f, opts, "")
		f.out = &outbox{link: l, content: ns.Client, limit: 1 << 20, trace: opts.Trace, fail: func(_ *link, err error) { t.Error(err) }}
		require.NoError(t, f.out.put(t.Context(), &stanza.Presence{}, "", nil))
		close(f.returned)
		synctest.Wait()
		require.Equal(t, more+1, strings.Count(f.wire.String(), "<presence/>"))
		require.False(t, f.out.busy)
		require.Nil(t, f.out.buf, "an idle outbox keeps no memory")
	})
}

// What the reader had to say on a connection that is lost is not owed to the next one, on which it would else never read.
func TestNothingIsOwedOnALostConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe() // whose other end takes nothing
		defer theirs.Close()
		opts := (*Options)(nil).withDefaults()
		l := newLink(ours, opts, "")
		moved := 0
		o := &outbox{link: l, limit: 1 << 20, trace: opts.Trace, fail: func(*link, error) {}, moved: func() { moved++ }}
		for range 2 { // one is being written, and one waits
			o.raw(make([]byte, maxOwed/2+1))
		}
		require.EqualValues(t, maxOwed+2, o.owed.Load())
		require.Zero(t, moved)
		o.detach()
		require.Zero(t, o.owed.Load())
		require.NotZero(t, moved, "the reader that waits for it looks again")
		ours.Close()
	})
}

// What goes back to the pool is overwritten under test: see TestMain.
func TestBuffersThatAreFreedArePoisoned(t *testing.T) {
	b := &buffer{b: append(make([]byte, 0, 64), "<message/>"...)}
	view := b.b
	recycle(b)
	require.NotContains(t, string(view[:cap(view)]), "m")
}
