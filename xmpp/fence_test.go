package xmpp_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// asking is a server that wants each stanza acknowledged.
var asking = xmpptest.Options{SM: xmpptest.SM{RequestEvery: 1}}

// unsure are the ways in which a store may do its work and not say so: by an error that leaves it open, or by ErrStale when
// it has tried twice by itself. It may be away after that.
var unsure = map[string]struct {
	err   error
	blind bool
}{
	"an error":           {errHooked, false},
	"an error, and away": {errHooked, true},
	"stale":              {xmpp.ErrStale, false},
	"stale, and away":    {xmpp.ErrStale, true},
}

// TestSaveThatWorkedAndDidNotSaySo: what a process finds in the store is its own, whatever version that has, if it wrote it: it
// has not been replaced, and goes on.
func TestSaveThatWorkedAndDidNotSaySo(t *testing.T) {
	for name, c := range unsure {
		t.Run(name, func(t *testing.T) {
			perform(t, asking, func(t *testing.T, srv *xmpptest.Server) {
				store := &hooked{Store: xmpp.FileStore(t.TempDir())}
				one := hire(t, srv, store, xmpp.Online)
				elapse(time.Second)
				store.pretend(c.err, c.blind)
				say(t, srv, "1")
				elapse(time.Second)
				require.False(t, store.pretends(), "it was saved")
				store.fail(false)
				elapse(time.Minute)
				say(t, srv, "2")
				elapse(time.Second)
				require.Empty(t, one.ended)
				require.Equal(t, []string{"1", "2"}, one.seen())
				m := one.managed()
				require.Equal(t, m.Sent, m.Acked, "what is saved is acknowledged")
				require.Zero(t, m.Suspensions)
				require.EqualValues(t, m.Sent, left(t, store).Handled)
			})
		})
	}
}

// TestFirstSaveDidNotSaySo is the same for a stream of which the store has nothing yet.
func TestFirstSaveDidNotSaySo(t *testing.T) {
	for name, c := range unsure {
		t.Run(name, func(t *testing.T) {
			perform(t, asking, func(t *testing.T, srv *xmpptest.Server) {
				store := &hooked{Store: xmpp.FileStore(t.TempDir())}
				store.pretend(c.err, c.blind)
				one := hire(t, srv, store, xmpp.Online)
				require.False(t, store.pretends())
				store.fail(false)
				say(t, srv, "1")
				elapse(time.Minute)
				require.Equal(t, []string{"1"}, one.seen())
				require.Empty(t, one.ended)
				m := one.managed()
				require.Equal(t, m.Sent, m.Acked)
				require.EqualValues(t, m.Sent, left(t, store).Handled)
			})
		})
	}
}

// TestReplacedAfterASaveThatDidNotSaySo: but what a successor has written is not its own, although that began with it.
func TestReplacedAfterASaveThatDidNotSaySo(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := &hooked{Store: xmpp.FileStore(t.TempDir())}
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		store.pretend(errHooked, true)
		one.write("bob", "a reason to save")
		elapse(time.Second)
		require.False(t, store.pretends())
		taken := takeOver(t, store.Store)
		store.fail(false)
		require.ErrorIs(t, <-one.ended, xmpp.ErrTakenOver)
		_, now := leftWith(t, store)
		require.Equal(t, taken, now)
	})
}

// TestDetachThatDidNotSaySo: what the successor finds it sends, and nobody else gives it back.
func TestDetachThatDidNotSaySo(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.AddUser("bob", "x"))
		store := &hooked{Store: xmpp.FileStore(t.TempDir())}
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		store.full.Store(true)
		lose(srv, func() { one.write("bob", "open") })
		one.become(xmpp.Suspended)
		store.full.Store(false)
		store.pretend(errHooked, false)
		require.NoError(t, one.Detach(t.Context()))
		require.False(t, store.pretends())
		require.Empty(t, one.lost())
		hire(t, srv, store, xmpp.Resumed)
		elapse(time.Second)
		require.Equal(t, []string{"open"}, kept(srv, "bob"))
	})
}

// TestDetachAfterASaveThatDidNotSaySo: what stands in the way of the last save is its own, and gives way.
func TestDetachAfterASaveThatDidNotSaySo(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := &hooked{Store: xmpp.FileStore(t.TempDir())}
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		store.pretend(errHooked, true)
		one.write("bob", "a reason to save")
		elapse(time.Second)
		require.False(t, store.pretends())
		store.fail(false)
		require.NoError(t, one.Detach(t.Context()))
	})
}

// TestReplacedWhileOnline: a successor that resumes ends its predecessor, which gives nothing back.
func TestReplacedWhileOnline(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := xmpp.FileStore(t.TempDir())
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		two := hire(t, srv, store, xmpp.Resumed)
		require.ErrorIs(t, <-one.ended, xmpp.ErrTakenOver)
		require.Empty(t, one.lost())
		elapse(time.Minute)
		require.Empty(t, two.ended)
		require.EqualValues(t, 1, srv.Stats().Binds)
	})
}

