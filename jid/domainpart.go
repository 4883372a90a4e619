package jid

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/bidirule"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

const (
	maxLabel = 63  // octets of a label as an A-label, RFC 1034 §3.1
	maxName  = 253 // octets of a name as A-labels and without the root's dot, RFC 1034 §3.1

	acePrefix = "xn--" // of A-labels, RFC 5890 §2.3.2.1
)

// enforceDomain maps and checks a domainpart, RFC 7622 §3.2: an IP literal, or a name in U-labels and lower case.
func enforceDomain(s string) (string, *ParseError) {
	// RFC 7622 §3.2: a final dot is stripped before any other step.
	s = strings.TrimSuffix(s, ".")
	switch fault := checkInput(s); {
	case fault != nil:
		return "", fault
	case isCanonicalName(s):
		return s, nil
	case s[0] == '[':
		return enforceIPLiteral(s)
	case isASCII(s):
		// Of ASCII, nothing but case is mapped.
		s = strings.ToLower(s)
		if isCanonicalName(s) {
			return s, nil
		}
		return enforceName(s)
	}
	return enforceName(mapName(s))
}

// isCanonicalName reports whether s is a name of NR-LDH labels in lower case, or an IPv4 address, which has that form.
func isCanonicalName(s string) bool {
	if len(s) > maxName {
		return false
	}
	start := 0
	for i := range len(s) {
		switch {
		case asciiClass[s[i]]&domainByte != 0:
		case s[i] == '.' && isCanonicalLabel(s[start:i]):
			start = i + 1
		default:
			return false
		}
	}
	return isCanonicalLabel(s[start:])
}

// isCanonicalLabel reports whether a label of LDH characters is an NR-LDH label.
func isCanonicalLabel(s string) bool {
	return len(s) <= maxLabel && hasGoodHyphens(s)
}

// hasGoodHyphens reports whether no hyphen is first, last, or third and fourth, which is reserved (RFC 5891 §4.2.3.1).
func hasGoodHyphens(label string) bool {
	if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	_, first := utf8.DecodeRuneInString(label)
	_, second := utf8.DecodeRuneInString(label[first:])
	return !strings.HasPrefix(label[first+second:], "--")
}

// enforceIPLiteral checks an IPv6 address in brackets, with a zone or not (RFC 6874 §2). Its text is kept, but for the
// case of the address: a zone is a name of the system, which may tell eth0 from ETH0.
func enforceIPLiteral(s string) (string, *ParseError) {
	inner, closed := strings.CutSuffix(s[1:], "]")
	host, zone, zoned := strings.Cut(inner, "%25")
	addr, err := netip.ParseAddr(host)
	if !closed || err != nil || !addr.Is6() || addr.Zone() != "" || zoned && !isZone(zone) {
		return "", &ParseError{Reason: BadIP}
	}
	if len(s) > maxPart {
		return "", &ParseError{Reason: TooLong}
	}
	return "[" + strings.ToLower(host) + inner[len(host):] + "]", nil
}

// isZone reports whether s is a ZoneID of RFC 6874 §2: unreserved characters and percent-encoded ones.
func isZone(s string) bool {
	decoded, ok := percentDecode(s)
	return ok && decoded != "" && strings.Trim(s, unreserved+"%") == "" && utf8.ValidString(decoded)
}

// mapName applies the mapping of RFC 5895 §2, which RFC 7622 §3.2.2 asks for: lower case, width, NFC, label separators.
func mapName(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch lower := unicode.ToLower(r); {
		case r == 0x130: // the only code point whose lower case is more than one
			b.WriteString("i\u0307")
		case lower != r && idnaProperty(r) == disallowedProperty:
			b.WriteRune(lower)
		default: // what a U-label can hold is left alone, which matters for Cherokee
			b.WriteRune(r)
		}
	}
	s = norm.NFC.String(width.Fold.String(b.String()))
	return strings.ReplaceAll(s, "\u3002", ".") // IDEOGRAPHIC FULL STOP
}

