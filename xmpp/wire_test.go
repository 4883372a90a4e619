package xmpp

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// pipe returns a wire and the other end of its connection, in a bubble.
func pipe(t *testing.T, deadAfter time.Duration) (*wire, net.Conn) {
	ours, theirs := net.Pipe()
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return newWire(ours, deadAfter), theirs
}

// A writer that may leave leaves what the peer does not take to the wire, which carries it on in order.
func TestWireCarriesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, peer := pipe(t, time.Hour)
		want := bytes.Repeat([]byte("0123456789"), 1000)
		leave := make(chan struct{})
		w.patience(leave)
		time.AfterFunc(time.Second, func() { close(leave) })
		start := time.Now()
		n, err := w.Write(want[:5000])
		require.NoError(t, err)
		require.Equal(t, 5000, n, "the layer above never sees a part")
		require.InDelta(t, 1, time.Since(start).Seconds(), 2*writeSlice.Seconds())

		resumed := false
		require.True(t, w.stalled(func() { resumed = true }))
		start = time.Now()
		for i := 5000; i < len(want); i += 500 {
			n, err := w.Write(want[i : i+500])
			require.NoError(t, err)
			require.Equal(t, 500, n)
		}
		require.Zero(t, time.Since(start), "nobody waits behind a stalled peer")

		got := make([]byte, len(want))
		_, err = io.ReadFull(peer, got)
		require.NoError(t, err)
		require.Equal(t, want, got)
		synctest.Wait()
		require.True(t, resumed)
		require.False(t, w.stalled(func() { t.Error("not stalled") }))
		require.NoError(t, w.failure())
	})
}

// A writer that may not leave waits, also when the peer takes a little at a time.
func TestWireWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, peer := pipe(t, time.Minute)
		written := make(chan error, 1)
		go func() { _, err := w.Write(make([]byte, 10)); written <- err }()
		for range 10 {
			synctest.Wait()
			require.Empty(t, written)
			<-time.After(50 * time.Second)
			_, err := peer.Read(make([]byte, 1))
			require.NoError(t, err)
		}
		require.NoError(t, <-written)
		require.False(t, w.stalled(nil))
	})
}

// A givenTLS is a connection whose TLS is the user's, as far as the wire can see.
type givenTLS struct{ net.Conn }

func (givenTLS) HandshakeContext(context.Context) error { return nil }
func (givenTLS) ConnectionState() tls.ConnectionState   { return tls.ConnectionState{} }

// A peer behind a TLS of the user's that takes a little at a time is not dead, however long the whole takes.
func TestWireOnGivenTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		w := newWire(givenTLS{ours}, time.Minute)
		want := bytes.Repeat([]byte("0123456789"), 10_000)
		_, err := w.Write(want)
		require.NoError(t, err)
		got := make([]byte, 0, len(want))
		for len(got) < len(want) {
			<-time.After(50 * time.Second)
			n, err := io.ReadFull(theirs, got[len(got):min(len(got)+tlsPiece, len(want))])
			require.NoError(t, err)
			got = got[:len(got)+n]
		}
		require.Equal(t, want, got)
		synctest.Wait()
		require.NoError(t, w.failure())
		_, err = w.Write(want)
		require.NoError(t, err)
		<-time.After(61 * time.Second)
		require.ErrorIs(t, w.failure(), ErrPeerSilent, "and one that takes nothing is")
	})
}

// A peer that takes nothing for deadAfter is dead, for who waits and for what was left behind.
func TestWireGivesUp(t *testing.T) {
	for _, leaves := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w, _ := pipe(t, time.Minute)
			start := time.Now()
			if leaves {
				w.patience(atOnce)
			}
			_, err := w.Write([]byte("hello"))
			if leaves {
				require.NoError(t, err)
				given := make(chan struct{})
				require.True(t, w.stalled(func() { close(given) }))
				<-given
				err = w.failure()
			}
			require.ErrorIs(t, err, ErrPeerSilent)
			require.InDelta(t, 60, time.Since(start).Seconds(), 2*writeSlice.Seconds())
			if leaves {
				_, err = w.Write([]byte("more"))
				require.ErrorIs(t, err, ErrPeerSilent, "it stays so")
			}
		})
	}
}

// A connection that fails while the wire drains is a failure, told to who asked.
func TestWireFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, peer := pipe(t, time.Minute)
		w.patience(atOnce)
		_, err := w.Write([]byte("hello"))
		require.NoError(t, err)
		given := make(chan struct{})
		require.True(t, w.stalled(func() { close(given) }))
		peer.Close()
		<-given
		require.ErrorIs(t, w.failure(), io.ErrClosedPipe)
		require.False(t, errors.Is(w.failure(), ErrPeerSilent))
	})
}
