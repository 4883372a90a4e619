package roster

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOrder holds that All shows the contacts in order after whatever has happened to them, and that what somebody is iterating
// over does not change.
func TestOrder(t *testing.T) {
	r := local(t, 200)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	type look struct{ held, copied []Item }
	var looks []look
	for step := range 2_000 {
		it := Item{JID: jid.MustParse(fmt.Sprintf("contact-%d@example.net", random.IntN(400))), Name: fmt.Sprint(step), Subscription: None}
		switch random.IntN(6) {
		case 0:
			it.Subscription = remove
			r.take(nil, push{item: it})
		case 1:
			r.agreed(r.ask(it))
		case 2:
			r.agreed(r.ask(Item{JID: it.JID, Subscription: remove}))
		default:
			r.take(nil, push{item: it})
		}
		if random.IntN(3) > 0 {
			continue
		}
		held := r.sorted()
		looks = append(looks, look{held, slices.Clone(held)})
		r.order.forget()
		require.Equal(t, r.sorted(), held, "as sorted anew")
		require.Len(t, held, r.Len())
		require.True(t, slices.IsSortedFunc(held, func(a, b Item) int { return a.JID.Compare(b.JID) }))
		r.order = order{list: held}
	}
	for _, l := range looks {
		require.Equal(t, l.copied, l.held)
	}
	r.cache.wait()
}

// TestOrderIsKept holds that a change has the list mended, not sorted again, and that of a list of which much has changed
// nothing is kept.
func TestOrderIsKept(t *testing.T) {
	r := local(t, 1_000)
	r.take(nil, push{item: bobAs("Bob")})
	assert.Empty(t, r.order.stale, "nobody has looked")
	for range r.All() {
	}
	r.take(nil, push{item: bobAs("Bob")})
	r.agreed(r.ask(bobAs("Robert")))
	assert.Len(t, r.order.list, 1_001)
	assert.Len(t, r.order.stale, 1)
	list := r.sorted()
	assert.Same(t, &list[0], &r.sorted()[0], "nothing has changed")
	for _, it := range large(1_001/4 + orderSlack) {
		r.take(nil, push{item: it})
	}
	assert.NotNil(t, r.order.list)
	r.take(nil, push{item: bobAs("Bob")})
	assert.Nil(t, r.order.list)
	r.cache.wait()
}
