package roster_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestUpdate holds that Update changes what it's asked to change, of the contact that Get finds, and nothing else.
func TestUpdate(t *testing.T) {
	srv := xmpptest.NewServer(t)
	r := open(t, srv.Session(t, "alice", nil))
	bob := srv.JID("bob")
	require.NoError(t, r.Set(soon(t), roster.Item{JID: bob, Name: "Bob", Groups: []string{"Friends", "Work"}}))
	before, _ := r.Get(bob)
	phone, err := bob.WithResource("phone")
	require.NoError(t, err)
	require.NoError(t, r.Update(soon(t), bob, func(it *roster.Item) { it.Groups[0] = "Family" }))
	require.NoError(t, r.Update(soon(t), phone, func(it *roster.Item) { it.Name, it.JID = "Robert", srv.JID("eve") }))
	require.NoError(t, r.Fetch(soon(t)))
	assert.Equal(t, []roster.Item{{JID: bob, Name: "Robert", Groups: []string{"Family", "Work"}, Subscription: roster.None}}, slices.Collect(r.All()))
	assert.Equal(t, []string{"Friends", "Work"}, before.Groups, "a copy is changed")

	assert.ErrorIs(t, r.Update(soon(t), srv.JID("carol"), func(*roster.Item) { assert.Fail(t, "she is not there") }), stanza.ItemNotFound)
	assert.ErrorContains(t, r.Update(soon(t), bob, func(it *roster.Item) { it.Groups = []string{""} }), "a group has no name")
	r.Close()
	assert.ErrorIs(t, r.Update(soon(t), bob, func(*roster.Item) {}), roster.ErrClosed)
}

// TestUpdatesDoNotUndoEachOther holds that of many Updates at once each is seen by the next.
func TestUpdatesDoNotUndoEachOther(t *testing.T) {
	srv := xmpptest.NewServer(t)
	r := open(t, srv.Session(t, "alice", nil))
	bob := srv.JID("bob")
	require.NoError(t, r.Set(soon(t), roster.Item{JID: bob}))
	var wg sync.WaitGroup
	var want []string
	for i := range 50 {
		group := fmt.Sprintf("group %02d", i)
		want = append(want, group)
		wg.Go(func() {
			assert.NoError(t, r.Update(soon(t), bob, func(it *roster.Item) { it.Groups = append(it.Groups, group) }))
		})
	}
	wg.Wait()
	it, _ := r.Get(bob)
	assert.ElementsMatch(t, want, it.Groups)
}

// TestUpdateThatWaits holds that an Update which waits for another one's answer does so until its ctx is done.
func TestUpdateThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		alice, bob := newParty(t, srv, "alice"), srv.JID("bob")
		require.NoError(t, alice.Set(t.Context(), roster.Item{JID: bob}))
		remove := srv.Intercept(func(_ jid.JID, xml string) bool {
			e, err := stanza.ParseElement(xml)
			return assert.NoError(t, err) && rosterIQ("set")(e)
		})
		defer remove()
		ctx, cancel := context.WithCancel(t.Context())
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { first <- alice.Update(t.Context(), bob, func(it *roster.Item) { it.Name = "never answered" }) }()
		synctest.Wait()
		go func() { second <- alice.Update(ctx, bob, func(*roster.Item) { assert.Fail(t, "not its turn") }) }()
		synctest.Wait()
		assert.Empty(t, second)
		cancel()
		assert.ErrorIs(t, <-second, context.Canceled)
		require.NoError(t, alice.s.Close())
		assert.ErrorIs(t, <-first, xmpp.ErrClosed)
	})
}
