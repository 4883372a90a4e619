package servers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"net"
	"sync"
	"time"
)

// authority is the certificate authority of the test process.
var authority = sync.OnceValues(newAuthority)

// An issuer is a certificate that may sign others.
type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// A pair is a certificate and its key, both in PEM.
type pair struct{ cert, key []byte }

// tls returns the pair as crypto/tls takes it.
func (p pair) tls() (tls.Certificate, error) { return tls.X509KeyPair(p.cert, p.key) }

func newAuthority() (*issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := blank("Canto test authority")
	t.IsCA, t.BasicConstraintsValid, t.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &issuer{cert, key}, err
}

func blank(name string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // rand.Reader never fails
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

func (i *issuer) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw})
}

func (i *issuer) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(i.cert)
	return p
}

// issue signs a certificate for names. It may be used on either side: Prosody checks a client's as it would a server's.
func (i *issuer) issue(n names) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, err
	}
	t := blank(n.common)
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	san, err := n.extension()
	if err != nil {
		return pair{}, err
	}
	t.ExtraExtensions = []pkix.Extension{san}
	der, err := x509.CreateCertificate(rand.Reader, t, i.cert, key.Public(), i.key)
	if err != nil {
		return pair{}, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	return pair{
		cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
	}, err
}

// names are the identities of a certificate. crypto/x509 writes no otherName, so the whole extension is made here.
type names struct {
	common             string
	dns, srv, xmppAddr []string
	ips                []net.IP
}

var (
	oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidXmppAddr       = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 5} // RFC 6120 §13.7.1.4
	oidSRVName        = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 7} // RFC 4985 §2
)

// The tags of GeneralName, RFC 5280 §4.2.1.6.
const (
	tagOtherName = 0
	tagDNSName   = 2
	tagIPAddress = 7
)

func (n names) extension() (pkix.Extension, error) {
	var all []asn1.RawValue
	add := func(tag int, b []byte) {
		all = append(all, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: b})
	}
	for _, d := range n.dns {
		add(tagDNSName, []byte(d))
	}
	for _, ip := range n.ips {
		if v4 := ip.To4(); v4 != nil {
			ip = v4
		}
		add(tagIPAddress, ip)
	}
	for _, o := range n.others() {
		v, err := o.value()
		if err != nil {
			return pkix.Extension{}, err
		}
		all = append(all, v)
	}
	der, err := asn1.Marshal(all)
	return pkix.Extension{Id: oidSubjectAltName, Value: der}, err
}

// An otherName is a name by its type: RFC 5280 §4.2.1.6.
type otherName struct {
	oid  asn1.ObjectIdentifier
	tag  int // of the string type
	name string
}

func (n names) others() (all []otherName) {
	for _, s := range n.srv {
		all = append(all, otherName{oidSRVName, asn1.TagIA5String, s})
	}
	for _, a := range n.xmppAddr {
		all = append(all, otherName{oidXmppAddr, asn1.TagUTF8String, a})
	}
	return all
}

func (o otherName) value() (v asn1.RawValue, err error) {
	id, err := asn1.Marshal(o.oid)
	if err != nil {
		return v, err
	}
	name, err := asn1.Marshal(asn1.RawValue{Tag: o.tag, Bytes: []byte(o.name)})
	if err != nil {
		return v, err
	}
	explicit, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: name})
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tagOtherName, IsCompound: true, Bytes: append(id, explicit...)}, err
}
