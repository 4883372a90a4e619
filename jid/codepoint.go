package jid

import (
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// A property says what a code point is good for. It is derived from the Unicode categories, as RFC 8264 §8 (PRECIS) and
// RFC 5892 §3 (IDNA2008) say: the order of the questions is theirs.
type property uint8

const (
	disallowedProperty property = iota // unassigned code points too
	freeValid                          // FREE_PVAL: in the FreeformClass, not in the IdentifierClass
	contextual                         // CONTEXTJ, CONTEXTO: where a rule of RFC 5892 appendix A allows it
	valid                              // PVALID
)

// precisProperty derives the PRECIS property of a code point, RFC 8264 §8.
func precisProperty(r rune) property {
	if p, ok := exception(r); ok {
		return p
	}
	switch {
	case '!' <= r && r <= '~': // §9.11 ASCII7
		return valid
	case isJoinControl(r):
		return contextual
	case isOldHangulJamo(r), isIgnorable(r):
		return disallowedProperty
	case hasCompat(r):
		return freeValid
	case unicode.In(r, letterDigits...):
		return valid
	case unicode.In(r, freeformOnly...):
		return freeValid
	}
	return disallowedProperty // controls, unassigned, private use, surrogates, format characters
}

// idnaProperty derives the IDNA2008 property of a code point, RFC 5892 §3.
func idnaProperty(r rune) property {
	if p, ok := exception(r); ok {
		return p
	}
	switch {
	case r < 0x80: // §2.5 LDH; the rest of ASCII is unstable or no letter or digit
		if asciiClass[r]&domainByte != 0 {
			return valid
		}
		return disallowedProperty
	case isJoinControl(r):
		return contextual
	case !unicode.In(r, letterDigits...):
		return disallowedProperty
	case isUnstable(r), isIgnorable(r), unicode.Is(ignorableBlocks, r), isOldHangulJamo(r):
		return disallowedProperty
	}
	return valid
}

var (
	// RFC 5892 §2.1 (A).
	letterDigits = []*unicode.RangeTable{unicode.Ll, unicode.Lu, unicode.Lo, unicode.Nd, unicode.Lm, unicode.Mn, unicode.Mc}

	// RFC 8264 §9.18 (R), §9.14 (N), §9.15 (O), §9.16 (P).
	freeformOnly = []*unicode.RangeTable{
		unicode.Lt, unicode.Nl, unicode.No, unicode.Me, unicode.Zs, unicode.S, unicode.P,
	}

	// RFC 5892 §2.4 (D): combining marks for symbols, musical symbols, ancient Greek musical notation.
	ignorableBlocks = &unicode.RangeTable{
		R16: []unicode.Range16{{Lo: 0x20D0, Hi: 0x20FF, Stride: 1}},
		R32: []unicode.Range32{{Lo: 0x1D100, Hi: 0x1D24F, Stride: 1}},
	}
)

// exception is RFC 5892 §2.6 (F), which RFC 8264 §9.6 includes.
func exception(r rune) (property, bool) {
	switch {
	case r < 0xB7:
		return 0, false
	case r == 0x00DF, r == 0x03C2, r == 0x06FD, r == 0x06FE, r == 0x0F0B, r == 0x3007:
		return valid, true
	case isContextO(r):
		return contextual, true
	case r == 0x0640, r == 0x07FA, r == 0x302E, r == 0x302F, 0x3031 <= r && r <= 0x3035, r == 0x303B:
		return disallowedProperty, true
	}
	return 0, false
}

// isJoinControl is RFC 5892 §2.8 (H): ZERO WIDTH NON-JOINER and ZERO WIDTH JOINER.
func isJoinControl(r rune) bool { return r == 0x200C || r == 0x200D }

// isOldHangulJamo is RFC 5892 §2.9 (I): Hangul_Syllable_Type is L, V or T.
func isOldHangulJamo(r rune) bool {
	return 0x1100 <= r && r <= 0x11FF || 0xA960 <= r && r <= 0xA97C || 0xD7B0 <= r && r <= 0xD7FB
}

// isIgnorable is RFC 5892 §2.3 (C) and RFC 8264 §9.13 (M) as far as the code point would be allowed without: the format
// characters, the noncharacters and white space that the categories have besides are in no category that is allowed.
func isIgnorable(r rune) bool {
	return unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// hasCompat is RFC 8264 §9.17 (Q): toNFKC(cp) != cp.
func hasCompat(r rune) bool { return !norm.NFKC.IsNormalString(string(r)) }

// isUnstable is RFC 5892 §2.2 (B): cp != NFKC(casefold(NFKC(cp))).
func isUnstable(r rune) bool {
	// In Unicode, Cherokee letters fold to their capitals, which fold to themselves; in package cases the two change places.
	if 0x13A0 <= r && r <= 0x13F5 {
		return false
	}
	s := string(r)
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s))) != s
}
