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

// tlsConfig is the configuration for a connection whose certificate v checks. The server name, which is the SNI too, is
// never one that DNS, a redirect or the user's ServerName gave (RFC 6120 §13.7.2.1, XEP-0368 §3).
func tlsConfig(v *verifier, direct bool) *tls.Config {
	cfg := v.cfg.Clone()
	cfg.ServerName = v.host
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12) // RFC 9325 §3.1.1
	if direct {
		cfg.NextProtos = []string{"xmpp-client"} // XEP-0368 §3: offered; no server is known to insist, nor do we
	}
	// Go's own check knows DNS names and addresses only; RFC 6120 §13.7.1.2.1 wants SRVName, too. So the whole check is
	// done by the verifier, which leaves nothing of it out.
	cfg.InsecureSkipVerify = true
	cfg.VerifyPeerCertificate = nil
	v.shown.watch(cfg)
	cfg.VerifyConnection = func(cs tls.ConnectionState) error { return v.check(cs, nil) }
	return cfg
}

// A verifier checks a server's certificate (RFC 6120 §13.7.2, RFC 5280). The reference identity is the domain of the
// account.
type verifier struct {
	host   string                // the domain in A-labels, or an IP address
	also   string                // the host of a URL that does as well; "": there is none
	domain string                // the domainpart as XMPP writes it
	cfg    *tls.Config           // the user's: roots, clock and further checks
	chains [][]*x509.Certificate // what check has found
	shown  *shown                // our own certificate
}

// newVerifier returns the verifier for the server of account, with what the user's configuration, which may be nil, has
// to say.
func newVerifier(user *tls.Config, account jid.JID) (*verifier, error) {
	cfg := &tls.Config{}
	if user != nil {
		cfg = user.Clone()
	}
	if cfg.InsecureSkipVerify {
		return nil, errInsecureConfig
	}
	return &verifier{host: account.Host(), domain: account.Domainpart(), cfg: cfg, shown: new(shown)}, nil
}

// check checks the certificate of a connection. The chains are those that its maker has verified, nil where that's ours
// to do.
func (v *verifier) check(cs tls.ConnectionState, chains [][]*x509.Certificate) (err error) {
	if len(cs.PeerCertificates) == 0 {
		return errors.New("the server sent no certificate")
	}
	if len(chains) == 0 {
		chains, err = v.build(cs.PeerCertificates)
	}
	if err == nil {
		err = v.verifyName(cs.PeerCertificates[0])
	}
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: cs.PeerCertificates, Err: err}
	}
	v.chains = chains
	return v.verifyMore(cs, chains)
}

// build finds the way from the server's certificate, the first one, to an authority that is trusted.
func (v *verifier) build(certs []*x509.Certificate) ([][]*x509.Certificate, error) {
	opts := x509.VerifyOptions{Roots: v.cfg.RootCAs, Intermediates: x509.NewCertPool()}
	if v.cfg.Time != nil {
		opts.CurrentTime = v.cfg.Time()
	}
	for _, c := range certs[1:] {
		opts.Intermediates.AddCert(c)
	}
	return certs[0].Verify(opts)
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
	if dnsErr == nil || v.also != "" && leaf.VerifyHostname(v.also) == nil {
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
