package jid

import "strings"

// URI is an xmpp: URI or IRI taken apart (RFC 5122), such as xmpp:romeo@montague.net?message;subject=Test%20Message. All
// fields hold plain text: percent-encoding is undone by [ParseURI] and done by [URI.String].
type URI struct {
	Authority JID     // the account to act as, without resourcepart; zero: the account that is configured
	Address   JID     // what the URI is about; zero only when there is an Authority
	Action    string  // the query type (XEP-0147), such as "message", "join", "roster"; "" without one
	Params    []Param // the key-value pairs of the query, in order; a key can stand more than once
	Fragment  string  // RFC 5122 §2.6: without a meaning of its own
}

// Param is one key-value pair of the query of a [URI].
type Param struct {
	Key, Value string
}

// Get returns the value of the first parameter with this key, "" without one. Keys that a program does not know it is to
// ignore (RFC 5122 §2.5).
func (u URI) Get(key string) string {
	for _, p := range u.Params {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}

const scheme = "xmpp:"

// ParseURI parses an xmpp: URI or IRI (RFC 5122 §2.8). Addresses are enforced as [Parse] does. A query is taken as
// it is found in the field: characters that the grammar would have percent-encoded are read as they stand ("+" too, it is
// no space), a pair without "=" has an empty value, an empty pair is left out, and a query that begins with a pair has no
// action. The error is a [*ParseError].
func ParseURI(s string) (URI, error) {
	u, fault := parseURI(s)
	if fault != nil {
		fault.Input = s
		return URI{}, fault
	}
	return u, nil
}

func parseURI(s string) (u URI, fault *ParseError) {
	// RFC 3986 §3.1: the scheme in any case.
	if len(s) < len(scheme) || !strings.EqualFold(s[:len(scheme)], scheme) {
		return URI{}, &ParseError{Part: WholeURI, Reason: BadScheme}
	}
	rest, fragment, _ := strings.Cut(s[len(scheme):], "#")
	path, query, _ := strings.Cut(rest, "?")
	if u.Fragment, fault = decodeText(fragment); fault != nil {
		return URI{}, fault
	}
	if u.Action, u.Params, fault = parseQuery(query); fault != nil {
		return URI{}, fault
	}
	// RFC 5122 §2.3: what follows "//" is the account to act as, and no address.
	if after, ok := strings.CutPrefix(path, "//"); ok {
		authority, address, more := strings.Cut(after, "/")
		if u.Authority, fault = parseAuthority(authority); fault != nil || !more {
			return u, fault
		}
		path = address
	}
	u.Address, fault = parsePath(path)
	return u, fault
}

// parseAuthority parses the iauthxmpp rule of RFC 5122 §2.2, in which the localpart is required.
func parseAuthority(s string) (JID, *ParseError) {
	j, fault := parsePath(s)
	if fault == nil && j.local == 0 {
		fault = &ParseError{Part: Localpart, Reason: Empty}
	}
	return j, fault
}

// parsePath parses the ipathxmpp rule of RFC 5122 §2.2: it cuts at the separators, and then decodes.
func parsePath(s string) (JID, *ParseError) {
	p := split(s)
	for _, part := range []*string{&p.local, &p.domain, &p.resource} {
		if part == &p.domain && strings.HasPrefix(*part, "[") {
			continue // an IP literal has the same text in an address as in a URI, its %25 too (RFC 6874 §2)
		}
		decoded, fault := decodeText(*part)
		if fault != nil {
			return JID{}, fault
		}
		*part = decoded
	}
	return p.enforceParts()
}

// parseQuery parses the iquerycomp rule of RFC 5122 §2.2, liberally.
func parseQuery(s string) (action string, params []Param, fault *ParseError) {
	for i, pair := range strings.Split(s, ";") {
		key, value, hasValue := strings.Cut(pair, "=")
		if key, fault = decodeText(key); fault != nil {
			return "", nil, fault
		}
		if value, fault = decodeText(value); fault != nil {
			return "", nil, fault
		}
		switch {
		case i == 0 && !hasValue:
			action = key
		case pair != "":
			params = append(params, Param{Key: key, Value: value})
		}
	}
	return action, params, nil
}

// String returns the URI in ASCII (RFC 5122 §3.3), "" when it has no address at all.
func (u URI) String() string { return u.format(false) }

// IRI returns the URI with its Unicode characters as they are, for people to read (RFC 5122 §2.7).
func (u URI) IRI() string { return u.format(true) }

// The characters that RFC 5122 §2.2 and RFC 3986 §3.5 let stand in the components, beside the unreserved ones.
const (
	nodeAllow     = "!$()*+,;="
	resAllow      = "!$&'()*+,:;="
	fragmentAllow = "!$&'()*+,:;=@/?"
)

func (u URI) format(iri bool) string {
	if u.Address.IsZero() && u.Authority.IsZero() {
		return ""
	}
	// RFC 5122 §2.7.1: the concatenation, in its order.
	s := scheme
	if !u.Authority.IsZero() {
		s += "//" + formatPath(u.Authority.Bare(), iri)
		if !u.Address.IsZero() {
			s += "/"
		}
	}
	s += formatPath(u.Address, iri) + u.formatQuery(iri)
	if u.Fragment != "" {
		s += "#" + percentEncode(u.Fragment, fragmentAllow, iri)
	}
	return s
}

func formatPath(j JID, iri bool) (s string) {
	if local := j.Localpart(); local != "" {
		s = percentEncode(local, nodeAllow, iri) + "@"
	}
	if d := j.Domainpart(); strings.HasPrefix(d, "[") {
		s += d
	} else {
		s += percentEncode(d, "", iri)
	}
	if resource := j.Resourcepart(); resource != "" {
		s += "/" + percentEncode(resource, resAllow, iri)
	}
	return s
}

func (u URI) formatQuery(iri bool) string {
	if u.Action == "" && len(u.Params) == 0 {
		return ""
	}
	s := "?" + percentEncode(u.Action, "", iri)
	for _, p := range u.Params {
		s += ";" + percentEncode(p.Key, "", iri) + "=" + percentEncode(p.Value, "", iri)
	}
	return s
}
