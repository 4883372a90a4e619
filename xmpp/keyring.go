package xmpp

import (
	"context"
	"errors"

	"github.com/canto-im/canto/sasl"
)

// savedKeys are what SCRAM has derived from the password, and from what else: good for the salt that the server had for the
// account, and for no other domain.
type savedKeys struct {
	Domain     string `json:"domain"`
	Username   string `json:"username"`
	Hash       string `json:"hash"`
	Salt       []byte `json:"salt"`
	Iterations int    `json:"iterations"`
	Keys       []byte `json:"keys"`
}

func (k *savedKeys) id() sasl.KeyID {
	return sasl.KeyID{Domain: k.Domain, Username: k.Username, Hash: k.Hash, Salt: string(k.Salt), Iterations: k.Iterations}
}

// A keyring is the sasl.KeyCache of one negotiation. It has the keys of the login before, and takes those of this one, for
// pins.raise to store.
type keyring struct {
	kept    *savedKeys // what the store has; nil: nothing
	fresh   *savedKeys // what it is to have; nil: that
	refused bool       // what was kept did not work
}

// LoadKeys implements sasl.KeyCache.
func (r *keyring) LoadKeys(id sasl.KeyID) (k sasl.Keys, ok bool) {
	if r.kept == nil || r.kept.id() != id {
		return k, false
	}
	return k, k.UnmarshalBinary(r.kept.Keys) == nil
}

// SaveKeys implements sasl.KeyCache.
func (r *keyring) SaveKeys(id sasl.KeyID, k sasl.Keys) {
	b, err := k.MarshalBinary()
	if err != nil {
		return
	}
	r.fresh = &savedKeys{Domain: id.Domain, Username: id.Username, Hash: id.Hash, Salt: []byte(id.Salt), Iterations: id.Iterations, Keys: b}
}

// DropKeys implements sasl.KeyCache.
func (r *keyring) DropKeys(sasl.KeyID) { r.kept, r.refused = nil, true }

// keyCache is where SCRAM finds and leaves its keys; nil where the next login has no use for them, or they are to be forgotten.
func (n *negotiation) keyCache() sasl.KeyCache {
	if n.keys == nil || n.opts.ForgetToken {
		return nil
	}
	return n.keys
}

// misled reports whether err says no more than that the keys of an earlier login do not fit the password of now: where a server
// keeps the salt of an account whose password is changed. They are forgotten, and what the password gives is tried. It's so once.
func (n *negotiation) misled(ctx context.Context, err error) bool {
	if n.keys == nil || !n.keys.refused {
		return false
	}
	n.keys.refused = false
	failed := n.pins.update(ctx, func(v *pin) bool {
		had := v.Keys != nil
		v.Keys = nil
		return had
	})
	if failed != nil {
		n.opts.Logger.Error("xmpp: the keys that were refused can't be forgotten", "err", failed)
	}
	return errors.Is(err, sasl.NotAuthorized)
}
