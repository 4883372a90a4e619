package jid

import (
	"strings"

	"golang.org/x/text/secure/precis"
)

// isContextual reports whether a code point is CONTEXTJ or CONTEXTO: valid only where a rule of RFC 5892 appendix A
// allows it.
func isContextual(r rune) bool { return isJoinControl(r) || isContextO(r) }

// isContextO is the CONTEXTO part of RFC 5892 §2.6.
func isContextO(r rune) bool {
	switch r {
	case 0x00B7, 0x0375, 0x05F3, 0x05F4, 0x30FB:
		return true
	}
	return 0x0660 <= r && r <= 0x0669 || 0x06F0 <= r && r <= 0x06F9
}

// contextRules maps nothing that is in NFC already. It serves for its contextual rules, which are the same for PRECIS as
// for IDNA2008 (RFC 8264 §8). Those of package idna let a ZERO WIDTH NON-JOINER stand before a letter that does not join.
var contextRules = precis.NewIdentifier()

// checkContext applies the rules of RFC 5892 appendix A to a label of which all else has been checked.
func checkContext(label string) *ParseError {
	if !strings.ContainsFunc(label, isContextual) {
		return nil
	}
	if _, err := contextRules.String(label); err != nil {
		return outOfContext(label)
	}
	return nil
}

// outOfContext returns the error of a text that breaks a contextual rule. It names the character if there can be no doubt
// which it is.
func outOfContext(s string) *ParseError {
	fault := &ParseError{Reason: OutOfContext}
	for _, r := range s {
		switch {
		case !isContextual(r), r == fault.Rune:
		case fault.Rune == 0:
			fault.Rune = r
		default:
			return &ParseError{Reason: OutOfContext}
		}
	}
	return fault
}
