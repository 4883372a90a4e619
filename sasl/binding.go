package sasl

import (
	"crypto"
	_ "crypto/sha256" // the hashes of tls-server-end-point
	_ "crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"slices"
)

// The types of channel binding that TLSBindings knows.
const (
	TLSExporter       = "tls-exporter"         // RFC 9266
	TLSUnique         = "tls-unique"           // RFC 5929 section 3
	TLSServerEndPoint = "tls-server-end-point" // RFC 5929 section 4
)

// Binding is a channel binding: what both ends of a secure channel know of it, and a man in the middle cannot have on both
// of his channels.
type Binding struct {
	Type string // its unique prefix in the registry of IANA
	Data []byte // not copied by this package, and not changed
}

// TLSBindings returns the channel bindings of a TLS connection, best first: tls-exporter, tls-unique (up to TLS 1.2),
// tls-server-end-point. A connection of TLS 1.2 has the first two only with the extended master secret of RFC 7627, without
// which they do not tell two connections apart, and only where renegotiation is off, as it is by default. The result is
// empty before the handshake is complete.
func TLSBindings(cs tls.ConnectionState) []Binding {
	if !cs.HandshakeComplete {
		return nil
	}
	var bindings []Binding
	// RFC 9266 section 4: on TLS 1.2 and before, the exporter needs the extended master secret (RFC 7627). crypto/tls
	// refuses without it, which is also the only way to learn that tls-unique is not unique.
	if data, err := export(&cs); err == nil {
		bindings = append(bindings, Binding{TLSExporter, data})
		if cs.Version <= tls.VersionTLS12 && len(cs.TLSUnique) > 0 {
			bindings = append(bindings, Binding{TLSUnique, slices.Clone(cs.TLSUnique)})
		}
	}
	if len(cs.PeerCertificates) > 0 {
		if data := endPoint(cs.PeerCertificates[0]); data != nil {
			bindings = append(bindings, Binding{TLSServerEndPoint, data})
		}
	}
	return bindings
}

// export computes tls-exporter: RFC 9266 section 2 gives the label, a context of zero length and 32 bytes. The context is
// empty and not nil, since TLS 1.2 tells the two apart. A ConnectionState that did not come from crypto/tls has no exporter
// and panics: it is one without.
func export(cs *tls.ConnectionState) (data []byte, err error) {
	defer func() {
		if recover() != nil {
			err = ErrNoBinding
		}
	}()
	return cs.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32)
}

// endPoint computes tls-server-end-point, or nil where RFC 5929 section 4.1 leaves it undefined (a signature without one
// hash function, as Ed25519).
func endPoint(cert *x509.Certificate) []byte {
	var h crypto.Hash
	switch cert.SignatureAlgorithm {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		h = crypto.SHA256 // RFC 5929 section 4.1: instead of MD5 and SHA-1
	case x509.SHA256WithRSA, x509.SHA256WithRSAPSS, x509.DSAWithSHA256, x509.ECDSAWithSHA256:
		h = crypto.SHA256
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		h = crypto.SHA384
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		h = crypto.SHA512
	default:
		return nil
	}
	d := h.New()
	d.Write(cert.Raw)
	return d.Sum(nil)
}

// binding chooses the channel binding to use with the server, if there is one in common.
func (c Conn) binding() (Binding, bool) {
	types := c.BindingTypes
	if types == nil && !c.SASL2 {
		// RFC 5802 section 6.1: tls-unique is the default where nothing was agreed. TLS 1.3 has none, and servers from
		// before XEP-0440 that offer -PLUS there are known to support no type at all. With SASL2, XEP-0440 section 3
		// rule 4 wants an announcement.
		types = []string{TLSUnique}
	}
	for _, b := range c.Bindings {
		if slices.Contains(types, b.Type) { // XEP-0440 section 3 rule 7: ours are ordered by strength
			return b, true
		}
	}
	return Binding{}, false
}
