package xmltext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// qname is a name as written, checked and taken apart. It never changes once made, and may be kept.
type qname struct {
	raw, prefix, local string
	decl               declKind
	bit                uint64 // a filter of one word for names that could be equal to this one, by local
}

// declKind says whether an attribute of this name declares a namespace.
type declKind uint8

const (
	declNone    declKind = iota
	declDefault          // xmlns
	declPrefix           // xmlns:prefix
)

// newQName checks and takes apart a name (Namespaces in XML 1.0 §4: QName). n is the index of the byte at fault.
func newQName(raw []byte) (q *qname, n int, f fault) {
	colon, n, f := checkQName(raw)
	if f != ok {
		return nil, n, f
	}
	q = &qname{raw: string(raw)}
	q.local = q.raw[colon+1:]
	if colon > 0 {
		q.prefix = q.raw[:colon]
	}
	switch {
	case q.raw == "xmlns":
		q.decl = declDefault
	case q.prefix == "xmlns":
		q.decl = declPrefix
	}
	q.bit = 1 << (keyOf(view(q.local)).hash() & 63)
	return q, 0, ok
}

// checkQName returns the index of the colon, or -1.
func checkQName(raw []byte) (colon, n int, f fault) {
	colon = -1
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		first := i == colon+1
		switch {
		case r == utf8.RuneError && size == 1:
			return 0, i, faultUTF8
		case r == ':' && (first || colon >= 0):
			return 0, i, faultColon
		case r == ':':
			colon = i
		case first && !isNameStart(r):
			return 0, i, faultName
		case !isNameChar(r):
			return 0, i, faultName
		}
		i += size
	}
	if colon+1 == len(raw) { // empty, or nothing behind the colon
		return 0, 0, faultName
	}
	return colon, 0, ok
}

// nameStart and nameMore are the productions NameStartChar and what NameChar adds (XML 1.0, fifth edition, §2.3), without
// the colon.
var (
	nameStart = &unicode.RangeTable{
		R16: []unicode.Range16{
			{Lo: 'A', Hi: 'Z', Stride: 1}, {Lo: '_', Hi: '_', Stride: 1}, {Lo: 'a', Hi: 'z', Stride: 1},
			{Lo: 0xc0, Hi: 0xd6, Stride: 1}, {Lo: 0xd8, Hi: 0xf6, Stride: 1}, {Lo: 0xf8, Hi: 0x2ff, Stride: 1},
			{Lo: 0x370, Hi: 0x37d, Stride: 1}, {Lo: 0x37f, Hi: 0x1fff, Stride: 1}, {Lo: 0x200c, Hi: 0x200d, Stride: 1},
			{Lo: 0x2070, Hi: 0x218f, Stride: 1}, {Lo: 0x2c00, Hi: 0x2fef, Stride: 1}, {Lo: 0x3001, Hi: 0xd7ff, Stride: 1},
			{Lo: 0xf900, Hi: 0xfdcf, Stride: 1}, {Lo: 0xfdf0, Hi: 0xfffd, Stride: 1},
		},
		R32: []unicode.Range32{{Lo: 0x10000, Hi: 0xeffff, Stride: 1}},
	}
	nameMore = &unicode.RangeTable{
		R16: []unicode.Range16{
			{Lo: '-', Hi: '.', Stride: 1}, {Lo: '0', Hi: '9', Stride: 1}, {Lo: 0xb7, Hi: 0xb7, Stride: 1},
			{Lo: 0x300, Hi: 0x36f, Stride: 1}, {Lo: 0x203f, Hi: 0x2040, Stride: 1},
		},
	}
)

func isNameStart(r rune) bool {
	if r < utf8.RuneSelf {
		return class[byte(r)]&isStart != 0
	}
	return unicode.Is(nameStart, r)
}

func isNameChar(r rune) bool {
	if r < utf8.RuneSelf {
		return r != ':' && class[byte(r)]&isName != 0
	}
	return unicode.Is(nameStart, r) || unicode.Is(nameMore, r)
}

// isNCName reports whether s is a name without colon.
func isNCName(s string) bool {
	if !isASCIIName(s) {
		_, _, f := checkQName(view(s))
		return f == ok && !strings.Contains(s, ":")
	}
	return true
}

// isASCIIName is the fast half of isNCName: false means undecided.
func isASCIIName(s string) bool {
	if s == "" || s[0] >= utf8.RuneSelf || class[s[0]]&isStart == 0 {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || c == ':' || class[c]&isName == 0 {
			return false
		}
	}
	return true
}
