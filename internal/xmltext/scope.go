package xmltext

import "slices"

// binding is one namespace declaration in scope.
type binding struct {
	prefix, uri string
	shadows     int    // the binding of the same prefix that this one hides, kept while the scope has an index
	used        uint32 // the element that already took note of it, see inherited
}

// indexAbove is the number of bindings from which on a prefix is looked up in an index instead of from the top.
const indexAbove = 16

// scope is the stack of the declarations of the open elements. The default namespace stands in it with the prefix "",
// but is found through the frames, not by search.
type scope struct {
	stack []binding
	index map[string]int // prefix → its binding, while there are more than indexAbove
	inherited
}

// inherited notes which bindings from outside an element its inside uses.
type inherited struct {
	below  int    // note uses of bindings below this index; 0: do not
	serial uint32 // of the element
	uses   []int
	bare   bool // its inside uses that there is no default namespace
}

// find returns the index of the binding of prefix, or -1.
func (s *scope) find(prefix string) int {
	if s.index != nil {
		if i, is := s.index[prefix]; is {
			return i
		}
		return -1
	}
	for i := len(s.stack) - 1; i >= 0; i-- {
		if s.stack[i].prefix == prefix {
			return i
		}
	}
	return -1
}

// resolve returns the namespace of a prefix that is not empty.
func (s *scope) resolve(prefix string) (uri string, f fault) {
	i := s.find(prefix)
	if i < 0 {
		if prefix == "xml" { // Namespaces in XML 1.0 §3: bound without declaration
			return nsXML, ok
		}
		return "", faultPrefix
	}
	s.note(i)
	return s.stack[i].uri, ok
}

// defaultURI returns the default namespace that the binding at index i declares.
func (s *scope) defaultURI(i int) string {
	if i < 0 {
		s.bare = true
		return ""
	}
	s.note(i)
	return s.stack[i].uri
}

func (s *scope) note(i int) {
	if i < s.below && s.stack[i].used != s.serial {
		s.stack[i].used = s.serial
		s.uses = append(s.uses, i)
	}
}

// declare checks a declaration (Namespaces in XML 1.0 §3, §6) and adds it. Bindings from mark on are those of the same tag.
func (s *scope) declare(prefix, uri string, mark int) fault {
	switch {
	case prefix == "xmlns" || uri == nsXMLNS:
		return faultBindXMLNS
	case (prefix == "xml") != (uri == nsXML):
		return faultBindXML
	case prefix != "" && uri == "":
		return faultUnbind
	}
	last := -1
	if prefix != "" { // the default namespace is found through the frames
		if last = s.find(prefix); last >= mark {
			return faultDupDecl
		}
	}
	n := len(s.stack)
	if n == cap(s.stack) {
		s.stack = slices.Grow(s.stack, n+4)
	}
	s.stack = s.stack[:n+1]
	b := &s.stack[n]
	b.prefix, b.uri, b.shadows, b.used = prefix, uri, last, 0
	switch n++; {
	case s.index == nil && n > indexAbove:
		s.makeIndex()
	case s.index != nil && prefix != "":
		s.index[prefix] = n - 1
	}
	return ok
}

func (s *scope) makeIndex() {
	s.index = make(map[string]int, 2*indexAbove)
	for i := range s.stack {
		b := &s.stack[i]
		b.shadows = -1
		if last, is := s.index[b.prefix]; is {
			b.shadows = last
		}
		s.index[b.prefix] = i
	}
}

// cut drops the bindings from mark on, when their element ends.
func (s *scope) cut(mark int) {
	if s.index != nil {
		if mark <= indexAbove {
			s.index = nil
		}
		for i := len(s.stack) - 1; i >= mark && s.index != nil; i-- {
			switch b := &s.stack[i]; {
			case b.prefix == "":
			case b.shadows >= 0:
				s.index[b.prefix] = b.shadows
			default:
				delete(s.index, b.prefix)
			}
		}
	}
	for i := mark; i < len(s.stack); i++ {
		if b := &s.stack[i]; len(b.uri)+len(b.prefix) > maxIntern { // not interned: let it go
			*b = binding{}
		}
	}
	s.stack = s.stack[:mark]
}

// watch begins to take note of the bindings below mark that are used; unwatch ends it.
func (s *scope) watch(mark int) {
	s.below, s.uses, s.bare = mark, s.uses[:0], false
	s.serial++
}

func (s *scope) unwatch() { s.below = 0 }
