package roster

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPushShows holds that a push shows in All at once, and which version the roster has after it.
func TestPushShows(t *testing.T) {
	r := local(t, 0)
	assert.Empty(t, slices.Collect(r.All()))
	r.take(nil, push{bobAs("1"), "v1", true})
	assert.Equal(t, []Item{bobAs("1")}, slices.Collect(r.All()))
	assert.Equal(t, "v1", r.Version())
	r.take(nil, push{item: bobAs("2")})
	assert.Equal(t, "2", slices.Collect(r.All())[0].Name)
	assert.Equal(t, "v1", r.Version(), "a push without one says nothing of it")
	r.take(nil, push{bobAs("-"), "v2", true})
	assert.Empty(t, slices.Collect(r.All()))
	assert.Equal(t, "v2", r.kept(t), "one of one is enough to be written")
}

// TestWhatIsHeldOfPresence holds that nothing is held of who is not available, but why they can't be reached.
func TestWhatIsHeldOfPresence(t *testing.T) {
	r, _ := asked(t, Item{JID: bobsJID, Subscription: To})
	const phone = "bob@canto.test/phone"
	r.hear(t, stanza.Unavailable, phone)
	assert.Empty(t, r.present)
	r.hear(t, stanza.Available, phone)
	r.hear(t, stanza.Unavailable, phone)
	assert.Empty(t, r.present)
	r.hear(t, stanza.Available, phone)
	r.hear(t, stanza.PresenceError, phone)
	assert.ErrorIs(t, r.Status(bobsJID).Err, stanza.UndefinedCondition)
	r.hear(t, stanza.Unavailable, phone)
	assert.Empty(t, r.present)
	assert.NoError(t, r.Status(bobsJID).Err)
	r.hear(t, stanza.Available, phone)
	r.hear(t, stanza.Available, bobsJID.String())
	assert.Len(t, r.Resources(bobsJID), 2, "presence from the bare address is one of several")
	assert.Equal(t, bobsJID, r.Best(bobsJID).From, "the newest")
}

// TestWhatAFetchChanges holds that a fetch and a push tell of what differs, and of nothing else.
func TestWhatAFetchChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := local(t, 0)
		carol, dave := Item{JID: jid.MustParse("carol@canto.test")}, Item{JID: jid.MustParse("dave@canto.test")}
		r.replace(payload{items: []Item{bobAs("Bob"), carol}})
		var told []string
		remove := r.OnChange(func(c Change) { told = append(told, c.String()) })
		defer remove()
		r.replace(payload{items: []Item{bobAs("Bob"), dave}})
		synctest.Wait() // what is the same twice would be merged to nothing
		r.take(nil, push{item: bobAs("Bob")})
		synctest.Wait()
		slices.Sort(told)
		assert.Equal(t, []string{Change{New: dave}.String(), Change{Old: carol}.String()}, told)
		r.cache.wait()
	})
}

// TestPushOfNobody holds that a push which belongs to no session is refused.
func TestPushOfNobody(t *testing.T) {
	r := local(t, 0)
	q, err := element(nil, bobAs("Bob"))
	require.NoError(t, err)
	_, err = r.handlePush(t.Context(), &stanza.IQ{Type: stanza.Set, Payload: q})
	assert.ErrorIs(t, err, stanza.ServiceUnavailable)
	assert.Zero(t, r.Len())
}
