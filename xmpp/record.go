package xmpp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// A record is a small value in the Store, as JSON. It is used by one goroutine; others may change what is stored.
type record[T any] struct {
	store   Store
	key     string
	value   T
	version uint64
}

// load reads the value; where there is none, or none that can be read, it's the zero value.
func (r *record[T]) load(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	b, version, err := r.store.Load(ctx, r.key)
	if err != nil {
		return fmt.Errorf("xmpp: store: %q: %w", r.key, err)
	}
	var value T
	if b != nil && json.Unmarshal(b, &value) != nil {
		// Nobody but us writes there. What is damaged is of no use, and the next update replaces it.
		value = *new(T)
	}
	r.value, r.version = value, version
	return nil
}

// update stores what change makes of the value. Where another has changed it meanwhile, change is called again with that. It
// reports whether there is anything to store.
func (r *record[T]) update(ctx context.Context, change func(v *T) bool) error {
	ctx, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	for {
		v := r.value
		if !change(&v) {
			return nil
		}
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		version, err := r.store.Save(ctx, r.key, b, r.version)
		if err == nil {
			r.value, r.version = v, version
			return nil
		}
		if !errors.Is(err, ErrStale) {
			return fmt.Errorf("xmpp: store: %q: %w", r.key, err)
		}
		if err := r.load(ctx); err != nil {
			return err
		}
	}
}
