package xmpp_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// streamKey is where alice's clients keep their stream.
const streamKey = "stream alice@canto.test/bot"

// A bot is a client that keeps its stream in a store, and what it was handed.
type bot struct {
	*actor
	mu    sync.Mutex // protects what follows
	again []string   // bodies that were marked (xmpp.Redelivered)
}

// hire starts a bot and waits for its first state. It is not to end in order.
func hire(t *testing.T, srv *xmpptest.Server, store xmpp.Store, first xmpp.StateKind) *bot {
	t.Helper()
	b := start(t, srv, store)
	b.become(xmpp.Offline, first)
	synctest.Wait()
	return b
}

// start is hire that waits for nothing.
func start(t *testing.T, srv *xmpptest.Server, store xmpp.Store) *bot {
	t.Helper()
	o := srv.Options("alice")
	o.Store = store
	b := &bot{actor: &actor{t: t, srv: srv, user: "alice", ended: make(chan error, 1)}}
	o.Undelivered = func(st stanza.Stanza, _ error) {
		b.actor.mu.Lock()
		defer b.actor.mu.Unlock()
		b.undelivered = append(b.undelivered, st.Header().ID)
	}
	b.Client = xmpp.NewClient(srv.JID("alice/bot"), o)
	b.Online = func(ctx context.Context, s *xmpp.Session) error {
		b.actor.mu.Lock()
		b.logins++
		b.actor.mu.Unlock()
		return s.Send(ctx, &stanza.Presence{})
	}
	xmpp.OnMessage(b, func(ctx context.Context, m *stanza.Message) error {
		b.actor.mu.Lock()
		b.got = append(b.got, m.Body)
		b.actor.mu.Unlock()
		if xmpp.Redelivered(ctx) {
			b.mu.Lock()
			b.again = append(b.again, m.Body)
			b.mu.Unlock()
		}
		return nil
	})
	ctx, cancel := context.WithCancel(context.Background())
	b.stop = cancel
	b.states = b.State(ctx)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		b.ended <- b.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-gone
	})
	return b
}

func say(t *testing.T, srv *xmpptest.Server, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		require.NoError(t, srv.Inject("alice", "<message type='chat' from='bob@canto.test'><body>"+body+"</body></message>"))
	}
}

// quiet is a server whose acknowledgements don't come by themselves, so that what is saved when is up to the test.
var quiet = xmpptest.Options{SM: xmpptest.SM{RequestEvery: -1}}

// TestDetach: a successor goes on with the stream as if it had been there all the time, and knows what was handled.
func TestDetach(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := xmpp.FileStore(t.TempDir())
		require.NoError(t, srv.AddUser("bob", "x"))
		one := hire(t, srv, store, xmpp.Online)
		say(t, srv, "1", "2")
		synctest.Wait()
		lose(srv, func() { one.write("bob", "open") })
		one.become(xmpp.Suspended)
		srv.CutAfter(0, 0) // no connection gets anywhere
		require.NoError(t, one.Detach(context.Background()))
		require.NoError(t, <-one.ended)
		err := one.Detach(context.Background())
		require.NoError(t, err, "it is not running")
		srv.CutAfter(-1, -1)
		say(t, srv, "3")
		two := hire(t, srv, store, xmpp.Resumed)
		elapse(time.Second)
		require.Zero(t, two.timesOnline())
		require.Equal(t, []string{"3"}, two.seen(), "the others are acknowledged with <resume/>")
		require.Equal(t, []string{"open"}, kept(srv, "bob"))
		require.Empty(t, one.lost(), "the successor has it")
		require.Equal(t, []string{"3"}, two.again, "the process before may have had it in hand")
		say(t, srv, "4")
		synctest.Wait()
		require.Equal(t, []string{"3", "4"}, two.seen())
		require.Equal(t, []string{"3"}, two.again, "what is new is not marked")
		require.EqualValues(t, 1, srv.Stats().Binds)
	})
}

// TestDetachWaitsForHandlers: what a handler has in hand is finished, counted and saved.
func TestDetachWaitsForHandlers(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := xmpp.FileStore(t.TempDir())
		one := hire(t, srv, store, xmpp.Online)
		release := make(chan struct{})
		xmpp.OnMessage(one, func(context.Context, *stanza.Message) error { <-release; return nil })
		say(t, srv, "in hand", "waits")
		synctest.Wait()
		left := make(chan error, 1)
		go func() { left <- one.Detach(context.Background()) }()
		synctest.Wait()
		require.Empty(t, left)
		close(release)
		require.NoError(t, <-left)
		late := &stanza.Message{To: srv.JID("bob"), Body: "late"}
		require.ErrorIs(t, one.Send(context.Background(), late), xmpp.ErrClosed, "it would be in no state")
		two := hire(t, srv, store, xmpp.Resumed)
		elapse(time.Second)
		require.Equal(t, []string{"waits"}, two.seen())
	})
}

