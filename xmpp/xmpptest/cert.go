package xmpptest

import (
	"crypto/tls"

	"github.com/canto-im/canto/xmpp/xmpptest/internal/server"
)

// CertSpec says what certificate to make: for XMPP domains (Domains), or for a client (Address, a bare JID, and Others; or Name, the
// name of its account, where it's to have no address; XEP-0178).
// NotBefore and NotAfter bound its validity, from 1990 to 2190 when zero; SelfSigned leaves the authority out.
type CertSpec = server.CertSpec

// Certificate makes a certificate, by the authority of Roots unless it's to be self-signed: for Options.Certificate, to show a
// client what it must refuse, or for the client's side of EXTERNAL. The same spec gives the same certificate.
func Certificate(spec CertSpec) (tls.Certificate, error) { return server.Certificate(spec) }
