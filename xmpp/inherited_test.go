package xmpp_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// A bot that is started again when the server has forgotten its stream gets what comes in the new one.
func TestInheritedStreamThatIsNotResumed(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := &hooked{Store: xmpp.FileStore(t.TempDir())}
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		require.NoError(t, one.Detach(t.Context()))
		synctest.Wait() // the server has noticed
		require.Equal(t, 1, srv.ExpireSuspended("alice"))
		two := hire(t, srv, store, xmpp.Online)
		say(t, srv, "hello")
		elapse(time.Second)
		require.Contains(t, two.seen(), "hello")
		require.NoError(t, two.Detach(t.Context()))
		elapse(time.Minute)
		require.Zero(t, goroutines(t), "the session that was not resumed has gone, too")
	})
}
