package jid

import "strings"

// JID is an XMPP address, [local@]domain[/resource], in its canonical form (RFC 7622). It is a small value (24 bytes):
// compare it with ==, use it as a map key, copy it freely. The zero JID is no address; see [JID.IsZero].
//
// A JID shares memory with the string that it was parsed from when that string was canonical already.
type JID struct {
	// s is the canonical address. The lengths follow from s alone, so that two JIDs with the same s are ==.
	s      string
	local  uint16 // bytes of the localpart, 0 without one
	domain uint16 // bytes of the domainpart, 0 in the zero JID only
}

// MustParse is like [Parse] but panics with the error when s is no address. It is meant for addresses that stand in the source.
func MustParse(s string) JID {
	j, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return j
}

// New makes an address of its parts, each enforced as [Parse] does. An empty local or resource means that the address
// has no such part; a domain is required. The parts are plain: nothing in them is split or unescaped.
func New(local, domain, resource string) (JID, error) {
	p := parts{
		local: local, hasLocal: local != "",
		domain:   domain,
		resource: resource, hasResource: resource != "",
	}
	return p.enforce("")
}

// Localpart returns the part before the "@", such as the name of an account or of a room, or "".
func (j JID) Localpart() string { return j.s[:j.local] }

// Domainpart returns the domain: U-labels for an internationalized name, brackets around an IPv6 address. Only the zero
// JID has none. [JID.Host] is the form for DNS and TLS.
func (j JID) Domainpart() string {
	at := j.domainStart()
	return j.s[at : at+int(j.domain)]
}

// Resourcepart returns the part after the first "/", such as one connection of an account or one occupant of a room, or
// "". It is opaque: it can hold "/", "@" and spaces (RFC 7622 §3.4).
func (j JID) Resourcepart() string {
	if end := j.bareEnd(); end < len(j.s) {
		return j.s[end+1:]
	}
	return ""
}

// Bare returns the address without its resourcepart. It does not allocate.
func (j JID) Bare() JID {
	return JID{s: j.s[:j.bareEnd()], local: j.local, domain: j.domain}
}

// Domain returns the address of the domain alone. It does not allocate.
func (j JID) Domain() JID {
	return JID{s: j.Domainpart(), domain: j.domain}
}

// WithResource returns the address with its resourcepart replaced by resource, which is enforced as [Parse] does; with
// an empty resource it is [JID.Bare]. The zero JID can take none.
func (j JID) WithResource(resource string) (JID, error) {
	if j.IsZero() {
		return JID{}, &ParseError{Part: Domainpart, Reason: Empty, Input: "/" + resource}
	}
	if resource == "" {
		return j.Bare(), nil
	}
	r, fault := enforceResource(resource)
	if fault != nil {
		return JID{}, fault.in(Resourcepart, resource)
	}
	return JID{s: j.s[:j.bareEnd()] + "/" + r, local: j.local, domain: j.domain}, nil
}

// String returns the canonical address, "" for the zero JID. It does not allocate.
func (j JID) String() string { return j.s }

// IsZero reports whether j is the zero JID, which is no address.
func (j JID) IsZero() bool { return j.s == "" }

// Compare orders addresses as strings.Compare orders their canonical forms, so that it can be given to slices.SortFunc.
func (j JID) Compare(k JID) int { return strings.Compare(j.s, k.s) }

func (j JID) domainStart() int {
	if j.local == 0 {
		return 0
	}
	return int(j.local) + len("@")
}

func (j JID) bareEnd() int { return j.domainStart() + int(j.domain) }
