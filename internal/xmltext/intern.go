package xmltext

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// A Decoder remembers the names and namespaces that it met lately in tables of fixed size: recentNames sets of two, and
// recentSpaces of two. What collides is forgotten and made anew, so that a peer that invents names costs an allocation each
// and no memory that stays. Long ones are not remembered.
const (
	recentNames  = 64
	recentSpaces = 16
	maxIntern    = 128 // bytes
)

// key is a short view of a string: its length and its first and last eight bytes (hi is 0 where there are no more than
// eight). Up to 16 bytes it says all of it.
type key struct {
	lo, hi uint64
	n      int
}

func keyOf(b []byte) key {
	n := len(b)
	if n > 8 {
		return key{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:]), n}
	}
	var lo uint64
	for i, c := range b {
		lo |= uint64(c) << (8 * i)
	}
	return key{lo: lo, n: n}
}

// nameStops marks, by its high bit, the first byte that is white space, a control, / or one of <=>?. See plain.
func nameStops(w uint64) uint64 {
	return ((w - ones*0x21) | ((w&(ones*0xfc) ^ ones*'<') - ones) | ((w ^ ones*'/') - ones)) &^ w & highs
}

// hash mixes a key. A peer can make names collide, which costs it the memory of its own names and us a constant.
func (k key) hash() uint32 {
	h := (k.lo ^ bits.RotateLeft64(k.hi, 23) ^ uint64(k.n)) * 0x9e3779b97f4a7c15
	return uint32(h >> 32)
}

// is reports whether a string with this key is raw, which has the same.
func (k key) is(s string, raw []byte) bool { return k.n <= 16 || s == string(raw) }

// interner finds names. Those of the specifications (known.go) are shared by all Decoders and never written.
type interner struct {
	names  *[recentNames][2]nameSlot // nil until a name is learnt; newest first
	spaces *[recentSpaces][2]spaceSlot
}

type (
	nameSlot struct {
		key
		q *qname
	}
	spaceSlot struct {
		key
		uri string
	}
)

// name returns the checked name for raw. n is the index of the byte at fault.
func (t *interner) name(raw []byte) (q *qname, n int, f fault) {
	k := keyOf(raw)
	if q := knownNames.find(k, raw); q != nil {
		return q, 0, ok
	}
	if q := t.recent(k, raw); q != nil {
		return q, 0, ok
	}
	return t.learn(k, raw)
}

func (t *interner) recent(k key, raw []byte) *qname {
	if t.names != nil {
		set := &t.names[k.hash()%recentNames]
		for i := range set {
			if s := &set[i]; s.key == k && s.q != nil && k.is(s.q.raw, raw) {
				return s.q
			}
		}
	}
	return nil
}

func (t *interner) learn(k key, raw []byte) (q *qname, n int, f fault) {
	if q, n, f = newQName(raw); f != ok || len(raw) > maxIntern {
		return q, n, f
	}
	if t.names == nil {
		t.names = new([recentNames][2]nameSlot)
	}
	set := &t.names[k.hash()%recentNames]
	set[0], set[1] = nameSlot{k, q}, set[0]
	return q, 0, ok
}

// short returns the name at b[i] and its end, if it is shorter than 16 bytes, met before, and 16 bytes are there; or nil.
// What it takes for a name may hold bytes that no name has: then no name that was met has its key. The end does not come
// from the name that was found, so that the processor need not wait for that one to read on.
func (t *interner) short(b []byte, i int) (q *qname, end int) {
	if i+16 > len(b) {
		return nil, 0
	}
	var k key
	k.lo = binary.LittleEndian.Uint64(b[i:])
	if m := nameStops(k.lo); m != 0 {
		k.n = bits.TrailingZeros64(m) >> 3
		k.lo &= 1<<(8*k.n&63) - 1
	} else {
		m = nameStops(binary.LittleEndian.Uint64(b[i+8:]))
		n := bits.TrailingZeros64(m) >> 3 // 8 when there is none
		if n == 8 {
			return nil, 0
		}
		if k.n = 8 + n; n > 0 {
			k.hi = binary.LittleEndian.Uint64(b[i+n:])
		}
	}
	if q = knownNames.find(k, nil); q == nil && t.names != nil {
		q = t.recent(k, nil)
	}
	return q, i + k.n
}

// space returns the string for a namespace name.
func (t *interner) space(raw []byte) string {
	k := keyOf(raw)
	if s := knownSpaces.find(k, raw); s != "" || k.n == 0 {
		return s
	}
	if k.n > maxIntern {
		return string(raw)
	}
	if t.spaces == nil {
		t.spaces = new([recentSpaces][2]spaceSlot)
	}
	set := &t.spaces[k.hash()%recentSpaces]
	for i := range set {
		if s := &set[i]; s.key == k && k.is(s.uri, raw) {
			return s.uri
		}
	}
	set[0], set[1] = spaceSlot{k, string(raw)}, set[0]
	return set[0].uri
}

// nameTable and spaceTable are open hash tables that are filled once and at most half full.
type (
	nameTable  [1024]nameSlot
	spaceTable [512]spaceSlot
)

var (
	knownNames  = makeNames(names)
	knownSpaces = makeSpaces(spaces)
)

func makeNames(list string) *nameTable {
	t := new(nameTable)
	for _, s := range strings.Fields(list) {
		k := keyOf(view(s))
		if t.find(k, view(s)) != nil {
			continue
		}
		i := k.hash() % uint32(len(t))
		for t[i].q != nil {
			i = (i + 1) % uint32(len(t))
		}
		q, _, _ := newQName(view(s))
		t[i] = nameSlot{k, q}
	}
	return t
}

func makeSpaces(list string) *spaceTable {
	t := new(spaceTable)
	for _, s := range strings.Fields(list) {
		k := keyOf(view(s))
		if t.find(k, view(s)) != "" {
			continue
		}
		i := k.hash() % uint32(len(t))
		for t[i].uri != "" {
			i = (i + 1) % uint32(len(t))
		}
		t[i] = spaceSlot{k, s}
	}
	return t
}

func (t *nameTable) find(k key, raw []byte) *qname {
	for i := k.hash(); ; i++ {
		if s := &t[i%uint32(len(t))]; s.q == nil || s.key == k && k.is(s.q.raw, raw) {
			return s.q
		}
	}
}

func (t *spaceTable) find(k key, raw []byte) string {
	for i := k.hash(); ; i++ {
		if s := &t[i%uint32(len(t))]; s.uri == "" || s.key == k && k.is(s.uri, raw) {
			return s.uri
		}
	}
}
