package stanza

import (
	"hash/maphash"

	"github.com/canto-im/canto/jid"
)

// jidSlots bounds the addresses that a decoder remembers. A session talks to few at a time; what does not fit is parsed
// anew, no more.
const jidSlots = 32

// jidMemory remembers the addresses that a decoder has seen last, so that the same sender is parsed once and its stanzas
// share one string. Each address has one place, by its hash, and the newest there wins. An address longer than jidBytes is
// not remembered: 32 × 256 bytes is the most that it holds.
type jidMemory struct {
	slots []jid.JID // made with the first address
}

const jidBytes = 256

var jidSeed = maphash.MakeSeed()

// parse returns the address that b holds. It does not refer to b.
func (m *jidMemory) parse(b []byte) (jid.JID, error) {
	if m.slots == nil {
		m.slots = make([]jid.JID, jidSlots)
	}
	slot := &m.slots[maphash.Bytes(jidSeed, b)%jidSlots]
	if slot.String() == string(b) && len(b) > 0 {
		return *slot, nil
	}
	j, err := jid.ParseBytes(b)
	if err == nil && len(b) <= jidBytes {
		*slot = j
	}
	return j, err
}
