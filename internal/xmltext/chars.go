package xmltext

import (
	"encoding/binary"
	"math/bits"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// What a byte may be.
const (
	isSpace uint8 = 1 << iota // XML 1.0 §2.3: S
	isName                    // may stand in a name; bytes of multi-byte characters are decided when the name is learnt
	isStart                   // may begin a name
	isStop                    // ends a run of plain characters, in text or in a value of either quote
)

var class = makeClass()

func makeClass() (t [256]uint8) {
	for c := range t {
		b := byte(c)
		switch {
		case 'a' <= b|0x20 && b|0x20 <= 'z', b == '_', b >= utf8.RuneSelf:
			t[c] |= isName | isStart
		case '0' <= b && b <= '9', b == '-', b == '.', b == ':':
			t[c] |= isName
		}
		if b < 0x20 || b == '<' || b == '&' || b == '>' || b == ']' || b == '"' || b == '\'' {
			t[c] |= isStop
		}
	}
	for _, c := range " \t\r\n" {
		t[c] |= isSpace
	}
	return t
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plain returns the index of the first byte of b[i:] that is q, <, &, a control or part of a multi-byte character, or
// len(b). Eight bytes at a time: a byte below 0x80 sets its high bit in x-ones only if x is zero (or, by the borrow, above
// such a byte, which does not change the first one found).
func plain(b []byte, i int, q byte) int {
	qs := ones * uint64(q)
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		m := (w - ones*0x20) | ((w ^ ones*'<') - ones) | ((w ^ ones*'&') - ones) | ((w ^ qs) - ones) | w
		if m &= highs; m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c == q || c < 0x20 || c >= utf8.RuneSelf || c == '<' || c == '&' {
			break
		}
	}
	return i
}

// consumeWide takes characters from b[i], which begins a multi-byte one, up to the next byte that is a stop or the end.
// It checks UTF-8 (RFC 3629 §4) and the range of XML's characters.
func consumeWide(b []byte, i int) (int, fault) {
	for ; i+4 <= len(b); i++ {
		switch w := binary.LittleEndian.Uint32(b[i:]); {
		case w&0x80 == 0:
			if class[byte(w)]&isStop != 0 {
				return i, ok
			}
			if w&0x80808080 == 0 && (class[byte(w>>8)]|class[byte(w>>16)]|class[byte(w>>24)])&isStop == 0 {
				i += 3
			}
		case w&0xc0e0c0e0 == 0x80c080c0 && w&0x1e != 0 && w&0x1e0000 != 0: // two of two bytes
			i += 3
		case w&0xc0e0 == 0x80c0 && w&0x1e != 0: // two bytes, the first not c0 or c1
			i++
		case w&0xc0c0f0 == 0x8080e0 && w&0xf != 0 && w&0xf != 0xd && w&0xf != 0xf: // three, the first not e0, ed or ef
			i += 2
		default:
			n, f := wideRune(b[i:])
			if f != ok {
				return i, f
			}
			i += n - 1
		}
	}
	return endWide(b, i)
}

// endWide is consumeWide where less than four bytes are left.
func endWide(b []byte, i int) (int, fault) {
	for i < len(b) {
		n := 1
		if c := b[i]; c >= utf8.RuneSelf {
			var f fault
			if n, f = wideRune(b[i:]); f != ok {
				return i, f
			}
		} else if class[c]&isStop != 0 {
			break
		}
		i += n
	}
	return i, ok
}

// wideRune checks the character of more than one byte at the start of b.
func wideRune(b []byte) (int, fault) {
	if !utf8.FullRune(b) {
		return 0, more
	}
	r, n := utf8.DecodeRune(b)
	switch {
	case r == utf8.RuneError && n == 1:
		return 0, faultUTF8
	case r == 0xfffe || r == 0xffff: // XML 1.0 §2.2: Char
		return 0, faultChar
	}
	return n, ok
}

// isChar reports whether XML 1.0 §2.2 counts r among its characters.
func isChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' ||
		0x20 <= r && r <= 0xd7ff || 0xe000 <= r && r <= 0xfffd || 0x10000 <= r && r <= unicode.MaxRune
}

// view returns the bytes of s without copying. They must not be written.
func view(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
