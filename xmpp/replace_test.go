package xmpp

import (
	"context"
	"errors"
	"testing"

	"github.com/canto-im/canto/internal/stream"
	"github.com/stretchr/testify/require"
)

// A shy store does what it's told and says that it has failed; after that, it's away for one look.
type shy struct {
	Store
	hide, blind bool
}

var errShy = errors.New("no answer")

func (s *shy) Save(ctx context.Context, key string, value []byte, version uint64) (uint64, error) {
	now, err := s.Store.Save(ctx, key, value, version)
	if s.hide && err == nil {
		s.hide, s.blind = false, true
		return 0, errShy
	}
	return now, err
}

func (s *shy) Load(ctx context.Context, key string) ([]byte, uint64, error) {
	if s.blind {
		s.blind = false
		return nil, 0, errShy
	}
	return s.Store.Load(ctx, key)
}

// sentSoFar is a stream on which so many stanzas were sent and acknowledged.
func sentSoFar(n uint64) *stream.Snapshot { return &stream.Snapshot{ID: "x", Acked: n} }

// TestReplace: a Save that was held for failed is in the way of the next one, and gives way at once.
func TestReplace(t *testing.T) {
	store := &shy{Store: newMemoryStore()}
	v := newSteward(store, "a@b")
	require.NoError(t, v.replace(sentSoFar(1)))
	store.hide = true
	require.ErrorIs(t, v.replace(sentSoFar(2)), errShy)
	require.EqualValues(t, 1, v.stored("x"), "it's not known whether it has more")
	require.NoError(t, v.replace(sentSoFar(3)))
	require.EqualValues(t, 3, v.stored("x"))
	require.Zero(t, v.stored("y"))
}

// TestClaimShutsOut: whoever held the stream before can't save from the claim on, whatever it believes of its last Save, and even
// where nobody can read what it has left.
func TestClaimShutsOut(t *testing.T) {
	for name, damage := range map[string]bool{"a stream": false, "what nobody can read": true} {
		t.Run(name, func(t *testing.T) {
			store := &shy{Store: newMemoryStore()}
			one, two := newSteward(store, "a@b"), newSteward(store, "a@b")
			require.NoError(t, one.replace(sentSoFar(1)))
			if damage {
				now, err := store.Save(t.Context(), one.key, []byte("?"), one.version)
				require.NoError(t, err)
				one.version = now
			}
			store.hide = !damage
			if store.hide {
				require.ErrorIs(t, one.replace(sentSoFar(2)), errShy)
			}
			p, err := two.claim(t.Context())
			var bad *stream.SnapshotError
			if require.Equal(t, damage, errors.As(err, &bad)); !damage {
				require.EqualValues(t, 2, p.Sent())
				require.EqualValues(t, 2, two.stored("x"))
			}
			require.False(t, one.acknowledge(), "there is nothing to save")
			require.ErrorIs(t, one.look(), ErrTakenOver)
			require.True(t, one.acknowledge(), "who was replaced acknowledges nothing")
			store.blind = true
			require.ErrorIs(t, one.replace(sentSoFar(3)), ErrTakenOver, "it need not be told twice")
			store.blind = false
			require.NoError(t, two.look())
			_, err = one.claim(t.Context())
			require.Equal(t, damage, err != nil)
			require.NoError(t, one.replace(sentSoFar(4)), "it has it back")
		})
	}
}