// TestDetachThatCannotSave says so.
func TestDetachThatCannotSave(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := &hooked{Store: xmpp.FileStore(t.TempDir())}
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		store.fail(true)
		require.ErrorIs(t, one.Detach(context.Background()), errHooked)
		require.NoError(t, <-one.ended)
	})
}

// TestSendWhileDetaching: what is sent while the state is being saved is not in it, and is refused.
func TestSendWhileDetaching(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := &hooked{Store: xmpp.FileStore(t.TempDir())}
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		var late error
		store.before(func() { late = one.Send(t.Context(), &stanza.Message{To: srv.JID("bob"), Body: "late"}) })
		require.NoError(t, one.Detach(t.Context()))
		require.ErrorIs(t, late, xmpp.ErrClosed)
	})
}

// TestStoreThatFailsIsNoConsent: while it can't be seen whose the stream is, nothing is handed over.
func TestStoreThatFailsIsNoConsent(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := &hooked{Store: xmpp.FileStore(t.TempDir())}
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		store.fail(true)
		say(t, srv, "1")
		elapse(time.Minute)
		require.Empty(t, one.seen())
		store.fail(false)
		elapse(time.Minute)
		require.Equal(t, []string{"1"}, one.seen())
	})
}

// TestResumeWaitsForTheStore: <resume/> acknowledges as an <a/> does, so what it says is saved before.
func TestResumeWaitsForTheStore(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := &hooked{Store: xmpp.FileStore(t.TempDir())}
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		say(t, srv, "1")
		store.full.Store(true)
		say(t, srv, "2")
		synctest.Wait()
		require.Equal(t, []string{"1", "2"}, one.seen())
		srv.DropConns()
		elapse(time.Minute)
		require.Zero(t, one.managed().Resumptions)
		store.full.Store(false)
		one.next(xmpp.Resumed)
	})
}

// replacedWhileItConnects runs a client that loses its connection, and its stream to another process when it has looked at the
// store and connects again.
func replacedWhileItConnects(t *testing.T, srv *xmpptest.Server) running {
	t.Helper()
	o := srv.Options("alice")
	o.Store = xmpp.FileStore(t.TempDir())
	usual, again := o.Dial, false
	o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if again {
			takeOver(t, o.Store)
		}
		again = true
		return usual(ctx, network, addr)
	}
	r := run(t, xmpp.NewClient(srv.JID("alice/bot"), o))
	elapse(time.Second)
	srv.DropConns()
	return r
}

// TestStoppedWhileItConnects: a process that is replaced between its look at the store and <resume/> does not say that.
func TestStoppedWhileItConnects(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		r := replacedWhileItConnects(t, srv)
		require.ErrorIs(t, <-r.err, xmpp.ErrTakenOver)
		require.Zero(t, srv.Managed("alice")[0].Resumptions)
	})
}

// claimed leaves a stream in a store for a successor.
func claimed(t *testing.T, srv *xmpptest.Server) *hooked {
	t.Helper()
	store := &hooked{Store: xmpp.FileStore(t.TempDir())}
	one := hire(t, srv, store, xmpp.Online)
	elapse(time.Second)
	require.NoError(t, one.Detach(t.Context()))
	return store
}

// TestClaimThatLostTheRace looks again.
func TestClaimThatLostTheRace(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := claimed(t, srv)
		store.before(func() { takeOver(t, store.Store) })
		two := hire(t, srv, store, xmpp.Resumed)
		say(t, srv, "1")
		elapse(time.Second)
		require.Equal(t, []string{"1"}, two.seen())
	})
}

// TestClaimComesFirst: the fence stands before the successor waits for what its predecessor has in hand.
func TestClaimComesFirst(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := claimed(t, srv)
		_, before, err := store.Load(t.Context(), streamKey)
		require.NoError(t, err)
		o := srv.Options("alice")
		o.Store = store
		run(t, xmpp.NewClient(srv.JID("alice/bot"), o))
		elapse(49 * time.Millisecond) // what the predecessor may have looked at the store for
		_, after, err := store.Load(t.Context(), streamKey)
		require.NoError(t, err)
		require.Greater(t, after, before)
		require.EqualValues(t, 1, srv.Stats().Conns)
	})
}

