package roster

import (
	"context"
	"fmt"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/stretchr/testify/assert"
)

// TestUnreadFeed holds that what waits for a reader who doesn't come is bounded by the contacts, however often changes undo each
// other, and that every contact which differs is handed over once, the oldest first.
func TestUnreadFeed(t *testing.T) {
	who := func(i int) jid.JID { return jid.MustParse(fmt.Sprintf("u%d@canto.test", i)) }
	got, done := make(chan jid.JID), make(chan struct{})
	f := &feed[Change]{merge: mergeChanges, shut: func() { close(done) }}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	f.hand = func(c Change) {
		select {
		case got <- c.JID():
		case <-ctx.Done():
		}
	}
	for i := range 3 {
		f.put(who(i), Change{New: Item{JID: who(i)}})
	}
	x := Item{JID: who(100)}
	for range 10_000 {
		f.put(x.JID, Change{New: x})
		f.put(x.JID, Change{Old: x})
	}
	f.put(x.JID, Change{New: x})
	f.mu.Lock()
	assert.LessOrEqual(t, len(f.order), 2*len(f.waiting)+orderSlack+1)
	assert.LessOrEqual(t, cap(f.order), 1024)
	f.mu.Unlock()
	for _, i := range []int{0, 1, 2, 100} {
		assert.Equal(t, who(i), <-got)
	}
	f.close()
	<-done
}
