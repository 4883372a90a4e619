package sasl

import (
	"cmp"
	"context"
)

// External returns EXTERNAL (RFC 4422 appendix A): the server takes the user from what it knows already, in XMPP from the
// certificate that the client showed in TLS (XEP-0178). AuthzID is the bare JID to be; empty: Conn.AuthzID, which says one where
// the certificate does not say it.
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
	authzID := cmp.Or(m.authzID, c.AuthzID)
	if err := checkIdentity(authzID); err != nil {
		return nil, fail(m.Name(), "", ErrCredentials, "the authorization identity %v", err)
	}
	// XEP-0178 section 2: an empty initial response where there is no authorization identity.
	return &single{label: m.label, message: hide(authzID)}, nil
}
