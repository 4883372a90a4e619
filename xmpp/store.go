package xmpp

import (
	"bytes"
	"context"
	"errors"
	"sync"
)

// A Store keeps small named values of one account that are to outlive the process: what is needed to resume a stream, the
// roster's version, login tokens. Options.Store takes one; FileStore makes one; any database with compare-and-swap (etcd,
// NATS KV, Redis, PostgreSQL) can be one, and then a bot can move between machines.
//
// Methods may be called from several goroutines and processes at once. They return soon after ctx ends, and with a nil
// error only if they did their work. The memory of a value belongs to whoever passed or received it: a Store copies.
type Store interface {
	// Load returns the value of key and its version, which is never 0. Where there is no value it returns nil, 0, nil; an
	// empty value is not nil. Any string is a key.
	Load(ctx context.Context, key string) (value []byte, version uint64, err error)
	// Save replaces the value that has this version (0: there is none yet), all or nothing, and returns the version of the
	// new one. A nil value removes; the new version is then 0, and versions of before never come back. If another value has
	// come in between, Save changes nothing and returns an error that is ErrStale. That is the fence that keeps a process
	// which woke up late from undoing what its successor did. Any other error leaves it open whether the value was stored:
	// Load tells.
	Save(ctx context.Context, key string, value []byte, version uint64) (newVersion uint64, err error)
}

// ErrStale is returned by Store.Save when the value has been replaced or removed since it was loaded. Whoever gets it is
// not the only one at work under that key, and perhaps no longer the one in charge.
var ErrStale = errors.New("xmpp: store: another has saved a newer value")

// A memoryStore forgets with the process. It serves where Options.Store is nil.
type memoryStore struct {
	mu     sync.Mutex // protects all below
	values map[string]memoryValue
	last   uint64 // the last version given out, for any key: so no version ever comes back
}

type memoryValue struct {
	value   []byte
	version uint64
}

func newMemoryStore() *memoryStore { return &memoryStore{values: make(map[string]memoryValue)} }

// Load implements Store.
func (m *memoryStore) Load(ctx context.Context, key string) ([]byte, uint64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	v := m.values[key]
	return bytes.Clone(v.value), v.version, nil
}

// Save implements Store.
func (m *memoryStore) Save(ctx context.Context, key string, value []byte, version uint64) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values[key].version != version {
		return 0, ErrStale
	}
	if value == nil {
		delete(m.values, key)
		return 0, nil
	}
	m.last++
	m.values[key] = memoryValue{bytes.Clone(value), m.last}
	return m.last, nil
}
