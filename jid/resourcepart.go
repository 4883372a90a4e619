package jid

import "golang.org/x/text/secure/precis"

var freeformClass = precis.OpaqueString.Allowed()

// enforceResource maps and checks a resourcepart, RFC 7622 §3.4.
func enforceResource(s string) (string, *ParseError) {
	if fault := checkInput(s); fault != nil {
		return "", fault
	}
	if isASCIIPart(s, resourceByte) {
		return s, nil
	}
	s, fault := settle(s, enforceOpaque)
	if fault != nil {
		return "", fault
	}
	// RFC 7622 §3.4: the length counts after all mapping.
	if len(s) > maxPart {
		return "", &ParseError{Reason: TooLong}
	}
	return s, nil
}

// enforceOpaque applies OpaqueString once: preparation, RFC 8265 §4.2.1, then enforcement, §4.2.2.
func enforceOpaque(s string) (string, *ParseError) {
	// The code points are checked before normalization, which would hide conjoining jamo.
	for _, r := range s {
		if !freeformClass.Contains(r) && !isContextual(r) {
			return "", disallowed(r)
		}
	}
	mapped, err := precis.OpaqueString.String(s)
	if err != nil {
		return "", outOfContext(s)
	}
	return mapped, nil
}
