package xmpp

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// A heldStore does not save until it's let.
type heldStore struct{ let chan struct{} }

func (heldStore) Load(context.Context, string) ([]byte, uint64, error) { return nil, 0, nil }

func (h heldStore) Save(context.Context, string, []byte, uint64) (uint64, error) {
	<-h.let
	return 0, nil
}

// TestSettled: whoever waits for what a steward has discarded waits until it's out of the store, however often that was asked for.
func TestSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := heldStore{make(chan struct{})}
		v := newSteward(store, "juliet@capulet.example")
		v.version = 1
		v.settled() // nothing was
		v.discard()
		synctest.Wait()
		v.discard()
		done := make(chan struct{})
		go func() {
			v.settled()
			close(done)
		}()
		synctest.Wait()
		require.False(t, isClosed(done))
		close(store.let)
		<-done
		require.Zero(t, v.version)
	})
}
