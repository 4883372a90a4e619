package stanza

import "crypto/rand"

// idAlphabet has 32 letters, so that 5 bits of a random byte choose one without bias. They need no escaping anywhere.
const idAlphabet = "abcdefghijklmnopqrstuvwxyz234567"

// idLength gives 26 × 5 = 130 bits.
const idLength = 26

// NewID returns a new id of 26 lower-case letters and digits that nobody can guess: 130 bits from crypto/rand.
// RFC 6120 §8.1.3 asks that ids be unique, and a reply is matched on its id (§8.2.3), so that an id that a third party
// could guess would let it answer in another's name. Stanzas that are sent without an id get one of these.
func NewID() string {
	var b [idLength]byte
	rand.Read(b[:]) // never fails: it ends the program where the system has no randomness
	for i := range b {
		b[i] = idAlphabet[b[i]%32]
	}
	return string(b[:])
}
