package sasl

import (
	"context"
	"crypto/rand"
	"encoding/base64"
)

// scram is one of the mechanisms of RFC 5802 and RFC 7677.
type scram struct {
	label
	hash          scramHash
	plus          bool // binds to the channel
	credentials   credentials
	maxIterations int
	keys          KeyCache
	prepare       func(c credentials, mechanism string) (username, password string, err error)
	nonce         func() string // of the client; tests repeat known exchanges through it
}

func newScram(h scramHash, suffix string, c credentials, o *PasswordOptions) *scram {
	m := &scram{
		label:         label("SCRAM-" + h.name + suffix),
		hash:          h,
		plus:          suffix == plusSuffix,
		credentials:   c,
		maxIterations: o.MaxIterations,
		keys:          o.Keys,
		prepare:       credentials.prepare,
		nonce:         newNonce,
	}
	if m.maxIterations == 0 {
		m.maxIterations = DefaultMaxIterations
	}
	return m
}

// newNonce returns 192 random bits as 32 printable characters without "," (RFC 5802 section 5.1).
func newNonce() string {
	var b [24]byte
	rand.Read(b[:]) // never fails
	return base64.StdEncoding.EncodeToString(b[:])
}

// usable implements what Usable asks.
func (m *scram) usable(c Conn) error {
	if err := needTLS(m.Name(), c); err != nil || !m.plus {
		return err
	}
	_, err := plusGS2(m.Name(), c)
	return err
}

// Start implements Mechanism.
func (m *scram) Start(ctx context.Context, c Conn) (Exchange, error) {
	if err := needTLS(m.Name(), c); err != nil {
		return nil, err
	}
	decide := barGS2
	if m.plus {
		decide = plusGS2
	}
	g, err := decide(m.Name(), c)
	if err != nil {
		return nil, err
	}
	username, password, err := m.prepare(m.credentials, m.Name())
	if err != nil {
		return nil, err
	}
	x := &scramExchange{label: m.label, m: m, conn: c, gs2: g, username: username, password: hide(password), nonce: m.nonce()}
	x.header = g.header(m.credentials.authzID)
	x.bare = "n=" + saslname(username) + ",r=" + x.nonce
	return x, nil
}
