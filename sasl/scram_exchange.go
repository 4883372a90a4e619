package sasl

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
)

// The messages of SCRAM that errors name, as RFC 5802 section 7 calls them.
const (
	serverFirst = "server-first-message"
	serverFinal = "server-final-message"
	success     = "success"
)

// scramStep is what a SCRAM exchange waits for.
type scramStep uint8

const (
	awaitFirst scramStep = iota
	awaitFinal
	verified // the server has proved that it knows the password
)

// scramExchange is one run of SCRAM: client-first → server-first → client-final → server-final.
type scramExchange struct {
	label
	m         *scram
	conn      Conn
	gs2       gs2
	header    string // gs2-header
	bare      string // client-first-message-bare
	nonce     string // ours
	username  string // prepared
	password  secret // prepared
	step      scramStep
	err       error  // the first one; the exchange is over
	id        KeyID  // what keys were derived from
	keys      Keys   // from step awaitFinal on
	cached    bool   // keys came from the cache
	signature []byte // the server's, as it has to be
}

// ChannelBinding returns the type of the channel binding in use, or nothing.
func (x *scramExchange) ChannelBinding() string { return x.gs2.binding.Type }

// Initial implements Exchange: the client-first-message.
func (x *scramExchange) Initial() []byte { return []byte(x.header + x.bare) }

// Next implements Exchange: it answers the server-first-message and, where a server does not send it with its success, the
// server-final-message.
func (x *scramExchange) Next(ctx context.Context, challenge []byte) ([]byte, error) {
	if x.err != nil {
		return nil, x.err
	}
	var answer []byte
	switch x.step {
	case awaitFirst:
		answer, x.err = x.answer(ctx, string(challenge))
	case awaitFinal:
		answer, x.err = []byte{}, x.verify(serverFinal, string(challenge))
	default:
		x.err = x.fail("challenge", ErrUnexpected, "the exchange is complete")
	}
	if x.err != nil {
		return nil, x.err
	}
	x.step++
	return answer, nil
}

// Success implements Exchange.
func (x *scramExchange) Success(data []byte) error {
	if x.err != nil {
		return x.err
	}
	switch {
	case x.step == awaitFirst, x.step == awaitFinal && len(data) == 0:
		// RFC 5802 section 5: authentication is mutual, and it is the client that has to see to it.
		x.err = x.fail(success, ErrUnverified, "")
	case len(data) > 0: // Also after a server-final-message in a challenge: what is said twice must be right twice.
		x.err = x.verify(success, string(data))
	}
	if x.err != nil {
		return x.err
	}
	x.step = verified
	if x.m.keys != nil && !x.cached {
		x.m.keys.SaveKeys(x.id, x.keys)
	}
	return nil
}

// refused implements what Refused asks: keys of the cache that did not work must not keep the right password out.
func (x *scramExchange) refused(err *Error) error {
	x.dropKeys()
	return err
}

func (x *scramExchange) dropKeys() {
	if x.cached {
		x.m.keys.DropKeys(x.id)
	}
}

// answer checks the server-first-message and returns the client-final-message.
func (x *scramExchange) answer(ctx context.Context, msg string) ([]byte, error) {
	first, err := parseServerFirst(msg)
	if err != nil {
		return nil, x.wrap(serverFirst, err)
	}
	if err := x.checkFirst(first); err != nil {
		return nil, err
	}
	if err := x.deriveKeys(ctx, first); err != nil {
		return nil, err
	}
	// RFC 5802 section 6: the gs2-header again and the channel binding data, both under the proof.
	input := append([]byte(x.header), x.gs2.binding.Data...)
	final := "c=" + base64.StdEncoding.EncodeToString(input) + ",r=" + first.nonce
	auth := x.bare + "," + msg + "," + final // AuthMessage of RFC 5802 section 3
	keys := x.keys.pair()
	x.signature = x.m.hash.hmac(keys.server, auth)
	proof := x.m.hash.hmac(x.m.hash.sum(keys.client), auth)
	subtle.XORBytes(proof, proof, keys.client)
	return []byte(final + ",p=" + base64.StdEncoding.EncodeToString(proof)), nil
}

// deriveKeys takes the keys from the cache or derives them.
func (x *scramExchange) deriveKeys(ctx context.Context, first firstMessage) error {
	x.id = KeyID{x.conn.Domain, x.username, x.m.hash.name, string(first.salt), first.iterations}
	if x.m.keys != nil {
		if k, ok := x.m.keys.LoadKeys(x.id); ok && x.m.hash.fit(k) {
			x.keys, x.cached = k, true
			return nil
		}
	}
	salted, err := saltedPassword(ctx, x.m.hash.new, x.password(), first.salt, first.iterations)
	if err != nil {
		return x.fail(serverFirst, err, "the derivation of %d iterations was stopped", first.iterations)
	}
	x.keys = x.m.hash.keys(salted)
	return nil
}

// verify checks the server-final-message, in whichever message it came.
func (x *scramExchange) verify(message, final string) error {
	signature, err := parseServerFinal(final)
	if err != nil {
		x.dropKeys()
		return x.wrap(message, err)
	}
	// RFC 5802 section 3: the client computes ServerSignature itself and compares. In constant time.
	if subtle.ConstantTimeCompare(signature, x.signature) != 1 {
		x.dropKeys()
		return x.fail(message, ErrSignature, "it does not know the password, or somebody changed messages on the way")
	}
	return nil
}

// checkFirst holds a server-first-message against what we sent and what we know of the connection.
func (x *scramExchange) checkFirst(first firstMessage) error {
	switch ours := x.nonce; {
	case len(first.nonce) <= len(ours) || first.nonce[:len(ours)] != ours:
		return x.fail(serverFirst, ErrNonce, "") // RFC 5802 section 5.1: r
	case first.iterations < MinIterations: // RFC 7677 section 4, RFC 5802 section 5.1: i
		return x.fail(serverFirst, ErrIterations, "%d is less than %d", first.iterations, MinIterations)
	case first.iterations > x.m.maxIterations:
		return x.fail(serverFirst, ErrIterations, "%s is more than %d; PasswordOptions.MaxIterations can permit it", first.count(), x.m.maxIterations)
	}
	return x.checkOffer(first)
}

// fail builds an error of this exchange.
func (x *scramExchange) fail(message string, reason error, format string, args ...any) error {
	return fail(x.Name(), message, reason, format, args...)
}

// wrap turns the error of a parser into one of this exchange.
func (x *scramExchange) wrap(message string, err error) error {
	if m, ok := err.(*messageError); ok {
		return x.fail(message, m.reason, "%s", m.detail)
	}
	return x.fail(message, err, "")
}
