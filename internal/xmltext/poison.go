package xmltext

import "sync/atomic"

// poisonByte fills memory that a view may no longer be read from.
const poisonByte = 0xdb

var poisonStale atomic.Bool

// PoisonStale is for tests: Decoders made from now on hand out copies of their tokens and elements, and overwrite them at
// the next call, and memory that is freed for others to use is overwritten (Freed), so that a test that keeps a view too
// long fails. Call it from TestMain; it returns what undoes it.
func PoisonStale() (undo func()) {
	was := poisonStale.Swap(true)
	return func() { poisonStale.Store(was) }
}

// Freed is called with memory that goes into a pool: what is still read from it is a bug. Under PoisonStale it is overwritten
// up to its capacity; otherwise nothing happens.
func Freed(b []byte) {
	if poisonStale.Load() {
		overwrite(b[:cap(b)])
	}
}

func overwrite(b []byte) {
	for i := range b {
		b[i] = poisonByte
	}
}

// staleMemory holds what the last call handed out. A nil *staleMemory does nothing.
type staleMemory struct {
	tok  *Token
	live [][]byte
}

func newStaleMemory() *staleMemory {
	if poisonStale.Load() {
		return new(staleMemory)
	}
	return nil
}

// bytes returns a copy that will be overwritten.
func (s *staleMemory) bytes(b []byte) []byte {
	if b == nil {
		return nil
	}
	c := append(make([]byte, 0, len(b)), b...)
	s.live = append(s.live, c)
	return c
}

// token returns a copy that will be overwritten.
func (s *staleMemory) token(t *Token) *Token {
	c := *t
	c.Text = s.bytes(t.Text)
	c.Attrs = append([]Attr(nil), t.Attrs...)
	for i := range c.Attrs {
		c.Attrs[i].Value = s.bytes(c.Attrs[i].Value)
	}
	s.tok = &c
	return s.tok
}

// poison overwrites what was handed out.
func (s *staleMemory) poison() {
	if s == nil {
		return
	}
	for _, b := range s.live {
		overwrite(b)
	}
	if t := s.tok; t != nil {
		gone := Name{"poisoned", "poisoned"}
		for i := range t.Attrs {
			t.Attrs[i] = Attr{Name: gone}
		}
		*t = Token{Kind: poisonByte, Name: gone}
	}
	s.live, s.tok = s.live[:0], nil
}
