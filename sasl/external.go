package sasl

import "context"

// External returns EXTERNAL (RFC 4422 appendix A): the server takes the user from what it knows already, in XMPP from the
// certificate that the client showed in TLS (XEP-0178). AuthzID is the bare JID to be; it is needed only where the
// certificate has several, and empty otherwise.
func External(authzID string) Mechanism { return &external{label: "EXTERNAL", authzID: authzID} }

type external struct {
	label
	authzID string
}

func (m *external) usable(c Conn) error { return needTLS(m.Name(), c) }

// Start implements Mechanism.
func (m *external) Start(_ context.Context, c Conn) (Exchange, error) {
	if err := m.usable(c); err != nil {
		return nil, err
	}
	if err := checkIdentity(m.authzID); err != nil {
		return nil, fail(m.Name(), "", ErrCredentials, "the authorization identity %v", err)
	}
	// XEP-0178 section 2: an empty initial response where there is no authorization identity.
	return &single{label: m.label, message: hide(m.authzID)}, nil
}
