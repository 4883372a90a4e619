package xmpp

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stores are all that implement Store here; each has to keep the same promises.
var stores = []struct {
	name string
	make func(t testing.TB) Store
}{
	{"memory", func(testing.TB) Store { return newMemoryStore() }},
	{"file", func(t testing.TB) Store { return FileStore(t.TempDir()) }},
}

func eachStore(t *testing.T, f func(t *testing.T, s Store)) {
	for _, tt := range stores {
		t.Run(tt.name, func(t *testing.T) { f(t, tt.make(t)) })
	}
}

// mustSave saves what is expected to be saved.
func mustSave(t testing.TB, s Store, key, value string, version uint64) uint64 {
	t.Helper()
	v, err := s.Save(t.Context(), key, []byte(value), version)
	require.NoError(t, err)
	require.NotZero(t, v)
	return v
}

// requireValue compares what is stored. A version of 0 means: nothing.
func requireValue(t testing.TB, s Store, key, value string, version uint64) {
	t.Helper()
	b, v, err := s.Load(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, version, v)
	if version == 0 {
		require.Nil(t, b)
		return
	}
	require.NotNil(t, b)
	require.Equal(t, value, string(b))
}

func TestStoreReplacesOnlyTheVersionThatWasLoaded(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		requireValue(t, s, "k", "", 0)
		v1 := mustSave(t, s, "k", "one", 0)
		requireValue(t, s, "k", "one", v1)
		v2 := mustSave(t, s, "k", "two", v1)
		require.NotEqual(t, v1, v2)

		for _, stale := range []uint64{0, v1, v2 + 1, v2 + 1000} {
			for _, value := range [][]byte{[]byte("late"), nil} {
				v, err := s.Save(t.Context(), "k", value, stale)
				require.ErrorIs(t, err, ErrStale, "version %d", stale)
				require.Zero(t, v)
			}
		}
		requireValue(t, s, "k", "two", v2)
	})
}

func TestStoreRemoves(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		v, err := s.Save(t.Context(), "k", nil, 0)
		require.NoError(t, err)
		require.Zero(t, v, "there is nothing to remove, and that's fine")

		v1 := mustSave(t, s, "k", "one", 0)
		v, err = s.Save(t.Context(), "k", nil, v1)
		require.NoError(t, err)
		require.Zero(t, v)
		requireValue(t, s, "k", "", 0)

		// The versions of before do not come back: who still holds one must not undo what is there now.
		_, err = s.Save(t.Context(), "k", []byte("late"), v1)
		require.ErrorIs(t, err, ErrStale)
		requireValue(t, s, "k", "", 0)
		v2 := mustSave(t, s, "k", "again", 0)
		require.Greater(t, v2, v1)
		_, err = s.Save(t.Context(), "k", []byte("late"), v1)
		require.ErrorIs(t, err, ErrStale)
		requireValue(t, s, "k", "again", v2)
	})
}

func TestStoreTellsEmptyFromNone(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		v := mustSave(t, s, "k", "", 0)
		requireValue(t, s, "k", "", v)
	})
}

// S16: a name is never a path, and no name is too long or too odd.
func TestSecurityS16StoreTakesAnyKey(t *testing.T) {
	keys := []string{
		"", " ", ".", "..", "/", "../../etc/passwd", "/etc/passwd", `..\..\x`, `C:\x`, "a/b", "a\x00b", "con", "NUL.txt",
		"k", "K", "ǆ", "é", "e\u0301", "\xff\xfe", "sm juliet@example.net", "tmp-1-1", "1", strings.Repeat("k", 5000),
	}
	eachStore(t, func(t *testing.T, s Store) {
		versions := make([]uint64, len(keys))
		for i, k := range keys {
			versions[i] = mustSave(t, s, k, "value of "+k, 0)
		}
		for i, k := range keys {
			requireValue(t, s, k, "value of "+k, versions[i])
		}
	})
}

func TestStoreCopies(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		value := []byte("mine")
		v, err := s.Save(t.Context(), "k", value, 0)
		require.NoError(t, err)
		copy(value, "xxxx")
		loaded, _, err := s.Load(t.Context(), "k")
		require.NoError(t, err)
		require.Equal(t, "mine", string(loaded))
		copy(loaded, "yyyy")
		_ = append(loaded, "zzzz"...)
		requireValue(t, s, "k", "mine", v)
	})
}

func TestStoreHeedsContext(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		v := mustSave(t, s, "k", "one", 0)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err := s.Load(ctx, "k")
		require.ErrorIs(t, err, context.Canceled)
		_, err = s.Save(ctx, "k", []byte("two"), v)
		require.ErrorIs(t, err, context.Canceled)
		_, err = s.Save(ctx, "other", []byte("two"), 0)
		require.ErrorIs(t, err, context.Canceled)
		requireValue(t, s, "k", "one", v)
		requireValue(t, s, "other", "", 0)
	})
}

// Many at once increment one list; each success must be in it once, and nothing else.
func TestStoreIsSafeBetweenGoroutines(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		const workers, rounds = 8, 10
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				for range rounds {
					addOne(t, s, byte('a'+w))
				}
			})
		}
		wg.Wait()
		b, _, err := s.Load(t.Context(), "list")
		require.NoError(t, err)
		require.Len(t, b, workers*rounds)
		for w := range workers {
			assert.Equal(t, rounds, bytes.Count(b, []byte{byte('a' + w)}))
		}
	})
}

// addOne appends a byte to the list, trying until nobody comes in between.
func addOne(t *testing.T, s Store, c byte) {
	for {
		b, v, err := s.Load(t.Context(), "list")
		if !assert.NoError(t, err) {
			return
		}
		_, err = s.Save(t.Context(), "list", append(b, c), v)
		if err == nil {
			return
		}
		if !assert.ErrorIs(t, err, ErrStale) {
			return
		}
	}
}

func BenchmarkStore(b *testing.B) {
	for _, tt := range stores {
		value := bytes.Repeat([]byte("x"), 4<<10)
		b.Run(tt.name+"/save4KiB", func(b *testing.B) {
			s, v := tt.make(b), uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if v, err = s.Save(b.Context(), "k", value, v); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(tt.name+"/load4KiB", func(b *testing.B) {
			s := tt.make(b)
			mustSave(b, s, "k", string(value), 0)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := s.Load(b.Context(), "k"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