// TestReplacedSuccessor: a process that is itself replaced, before it has saved anything or before it has after a resumption, gives
// back nothing of what the store had already: the next one sends that.
func TestReplacedSuccessor(t *testing.T) {
	nothing := func() {}
	for name, before := range map[string]func(take func()) []func(){
		"when it has claimed the stream": func(take func()) []func() { return []func(){nothing, take} },
		"when it has resumed it":         func(take func()) []func() { return []func(){nothing, nothing, take} },
	} {
		t.Run(name, func(t *testing.T) {
			perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
				require.NoError(t, srv.AddUser("bob", "x"))
				store := &hooked{Store: xmpp.FileStore(t.TempDir())}
				one := hire(t, srv, store, xmpp.Online)
				elapse(time.Second)
				srv.FaultSM(xmpptest.SMFaults{Silent: true})
				lose(srv, func() { one.write("bob", "open") })
				srv.CutAfter(0, 0) // no connection gets anywhere
				require.NoError(t, one.Detach(t.Context()))
				srv.CutAfter(-1, -1)
				taken := false
				store.before(before(func() { taken = true; takeOver(t, store.Store) })...)
				two := start(t, srv, store)
				require.ErrorIs(t, <-two.ended, xmpp.ErrTakenOver)
				require.True(t, taken)
				require.NotContains(t, two.lost(), "open")
				require.Empty(t, one.lost())
			})
		})
	}
}

// TestReplacedInItsSecondStream: what the store has of the stream before is not taken for what it has of the present one.
func TestReplacedInItsSecondStream(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := &hooked{Store: xmpp.FileStore(t.TempDir())}
		one := hire(t, srv, store, xmpp.Online)
		for _, id := range []string{"1", "2", "3", "4"} {
			require.NoError(t, <-one.deliver("bob", id))
		}
		elapse(time.Second)
		require.GreaterOrEqual(t, left(t, store).Sent(), uint64(4))
		lose(srv, nil)
		one.next(xmpp.Suspended)
		synctest.Wait()
		require.Equal(t, 1, srv.ExpireSuspended("alice"))
		srv.FaultSM(xmpptest.SMFaults{Silent: true})
		store.before(func() {}, func() { // of the old stream, before it's resumed; of the new one
			one.write("bob", "open")
			takeOver(t, store.Store)
		})
		require.ErrorIs(t, <-one.ended, xmpp.ErrTakenOver)
		require.Contains(t, one.lost(), "open")
	})
}

// TestNoStoreForAStreamThatEnds: a stream that can't be resumed is acknowledged without the store, although the one before it
// was kept there.
func TestNoStoreForAStreamThatEnds(t *testing.T) {
	clear := xmpptest.Options{StartTLS: xmpptest.Off, SM: xmpptest.SM{RequestEvery: 1}}
	perform(t, clear, func(t *testing.T, srv *xmpptest.Server) {
		other := clear
		other.InMemory, other.SM.NoResume = true, true
		second := xmpptest.NewServerWith(t, &other)
		for _, srv := range []*xmpptest.Server{srv, second} {
			require.NoError(t, srv.AddUser("alice", "secret"))
		}
		o := srv.Options("alice")
		o.AllowPlaintext, o.Store = true, xmpp.FileStore(t.TempDir())
		first := o.Dial
		moved := false
		o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if moved {
				return second.Dial(ctx, network, addr)
			}
			return first(ctx, network, addr)
		}
		a := enterWith(t, srv, "alice", o)
		elapse(time.Second)
		moved = true
		srv.DropConns()
		a.next(xmpp.Online)
		say(t, second, "1")
		elapse(time.Second)
		require.Equal(t, []string{"1"}, a.seen())
		m := second.Managed("alice")[0]
		require.Equal(t, m.Sent, m.Acked)
		require.NotZero(t, m.Acked)
	})
}

// TestAcknowledgedWhenSaved: an <a/> leaves after the state is in the store that relies on it, and not before.
func TestAcknowledgedWhenSaved(t *testing.T) {
	perform(t, asking, func(t *testing.T, srv *xmpptest.Server) {
		store := &hooked{Store: xmpp.FileStore(t.TempDir())}
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		store.full.Store(true)
		say(t, srv, "1")
		elapse(time.Second)
		require.Equal(t, []string{"1"}, one.seen())
		m := one.managed()
		require.Equal(t, m.Acked+1, m.Sent, "it is not saved yet")
		store.full.Store(false)
		elapse(time.Minute)
		m = one.managed()
		require.Equal(t, m.Sent, m.Acked)
		require.EqualValues(t, m.Sent, left(t, store).Handled)
	})
}

// TestSessionThatWasNeverSaved: what a session has received that ended before the store had anything of it is nobody else's.
func TestSessionThatWasNeverSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		f.features = bindFeature + smFeature
		o := f.options()
		o.Store = xmpp.FileStore(t.TempDir())
		c := xmpp.NewClient(juliet, o)
		got := make(diary, 10)
		xmpp.OnMessage(c, func(_ context.Context, m *stanza.Message) error { got <- m.Body; return nil })
		run(t, c)
		p := <-f.peers
		require.Equal(t, "enable", p.hear().Name().Local)
		p.say("<enabled xmlns='urn:xmpp:sm:3' id='x' resume='true'/>" + chatOf("1") + "</stream:stream>")
		elapse(time.Minute)
		require.Equal(t, []string{"1"}, got.read())
	})
}
