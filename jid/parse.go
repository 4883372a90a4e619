package jid

import (
	"strings"
	"unicode/utf8"
)

const (
	// RFC 7622 §3.2, §3.3, §3.4: no part is empty or longer than 1023 octets, after all mapping.
	maxPart = 1023

	// maxInput bounds a part before it is mapped. Mapping shortens a part to a third at most (a fullwidth letter has three
	// octets), so that nothing longer could come within maxPart.
	maxInput = 4 * maxPart
)

// Parse parses an address and enforces RFC 7622 on each part: the localpart is mapped to lower case (PRECIS
// UsernameCaseMapped), the domainpart to lower-case U-labels (IDNA2008), the resourcepart keeps its case (PRECIS
// OpaqueString). Each part has 1 to 1023 bytes. The error is a [*ParseError].
//
// Parsing a canonical ASCII address does not allocate: the JID shares the memory of s.
func Parse(s string) (JID, error) {
	p := split(s)
	if p.isCanonical() {
		return p.jid(s), nil
	}
	return p.enforce(s)
}

// ParseBytes is [Parse] for bytes, which it copies: the JID does not refer to b afterwards.
func ParseBytes(b []byte) (JID, error) {
	return Parse(string(b))
}

// parts is an address cut at its separators. An absent part differs from an empty one, which is an error.
type parts struct {
	local, domain, resource string
	hasLocal, hasResource   bool
}

// split cuts an address before any transformation, which might produce separators (RFC 7622 §3.1). The order matters,
// §3.2: first the resourcepart is taken off at the first "/", then the localpart at the first "@".
func split(s string) (p parts) {
	p.domain, p.resource, p.hasResource = strings.Cut(s, "/")
	if local, domain, ok := strings.Cut(p.domain, "@"); ok {
		p.local, p.domain, p.hasLocal = local, domain, true
	}
	return p
}

// isCanonical reports whether the parts are ASCII and as enforcing would leave them. It is the path of nearly every
// address on the wire.
func (p parts) isCanonical() bool {
	return isCanonicalName(p.domain) &&
		(!p.hasLocal || isASCIIPart(p.local, localByte)) &&
		(!p.hasResource || isASCIIPart(p.resource, resourceByte))
}

// jid returns the address whose canonical form is s and whose canonical parts are p.
func (p parts) jid(s string) JID {
	return JID{s: s, local: uint16(len(p.local)), domain: uint16(len(p.domain))}
}

// enforce maps and checks each part. Input is the address, for the error; without one, the error holds the part itself.
func (p parts) enforce(input string) (JID, error) {
	j, fault := p.enforceParts()
	if fault != nil {
		if input != "" {
			fault.Input = input
		}
		return JID{}, fault
	}
	return j, nil
}

func (p parts) enforceParts() (JID, *ParseError) {
	local, domain, resource := p.local, p.domain, p.resource
	var fault *ParseError
	if p.hasLocal {
		if p.local, fault = enforceLocal(local); fault != nil {
			return JID{}, fault.in(Localpart, local)
		}
	}
	if p.domain, fault = enforceDomain(domain); fault != nil {
		return JID{}, fault.in(Domainpart, domain)
	}
	if p.hasResource {
		if p.resource, fault = enforceResource(resource); fault != nil {
			return JID{}, fault.in(Resourcepart, resource)
		}
	}
	return p.jid(p.join()), nil
}

func (p parts) join() string {
	switch {
	case p.hasLocal && p.hasResource:
		return p.local + "@" + p.domain + "/" + p.resource
	case p.hasLocal:
		return p.local + "@" + p.domain
	case p.hasResource:
		return p.domain + "/" + p.resource
	}
	return p.domain
}

// checkInput makes the checks that come before any mapping of a part.
func checkInput(s string) *ParseError {
	switch {
	case s == "":
		return &ParseError{Reason: Empty}
	case len(s) > maxInput:
		return &ParseError{Reason: TooLong}
	case !utf8.ValidString(s):
		// RFC 7622 §3.1, §3.2.1: a JID is encoded as UTF-8.
		return &ParseError{Reason: NotUTF8}
	}
	return nil
}

// The classes of ASCII characters.
const (
	localByte    = 1 << iota // what a canonical localpart holds
	domainByte               // what a canonical label holds
	resourceByte             // what a resourcepart holds
)

// asciiClass is made once from the rules; it makes the check of an ASCII part one look-up a byte.
var asciiClass = func() (t [256]uint8) {
	for c := byte(' '); c <= '~'; c++ {
		t[c] |= resourceByte
		upper := 'A' <= c && c <= 'Z'
		if c != ' ' && !upper && !isExcluded(rune(c)) {
			t[c] |= localByte
		}
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' {
			t[c] |= domainByte
		}
	}
	return t
}()

// isASCIIPart reports whether s is a part of allowed length that holds ASCII characters of this class only.
func isASCIIPart(s string, class uint8) bool {
	if len(s) == 0 || len(s) > maxPart {
		return false
	}
	for i := range len(s) {
		if asciiClass[s[i]]&class == 0 {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
