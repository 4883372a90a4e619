package jid

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const upperHex = "0123456789ABCDEF"

// unreserved holds the characters that no component of a URI encodes, RFC 3986 §2.3.
const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

// percentEncode encodes what is neither unreserved (RFC 3986 §2.3) nor in allow; with iri, the characters beyond ASCII
// that an IRI can hold are kept (RFC 3987 §2.2, §3.1).
func percentEncode(s, allow string, iri bool) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		char := s[i : i+n]
		i += n
		if strings.Contains(unreserved, char) || strings.Contains(allow, char) || iri && n > 1 && isIRIChar(r) {
			b.WriteString(char)
			continue
		}
		for _, c := range []byte(char) {
			b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
		}
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

// isIRIChar is the ucschar rule of RFC 3987 §2.2, without the characters that §4.1 forbids because they set direction,
// and without what cannot be seen.
func isIRIChar(r rune) bool {
	return r >= 0xA0 && !unicode.In(r, notInIRI, unicode.Cf, unicode.Z) && r&0xFFFE != 0xFFFE
}

// notInIRI holds what ucschar leaves out: private use, noncharacters, specials, tags.
var notInIRI = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0xE000, Hi: 0xF8FF, Stride: 1},
		{Lo: 0xFDD0, Hi: 0xFDEF, Stride: 1},
		{Lo: 0xFFF0, Hi: 0xFFFF, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0xE0000, Hi: 0xE0FFF, Stride: 1},
		{Lo: 0xF0000, Hi: 0x10FFFF, Stride: 1},
	},
}
