package jid

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const upperHex = "0123456789ABCDEF"

// percentEncode encodes what is neither unreserved (RFC 3986 §2.3) nor in allow; with iri, the characters beyond ASCII
// that an IRI can hold are kept (RFC 3987 §2.2, §3.1).
func percentEncode(s, allow string, iri bool) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if isUnreserved(r) || r < utf8.RuneSelf && strings.ContainsRune(allow, r) || iri && n > 1 && isIRIChar(r) {
			b.WriteString(s[i : i+n])
		} else {
			for _, c := range []byte(s[i : i+n]) {
				b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
			}
		}
		i += n
	}
	return b.String()
}

// percentDecode undoes percent-encoding; ok is false where a "%" is without two hexadecimal digits.
func percentDecode(s string) (decoded string, ok bool) {
	if !strings.Contains(s, "%") {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		hi, lo := hexDigit(s[i+1]), hexDigit(s[i+2])
		if hi < 0 || lo < 0 {
			return "", false
		}
		b.WriteByte(byte(hi<<4 | lo))
		i += 2
	}
	return b.String(), true
}

// decodeText decodes a component of a URI, which has to be UTF-8 then (RFC 5122 §2.8.1).
func decodeText(s string) (string, *ParseError) {
	decoded, ok := percentDecode(s)
	switch {
	case !ok:
		return "", &ParseError{Part: WholeURI, Reason: BadEncoding}
	case !utf8.ValidString(decoded):
		return "", &ParseError{Part: WholeURI, Reason: NotUTF8}
	}
	return decoded, nil
}

func hexDigit(c byte) int {
	if 'A' <= c && c <= 'F' {
		c += 'a' - 'A'
	}
	return strings.IndexByte(lowerHex, c)
}

func isUnreserved(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-._~", r)
}

// isIRIChar is the ucschar rule of RFC 3987 §2.2, without the characters that §4.1 forbids because they set direction,
// and without what cannot be seen.
func isIRIChar(r rune) bool {
	switch {
	case r < 0xA0, 0xE000 <= r && r <= 0xF8FF, 0xFDD0 <= r && r <= 0xFDEF, 0xFFF0 <= r && r <= 0xFFFF, r >= 0xF0000, r&0xFFFE == 0xFFFE:
		return false
	}
	return !unicode.In(r, unicode.Cf, unicode.Z)
}
