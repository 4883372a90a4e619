package xmltext

import "hash/maphash"

// pairwise is the number of attributes up to which they are compared each with each.
const pairwise = 16

// attrSet finds duplicates among many attributes in linear time. Slots carry the number of the tag that filled them, so
// that the next tag need not clear them; the seed keeps a peer from choosing names that collide.
type attrSet struct {
	slots []attrSlot
	tag   uint32
	seed  maphash.Seed
}

type attrSlot struct {
	tag uint32
	at  int32
}

// duplicate returns the index of an attribute whose name an earlier one has, or -1.
func (s *attrSet) duplicate(attrs []Attr) int {
	s.prepare(len(attrs))
	mask := uint64(len(s.slots) - 1)
	for i := range attrs {
		name := &attrs[i].Name
		for h := s.hash(name); ; h++ {
			slot := &s.slots[h&mask]
			if slot.tag != s.tag {
				*slot = attrSlot{tag: s.tag, at: int32(i)}
				break
			}
			if attrs[slot.at].Name == *name {
				return i
			}
		}
	}
	return -1
}

func (s *attrSet) hash(n *Name) uint64 {
	return maphash.String(s.seed, n.Local) + maphash.String(s.seed, n.Space)*3
}

func (s *attrSet) prepare(n int) {
	if s.slots == nil {
		s.seed = maphash.MakeSeed()
	}
	size := max(len(s.slots), 4*pairwise)
	for size < 2*n {
		size *= 2
	}
	s.tag++
	if size != len(s.slots) || s.tag == 0 {
		s.slots, s.tag = make([]attrSlot, size), 1
	}
}
