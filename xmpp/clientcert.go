package xmpp

import (
	"crypto/tls"
	"crypto/x509"
	"sync/atomic"

	"github.com/canto-im/canto/jid"
)

// A shown certificate is the one that a server has asked us for in TLS and got. It may be asked for on several connections at a
// time, of a transport that tries several ways: they show the same one.
type shown struct {
	cert atomic.Pointer[tls.Certificate]
}

// watch has what cfg shows noted. The choice is that of crypto/tls, or of the user's function.
func (s *shown) watch(cfg *tls.Config) {
	choose, all := cfg.GetClientCertificate, cfg.Certificates
	if choose == nil {
		choose = func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			for i := range all {
				if r.SupportsCertificate(&all[i]) == nil {
					return &all[i], nil
				}
			}
			return new(tls.Certificate), nil // none
		}
	}
	cfg.GetClientCertificate = func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		c, err := choose(r)
		s.cert.Store(c)
		return c, err
	}
}

// authzID is the authorization identity that account needs of EXTERNAL with the certificate that was shown.
//
// XEP-0178 §2: a certificate with one address needs none, unless we want to be another; one with several needs to have it said
// which. One without addresses needs none: whose it is, the server knows.
func (s *shown) authzID(account jid.JID) string {
	c := s.cert.Load()
	if c == nil || len(c.Certificate) == 0 || account.Localpart() == "" {
		return ""
	}
	leaf := c.Leaf
	if leaf == nil {
		var err error
		if leaf, err = x509.ParseCertificate(c.Certificate[0]); err != nil {
			return ""
		}
	}
	var addrs []jid.JID
	for _, id := range otherNames(leaf) {
		if j, err := jid.Parse(id.value); id.kind.Equal(oidXMPPAddr) && err == nil {
			addrs = append(addrs, j)
		}
	}
	if len(addrs) == 0 || len(addrs) == 1 && addrs[0] == account.Bare() {
		return ""
	}
	return account.Bare().String()
}
