package xmltext

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

const (
	cdataOpen  = "<![CDATA["
	cdataClose = "]]>"
)

// appendText appends checked character data as the application sees it: references replaced, CDATA sections opened up,
// line ends normalised (XML 1.0 §2.11).
func appendText(dst, raw []byte) []byte {
	dst = slices.Grow(dst, len(raw)) // the result is never longer
	for i := 0; i < len(raw); {
		switch c := raw[i]; c {
		default:
			dst = append(dst, c)
			i++
		case '&':
			var n int
			dst, n = appendRef(dst, raw[i:])
			i += n
		case '<':
			i += len(cdataOpen)
			end := i + bytes.Index(raw[i:], view(cdataClose))
			dst = appendLines(dst, raw[i:end])
			i = end + len(cdataClose)
		case '\r':
			dst = append(dst, '\n')
			i += lineEnd(raw[i:])
		}
	}
	return dst
}

// appendLines appends the inside of a CDATA section: only line ends change.
func appendLines(dst, raw []byte) []byte {
	for {
		i := bytes.IndexByte(raw, '\r')
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(append(dst, raw[:i]...), '\n')
		raw = raw[i:]
		raw = raw[lineEnd(raw):]
	}
}

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
	switch raw[1] {
	case 'l':
		return append(dst, '<'), len("&lt;")
	case 'g':
		return append(dst, '>'), len("&gt;")
	case 'q':
		return append(dst, '"'), len("&quot;")
	case '#':
		r, n, _ := consumeCharRef(raw)
		return utf8.AppendRune(dst, r), n
	}
	if raw[2] == 'm' {
		return append(dst, '&'), len("&amp;")
	}
	return append(dst, '\''), len("&apos;")
}
