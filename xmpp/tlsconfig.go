package xmpp

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"strings"

	"github.com/canto-im/canto/jid"
)

// tlsConfig completes the user's configuration for a connection to the server of account. The reference identity is the
// domain of the account, never a name that DNS, a redirect or the user's ServerName gave (RFC 6120 §13.7.2.1, XEP-0368
// §3: it's the SNI too).
func tlsConfig(user *tls.Config, account jid.JID, direct bool) (*tls.Config, error) {
	cfg := &tls.Config{}
	if user != nil {
		cfg = user.Clone()
	}
	if cfg.InsecureSkipVerify {
		return nil, errInsecureConfig
	}
	cfg.ServerName = account.Host()
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12) // RFC 9325 §3.1.1
	if direct {
		cfg.NextProtos = []string{"xmpp-client"} // XEP-0368 §3: offered; no server is known to insist, nor do we
	}
	v := &verifier{host: cfg.ServerName, domain: account.Domainpart(), cfg: cfg.Clone()}
	// Go's own check knows DNS names and addresses only; RFC 6120 §13.7.1.2.1 wants SRVName, too. So the whole check is
	// done by the verifier, which leaves nothing of it out.
	cfg.InsecureSkipVerify = true
	cfg.VerifyPeerCertificate = nil
	cfg.VerifyConnection = v.verify
	return cfg, nil
}

// A verifier checks a server's certificate (RFC 6120 §13.7.2, RFC 5280).
type verifier struct {
	host   string      // the domain in A-labels, or an IP address
	domain string      // the domainpart as XMPP writes it
	cfg    *tls.Config // the user's: roots, clock and further checks
}

func (v *verifier) verify(cs tls.ConnectionState) error {
	if len(cs.PeerCertificates) == 0 {
		return errors.New("the server sent no certificate")
	}
	leaf := cs.PeerCertificates[0]
	opts := x509.VerifyOptions{Roots: v.cfg.RootCAs, Intermediates: x509.NewCertPool()}
	if v.cfg.Time != nil {
		opts.CurrentTime = v.cfg.Time()
	}
	for _, c := range cs.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	chains, err := leaf.Verify(opts)
	if err == nil {
		err = v.verifyName(leaf)
	}
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: cs.PeerCertificates, Err: err}
	}
	return v.verifyMore(cs, chains)
}

// verifyMore calls the user's own checks, as crypto/tls would.
func (v *verifier) verifyMore(cs tls.ConnectionState, chains [][]*x509.Certificate) error {
	if f := v.cfg.VerifyPeerCertificate; f != nil && !cs.DidResume {
		raw := make([][]byte, len(cs.PeerCertificates))
		for i, c := range cs.PeerCertificates {
			raw[i] = c.Raw
		}
		if err := f(raw, chains); err != nil {
			return err
		}
	}
	if f := v.cfg.VerifyConnection; f != nil {
		cs.VerifiedChains = chains
		return f(cs)
	}
	return nil
}

// verifyName finds the domain among the identities of the certificate: a DNS-ID or IP address, or an SRV-ID for XMPP
// clients (RFC 4985, RFC 6120 §13.7.1.2.1), or an xmppAddr (RFC 6120 §13.7.1.4).
func (v *verifier) verifyName(leaf *x509.Certificate) error {
	dnsErr := leaf.VerifyHostname(v.host)
	if dnsErr == nil {
		return nil
	}
	for _, id := range otherNames(leaf) {
		switch {
		case id.kind.Equal(oidSRVName) && v.isSRV(id.value):
			return nil
		case id.kind.Equal(oidXMPPAddr) && v.isAddr(id.value):
			return nil
		}
	}
	return dnsErr
}

func (v *verifier) isSRV(name string) bool {
	return strings.EqualFold(name, "_xmpp-client."+v.host) || strings.EqualFold(name, "_xmpps-client."+v.host)
}

func (v *verifier) isAddr(addr string) bool {
	j, err := jid.Parse(addr)
	return err == nil && j == j.Domain() && j.Domainpart() == v.domain
}

var (
	oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidSRVName        = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 7} // RFC 4985 §2
	oidXMPPAddr       = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 5} // RFC 6120 §13.7.1.4
)

// An otherName is an identity of a kind that crypto/x509 doesn't read.
type otherName struct {
	kind  asn1.ObjectIdentifier
	value string
}

// otherNames returns the otherName entries of the certificate's subjectAltName (RFC 5280 §4.2.1.6) that are strings.
// What can't be read is no identity.
func otherNames(c *x509.Certificate) (names []otherName) {
	for _, ext := range c.Extensions {
		if !ext.Id.Equal(oidSubjectAltName) {
			continue
		}
		var all asn1.RawValue
		if rest, err := asn1.Unmarshal(ext.Value, &all); err != nil || len(rest) > 0 || !all.IsCompound {
			return nil
		}
		for rest := all.Bytes; len(rest) > 0; {
			var one asn1.RawValue
			var err error
			if rest, err = asn1.Unmarshal(rest, &one); err != nil {
				return names
			}
			if one.Class == asn1.ClassContextSpecific && one.Tag == 0 {
				names = appendOtherName(names, one.Bytes)
			}
		}
	}
	return names
}

// appendOtherName reads type-id and value of one otherName.
func appendOtherName(names []otherName, der []byte) []otherName {
	var n otherName
	rest, err := asn1.Unmarshal(der, &n.kind)
	if err != nil {
		return names
	}
	var explicit, value asn1.RawValue
	if _, err := asn1.Unmarshal(rest, &explicit); err != nil || explicit.Class != asn1.ClassContextSpecific || explicit.Tag != 0 {
		return names
	}
	if _, err := asn1.Unmarshal(explicit.Bytes, &value); err != nil {
		return names
	}
	// RFC 4985 §2: SRVName is an IA5String; RFC 6120 §13.7.1.4: xmppAddr is a UTF8String.
	if value.Class != asn1.ClassUniversal || (value.Tag != asn1.TagIA5String && value.Tag != asn1.TagUTF8String) || bytes.IndexByte(value.Bytes, 0) >= 0 {
		return names
	}
	n.value = string(value.Bytes)
	return append(names, n)
}
