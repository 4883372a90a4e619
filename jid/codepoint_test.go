package jid

import (
	"fmt"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// allRunes calls f with every code point that UTF-8 can encode, save that it takes one in 97 of the ideographs, of the
// Hangul syllables, and of the planes that hold nothing or are for private use.
func allRunes(f func(r rune)) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		uniform := r >= 0x40000 && r>>16 != 0xE || 0xAC00 <= r && r <= 0xD7A3 || unicode.Is(unicode.Unified_Ideograph, r)
		if uniform && r%97 != 0 || 0xD800 <= r && r <= 0xDFFF {
			continue
		}
		f(r)
	}
}

// TestPRECISClasses holds the tables of package precis against RFC 8264, code point by code point. They have KATAKANA MIDDLE
// DOT among the valid ones, and apply its rule all the same.
func TestPRECISClasses(t *testing.T) {
	var differ []string
	allRunes(func(r rune) {
		identifier, freeform := precisClasses(r)
		if identifier != identifierClass.Contains(r) || freeform != freeformClass.Contains(r) {
			differ = append(differ, fmt.Sprintf("%U", r))
		}
	})
	assert.Equal(t, []string{"U+30FB"}, differ)
}

// precisClasses derives from the Unicode categories whether a code point is in the IdentifierClass and in the FreeformClass
// without a contextual rule. The order of the questions is that of RFC 8264 §8.
func precisClasses(r rune) (identifier, freeform bool) {
	if p, ok := exception(r); ok {
		return p == valid, p == valid
	}
	switch {
	case '!' <= r && r <= '~': // §9.11 ASCII7
		return true, true
	case isJoinControl(r), isOldHangulJamo(r), isIgnorable(r):
		return false, false
	case norm.NFKC.String(string(r)) != string(r): // §9.17 HasCompat
		return false, true
	case unicode.In(r, letterDigits...):
		return true, true
	}
	// §9.18 OtherLetterDigits, §9.14 Spaces, §9.15 Symbols, §9.16 Punctuation
	return false, unicode.In(r, unicode.Lt, unicode.Nl, unicode.No, unicode.Me, unicode.Zs, unicode.S, unicode.P)
}

// TestIDNAProperty compares the derivation with the table of package idna, which is of UTS 46: in an A-label, where nothing
// is mapped, both allow the same letters and digits, and UTS 46 allows other code points besides.
func TestIDNAProperty(t *testing.T) {
	uts46 := idna.New(idna.ValidateLabels(true), idna.CheckJoiners(false))
	allRunes(func(r rune) {
		if r < 0x80 || !norm.NFC.IsNormalString("z"+string(r)) {
			return
		}
		p := idnaProperty(r)
		label, err := idna.Punycode.ToASCII("z" + string(r) + "z")
		require.NoError(t, err)
		_, err = uts46.ToUnicode(label)
		if p == valid && err != nil {
			t.Errorf("%U is valid here and refused there: %v", r, err)
		}
		if p == disallowedProperty && err == nil && isLetterOrDigit(r) {
			t.Errorf("%U is a letter or digit that is disallowed here only", r)
		}
	})
}

// isLetterOrDigit leaves out the letters that IDNA2008 disallows by name: RFC 5892 §2.4, §2.6, §2.9.
func isLetterOrDigit(r rune) bool {
	_, byName := exception(r)
	return unicode.In(r, letterDigits...) && !byName && !isOldHangulJamo(r) && !unicode.Is(ignorableBlocks, r)
}

func TestProperties(t *testing.T) {
	tests := []struct {
		r                    rune
		identifier, freeform bool
		idna                 property
		why                  string
	}{
		{'a', true, true, valid, "LDH"},
		{'A', true, true, disallowedProperty, "unstable"},
		{'-', true, true, valid, "LDH"},
		{'_', true, true, disallowedProperty, "ASCII7, no LDH"},
		{' ', false, true, disallowedProperty, "space"},
		{0x7F, false, false, disallowedProperty, "control"},
		{0xAD, false, false, disallowedProperty, "soft hyphen"},
		{0xB7, false, false, contextual, "CONTEXTO"},
		{0xB9, false, true, disallowedProperty, "compatibility"},
		{0xDF, true, true, valid, "exception"},
		{0x0301, true, true, valid, "combining mark"},
		{0x0345, true, true, disallowedProperty, "folds to iota"},
		{0x034F, false, false, disallowedProperty, "default ignorable"},
		{0x03C2, true, true, valid, "exception"},
		{0x0378, false, false, disallowedProperty, "unassigned"},
		{0x0600, false, false, disallowedProperty, "format character"},
		{0x0640, false, false, disallowedProperty, "exception"},
		{0x0660, false, false, contextual, "CONTEXTO"},
		{0x06FD, true, true, valid, "exception"},
		{0x1100, false, false, disallowedProperty, "old Hangul jamo"},
		{0x13A0, true, true, valid, "Cherokee capital"},
		{0x1F80, true, true, disallowedProperty, "full case folding changes it"},
		{0x200C, false, false, contextual, "CONTEXTJ"},
		{0x200E, false, false, disallowedProperty, "format character"},
		{0x20D0, true, true, disallowedProperty, "ignorable block"},
		{0x212A, false, true, disallowedProperty, "KELVIN SIGN"},
		{0x2163, false, true, disallowedProperty, "ROMAN NUMERAL FOUR"},
		{0x2665, false, true, disallowedProperty, "symbol"},
		{0x3007, true, true, valid, "exception"},
		{0xAB70, true, true, disallowedProperty, "small Cherokee"},
		{0xAC00, true, true, valid, "Hangul syllable"},
		{0xE000, false, false, disallowedProperty, "private use"},
		{0xFDD0, false, false, disallowedProperty, "noncharacter"},
		{0xFE0F, false, false, disallowedProperty, "variation selector"},
		{0x1F40E, false, true, disallowedProperty, "emoji"},
		{0x20000, true, true, valid, "CJK"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%U %s", tt.r, tt.why), func(t *testing.T) {
			assert.Equal(t, tt.identifier, identifierClass.Contains(tt.r), "IdentifierClass")
			assert.Equal(t, tt.freeform, freeformClass.Contains(tt.r), "FreeformClass")
			assert.Equal(t, tt.idna, idnaProperty(tt.r), "IDNA2008")
		})
	}
}

// TestEveryCodePointSettles enforces each code point alone as each part: what comes out stays as it is.
func TestEveryCodePointSettles(t *testing.T) {
	allRunes(func(r rune) {
		if !freeformClass.Contains(r) && !isContextual(r) {
			return
		}
		for _, enforce := range []func(string) (string, *ParseError){enforceLocal, enforceDomain, enforceResource} {
			once, fault := enforce(string(r))
			if fault != nil {
				continue
			}
			twice, fault := enforce(once)
			require.Nil(t, fault, "%U", r)
			require.Equal(t, once, twice, "%U", r)
		}
	})
}
