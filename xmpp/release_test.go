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
