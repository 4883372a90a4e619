package xmpp_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// TestReplacedByConflict: a server that ends the stream, since a successor has resumed it, does not make us give back what that
// one sends.
func TestReplacedByConflict(t *testing.T) {
	for _, condition := range []string{"conflict", ""} {
		t.Run(condition, func(t *testing.T) {
			perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
				store := xmpp.FileStore(t.TempDir())
				one := hire(t, srv, store, xmpp.Online)
				elapse(time.Second)
				srv.FaultSM(xmpptest.SMFaults{Silent: true})
				one.write("bob", "known")
				elapse(time.Second)
				unacked := left(t, store).Unacked
				require.Contains(t, string(unacked[len(unacked)-1].XML), "known")
				takeOver(t, store)
				srv.CloseStream("alice", condition)
				require.ErrorIs(t, <-one.ended, xmpp.ErrTakenOver)
				require.Empty(t, one.lost())
			})
		})
	}
}

// TestReplacedWhileItSaves: a process that is stopped in the middle of a Save finds its successor's value there when it goes on, and
// leaves it alone.
func TestReplacedWhileItSaves(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := &hooked{Store: xmpp.FileStore(t.TempDir())}
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		store.before(func() { takeOver(t, store.Store) })
		one.write("bob", "a reason to save")
		elapse(time.Minute)
		require.Len(t, one.ended, 1)
		require.ErrorIs(t, <-one.ended, xmpp.ErrTakenOver)
		require.Equal(t, "a successor", left(t, store).Owner)
	})
}

// A late store takes its time to say what it has found.
type late struct {
	xmpp.Store
	by atomic.Int64 // nanoseconds
}

func (l *late) Load(ctx context.Context, key string) ([]byte, uint64, error) {
	b, version, err := l.Store.Load(ctx, key)
	elapse(time.Duration(l.by.Load()))
	return b, version, err
}

// TestLookIsAsOldAsItsBeginning: what the store says of whose the stream is was true when it was asked.
func TestLookIsAsOldAsItsBeginning(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := &late{Store: xmpp.FileStore(t.TempDir())}
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		store.by.Store(int64(60 * time.Millisecond))
		say(t, srv, "1", "2")
		elapse(30 * time.Millisecond)
		takeOver(t, store.Store)
		elapse(time.Second)
		require.Len(t, one.ended, 1)
		require.ErrorIs(t, <-one.ended, xmpp.ErrTakenOver)
		require.Equal(t, []string{"1"}, one.seen(), "the successor waits for that one")
	})
}

// TestNothingIsHandedOverUnsaved: a process that has saved nothing yet could not be told from another one that has not.
func TestNothingIsHandedOverUnsaved(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := &hooked{Store: xmpp.FileStore(t.TempDir())}
		store.full.Store(true)
		one := hire(t, srv, store, xmpp.Online)
		say(t, srv, "1")
		elapse(time.Second)
		require.Empty(t, one.seen())
		store.full.Store(false)
		elapse(time.Minute)
		require.Equal(t, []string{"1"}, one.seen())
	})
}