// TestDetachNeedsAStore: without one there is nobody to leave the stream to.
func TestDetachNeedsAStore(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		require.ErrorContains(t, enter(t, srv, "alice").Detach(context.Background()), "Store")
	})
}

// TestTakenOver: a client finds that another one goes on with its stream. It sends nothing more, connects no more, and gives
// back what the other does not know of.
func TestTakenOver(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := xmpp.FileStore(t.TempDir())
		require.NoError(t, srv.AddUser("bob", "x"))
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		srv.Freeze()
		one.write("bob", "known")
		elapse(time.Second) // it is saved by now
		takeOver(t, store)
		one.write("bob", "unknown")
		srv.DropConns()
		srv.Thaw()
		require.ErrorIs(t, <-one.ended, xmpp.ErrTakenOver)
		require.Equal(t, []string{"unknown"}, one.lost())
		conns := srv.Stats().Conns
		elapse(time.Hour)
		require.Equal(t, conns, srv.Stats().Conns)
		require.Empty(t, kept(srv, "bob"), "it is the successor's to send")
	})
}

// TestTakenOverHandsNothingOver: what a replaced process has received already is its successor's.
func TestTakenOverHandsNothingOver(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := xmpp.FileStore(t.TempDir())
		one := hire(t, srv, store, xmpp.Online)
		say(t, srv, "1")
		elapse(time.Second)
		taken := takeOver(t, store)
		say(t, srv, "2")
		require.ErrorIs(t, <-one.ended, xmpp.ErrTakenOver)
		require.Equal(t, []string{"1"}, one.seen())
		_, now, err := store.Load(t.Context(), streamKey)
		require.NoError(t, err)
		require.Equal(t, taken, now, "it does not fight")
	})
}

// TestSuccessorKnowsWhatWasHandledOutOfTurn: what the reader has answered itself, while a handler was at work on what came
// before, is not answered again.
func TestSuccessorKnowsWhatWasHandledOutOfTurn(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.AddUser("bob", "x"))
		store := xmpp.FileStore(t.TempDir())
		one := hire(t, srv, store, xmpp.Online)
		release := make(chan struct{})
		defer close(release)
		xmpp.OnMessage(one, func(context.Context, *stanza.Message) error { <-release; return nil })
		say(t, srv, "in hand")
		require.NoError(t, srv.Inject("alice", "<iq type='get' id='odd' from='bob@canto.test/b'><x xmlns='urn:x'/><y xmlns='urn:y'/></iq>"))
		synctest.Wait()
		one.write("bob", "a reason to save")
		elapse(time.Second)
		two := hire(t, srv, store, xmpp.Resumed)
		elapse(time.Second)
		require.Equal(t, []string{"in hand"}, two.seen())
		answers := 0
		for _, e := range srv.Transcript("alice") {
			if strings.HasPrefix(e.XML, "<iq") && strings.Contains(e.XML, "id='odd'") {
				answers++
			}
		}
		require.Equal(t, 1, answers)
	})
}

// TestClosedStreamLeavesTheStore: Run that ends in order does not leave a stream that is over to the next one.
func TestClosedStreamLeavesTheStore(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := xmpp.FileStore(t.TempDir())
		one := hire(t, srv, store, xmpp.Online)
		b, _, err := store.Load(t.Context(), streamKey)
		require.NoError(t, err)
		require.NotEmpty(t, b, "it is saved from the beginning")
		one.stop()
		require.NoError(t, <-one.ended)
		b, _, err = store.Load(t.Context(), streamKey)
		require.NoError(t, err)
		require.Nil(t, b)
	})
}

// TestWake: a client that waits for its next attempt makes it at once, and one that is online finds out soon whether it is.
func TestWake(t *testing.T) {
	perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		o := srv.Options("alice")
		o.Keepalive, o.DeadAfter = time.Hour, time.Minute
		a := enterWith(t, srv, "alice", o)
		srv.CutAfter(0, 0) // no connection gets anywhere
		srv.DropConns()
		a.become(xmpp.Suspended)
		elapse(4 * time.Minute)
		srv.CutAfter(-1, -1)
		for len(a.states) > 0 {
			<-a.states
		}
		before := time.Now()
		a.Wake()
		a.next(xmpp.Resumed)
		require.Less(t, time.Since(before), time.Second)

		elapse(time.Minute)
		srv.Freeze()
		before = time.Now()
		a.Wake()
		down := a.become(xmpp.Suspended)
		require.ErrorIs(t, down.Err, xmpp.ErrPeerSilent)
		require.LessOrEqual(t, time.Since(before), 10*time.Second)
		srv.DropConns()
		srv.Thaw()
		a.next(xmpp.Resumed)
	})
}
