package stream

import "math/bits"

// keptWords is how much of an emptied bitRing is kept: 512 bytes, for 4,096 stanzas.
const keptWords = 64

// bitRing is a set of stanza numbers that lie not far beyond a base which only grows: one bit a number. The base is the
// caller's; no member is at or below base+1. The zero value is empty.
type bitRing struct {
	words []uint64 // none, or a power of two; word i>>6 of the numbers stands at i>>6 modulo their count
	count int      // members
}

// word returns where number i has its bit.
func (b *bitRing) word(i uint64) *uint64 { return &b.words[(i>>6)&uint64(len(b.words)-1)] }

// reaches reports whether the ring is large enough to tell i from every other number beyond base.
func (b *bitRing) reaches(base, i uint64) bool {
	return i>>6-(base+1)>>6 < uint64(len(b.words))
}

func (b *bitRing) has(base, i uint64) bool {
	return b.count > 0 && b.reaches(base, i) && *b.word(i)>>(i&63)&1 != 0
}

// add makes i a member; it must not be one.
func (b *bitRing) add(base, i uint64) {
	if !b.reaches(base, i) {
		b.grow(base, i)
	}
	*b.word(i) |= 1 << (i & 63)
	b.count++
}

func (b *bitRing) grow(base, i uint64) {
	size := max(1, len(b.words))
	for uint64(size) <= i>>6-(base+1)>>6 {
		size *= 2
	}
	bigger := bitRing{words: make([]uint64, size), count: b.count}
	for k := range uint64(len(b.words)) {
		at := base + 1 + k<<6
		*bigger.word(at) = *b.word(at)
	}
	*b = bigger
}

// absorb removes the run of members that starts at i+1 and returns its last one; i when there is none.
func (b *bitRing) absorb(i uint64) uint64 {
	for b.count > 0 {
		w, low := b.word(i+1), (i+1)&63
		run := uint64(bits.TrailingZeros64(^(*w >> low)))
		*w &^= (1<<run - 1) << low
		b.count -= int(run)
		i += run
		if low+run < 64 {
			break
		}
	}
	if b.count == 0 && len(b.words) > keptWords {
		b.words = nil
	}
	return i
}

// appendMembers appends the members beyond base to dst, smallest first.
func (b *bitRing) appendMembers(dst []uint64, base uint64) []uint64 {
	for k := range uint64(len(b.words)) {
		first := (base+1)>>6<<6 + k<<6
		for w := *b.word(first); w != 0; w &= w - 1 {
			dst = append(dst, first+uint64(bits.TrailingZeros64(w)))
		}
	}
	return dst
}
