package sasl

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// TokenSource returns the OAuth access token to use now; it may fetch or refresh one. It heeds ctx.
type TokenSource func(ctx context.Context) (string, error)

// OAuthBearer returns OAUTHBEARER (RFC 7628): an OAuth 2.0 access token instead of a password. AuthzID is the bare JID to
// be; empty: the one that belongs to the token.
func OAuthBearer(authzID string, token TokenSource) Mechanism {
	return &oauthBearer{label: "OAUTHBEARER", authzID: authzID, token: token}
}

type oauthBearer struct {
	label
	authzID string
	token   TokenSource
}

// BearerError is what a server said of a token that it refused (RFC 7628 section 3.2.2). Fields that it left out are empty.
type BearerError struct {
	Status        string // an error code of RFC 6750 section 3.1, as "invalid_token"
	Scope         string // the scope that the token needs
	Configuration string // the URL of an OpenID configuration document
}

// Error quotes what the server said.
func (e *BearerError) Error() string {
	s := "sasl: OAUTHBEARER: the server refused the token: status " + quoted(e.Status)
	if e.Scope != "" {
		s += ", it needs the scope " + quoted(e.Scope)
	}
	return s
}

func (m *oauthBearer) usable(c Conn) error { return needEncryption(m.Name(), c) }

// Start implements Mechanism.
func (m *oauthBearer) Start(ctx context.Context, c Conn) (Exchange, error) {
	// RFC 7628 section 4: TLS is a must, the token is all that is needed to be the user.
	if err := m.usable(c); err != nil {
		return nil, err
	}
	if err := checkIdentity(m.authzID); err != nil {
		return nil, fail(m.Name(), "", ErrCredentials, "the authorization identity %v", err)
	}
	token, err := m.token(ctx)
	if err != nil {
		return nil, fail(m.Name(), "", err, "no token")
	}
	if !isToken(token) {
		return nil, fail(m.Name(), "", ErrCredentials, "the token is empty or has other characters than the visible ones of ASCII")
	}
	// RFC 7628 section 3.1: no channel binding, and the key and value pairs between %x01.
	message := gs2{flag: "n"}.header(m.authzID) + "\x01auth=Bearer " + token + "\x01\x01"
	return &bearerExchange{label: m.label, message: hide(message)}, nil
}

// isToken reports whether s can stand behind "Bearer" (RFC 7628 section 3.1: VCHAR). That is more than b64token of RFC 6750 section
// 2.1 has: the tokens of RFC 8959, which servers give out, have a colon in them.
func isToken(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < '!' || r > '~' }) < 0
}

// bearerExchange is one run of OAUTHBEARER.
type bearerExchange struct {
	label
	message secret
	bad     *BearerError // the server's challenge, which always means failure
	err     error
}

// Initial implements Exchange.
func (x *bearerExchange) Initial() []byte { return []byte(x.message()) }

// Next implements Exchange. RFC 7628 section 3.2.3: a failure comes as a challenge, which is answered by %x01 alone.
func (x *bearerExchange) Next(_ context.Context, challenge []byte) ([]byte, error) {
	switch {
	case x.err != nil:
	case x.bad != nil:
		x.err = fail(x.Name(), "challenge", ErrUnexpected, "the server has refused the token already")
	default:
		x.bad, x.err = parseBearerError(challenge)
	}
	if x.err != nil {
		return nil, x.err
	}
	return []byte{0x01}, nil
}

// Success implements Exchange.
func (x *bearerExchange) Success(data []byte) error {
	switch {
	case x.err != nil:
	case x.bad != nil:
		x.err = fail(x.Name(), success, ErrUnexpected, "the server has refused the token")
	case len(data) != 0:
		x.err = fail(x.Name(), success, ErrMalformed, "the mechanism has no additional data")
	}
	return x.err
}

// refused implements what Refused asks.
func (x *bearerExchange) refused(err *Error) error {
	if x.bad == nil {
		return err
	}
	return fmt.Errorf("%w: %w", err, x.bad)
}

// parseBearerError parses the JSON object of RFC 7628 section 3.2.2.
func parseBearerError(challenge []byte) (*BearerError, error) {
	var v struct {
		Status string `json:"status"`
		Scope  string `json:"scope"`
		Config string `json:"openid-configuration"`
	}
	if err := json.Unmarshal(challenge, &v); err != nil {
		return nil, fail("OAUTHBEARER", "challenge", ErrMalformed, "it is not a JSON object")
	}
	return &BearerError{Status: v.Status, Scope: v.Scope, Configuration: v.Config}, nil
}
