package stanza

import (
	"hash/maphash"

	"github.com/canto-im/canto/jid"
)

// jidMemory remembers the addresses that a decoder has seen last, so that the same sender is parsed once and its stanzas
// share one string. A session talks to few at a time; what does not fit is parsed anew, no more.
//
// The hash of an address chooses one of jidSets sets, in which the oldest makes room for the newest: two addresses that
// take turns never drive each other out. An address that is longer than jidBytes, or not in its
// canonical form, is not remembered: 32 × 256 bytes is the most that it holds.
type jidMemory struct {
	sets *[jidSets][jidWays]jid.JID // made with the first address
}

const (
	jidSets  = 8
	jidWays  = 4
	jidBytes = 256
)

var jidSeed = maphash.MakeSeed()

// parse returns the address that b holds. It does not refer to b.
func (m *jidMemory) parse(b []byte) (jid.JID, error) {
	if m.sets == nil {
		m.sets = new([jidSets][jidWays]jid.JID)
	}
	set := &m.sets[maphash.Bytes(jidSeed, b)%jidSets]
	for i := range set {
		if set[i].String() == string(b) && len(b) > 0 {
			return set[i], nil
		}
	}
	j, err := jid.ParseBytes(b)
	if err == nil && len(b) <= jidBytes && j.String() == string(b) {
		copy(set[1:], set[:])
		set[0] = j
	}
	return j, err
}
