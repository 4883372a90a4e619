package sasl

import (
	"context"
	"slices"
	"strings"
)

// A Mechanism is a way to authenticate together with the credentials it needs. It is immutable and safe for concurrent
// use; those of this package show nothing but their name when they are printed or logged.
type Mechanism interface {
	// Name is the registered name, as servers offer it: "SCRAM-SHA-256-PLUS".
	Name() string
	// Start begins one exchange on the connection that c describes. Its errors are *ExchangeError for the mechanisms of
	// this package and final for this connection: after ErrDowngrade above all, a caller does not try a weaker one.
	Start(ctx context.Context, c Conn) (Exchange, error)
}

// An Exchange is one run of a mechanism: a state machine over the bytes of the messages, without their base64 and XML.
// It is used once, by one goroutine at a time, and keeps no slice it is given. After the first error it stays failed.
// Exchanges that bind to the channel have a method ChannelBinding() string with the type in use, empty for none.
type Exchange interface {
	// Initial is the initial response; nil means that there is none, an empty slice one of no bytes, which XMPP
	// writes as "=" (RFC 6120 section 6.4.2).
	Initial() []byte
	// Next answers a challenge. The answer is never nil, but may be empty. It heeds ctx where there is much to compute.
	Next(ctx context.Context, challenge []byte) ([]byte, error)
	// Success takes the additional data of the server's success (nil: none) and returns nil only when the mechanism is
	// satisfied. Until it has, nobody is authenticated: a SCRAM server has yet to prove that it knows the password.
	Success(data []byte) error
}

// Conn is what a mechanism must know of the connection that it authenticates.
type Conn struct {
	// Domain is the domain of the service (the domainpart of the user's JID).
	Domain string
	// Encrypted says that the connection is confidential and its peer verified: TLS, as a rule.
	Encrypted bool
	// AllowPlaintext permits SCRAM, EXTERNAL and ANONYMOUS on a connection that is not encrypted. It never permits
	// PLAIN or OAUTHBEARER, which would give the secret itself away (RFC 6120 section 13.8.3, RFC 7628 section 4).
	AllowPlaintext bool
	// TLSVersion is the version of TLS in use (tls.VersionTLS13), compared to what a SCRAM server says it uses
	// (XEP-0515). Zero: not known, not compared.
	TLSVersion uint16
	// SASL2 says that the profile in use is that of XEP-0388 and not that of RFC 6120: the rules 4 and 5 of XEP-0440
	// section 3 are stricter there.
	SASL2 bool
	// Bindings are the channel bindings that this connection has, best first (see TLSBindings); none if empty.
	Bindings []Binding
	// Mechanisms are all those that the server offered in the profile in use, known or not: XEP-0474 hashes them.
	Mechanisms []string
	// BindingTypes are the types that the server announced as XEP-0440 says; nil when it announced nothing.
	BindingTypes []string
	// AuthzID is the identity, a bare JID, that EXTERNAL asks for where it was made without one: of a certificate with several
	// addresses, that of the account (XEP-0178 section 2). Empty: none.
	AuthzID string
	// NeedHash makes SCRAM fail with ErrDowngrade, before anything is proved, unless the server vouches for what it offers
	// (XEP-0474): the caller has seen it offer better.
	NeedHash bool
}

// offersBinding reports whether the server offers any mechanism that binds to the channel.
func (c Conn) offersBinding() bool {
	return slices.ContainsFunc(c.Mechanisms, func(m string) bool { return strings.HasSuffix(m, plusSuffix) })
}

// Usable returns nil when m can be used on the connection that c describes, and else an *ExchangeError that says why not:
// ErrNotOffered, ErrPlaintext, ErrNoBinding. A Mechanism of another package is usable when the server offers it.
func Usable(m Mechanism, c Conn) error {
	if !slices.Contains(c.Mechanisms, m.Name()) {
		return fail(m.Name(), "", ErrNotOffered, "it offers %s", quoted(strings.Join(c.Mechanisms, " ")))
	}
	if u, ok := m.(interface{ usable(Conn) error }); ok {
		return u.usable(c)
	}
	return nil
}

// Select returns those of mechs that are usable on the connection that c describes, in their order.
//
// Two things are left out although they are usable, since to fall back to them is what an attacker who breaks the better
// exchange wants: SCRAM without channel binding where one with is possible (RFC 5802 section 6), and PLAIN after any SCRAM
// (RFC 6120 section 13.8.3, XEP-0474 section 7). Give PLAIN alone, or first, to have it all the same.
func Select(mechs []Mechanism, c Conn) []Mechanism {
	usable := make([]Mechanism, 0, len(mechs))
	binds := false
	for _, m := range mechs {
		if Usable(m, c) == nil {
			usable = append(usable, m)
			s, ok := m.(*scram)
			binds = binds || ok && s.plus
		}
	}
	seen := false
	return slices.DeleteFunc(usable, func(m Mechanism) bool {
		switch m := m.(type) {
		case *scram:
			seen = true
			return binds && !m.plus
		case *plain:
			return seen
		}
		return false
	})
}

// Refused tells an exchange that the server ended it with the failure err, and returns the error to hand on: err, joined
// with what the server had said in the exchange itself (a *BearerError of OAUTHBEARER). Salted keys of the cache that did
// not work are dropped. It may be called for every Exchange, also those of other packages.
func Refused(x Exchange, err *Error) error {
	if r, ok := x.(interface{ refused(*Error) error }); ok {
		return r.refused(err)
	}
	return err
}

// needTLS is the usable method of mechanisms that show the server no secret.
func needTLS(name string, c Conn) error {
	if c.Encrypted || c.AllowPlaintext {
		return nil
	}
	return fail(name, "", ErrPlaintext, "use TLS, or permit it with AllowPlaintext")
}

// needEncryption is the usable method of mechanisms that show the server the secret itself.
func needEncryption(name string, c Conn) error {
	if c.Encrypted {
		return nil
	}
	return fail(name, "", ErrPlaintext, "use TLS: the mechanism gives the secret itself away")
}
