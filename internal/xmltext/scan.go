package xmltext

import (
	"encoding/binary"
	"unicode/utf8"
)

// The functions here are pure: they read b from i on and return how far they came. With the fault more, the index returned
// is where to go on once b has grown; with an error, it is the byte at fault.

// maxRef bounds a reference, & and ; included, so that looking again at an unfinished one costs a constant.
const maxRef = 32

// skipSpace returns the index of the first byte of b[i:] that is no white space.
func skipSpace(b []byte, i int) int {
	for i < len(b) && class[b[i]]&isSpace != 0 {
		i++
	}
	return i
}

// nameEnd returns the index of the first byte of b[i:] that cannot stand in a name.
func nameEnd(b []byte, i int) int {
	for i < len(b) && class[b[i]]&isName != 0 {
		i++
	}
	return i
}

// consumeText takes character data up to the next <, & or CR.
func consumeText(b []byte, i int) (n int, f fault) {
	for {
		if i = plain(b, i, '>'); i == len(b) {
			return i, more
		}
		switch c := b[i]; {
		case c == '<' || c == '&' || c == '\r':
			return i, ok
		case c == '\t' || c == '\n':
			i++
		case c == '>': // XML 1.0 §2.4: ]]> must not stand in text
			if i >= 2 && b[i-1] == ']' && b[i-2] == ']' {
				return i, faultCDEnd
			}
			i++
		case c >= utf8.RuneSelf:
			if i, f = consumeWide(b, i); f != ok {
				return i, f
			}
		default:
			return i, faultChar
		}
	}
}

// consumeValue takes the value of an attribute up to its closing quote.
func consumeValue(b []byte, i int, quote byte) (n int, escaped bool, f fault) {
	for {
		if i = plain(b, i, quote); i == len(b) {
			return i, escaped, more
		}
		switch c := b[i]; {
		case c == quote:
			return i, escaped, ok
		case c == '\t' || c == '\n' || c == '\r': // XML 1.0 §3.3.3: white space is made spaces
			escaped = true
			i++
		case c == '<': // XML 1.0 §3.1: no < in attribute values
			return i, escaped, faultLess
		case c == '&':
			_, n, f := consumeRef(b[i:])
			if f != ok {
				return i, escaped, f
			}
			i += n
			escaped = true
		case c >= utf8.RuneSelf:
			if i, f = consumeWide(b, i); f != ok {
				return i, escaped, f
			}
		default:
			return i, escaped, faultChar
		}
	}
}

// consumeCDATA takes the inside of a CDATA section up to its ]]> or the next CR.
func consumeCDATA(b []byte, i int) (int, fault) {
	for {
		if i = plain(b, i, ']'); i == len(b) {
			return i, more
		}
		switch c := b[i]; {
		case c == ']':
			if i+2 >= len(b) {
				return i, more
			}
			if b[i+1] == ']' && b[i+2] == '>' {
				return i, ok
			}
			i++
		case c == '\r':
			return i, ok
		case c == '<' || c == '&' || c == '\t' || c == '\n':
			i++
		case c >= utf8.RuneSelf:
			var f fault
			if i, f = consumeWide(b, i); f != ok {
				return i, f
			}
		default:
			return i, faultChar
		}
	}
}

// predefined returns what the reference at the start of b stands for, and its length, if it is to a predefined entity
// (XML 1.0 §4.6) and is there whole. It is short for consumeRef.
func predefined(b []byte) (byte, int) {
	if len(b) < len("&quot;") {
		return 0, 0
	}
	switch binary.LittleEndian.Uint32(b) {
	case '&' | 'l'<<8 | 't'<<16 | ';'<<24:
		return '<', 4
	case '&' | 'g'<<8 | 't'<<16 | ';'<<24:
		return '>', 4
	case '&' | 'a'<<8 | 'm'<<16 | 'p'<<24:
		if b[4] == ';' {
			return '&', 5
		}
	case '&' | 'q'<<8 | 'u'<<16 | 'o'<<24:
		if b[4] == 't' && b[5] == ';' {
			return '"', 6
		}
	case '&' | 'a'<<8 | 'p'<<16 | 'o'<<24:
		if b[4] == 's' && b[5] == ';' {
			return '\'', 6
		}
	}
	return 0, 0
}

// consumeRef takes the reference that b begins with and returns its character and its length.
func consumeRef(b []byte) (r rune, n int, f fault) {
	if len(b) < 2 {
		return 0, 0, more
	}
	if b[1] == '#' {
		return consumeCharRef(b)
	}
	if class[b[1]]&isStart == 0 {
		return 0, 0, faultAmp
	}
	for i, c := range b[1:min(len(b), maxRef)] {
		if c == ';' {
			if r = entity(b[1 : 1+i]); r == 0 {
				return 0, 0, faultEntity // RFC 6120 §11.1: no entities but the predefined
			}
			return r, i + 2, ok
		}
		if class[c]&isName == 0 {
			return 0, 0, faultAmp
		}
	}
	if len(b) >= maxRef {
		return 0, 0, faultEntity
	}
	return 0, 0, more
}

// consumeCharRef takes a numeric reference.
func consumeCharRef(b []byte) (r rune, n int, f fault) {
	base, i := rune(10), 2
	if len(b) > 2 && b[2] == 'x' {
		base, i = 16, 3
	}
	digits := i
	for ; i < min(len(b), maxRef); i++ {
		c := b[i]
		if c == ';' && i > digits && isChar(r) {
			return r, i + 1, ok
		}
		v := digit(c)
		if v >= base {
			return 0, 0, faultCharRef
		}
		r = min(r*base+v, 1<<24) // beyond all characters, and no overflow however long
	}
	if len(b) >= maxRef {
		return 0, 0, faultRefBytes
	}
	return 0, 0, more
}

func digit(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10
	}
	return 16
}

// entity returns the character of a predefined entity (XML 1.0 §4.6), or 0.
func entity(name []byte) rune {
	switch string(name) {
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "amp":
		return '&'
	case "apos":
		return '\''
	case "quot":
		return '"'
	}
	return 0
}
