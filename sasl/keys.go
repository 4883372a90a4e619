package sasl

import (
	"crypto/hmac"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"sync"
)

// Keys are what SCRAM derives from a password and a salt (RFC 5802 section 3): enough to log in as long as the server keeps
// the salt, and not the password. They are secret and print as nothing.
type Keys struct {
	ClientKey, ServerKey []byte // each as long as the hash
}

// Format prints nothing of the keys.
func (Keys) Format(f fmt.State, _ rune) { io.WriteString(f, "sasl.Keys") }

// LogValue logs nothing of the keys.
func (Keys) LogValue() slog.Value { return slog.StringValue("sasl.Keys") }

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
	mu   sync.Mutex            // protects keys
	keys map[KeyID]func() Keys // functions, so that not even a printed struct around this one shows a key
}

const maxMemoryKeys = 64

// LoadKeys implements KeyCache.
func (m *MemoryKeys) LoadKeys(id KeyID) (Keys, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.keys[id]
	if !ok {
		return Keys{}, false
	}
	return k(), true
}

// SaveKeys implements KeyCache.
func (m *MemoryKeys) SaveKeys(id KeyID, k Keys) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.keys == nil {
		m.keys = make(map[KeyID]func() Keys)
	}
	if _, ok := m.keys[id]; !ok && len(m.keys) >= maxMemoryKeys {
		for old := range m.keys {
			delete(m.keys, old)
			break
		}
	}
	m.keys[id] = func() Keys { return k }
}

// DropKeys implements KeyCache.
func (m *MemoryKeys) DropKeys(id KeyID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.keys, id)
}

// Format prints nothing of the keys.
func (m *MemoryKeys) Format(f fmt.State, _ rune) { io.WriteString(f, "sasl.MemoryKeys") }

// LogValue logs nothing of the keys.
func (m *MemoryKeys) LogValue() slog.Value { return slog.StringValue("sasl.MemoryKeys") }

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
	return Keys{ClientKey: h.hmac(salted, "Client Key"), ServerKey: h.hmac(salted, "Server Key")}
}

// fit reports whether k can be keys of this hash: a cache is not trusted to be whole.
func (h scramHash) fit(k Keys) bool {
	n := h.new().Size()
	return len(k.ClientKey) == n && len(k.ServerKey) == n
}
