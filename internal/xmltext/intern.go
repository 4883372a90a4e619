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

// interner finds names. Those of the specifications (known.go) are shared by all Decoders and never written.
type interner struct {
	names  *[recentNames][2]*qname // nil until a name is learnt; newest first
	spaces *[recentSpaces][2]string
}

// name returns the checked name for raw. n is the index of the byte at fault.
func (t *interner) name(raw []byte) (q *qname, n int, f fault) {
	h := hash(raw)
	if q := knownNames.find(h, raw); q != nil {
		return q, 0, ok
	}
	if t.names != nil {
		set := &t.names[h%recentNames]
		for _, q := range set {
			if q != nil && q.raw == string(raw) {
				return q, 0, ok
			}
		}
	}
	return t.learn(h, raw)
}

func (t *interner) learn(h uint32, raw []byte) (q *qname, n int, f fault) {
	if q, n, f = newQName(raw); f != ok || len(raw) > maxIntern {
		return q, n, f
	}
	if t.names == nil {
		t.names = new([recentNames][2]*qname)
	}
	set := &t.names[h%recentNames]
	set[0], set[1] = q, set[0]
	return q, 0, ok
}

// space returns the string for a namespace name.
func (t *interner) space(raw []byte) string {
	if len(raw) == 0 {
		return ""
	}
	h := hash(raw)
	if s := knownSpaces.find(h, raw); s != "" {
		return s
	}
	if len(raw) > maxIntern {
		return string(raw)
	}
	if t.spaces == nil {
		t.spaces = new([recentSpaces][2]string)
	}
	set := &t.spaces[h%recentSpaces]
	for _, s := range set {
		if s == string(raw) {
			return s
		}
	}
	set[0], set[1] = string(raw), set[0]
	return set[0]
}

// hash mixes the length and the ends of b; a peer can make names collide, which costs it the memory of its own names and
// us a constant.
func hash(b []byte) uint32 {
	n := len(b)
	var lo, hi uint64
	switch {
	case n >= 8:
		lo, hi = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		lo, hi = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))
	case n > 0:
		lo = uint64(b[0]) | uint64(b[n>>1])<<8 | uint64(b[n-1])<<16
	}
	h := (lo ^ bits.RotateLeft64(hi, 23) ^ uint64(n)) * 0x9e3779b97f4a7c15
	h ^= h >> 29
	return uint32(h * 0xbf58476d1ce4e5b9 >> 32)
}

// nameTable and spaceTable are open hash tables that are filled once and at most half full.
type (
	nameTable  [1024]*qname
	spaceTable [512]string
)

var (
	knownNames  = makeNames(names)
	knownSpaces = makeSpaces(spaces)
)

func makeNames(list string) *nameTable {
	t := new(nameTable)
	for _, s := range strings.Fields(list) {
		q, _, _ := newQName([]byte(s))
		i := hash(view(s)) % uint32(len(t))
		for t[i] != nil {
			i = (i + 1) % uint32(len(t))
		}
		t[i] = q
	}
	return t
}

func makeSpaces(list string) *spaceTable {
	t := new(spaceTable)
	for _, s := range strings.Fields(list) {
		i := hash(view(s)) % uint32(len(t))
		for t[i] != "" {
			i = (i + 1) % uint32(len(t))
		}
		t[i] = s
	}
	return t
}

func (t *nameTable) find(h uint32, raw []byte) *qname {
	for i := h % uint32(len(t)); ; i = (i + 1) % uint32(len(t)) {
		if q := t[i]; q == nil || q.raw == string(raw) {
			return q
		}
	}
}

func (t *spaceTable) find(h uint32, raw []byte) string {
	for i := h % uint32(len(t)); ; i = (i + 1) % uint32(len(t)) {
		if s := t[i]; s == "" || s == string(raw) {
			return s
		}
	}
}
