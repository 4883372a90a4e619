package xmltext

import (
	"bytes"
	"unicode/utf8"
)

const (
	cdataOpen  = "<![CDATA["
	cdataClose = "]]>"
)

// appendText appends checked character data as the application sees it: references replaced, CDATA sections opened up,
// line ends normalised (XML 1.0 §2.11). The result is never longer than raw.
func appendText(dst, raw []byte) []byte {
	for {
		i := bytes.IndexAny(raw, "&\r<")
		if i < 0 {
			return append(dst, raw...)
		}
		dst, raw = append(dst, raw[:i]...), raw[i:]
		switch raw[0] {
		case '&':
			dst, raw = appendRef(dst, raw)
		case '<':
			raw = raw[len(cdataOpen):]
			end := bytes.Index(raw, view(cdataClose))
			dst = appendLines(dst, raw[:end])
			raw = raw[end+len(cdataClose):]
		default:
			dst, raw = append(dst, '\n'), skipLineEnd(raw)
		}
	}
}

// appendLines appends the inside of a CDATA section: only line ends change.
func appendLines(dst, raw []byte) []byte {
	for {
		i := bytes.IndexByte(raw, '\r')
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(append(dst, raw[:i]...), '\n')
		raw = skipLineEnd(raw[i:])
	}
}

// appendValue appends a checked attribute value, normalised (XML 1.0 §3.3.3): a line end, which may be two characters, and
// a tab become a space; a reference to one stays what it refers to.
func appendValue(dst, raw []byte) []byte {
	for {
		i := bytes.IndexAny(raw, "&\t\n\r")
		if i < 0 {
			return append(dst, raw...)
		}
		dst, raw = append(dst, raw[:i]...), raw[i:]
		switch raw[0] {
		case '&':
			dst, raw = appendRef(dst, raw)
		case '\r':
			dst, raw = append(dst, ' '), skipLineEnd(raw)
		default:
			dst, raw = append(dst, ' '), raw[1:]
		}
	}
}

// skipLineEnd drops the CR that raw begins with, and the LF after it.
func skipLineEnd(raw []byte) []byte {
	if len(raw) > 1 && raw[1] == '\n' {
		return raw[2:]
	}
	return raw[1:]
}

// appendRef appends what the reference at the start of raw stands for.
func appendRef(dst, raw []byte) (out, rest []byte) {
	if raw[1] == '#' {
		r, n, _ := consumeCharRef(raw)
		return utf8.AppendRune(dst, r), raw[n:]
	}
	n := bytes.IndexByte(raw, ';')
	return append(dst, entity(raw[1:n])), raw[n+1:]
}
