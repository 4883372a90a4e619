package xmpp_test

import (
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
