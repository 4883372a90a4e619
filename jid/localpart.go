package jid

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/secure/bidirule"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// usernameCaseMapped is the profile of RFC 8265 §3.3 without its directionality rule. The profile of that name in package
// precis applies the Bidi Rule to text without right-to-left characters too, and so refuses "1é", which the RFC allows.
// Final sigma is left as it is, RFC 7622 §3.5.
var usernameCaseMapped = precis.NewIdentifier(
	precis.FoldWidth,
	precis.LowerCase(cases.HandleFinalSigma(false)),
	precis.Norm(norm.NFC),
)

var identifierClass = usernameCaseMapped.Allowed()

// enforceLocal maps and checks a localpart, RFC 7622 §3.3.
func enforceLocal(s string) (string, *ParseError) {
	if fault := checkInput(s); fault != nil {
		return "", fault
	}
	var fault *ParseError
	if isASCII(s) {
		s, fault = enforceASCIILocal(s)
	} else {
		s, fault = settle(s, enforceUsername)
	}
	if fault != nil {
		return "", fault
	}
	// RFC 7622 §3.3: the length counts after all mapping.
	if len(s) > maxPart {
		return "", &ParseError{Reason: TooLong}
	}
	return s, nil
}

// enforceASCIILocal does without PRECIS: of ASCII, all that is printed and no space is valid (RFC 8264 §9.11).
func enforceASCIILocal(s string) (string, *ParseError) {
	s = strings.ToLower(s)
	for _, r := range s {
		if asciiClass[r]&localByte == 0 {
			return "", disallowed(r)
		}
	}
	return s, nil
}

// enforceUsername applies UsernameCaseMapped once: preparation, RFC 8265 §3.3.2, then enforcement, §3.3.3.
func enforceUsername(s string) (string, *ParseError) {
	s = width.Fold.String(s)
	// The code points are checked before case mapping and normalization, which would hide some: KELVIN SIGN becomes k,
	// conjoining jamo become a syllable.
	for _, r := range s {
		if !identifierClass.Contains(r) && !isContextual(r) {
			return "", disallowed(r)
		}
	}
	// RFC 8264 §7: the contextual rules come last, when l·l has its small letters. Nothing else can fail here.
	mapped, err := usernameCaseMapped.String(s)
	if err != nil {
		return "", outOfContext(s)
	}
	return mapped, checkUsername(mapped)
}

// checkUsername checks a mapped localpart for what PRECIS leaves to XMPP, and its direction.
func checkUsername(s string) *ParseError {
	for _, r := range s {
		if isExcluded(r) {
			return disallowed(r)
		}
	}
	// RFC 8265 §3.3.1 rule 5: only strings with right-to-left code points must satisfy the Bidi Rule.
	if isRightToLeft(s) && !bidirule.ValidString(s) {
		return &ParseError{Reason: MixedBidi}
	}
	return nil
}

// isExcluded reports the characters that RFC 7622 §3.3.1 excludes from localparts.
func isExcluded(r rune) bool {
	switch r {
	case '"', '&', '\'', '/', ':', '<', '>', '@':
		return true
	}
	return false
}

// isRightToLeft reports whether s holds a right-to-left character: an RTL label in the words of RFC 5893 §1.4.
func isRightToLeft(s string) bool {
	return bidirule.DirectionString(s) == bidi.RightToLeft
}

// settle applies a profile until it changes nothing more, and at most three times more (RFC 8264 §7).
func settle(s string, apply func(string) (string, *ParseError)) (string, *ParseError) {
	for range 1 + 3 {
		mapped, fault := apply(s)
		if fault != nil || mapped == s {
			return mapped, fault
		}
		s = mapped
	}
	return "", &ParseError{Reason: Unstable}
}
