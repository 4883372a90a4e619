package jid

import "unicode"

// needsContextO reports whether a code point is CONTEXTO, RFC 5892 §2.6.
func needsContextO(r rune) bool {
	switch r {
	case 0x00B7, 0x0375, 0x05F3, 0x05F4, 0x30FB:
		return true
	}
	return isArabicIndicDigit(r) || isExtendedArabicIndicDigit(r)
}

// contextO applies the rule of RFC 5892 appendix A for the CONTEXTO code point label[i].
func contextO(label []rune, i int) bool {
	at := func(i int) rune {
		if i < 0 || i >= len(label) {
			return -1
		}
		return label[i]
	}
	switch r := label[i]; {
	case r == 0x00B7: // A.3 MIDDLE DOT, as in Catalan l·l
		return at(i-1) == 'l' && at(i+1) == 'l'
	case r == 0x0375: // A.4 GREEK LOWER NUMERAL SIGN
		return unicode.Is(unicode.Greek, at(i+1))
	case r == 0x05F3, r == 0x05F4: // A.5, A.6 HEBREW PUNCTUATION GERESH, GERSHAYIM
		return unicode.Is(unicode.Hebrew, at(i-1))
	case r == 0x30FB: // A.7 KATAKANA MIDDLE DOT
		return holds(label, func(r rune) bool { return unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Han) })
	case isArabicIndicDigit(r): // A.8
		return !holds(label, isExtendedArabicIndicDigit)
	case isExtendedArabicIndicDigit(r): // A.9
		return !holds(label, isArabicIndicDigit)
	}
	return false
}

func isArabicIndicDigit(r rune) bool { return 0x0660 <= r && r <= 0x0669 }

func isExtendedArabicIndicDigit(r rune) bool { return 0x06F0 <= r && r <= 0x06F9 }

func holds(label []rune, f func(rune) bool) bool {
	for _, r := range label {
		if f(r) {
			return true
		}
	}
	return false
}
