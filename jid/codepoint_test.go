package jid

import (
	"fmt"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"
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

// TestPRECISProperty compares the derivation with the table of package precis, code point by code point. The table holds
// KATAKANA MIDDLE DOT as valid and applies its rule all the same.
func TestPRECISProperty(t *testing.T) {
	identifier, freeform := precis.NewIdentifier().Allowed(), precis.NewFreeform().Allowed()
	var differ []string
	allRunes(func(r rune) {
		p := precisProperty(r)
		if (p == valid) != identifier.Contains(r) || (p == valid || p == freeValid) != freeform.Contains(r) {
			differ = append(differ, fmt.Sprintf("%U", r))
		}
	})
	assert.Equal(t, []string{"U+30FB"}, differ)
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
		r            rune
		precis, idna property
		why          string
	}{
		{'a', valid, valid, "LDH"},
		{'A', valid, disallowedProperty, "unstable"},
		{'-', valid, valid, "LDH"},
		{'_', valid, disallowedProperty, "ASCII7, no LDH"},
		{' ', freeValid, disallowedProperty, "space"},
		{0x7F, disallowedProperty, disallowedProperty, "control"},
		{0xAD, disallowedProperty, disallowedProperty, "soft hyphen"},
		{0xB7, contextual, contextual, "CONTEXTO"},
		{0xB9, freeValid, disallowedProperty, "compatibility"},
		{0xDF, valid, valid, "exception"},
		{0x0301, valid, valid, "combining mark"},
		{0x0345, valid, disallowedProperty, "folds to iota"},
		{0x034F, disallowedProperty, disallowedProperty, "default ignorable"},
		{0x03C2, valid, valid, "exception"},
		{0x0378, disallowedProperty, disallowedProperty, "unassigned"},
		{0x0600, disallowedProperty, disallowedProperty, "format character"},
		{0x0640, disallowedProperty, disallowedProperty, "exception"},
		{0x0660, contextual, contextual, "CONTEXTO"},
		{0x06FD, valid, valid, "exception"},
		{0x1100, disallowedProperty, disallowedProperty, "old Hangul jamo"},
		{0x13A0, valid, valid, "Cherokee capital"},
		{0x1F80, valid, disallowedProperty, "full case folding changes it"},
		{0x200C, contextual, contextual, "CONTEXTJ"},
		{0x200E, disallowedProperty, disallowedProperty, "format character"},
		{0x20D0, valid, disallowedProperty, "ignorable block"},
		{0x212A, freeValid, disallowedProperty, "KELVIN SIGN"},
		{0x2163, freeValid, disallowedProperty, "ROMAN NUMERAL FOUR"},
		{0x2665, freeValid, disallowedProperty, "symbol"},
		{0x3007, valid, valid, "exception"},
		{0xAB70, valid, disallowedProperty, "small Cherokee"},
		{0xAC00, valid, valid, "Hangul syllable"},
		{0xE000, disallowedProperty, disallowedProperty, "private use"},
		{0xFDD0, disallowedProperty, disallowedProperty, "noncharacter"},
		{0xFE0F, disallowedProperty, disallowedProperty, "variation selector"},
		{0x1F40E, freeValid, disallowedProperty, "emoji"},
		{0x20000, valid, valid, "CJK"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%U %s", tt.r, tt.why), func(t *testing.T) {
			assert.Equal(t, tt.precis, precisProperty(tt.r), "PRECIS")
			assert.Equal(t, tt.idna, idnaProperty(tt.r), "IDNA2008")
		})
	}
}

// TestEveryCodePointSettles enforces each code point alone as each part: what comes out stays as it is.
func TestEveryCodePointSettles(t *testing.T) {
	allRunes(func(r rune) {
		if precisProperty(r) == disallowedProperty {
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
