package jid

import (
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// A property says whether IDNA2008 lets a code point stand in a label. It is derived from the Unicode categories, since the
// table of package idna is that of UTS 46, which lets symbols stand. (The tables of package precis are the RFC's.)
type property uint8

const (
	disallowedProperty property = iota // DISALLOWED, UNASSIGNED
	contextual                         // CONTEXTJ, CONTEXTO: where a rule of RFC 5892 appendix A allows it
	valid                              // PVALID
)

// idnaProperty derives the property of a code point. The order of the questions is that of RFC 5892 §3, but for the
// letters and digits, which the RFC asks last: that changes no answer.
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

	// RFC 5892 §2.4 (D): combining marks for symbols, musical symbols, ancient Greek musical notation.
	ignorableBlocks = &unicode.RangeTable{
		R16: []unicode.Range16{{Lo: 0x20D0, Hi: 0x20FF, Stride: 1}},
		R32: []unicode.Range32{{Lo: 0x1D100, Hi: 0x1D24F, Stride: 1}},
	}
)

// exception is RFC 5892 §2.6 (F).
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

// isIgnorable is RFC 5892 §2.3 (C) among the letters and digits: the format characters, the noncharacters and the white
// space that it has besides are none.
func isIgnorable(r rune) bool {
	return unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// isUnstable is RFC 5892 §2.2 (B): cp != NFKC(casefold(NFKC(cp))).
func isUnstable(r rune) bool {
	// In Unicode, Cherokee letters fold to their capitals, which fold to themselves; in package cases the two change places.
	if 0x13A0 <= r && r <= 0x13F5 {
		return false
	}
	s := string(r)
	if !norm.NFKC.IsNormalString(s) {
		return true
	}
	folded := cases.Fold().String(s)
	return folded != s && norm.NFKC.String(folded) != s
}
