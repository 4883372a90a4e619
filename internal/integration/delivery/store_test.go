package delivery

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A moody store is one in memory that can be told to fail.
type moody struct {
	mu      sync.Mutex // protects what follows
	values  map[string][]byte
	version map[string]uint64
	fails   bool
}

func newMoody() *moody {
	return &moody{values: make(map[string][]byte), version: make(map[string]uint64)}
}

var errMood = errors.New("the store does not answer")

func (m *moody) fail(fails bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fails = fails
}

// Load implements xmpp.Store.
func (m *moody) Load(_ context.Context, key string) ([]byte, uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails {
		return nil, 0, errMood
	}
	if m.values[key] == nil {
		return nil, 0, nil
	}
	return bytes.Clone(m.values[key]), m.version[key], nil
}

// Save implements xmpp.Store.
func (m *moody) Save(_ context.Context, key string, value []byte, version uint64) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	present := m.version[key]
	if m.values[key] == nil {
		present = 0
	}
	switch {
	case m.fails:
		return 0, errMood
	case present != version:
		return 0, xmpp.ErrStale
	case value == nil:
		delete(m.values, key)
		return 0, nil
	}
	m.version[key]++
	m.values[key] = bytes.Clone(value)
	return m.version[key], nil
}

// keeping is a world whose first client keeps its stream in a store; two clients are online.
func keeping(t *testing.T, store xmpp.Store) (w *world, a, b *party) {
	w = newWorld(t, quietly(xmpptest.SM{RequestEvery: 1, NoDelay: true}), 0, func(string, int) fault { return fault{} }, func(o *xmpp.Options) {
		o.Store = store
	})
	a, b = w.parties[0], w.parties[1]
	a.start(t)
	b.start(t)
	synctest.Wait()
	return w, a, b
}

// takeOver does what a successor does first.
func takeOver(t *testing.T, store xmpp.Store, key string) {
	b, version, err := store.Load(t.Context(), key)
	require.NoError(t, err)
	p, err := stream.ReadSnapshot(b, stream.SnapshotLimits{})
	require.NoError(t, err)
	p.Owner = "a successor"
	b, err = p.Append(nil)
	require.NoError(t, err)
	_, err = store.Save(t.Context(), key, b, version)
	require.NoError(t, err)
}

// elapse lets the bubble's time pass.
func elapse(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// TestNothingIsAcknowledgedBeforeItIsSaved: while the store fails, no <a/> and no <resume/> claims what a successor would not
// know of. When it works again, everything is acknowledged, and nothing was handed over twice.
func TestNothingIsAcknowledgedBeforeItIsSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMoody()
		w, a, b := keeping(t, store)
		ctx := within(t, time.Hour)
		acked := func() uint32 { return w.srv.Managed(a.name)[0].Acked }
		say := func(n int) { b.send(ctx, key{"bob>alice", n}, a.addr); synctest.Wait() }
		say(1)
		elapse(time.Second)
		before := acked()
		require.Positive(t, before)
		say(2)
		store.fail(true)
		say(3) // the look at the store is still good for this one: it's handed over
		require.Equal(t, 3, w.book.receipts())
		elapse(5 * time.Second)
		assert.LessOrEqual(t, acked(), before+1)
		before = acked()
		w.net.drop(a.name)
		elapse(20 * time.Second)
		say(4)
		assert.Equal(t, before, acked(), "nor does <resume/> acknowledge it")
		store.fail(false)
		elapse(3 * time.Minute)
		assert.Greater(t, acked(), before+1)
		require.True(t, w.book.settled(ctx))
		w.balance(t, 0)
		require.EqualValues(t, 1, a.epoch.Load())
	})
}

// TestWhatIsNotSavedIsReported: Run returns after what a successor does not know of was given back.
func TestWhatIsNotSavedIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMoody()
		w, a, b := keeping(t, store)
		ctx := within(t, time.Hour)
		elapse(time.Second)
		w.net.hold(a.name) // nothing arrives any more: what is sent now is open
		a.send(ctx, key{"alice>bob", 1}, b.addr)
		elapse(time.Second)
		a.send(ctx, key{"alice>bob", 2}, b.addr) // not saved yet
		takeOver(t, store, "stream "+a.addr.String())
		slow := a.returned
		a.returned = func(k key) { <-time.After(time.Second); slow(k) }
		w.net.drop(a.name)
		require.ErrorIs(t, <-a.ended, xmpp.ErrTakenOver)
		a.stop = nil
		w.book.mu.Lock()
		defer w.book.mu.Unlock()
		assert.Zero(t, w.book.entries[key{"alice>bob", 1}].returned, "the successor has it")
		assert.Equal(t, 1, w.book.entries[key{"alice>bob", 2}].returned)
	})
}

// TestSetupOfAnInheritedSession: channels and handlers that Setup makes are there for the stream of an earlier process, too.
func TestSetupOfAnInheritedSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMoody()
		w, a, b := keeping(t, store)
		ctx := within(t, time.Hour)
		elapse(time.Second)
		require.NoError(t, a.Detach(ctx))
		require.NoError(t, <-a.ended)
		a.stop = nil
		b.send(ctx, key{"bob>alice", 1}, a.addr)
		o := w.srv.Options(a.name)
		o.Dial, o.AllowPlaintext, o.Store = w.net.dialer(a.name), true, store
		var inbox <-chan *stanza.Message
		o.Setup = func(s *xmpp.Session) { inbox = s.Messages(ctx) }
		next := newParty(a.name, a.addr, o, w.book)
		next.start(t)
		elapse(time.Minute)
		require.NotNil(t, inbox)
		assert.Equal(t, "bob>alice#1", (<-inbox).ID)
		assert.Zero(t, next.epoch.Load(), "it's the same session")
	})
}
