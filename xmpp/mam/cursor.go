package mam

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
)

// maxSame is how many ids a cursor has of one second.
const maxSame = 256

// A cursor is where we are in an archive.
type cursor struct {
	Begun bool      `json:"begun"`
	ID    string    `json:"id,omitempty"` // of the last message that was had; "": the archive was empty
	Stamp time.Time `json:"stamp,omitzero"`
	Same  []string  `json:"same,omitempty"` // what was had of the second of Stamp, for an archive that has forgotten ID

	store   xmpp.Store
	key     string
	version uint64
}

// load reads the cursor of the archive of that address, of the conversation with one if that isn't zero. One that is damaged is an error: to begin
// anew would lose messages.
func (c *cursor) load(ctx context.Context, store xmpp.Store, of, with jid.JID) error {
	c.store, c.key = store, "mam cursor "+of.String()
	if !with.IsZero() {
		c.key += " with " + with.String()
	}
	b, version, err := store.Load(ctx, c.key)
	if err != nil {
		return fmt.Errorf("mam: where we are in the archive of %q: %w", of, err)
	}
	c.version = version
	if b == nil {
		return nil
	}
	if err := json.Unmarshal(b, c); err != nil {
		return fmt.Errorf("mam: where we are in the archive of %q: %w", of, err)
	}
	return nil
}

// pass moves it behind a message.
func (c *cursor) pass(it *Item) {
	if c.ID = it.ID; !it.Stamp.IsZero() {
		if !it.Stamp.Truncate(time.Second).Equal(c.Stamp.Truncate(time.Second)) {
			c.Same = nil
		}
		c.Stamp = it.Stamp
	}
	if c.Same = append(c.Same, it.ID); len(c.Same) > maxSame {
		c.Same = slices.Delete(c.Same, 0, len(c.Same)-maxSame)
	}
}

// isBehind reports whether the cursor is behind what was sent then, if that is known: by more than a second, of which some say no more.
func (c *cursor) isBehind(sent time.Time) bool {
	return !sent.IsZero() && sent.Before(c.Stamp.Truncate(time.Second))
}

func (c *cursor) save(ctx context.Context) error {
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	version, err := c.store.Save(ctx, c.key, b, c.version)
	if err == nil {
		c.version = version
	}
	return err
}
