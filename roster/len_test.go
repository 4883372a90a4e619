package roster

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestLen holds that Len counts what All shows, our own sets with it, and does not put the roster in order for it.
func TestLen(t *testing.T) {
	r := local(t, 1_000)
	one := large(1)[0]
	gone := Item{JID: one.JID, Subscription: remove}
	for _, step := range []struct {
		asked Item
		want  int
	}{
		{bobAs("new"), 1_001}, {Item{JID: one.JID, Name: "other"}, 1_001}, {gone, 1_000}, {bobAs("-"), 999}, {one, 1_000},
	} {
		r.agreed(r.ask(step.asked))
		before := r.order
		assert.Equal(t, step.want, r.Len())
		assert.Equal(t, before, r.order, "nothing was put in order")
		count := 0
		for range r.All() {
			count++
		}
		assert.Equal(t, step.want, count)
	}
	r.take(nil, push{item: bobAs("new")})
	r.take(nil, push{item: bobAs("-")})
	before := r.order
	assert.Equal(t, 1_000, r.Len())
	assert.Equal(t, before, r.order, "nothing was put in order")
	r.cache.wait()
}
