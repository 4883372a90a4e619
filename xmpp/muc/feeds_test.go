package muc

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// A registering context knows how many wait for its end. It's a kind of its own to package context, which asks it then.
type registering struct {
	context.Context
	waiting *atomic.Int64
}

func (registering) Value(any) any { return nil }

func (c registering) AfterFunc(f func()) (stop func() bool) {
	c.waiting.Add(1)
	under := context.AfterFunc(c.Context, f)
	return func() bool {
		c.waiting.Add(-1)
		return under()
	}
}

// A context that outlives many stays holds on to none of them, whether their channels were opened before their end or after it.
func TestChannelsLetGoOfTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waiting atomic.Int64
		ctx := registering{t.Context(), &waiting}
		for range 3 {
			r := bareRoom(srvless.Bare(), "thirdwitch", true)
			events, messages := r.Events(ctx), r.Messages(ctx)
			require.EqualValues(t, 2, waiting.Load())
			r.emit(ctx, nil, Topic{Text: "the last one"})
			r.finish(&Ended{Room: r.jid, End: Kicked})
			_, open := <-messages
			require.False(t, open)
			synctest.Wait()
			require.EqualValues(t, 1, waiting.Load(), "what waits is still to be taken")
			require.Equal(t, Topic{Text: "the last one"}, <-events)
			_, open = <-events
			require.False(t, open)
			_, open = <-r.Whispers(ctx)
			require.False(t, open)
			synctest.Wait()
			require.Zero(t, waiting.Load())
		}
		r := bareRoom(srvless.Bare(), "thirdwitch", true)
		r.Events(ctx)
		r.emit(ctx, nil, Topic{Text: "nobody takes it"})
		r.finish(xmpp.ErrClosed)
		synctest.Wait()
		require.Zero(t, waiting.Load(), "the end of the session drops what waits")
	})
}
