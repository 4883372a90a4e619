package xmpp_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// always is a server that says this h, whatever it has handled.
func always(h uint32) xmpptest.SMFaults {
	return xmpptest.SMFaults{Lie: func(uint32) uint32 { return h }}
}

// TestAheadOfTheStoreOnce: a successor takes an h beyond what its predecessor saved, and once it has resumed none any more. SECURITY
// S17: it would else believe of its own stanzas that they were handled.
func TestAheadOfTheStoreOnce(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.AddUser("bob", "x"))
		store := claimed(t, srv)
		two := hire(t, srv, store, xmpp.Resumed)
		elapse(time.Second)
		srv.FaultSM(always(100))
		lose(srv, func() { two.write("bob", "open") })
		elapse(time.Minute)
		require.Contains(t, two.lost(), "open")
	})
}

// TestRefusedAheadOfTheStore: the h of <failed/> may be ahead of what was saved, too.
func TestRefusedAheadOfTheStore(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.AddUser("bob", "x"))
		store := xmpp.FileStore(t.TempDir())
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		lose(srv, func() { one.write("bob", "open") })
		srv.CutAfter(0, 0) // no connection gets anywhere
		require.NoError(t, one.Detach(t.Context()))
		srv.CutAfter(-1, -1)
		synctest.Wait()
		require.Equal(t, 1, srv.ExpireSuspended("alice"))
		srv.FaultSM(always(100))
		two := hire(t, srv, store, xmpp.Online)
		require.NotContains(t, two.lost(), "open", "the server says that it was handled")
	})
}

// TestAcknowledgedIsWhatWasSaved: what is handled while a Save is under way is no part of the <a/> that follows it.
func TestAcknowledgedIsWhatWasSaved(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := &hooked{Store: xmpp.FileStore(t.TempDir())}
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		say(t, srv, "1")
		synctest.Wait()
		store.before(func() {
			say(t, srv, "2")
			elapse(20 * time.Millisecond)
		})
		require.NoError(t, srv.Inject("alice", "<r xmlns='urn:xmpp:sm:3'/>"))
		elapse(40 * time.Millisecond)
		require.Equal(t, []string{"1", "2"}, one.seen())
		m := one.managed()
		require.EqualValues(t, left(t, store).Handled, m.Acked)
		require.Equal(t, m.Sent-1, m.Acked)
	})
}

// TestRepetitionIsDropped: what the server gives once more although it was handed over.
func TestRepetitionIsDropped(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		a := enter(t, srv, "alice")
		const message = "<message type='chat' id='m' from='bob@canto.test'><body>1</body>"
		require.NoError(t, srv.Inject("alice", message+"</message>"))
		require.NoError(t, srv.Inject("alice", message+"<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/></message>"))
		elapse(time.Second)
		require.Equal(t, []string{"1"}, a.seen())
	})
}

// TestTrafficIsASignOfLife: a server that leaves an <r/> without an answer and goes on sending is not gone.
func TestTrafficIsASignOfLife(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		a := enter(t, srv, "alice")
		srv.FaultSM(xmpptest.SMFaults{Silent: true})
		a.write("bob", "1")
		for range 60 {
			elapse(10 * time.Second)
			say(t, srv, "still there")
		}
		require.Zero(t, a.managed().Suspensions)
		srv.FaultSM(xmpptest.SMFaults{})
	})
}
