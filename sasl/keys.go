package sasl

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"sync"
)

// Keys are what SCRAM derives from a password and a salt (RFC 5802 section 3): enough to log in as long as the server keeps
// the salt, and not the password. They are secret: printed or logged they show nothing; MarshalBinary is the way to store
// them.
type Keys struct {
	pair func() keyPair // a function, so that neither formatting nor reflection finds a key; nil: none
}

// keyPair are ClientKey and ServerKey of RFC 5802 section 3.
type keyPair struct{ client, server []byte }

func newKeys(client, server []byte) Keys {
	return Keys{func() keyPair { return keyPair{client, server} }}
}

// Format prints nothing of the keys.
func (Keys) Format(f fmt.State, _ rune) { io.WriteString(f, "sasl.Keys") }

// MarshalBinary returns both keys as bytes to be stored in a safe place.
func (k Keys) MarshalBinary() ([]byte, error) {
	if k.pair == nil {
		return nil, errNoKeys
	}
	p := k.pair()
	return slices.Concat(p.client, p.server), nil
}

// UnmarshalBinary is the reverse of MarshalBinary. The length alone can be checked: keys that are wrong are refused by the
// server.
func (k *Keys) UnmarshalBinary(data []byte) error {
	switch n := len(data) / 2; len(data) {
	case 2 * sha1.Size, 2 * sha256.Size, 2 * sha512.Size:
		*k = newKeys(slices.Clone(data[:n]), slices.Clone(data[n:]))
		return nil
	}
	return errNoKeys
}

var errNoKeys = errors.New("sasl: these are not the keys of a SCRAM mechanism")

// KeyID says what Keys were derived from; the password is not part of it. Values are comparable with ==.
type KeyID struct {
	Domain     string // of the service, so that keys are never used for another one
	Username   string // as prepared by SASLprep
	Hash       string // "SHA-1", "SHA-256", "SHA-512"
	Salt       string // its bytes, without base64
	Iterations int
}

// KeyCache keeps Keys, so that later logins need not derive them again (RFC 5802 section 5.1 permits it). Keys are saved
// once the server has accepted them and proved itself, and dropped when it refused them. A cache that outlives the process
// has to be kept as carefully as a password; whoever changes the password of an account drops what was kept for it, since
// keys that are found are used without a look at the password.
//
// The methods are called during a login and must not block. They may be called concurrently.
type KeyCache interface {
	LoadKeys(id KeyID) (k Keys, ok bool)
	SaveKeys(id KeyID, k Keys)
	DropKeys(id KeyID)
}

// MemoryKeys is a KeyCache that lives in memory, for programs that log in again and again. The zero value is ready. It keeps
// the keys of up to 64 derivations, and forgets any one of them when another comes.
type MemoryKeys struct {
	mu   sync.Mutex // protects keys
	keys map[KeyID]Keys
}

const maxMemoryKeys = 64

// LoadKeys implements KeyCache.
func (m *MemoryKeys) LoadKeys(id KeyID) (Keys, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.keys[id]
	return k, ok
}

// SaveKeys implements KeyCache.
func (m *MemoryKeys) SaveKeys(id KeyID, k Keys) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.keys == nil {
		m.keys = make(map[KeyID]Keys)
	}
	if _, ok := m.keys[id]; !ok && len(m.keys) >= maxMemoryKeys {
		for old := range m.keys {
			delete(m.keys, old)
			break
		}
	}
	m.keys[id] = k
}

// DropKeys implements KeyCache.
func (m *MemoryKeys) DropKeys(id KeyID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.keys, id)
}

// scramHash is a hash function under the name that SCRAM has for it.
type scramHash struct {
	name string // "SHA-256"
	new  func() hash.Hash
}

// sum is H of RFC 5802 section 2.2.
func (h scramHash) sum(data []byte) []byte {
	d := h.new()
	d.Write(data)
	return d.Sum(nil)
}

// hmac is HMAC of RFC 5802 section 2.2.
func (h scramHash) hmac(key []byte, data string) []byte {
	d := hmac.New(h.new, key)
	io.WriteString(d, data)
	return d.Sum(nil)
}

// keys derives both keys from a salted password (RFC 5802 section 3).
func (h scramHash) keys(salted []byte) Keys {
	return newKeys(h.hmac(salted, "Client Key"), h.hmac(salted, "Server Key"))
}

// fit reports whether k can be keys of this hash: a cache is not trusted to be whole.
func (h scramHash) fit(k Keys) bool {
	if k.pair == nil {
		return false
	}
	p, n := k.pair(), h.new().Size()
	return len(p.client) == n && len(p.server) == n
}
