package server

import (
	"crypto/rand"
	"sync"
)

// A credential is the password of an account with the SCRAM keys that were derived from it.
type credential struct {
	password string
	derived  *derivedKeys // nil: nothing is kept
}

type derivedKeys struct {
	mu   sync.Mutex // protects keys; held while deriving, so that logins at the same time derive once
	keys map[scramKeyID]scramKeys
}

type scramKeyID struct {
	hash       string
	iterations int
}

func newCredential(password string) credential {
	return credential{password: password, derived: &derivedKeys{keys: make(map[scramKeyID]scramKeys)}}
}

// scram returns the keys for one hash, with a salt of the account's own.
func (c credential) scram(h scramHash, iterations int) (scramKeys, error) {
	if c.derived == nil {
		return h.derive(c.password, []byte(rand.Text()), iterations)
	}
	c.derived.mu.Lock()
	defer c.derived.mu.Unlock()
	id := scramKeyID{hash: h.name, iterations: iterations}
	if k, ok := c.derived.keys[id]; ok {
		return k, nil
	}
	k, err := h.derive(c.password, []byte(rand.Text()), iterations)
	if err == nil {
		c.derived.keys[id] = k
	}
	return k, err
}
