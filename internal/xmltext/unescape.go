package xmltext

import (
	"slices"
	"unicode/utf8"
)

const (
	cdataOpen  = "<![CDATA["
	cdataClose = "]]>"
)

// appendValue appends a checked attribute value, normalised (XML 1.0 §3.3.3): a line end, which may be two characters, and
// a tab become a space; a reference to one stays what it refers to.
func appendValue(dst, raw []byte) []byte {
	dst = slices.Grow(dst, len(raw))
	for i := 0; i < len(raw); {
		switch c := raw[i]; c {
		default:
			dst = append(dst, c)
			i++
		case '&':
			var n int
			dst, n = appendRef(dst, raw[i:])
			i += n
		case '\t', '\n':
			dst = append(dst, ' ')
			i++
		case '\r':
			dst = append(dst, ' ')
			i += lineEnd(raw[i:])
		}
	}
	return dst
}

// lineEnd returns the length of the line end that raw begins with: CR, or CR and LF.
func lineEnd(raw []byte) int {
	if len(raw) > 1 && raw[1] == '\n' {
		return 2
	}
	return 1
}

// appendRef appends what the checked reference at the start of raw stands for, and returns its length.
func appendRef(dst, raw []byte) (out []byte, n int) {
	if c, n := predefined(raw); n > 0 {
		return append(dst, c), n
	}
	r, n, _ := consumeRef(raw)
	return utf8.AppendRune(dst, r), n
}
