package sasl

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
)

const plusSuffix = "-PLUS"

// The bounds of a SCRAM server's iteration count.
const (
	// MinIterations is the least that is accepted (RFC 5802 section 5.1, RFC 7677 section 4): with less, a server that
	// is not the right one could find the password out of our answer.
	MinIterations = 4096
	// DefaultMaxIterations is the most that is accepted unless PasswordOptions say otherwise: seconds of work.
	DefaultMaxIterations = 1_000_000
)

// PasswordOptions change what Password makes. Nil and zero values mean the defaults.
type PasswordOptions struct {
	// AuthzID is the identity to act as, a bare JID; empty: the one that belongs to the user name.
	AuthzID string
	// MaxIterations is the greatest iteration count accepted; zero: DefaultMaxIterations. What exceeds it is refused
	// before anything is derived.
	MaxIterations int
	// Keys keeps derived keys for later logins; nil: each login derives them.
	Keys KeyCache
}

// hashes are those that SCRAM is registered with, the strongest first.
var hashes = []scramHash{{"SHA-512", sha512.New}, {"SHA-256", sha256.New}, {"SHA-1", sha1.New}}

// Password returns the mechanisms that prove a password, best first: SCRAM-SHA-512-PLUS, SCRAM-SHA-256-PLUS,
// SCRAM-SHA-1-PLUS, the same without channel binding, PLAIN. The user name is the localpart of a JID. Both are prepared
// with SASLprep when an exchange starts, which fails with ErrCredentials where that is not possible.
//
// To demand something of the server, leave mechanisms out of the result: without those that do not end in "-PLUS" there
// is no login without channel binding.
func Password(username, password string, o *PasswordOptions) []Mechanism {
	if o == nil {
		o = new(PasswordOptions)
	}
	c := credentials{username: username, password: hide(password), authzID: o.AuthzID}
	mechs := make([]Mechanism, 0, 2*len(hashes)+1)
	for _, suffix := range []string{plusSuffix, ""} {
		for _, h := range hashes {
			mechs = append(mechs, newScram(h, suffix, c, o))
		}
	}
	return append(mechs, &plain{label: "PLAIN", credentials: c})
}

// credentials are what a user gave, before SASLprep.
type credentials struct {
	username, authzID string
	password          secret
}

// prepare returns user name and password as they are used, with an error of the mechanism that wants them.
func (c credentials) prepare(mechanism string) (username, password string, err error) {
	if username, err = prepared(c.username); err != nil {
		return "", "", fail(mechanism, "", ErrCredentials, "the user name %v", err)
	}
	if password, err = prepared(c.password()); err != nil {
		return "", "", fail(mechanism, "", ErrCredentials, "the password %v", err)
	}
	if err := checkIdentity(c.authzID); err != nil {
		return "", "", fail(mechanism, "", ErrCredentials, "the authorization identity %v", err)
	}
	return username, password, nil
}
