package sasl

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"slices"
)

// HashedToken returns the mechanisms that prove a token which the server has given out for them (XEP-0484; the family HT of
// draft-schmaus-kitten-sasl-ht-09), best first: HT-SHA-256-EXPR, HT-SHA-256-UNIQ, HT-SHA-256-ENDP, HT-SHA-256-NONE. They differ
// in the channel binding, and a token is good for that one which it was asked for. The user name is the localpart of a JID;
// it and the token are used as they are, without SASLprep. An exchange is one message each way, and the server's proves that
// it knows the token.
//
// Where such mechanisms are offered, Conn.Mechanisms is their list (<fast/> in XEP-0484) and not that of the profile.
func HashedToken(username, token string) []Mechanism {
	mechs := make([]Mechanism, 0, 4)
	for _, v := range []struct{ name, binding string }{
		{"HT-SHA-256-EXPR", TLSExporter}, {"HT-SHA-256-UNIQ", TLSUnique}, {"HT-SHA-256-ENDP", TLSServerEndPoint}, {"HT-SHA-256-NONE", ""},
	} {
		mechs = append(mechs, &hashedToken{label: label(v.name), binding: v.binding, username: username, token: hide(token)})
	}
	return mechs
}

// hashedToken is one of the family HT.
type hashedToken struct {
	label
	binding  string // the type of its channel binding; empty: none
	username string
	token    secret
}

// tokenHash is the H of the mechanisms here.
var tokenHash = scramHash{"SHA-256", sha256.New}

// usable implements what Usable asks.
func (m *hashedToken) usable(c Conn) error {
	// Section 1.3 of the draft, XEP-0484 section 6: over TLS with a verified certificate only. What proves the token would
	// prove it again to whoever overheard it.
	if err := needEncryption(m.Name(), c); err != nil {
		return err
	}
	_, err := m.channel(c)
	return err
}

// channel returns cb-data. The types that a server announces (XEP-0440) say nothing here: the name of the mechanism does.
func (m *hashedToken) channel(c Conn) ([]byte, error) {
	if m.binding == "" {
		return nil, nil
	}
	i := slices.IndexFunc(c.Bindings, func(b Binding) bool { return b.Type == m.binding })
	if i < 0 {
		return nil, fail(m.Name(), "", ErrNoBinding, "the connection has %s", bindingTypes(c.Bindings))
	}
	return c.Bindings[i].Data, nil
}

// Start implements Mechanism.
func (m *hashedToken) Start(_ context.Context, c Conn) (Exchange, error) {
	if err := needEncryption(m.Name(), c); err != nil {
		return nil, err
	}
	data, err := m.channel(c)
	if err != nil {
		return nil, err
	}
	// Section 3.1 of the draft: authcid = 1*SAFE.
	if err := checkIdentity(m.username); err != nil || m.username == "" || m.token() == "" {
		return nil, fail(m.Name(), "", ErrCredentials, "a user name and a token are needed")
	}
	key, channel := []byte(m.token()), string(data)
	return &tokenExchange{
		label: m.label, binding: m.binding,
		message: hide(m.username + "\x00" + string(tokenHash.hmac(key, "Initiator"+channel))),
		answer:  hide(string(tokenHash.hmac(key, "Responder"+channel))),
	}, nil
}

// tokenExchange is one run of it.
type tokenExchange struct {
	label
	binding  string
	message  secret // initiator-msg, which without channel binding is as good as the token
	answer   secret // responder-msg, as it has to be
	verified bool
	err      error
}

// ChannelBinding returns the type of the channel binding in use, or nothing.
func (x *tokenExchange) ChannelBinding() string { return x.binding }

// Initial implements Exchange.
func (x *tokenExchange) Initial() []byte { return []byte(x.message()) }

// Next implements Exchange: a profile whose success carries no data brings the server's message in a challenge.
func (x *tokenExchange) Next(_ context.Context, challenge []byte) ([]byte, error) {
	switch {
	case x.err != nil:
	case x.verified:
		x.err = fail(x.Name(), "challenge", ErrUnexpected, "the exchange is complete")
	default:
		x.verify("challenge", challenge)
	}
	if x.err != nil {
		return nil, x.err
	}
	return []byte{}, nil
}

// Success implements Exchange.
func (x *tokenExchange) Success(data []byte) error {
	switch {
	case x.err != nil:
	case len(data) > 0:
		x.verify(success, data)
	case !x.verified: // section 3.3 of the draft: the client MUST verify the server's message
		x.err = fail(x.Name(), success, ErrUnverified, "")
	}
	return x.err
}

// verify checks the server's message, in constant time.
func (x *tokenExchange) verify(message string, data []byte) {
	if subtle.ConstantTimeCompare(data, []byte(x.answer())) != 1 {
		x.err = fail(x.Name(), message, ErrSignature, "it does not know the token, or somebody relays the connection")
		return
	}
	x.verified = true
}
