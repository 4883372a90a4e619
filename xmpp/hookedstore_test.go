package xmpp_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/canto-im/canto/xmpp"
)

// A hooked store can be told to fail, to hide what it did, and to let another save first.
type hooked struct {
	xmpp.Store
	fails atomic.Bool // all
	full  atomic.Bool // Save

	mu    sync.Mutex // protects what follows, which is of the stream alone
	first []func()   // called one before each of the next Saves; nil: nothing
	hide  error      // what the next Save reports that has done its work; nil: that
	blind bool       // and nobody can look at it then
}

var errHooked = errors.New("the store is away")

func (h *hooked) fail(fails bool) { h.fails.Store(fails) }

// before has the functions called before the next Saves, one before each.
func (h *hooked) before(f ...func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.first = f
}

// pretend has the next Save do its work and report err; where blind is set, the store is away after that.
func (h *hooked) pretend(err error, blind bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hide, h.blind = err, blind
}

// pretends reports whether the Save that pretend has asked for is still to come.
func (h *hooked) pretends() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hide != nil
}

func (h *hooked) Load(ctx context.Context, key string) ([]byte, uint64, error) {
	if h.fails.Load() {
		return nil, 0, errHooked
	}
	return h.Store.Load(ctx, key)
}

func (h *hooked) Save(ctx context.Context, key string, value []byte, version uint64) (uint64, error) {
	if h.fails.Load() || h.full.Load() {
		return 0, errHooked
	}
	if key != streamKey {
		return h.Store.Save(ctx, key, value, version)
	}
	h.mu.Lock()
	var f func()
	if len(h.first) > 0 {
		f, h.first = h.first[0], h.first[1:]
	}
	h.mu.Unlock()
	if f != nil {
		f()
	}
	now, err := h.Store.Save(ctx, key, value, version)
	h.mu.Lock()
	defer h.mu.Unlock()
	if hidden := h.hide; hidden != nil && err == nil {
		h.hide = nil
		h.fails.Store(h.blind)
		return 0, hidden
	}
	return now, err
}
