package xmpp_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// left returns what a store has of the stream.
func left(t *testing.T, store xmpp.Store) *stream.Snapshot {
	t.Helper()
	p, _ := leftWith(t, store)
	return p
}

// leftWith is left with the version.
func leftWith(t *testing.T, store xmpp.Store) (*stream.Snapshot, uint64) {
	t.Helper()
	b, version, err := store.Load(t.Context(), streamKey)
	require.NoError(t, err)
	p, err := stream.ReadSnapshot(b, stream.SnapshotLimits{})
	require.NoError(t, err)
	return p, version
}

// leave puts p where a process looks for what the one before it left.
func leave(t *testing.T, store xmpp.Store, p *stream.Snapshot, version uint64) (now uint64) {
	t.Helper()
	b, err := p.Append(nil)
	require.NoError(t, err)
	now, err = store.Save(t.Context(), streamKey, b, version)
	require.NoError(t, err)
	return now
}

// takeOver does what a successor does first.
func takeOver(t *testing.T, store xmpp.Store) (version uint64) {
	t.Helper()
	p, version := leftWith(t, store)
	p.Owner = "a successor"
	return leave(t, store, p, version)
}

// TestServerIsAheadOfTheStore: a process was killed before it had saved what it had sent, and the server took it. The
// successor takes the server's count for good and goes on from there.
func TestServerIsAheadOfTheStore(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.AddUser("bob", "x"))
		store, older := xmpp.FileStore(t.TempDir()), xmpp.FileStore(t.TempDir())
		one := hire(t, srv, store, xmpp.Online)
		elapse(time.Second)
		leave(t, older, left(t, store), 0)
		one.write("bob", "1", "2")
		synctest.Wait()
		two := hire(t, srv, older, xmpp.Resumed)
		require.NoError(t, <-two.deliver("bob", "3"))
		require.Equal(t, []string{"1", "2", "3"}, kept(srv, "bob"))
		require.EqualValues(t, 1, srv.Stats().Binds)
	})
}

// TestInheritedStreamIsSaved: what a successor sends is saved as what its predecessor sent.
func TestInheritedStreamIsSaved(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		store := claimed(t, srv)
		two := hire(t, srv, store, xmpp.Resumed)
		elapse(time.Second)
		srv.Freeze()
		two.write("bob", "open")
		elapse(time.Second)
		unacked := left(t, store).Unacked
		require.NotEmpty(t, unacked)
		require.Contains(t, string(unacked[len(unacked)-1].XML), "<body>open</body>")
		srv.DropConns()
		srv.Thaw()
	})
}

// TestCountingBeginsWithTheRequest: what is sent before <enabled/> is there counts, too (XEP-0198 §4): the server counts from
// its answer on, and that comes before it reads on.
func TestCountingBeginsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openDeaf(t, nil, bindFeature+smFeature)
		p.listen()
		require.Equal(t, "enable", p.hear().Name().Local)
		elapse(time.Second)
		for range 3 {
			require.NoError(t, s.Send(t.Context(), &stanza.Message{To: romeo, Body: "early"}))
		}
		p.say("<enabled xmlns='urn:xmpp:sm:3'/><a xmlns='urn:xmpp:sm:3' h='3'/>")
		elapse(time.Second)
		require.NoError(t, s.Err())
		p.say("<a xmlns='urn:xmpp:sm:3' h='4'/>")
		<-s.Done()
		require.ErrorContains(t, s.Err(), "more stanzas than were sent")
	})
}
