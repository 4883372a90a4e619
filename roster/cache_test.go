package roster

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// kept is the version of the roster that is in the store.
func (r *Roster) kept(t *testing.T) string {
	t.Helper()
	r.cache.wait()
	c := cache{store: r.cache.store, key: r.cache.key}
	p, ok := c.load(t.Context())
	require.True(t, ok)
	return p.ver
}

// TestWhenTheCacheIsWritten holds that pushes are written when they are an eighth of the roster, and the rest at the end: of the
// session, and with Close.
func TestWhenTheCacheIsWritten(t *testing.T) {
	one := Item{JID: bobsJID, Subscription: None}
	r := local(t, 79)
	s := new(xmpp.Session)
	r.adopt(s, jid.JID{})
	for range 10 {
		r.take(s, push{one, "a", true})
	}
	assert.Equal(t, "v", r.kept(t), "10 are not more than an eighth of 80")
	r.take(s, push{one, "b", true})
	assert.Equal(t, "b", r.kept(t))
	r.take(s, push{one, "c", true})
	assert.Equal(t, "b", r.kept(t))

	r.client = true
	r.end(new(xmpp.Session))
	assert.Equal(t, "b", r.kept(t), "that of another session is no end")
	r.end(s)
	assert.Equal(t, "c", r.kept(t), "the session has ended")
	r.take(s, push{one, "d", true})
	r.Close()
	assert.Equal(t, "d", r.kept(t), "closed")
	version := r.cache.version
	r.Close()
	r.cache.wait()
	assert.Equal(t, version, r.cache.version, "there was nothing more to write")
}

// TestNoVersionIsNotKept holds that of a server without versions nothing is kept: there would be nothing to ask with.
func TestNoVersionIsNotKept(t *testing.T) {
	r := local(t, 0)
	r.known = false
	before := r.cache.version
	r.take(nil, push{item: Item{JID: bobsJID, Subscription: None}})
	r.cache.wait()
	assert.Equal(t, before, r.cache.version)
	r.cache.unsaved = 1
	r.Close()
	r.cache.wait()
	assert.Equal(t, before, r.cache.version, "nor at the end")
}

// TestCacheOfTwoProcesses holds that a value which another process has written is not overwritten by what was begun before, and
// that the next one of ours replaces it.
func TestCacheOfTwoProcesses(t *testing.T) {
	r := local(t, 1)
	other := cache{store: r.cache.store, key: r.cache.key}
	_, ok := other.load(t.Context())
	require.True(t, ok)
	other.save("theirs", nil)
	other.wait()
	assert.Equal(t, "theirs", r.kept(t), "with the version that was loaded")
	r.cache.save("stale", nil)
	assert.Equal(t, "theirs", r.kept(t), "Save has refused: ErrStale")
	r.cache.save("ours", nil)
	assert.Equal(t, "ours", r.kept(t))
}

// A badStore fails in a way of its choice.
type badStore struct {
	xmpp.Store
	load, save func(ctx context.Context) error
}

func (s *badStore) Load(ctx context.Context, key string) ([]byte, uint64, error) {
	value, version, err := s.Store.Load(ctx, key)
	if failed := s.load(ctx); failed != nil {
		return value, 0, failed
	}
	return value, version, err
}

func (s *badStore) Save(ctx context.Context, key string, value []byte, version uint64) (uint64, error) {
	if err := s.save(ctx); err != nil {
		return 0, err
	}
	return s.Store.Save(ctx, key, value, version)
}

var errDisk = errors.New("the disk is full")

// TestStoreThatFails holds that a store which fails once is asked again, and that what was written before stays.
func TestStoreThatFails(t *testing.T) {
	r := local(t, 0)
	fail := error(nil)
	broken := func(context.Context) error { return fail }
	c := cache{store: &badStore{r.cache.store, broken, broken}, key: r.cache.key}
	_, ok := c.load(t.Context())
	require.True(t, ok)
	fail = errDisk
	_, ok = (&cache{store: c.store, key: c.key}).load(t.Context())
	assert.False(t, ok, "what comes with an error is not used")
	c.save("lost", nil)
	c.wait()
	fail = nil
	assert.Equal(t, "v", r.kept(t))
	c.save("unsayable", []Item{{JID: bobsJID, Name: "\x00"}})
	c.wait()
	assert.Equal(t, "v", r.kept(t), "what can't be written leaves what there is")
	c.save("later", nil)
	c.wait()
	assert.Equal(t, "later", r.kept(t))
}

// TestCacheValues holds which values are used: with a version, and with no item that can't be read.
func TestCacheValues(t *testing.T) {
	for value, want := range map[string]bool{
		"<query xmlns='jabber:iq:roster' ver='1'><item jid='a@b'/></query>":                true,
		"<query xmlns='jabber:iq:roster' ver=''/>":                                         true,
		"<query xmlns='jabber:iq:roster'><item jid='a@b'/></query>":                        false,
		"<query xmlns='jabber:iq:roster' ver='1'><item jid='a@b'/><item jid='@'/></query>": false,
		"<query xmlns='jabber:iq:roster' ver='1'><item jid='a@b'/>":                        false,
		"": false,
	} {
		store := xmpp.FileStore(t.TempDir())
		_, err := store.Save(t.Context(), "roster", []byte(value), 0)
		require.NoError(t, err)
		_, ok := (&cache{store: store, key: "roster"}).load(t.Context())
		assert.Equal(t, want, ok, value)
	}
}

// TestKeptRemoval holds that a kept item is taken up as that of an answer is: with a subscription that has no place there it counts as
// without one (RFC 6121 §2.1.2.5).
func TestKeptRemoval(t *testing.T) {
	r := local(t, 0)
	_, err := r.cache.store.Save(t.Context(), "kept", []byte("<query xmlns='jabber:iq:roster' ver='1'><item jid='bob@canto.test' subscription='remove'/></query>"), 0)
	require.NoError(t, err)
	r.cache = cache{store: r.cache.store, key: "kept"}
	r.load(t.Context())
	it, ok := r.Get(bobsJID)
	assert.True(t, ok)
	assert.Equal(t, Item{JID: bobsJID, Subscription: None}, it)
	assert.Equal(t, []Item{it}, slices.Collect(r.All()))
}

// TestOneWriter holds that what is to be kept while the store takes its time is written once, after that.
func TestOneWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		saves, loads, free := 0, 0, make(chan struct{})
		s := &badStore{xmpp.FileStore(t.TempDir()), func(context.Context) error { loads++; return nil }, func(context.Context) error {
			saves++
			<-free
			return nil
		}}
		c := cache{store: s, key: "roster"}
		for _, ver := range []string{"1", "2", "3", "4"} {
			c.save(ver, nil)
			synctest.Wait()
			assert.Equal(t, 1, saves)
		}
		close(free)
		c.wait()
		assert.Equal(t, 2, saves)
		assert.Zero(t, loads, "it knows what it has written")
		p, _ := c.load(t.Context())
		assert.Equal(t, "4", p.ver)
		c.wait() // there is no writer
	})
}

// TestStoreThatHangs holds that nobody waits longer than storeTimeout for a store.
func TestStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		c := cache{store: &badStore{xmpp.FileStore(t.TempDir()), hang, hang}, key: "roster"}
		begin := time.Now()
		_, ok := c.load(t.Context())
		assert.False(t, ok)
		assert.Equal(t, storeTimeout, time.Since(begin))
		c.save("v", nil)
		c.wait()
		assert.Equal(t, 2*storeTimeout, time.Since(begin), "to save, and the look at what is there within the same time")
	})
}
