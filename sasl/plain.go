package sasl

import "context"

// plain is PLAIN (RFC 4616).
type plain struct {
	label
	credentials credentials
}

func (m *plain) usable(c Conn) error { return needEncryption(m.Name(), c) }

// Start implements Mechanism.
func (m *plain) Start(ctx context.Context, c Conn) (Exchange, error) {
	// RFC 6120 section 13.8.3: MUST NOT be used without confidentiality and integrity.
	if err := m.usable(c); err != nil {
		return nil, err
	}
	username, password, err := m.credentials.prepare(m.Name())
	if err != nil {
		return nil, err
	}
	return &single{label: m.label, message: hide(m.credentials.authzID + "\x00" + username + "\x00" + password)}, nil
}

// single is the exchange of a mechanism that says all it has to say in one message.
type single struct {
	label
	message secret
	late    bool // the message is kept for the server's first, empty challenge instead of the initial response
	err     error
}

// Initial implements Exchange.
func (x *single) Initial() []byte {
	if x.late {
		return nil
	}
	return []byte(x.message())
}

// Next implements Exchange.
func (x *single) Next(_ context.Context, challenge []byte) ([]byte, error) {
	switch {
	case x.err != nil:
	case !x.late:
		x.err = fail(x.Name(), "challenge", ErrUnexpected, "the mechanism has none")
	case len(challenge) != 0:
		x.err = fail(x.Name(), "challenge", ErrMalformed, "the mechanism has only an empty one")
	default:
		x.late = false
		return []byte(x.message()), nil
	}
	return nil, x.err
}

// Success implements Exchange.
func (x *single) Success(data []byte) error {
	if x.err == nil && len(data) != 0 {
		x.err = fail(x.Name(), success, ErrMalformed, "the mechanism has no additional data")
	}
	return x.err
}
