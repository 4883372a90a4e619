package server

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"slices"
)

// The channel-binding types of RFC 5929 and RFC 9266.
const (
	bindExporter  = "tls-exporter"
	bindEndPoint  = "tls-server-end-point"
	bindUnique    = "tls-unique"
	exporterLabel = "EXPORTER-Channel-Binding" // RFC 9266 §2
	exporterBytes = 32
)

// bindingTypes returns the types that this connection can do: those of want, in that order; nil want means all of them.
func bindingTypes(f saslFacts, want []string) []string {
	if want == nil {
		want = []string{bindExporter, bindEndPoint, bindUnique}
	}
	var can []string
	for _, t := range want {
		f.types = []string{t}
		if _, ok := bindingData(f, t); ok {
			can = append(can, t)
		}
	}
	return can
}

// bindingData returns the channel-binding data of one type, and whether it is among those that we accept.
func bindingData(f saslFacts, typ string) ([]byte, bool) {
	if f.tls == nil || !slices.Contains(f.types, typ) {
		return nil, false
	}
	switch typ {
	case bindExporter:
		// RFC 9266 §2: the context is there and empty, which TLS 1.2 tells from none. Go refuses it on 1.2 without the
		// extended master secret.
		data, err := f.tls.ExportKeyingMaterial(exporterLabel, []byte{}, exporterBytes)
		return data, err == nil
	case bindUnique:
		// RFC 9266 §3: not defined for TLS 1.3. Go leaves it empty there, and without the extended master secret.
		return f.tls.TLSUnique, f.tls.Version <= tls.VersionTLS12 && len(f.tls.TLSUnique) > 0
	case bindEndPoint:
		return endPointHash(f.serverCert)
	}
	return nil, false
}

// endPointHash is tls-server-end-point: a hash of the certificate, by the hash of its signature; RFC 5929 §4.1.
func endPointHash(der []byte) ([]byte, bool) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, false
	}
	h := crypto.SHA256 // also for MD5 and SHA-1
	switch cert.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		h = crypto.SHA384
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		h = crypto.SHA512
	case x509.PureEd25519: // RFC 5929 §4.1: no single hash, so the binding is undefined
		return nil, false
	}
	d := h.New()
	d.Write(der)
	return d.Sum(nil), true
}
