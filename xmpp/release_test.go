package xmpp_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// TestKilledWhileClosing: a stream that is being closed stays in the store until what is open was given back: whoever is killed
// before that has not lost it.
func TestKilledWhileClosing(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := xmpp.FileStore(t.TempDir())
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		srv.Freeze()
		one.write("bob", "open")
		elapse(time.Second)
		one.stop()
		synctest.Wait()
		require.Empty(t, one.ended, "it waits for the server")
		unacked := left(t, store).Unacked
		require.Contains(t, string(unacked[len(unacked)-1].XML), "<body>open</body>")
		require.NoError(t, <-one.ended)
		require.Contains(t, one.lost(), "open")
		b, _, err := store.Load(t.Context(), streamKey)
		require.NoError(t, err)
		require.Nil(t, b)
	})
}

// TestReportedOnce: what could not be resumed was given back by the process that found that out. It stands in the store no more,
// although that process can save nothing of the stream that it has now.
func TestReportedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		without []string
		sm      xmpptest.SM
		faults  xmpptest.SMFaults
	}{
		"no stream management": {without: []string{"sm"}},
		"refused":              {faults: xmpptest.SMFaults{RefuseEnable: "not-allowed"}},
		"nobody resumes it":    {sm: xmpptest.SM{NoResume: true}},
	} {
		t.Run(name, func(t *testing.T) {
			perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
				store := xmpp.FileStore(t.TempDir())
				one := hire(t, srv, store, xmpp.Online)
				elapse(time.Second)
				srv.FaultSM(xmpptest.SMFaults{Silent: true})
				one.write("bob", "open")
				elapse(time.Second)
				require.NoError(t, one.Detach(t.Context()))
				other := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Without: c.without, SM: c.sm})
				require.NoError(t, other.AddUser("alice", "secret"))
				other.FaultSM(c.faults)
				two := hire(t, other, store, xmpp.Online)
				elapse(time.Minute)
				require.Contains(t, two.lost(), "open")
				three := hire(t, other, store, xmpp.Online)
				elapse(time.Minute)
				require.Empty(t, three.lost())
			})
		})
	}
}

// TestSavedAgain: a process whose store was emptied for a stream that nobody resumes saves the next one that can be.
func TestSavedAgain(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := xmpp.FileStore(t.TempDir())
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		srv.FaultSM(xmpptest.SMFaults{RefuseResume: "item-not-found", RefuseEnable: "not-allowed"})
		srv.DropConns()
		one.next(xmpp.Online)
		elapse(time.Second)
		b, _, err := store.Load(t.Context(), streamKey)
		require.NoError(t, err)
		require.Nil(t, b)
		srv.FaultSM(xmpptest.SMFaults{})
		srv.DropConns()
		one.next(xmpp.Online)
		elapse(time.Minute)
		require.Empty(t, one.ended)
		require.NotEmpty(t, left(t, store).ID)
	})
}