// enforceName turns each label of a mapped name into an NR-LDH label or a U-label.
func enforceName(s string) (string, *ParseError) {
	labels := strings.Split(s, ".")
	octets := len(labels) - 1
	for i, label := range labels {
		u, n, fault := enforceLabel(label)
		if fault != nil {
			fault.Label = label
			return "", fault
		}
		labels[i] = u
		// RFC 7622 §3.2: the length limits of RFC 1034 apply.
		if octets += n; octets > maxName {
			return "", &ParseError{Reason: TooLong}
		}
	}
	if fault := checkBidiName(labels); fault != nil {
		return "", fault
	}
	name := strings.Join(labels, ".")
	if len(name) > maxPart {
		return "", &ParseError{Reason: TooLong}
	}
	return name, nil
}

// checkBidiName applies the Bidi Rule to every label of a name that has a right-to-left label, RFC 5893 §2.
func checkBidiName(labels []string) *ParseError {
	isBidi := false
	for _, label := range labels {
		isBidi = isBidi || isRightToLeft(label)
	}
	for _, label := range labels {
		if isBidi && !bidirule.ValidString(label) {
			return &ParseError{Reason: MixedBidi, Label: label}
		}
	}
	return nil
}

// enforceLabel returns a label as NR-LDH label or U-label, and how many octets it has in the DNS.
func enforceLabel(label string) (u string, octets int, fault *ParseError) {
	switch {
	case label == "":
		return "", 0, &ParseError{Reason: BadLabel}
	case utf8.RuneCountInString(label) > maxLabel: // an A-label is no shorter than the characters of its U-label
		return "", 0, &ParseError{Reason: TooLong}
	case strings.HasPrefix(label, acePrefix) && isASCII(label):
		u, fault = fromALabel(label)
	default:
		u, fault = label, checkLabel(label)
	}
	if fault != nil {
		return "", 0, fault
	}
	if octets = len(toASCII(u)); octets > maxLabel {
		return "", 0, &ParseError{Reason: TooLong}
	}
	return u, octets, nil
}

// fromALabel converts an A-label to its U-label, as RFC 7622 §3.2.1 demands. RFC 5891 §5.4: what is decoded has to be a
// U-label, and has to be the one that this A-label stands for.
func fromALabel(label string) (string, *ParseError) {
	u, err := idna.Punycode.ToUnicode(label)
	if err != nil || isASCII(u) {
		return "", &ParseError{Reason: BadLabel}
	}
	if fault := checkLabel(u); fault != nil {
		return "", fault
	}
	if toASCII(u) != label {
		return "", &ParseError{Reason: BadLabel}
	}
	return u, nil
}

// checkLabel checks an NR-LDH label or a U-label, RFC 5891 §5.4.
func checkLabel(label string) *ParseError {
	runes := []rune(label)
	for _, r := range runes {
		if idnaProperty(r) == disallowedProperty {
			return disallowed(r)
		}
	}
	// RFC 5891 §4.2.3.2: no leading combining mark; §4.1: NFC.
	if !hasGoodHyphens(label) || unicode.Is(unicode.M, runes[0]) || !norm.NFC.IsNormalString(label) {
		return &ParseError{Reason: BadLabel}
	}
	return checkContext(label)
}

// toASCII returns a checked label or name with A-labels for U-labels.
func toASCII(s string) string {
	if isASCII(s) {
		return s
	}
	a, err := idna.Punycode.ToASCII(s)
	if err != nil {
		// Punycode fails only when a delta overflows 31 bits, for which maxLabel characters are too few (RFC 3492 §6.4).
		panic("jid: " + err.Error())
	}
	return a
}

// Host returns the domainpart as DNS, TLS and net.Dial take it: A-labels for U-labels (RFC 6125 §6.4.2), an IPv6 address
// without its brackets. For an ASCII name it does not allocate.
func (j JID) Host() string {
	d := j.Domainpart()
	if !strings.HasPrefix(d, "[") {
		return toASCII(d)
	}
	host, zone, zoned := strings.Cut(d[1:len(d)-1], "%25")
	if !zoned {
		return host
	}
	zone, _ = percentDecode(zone)
	return host + "%" + zone
}
