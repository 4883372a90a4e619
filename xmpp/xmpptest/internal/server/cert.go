package server

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"sync"
	"time"

	"golang.org/x/net/idna"
)

// The validity of every certificate made here, unless it is told otherwise. The dates are fixed, and wide: the clock of a
// testing/synctest bubble starts in the year 2000, that of the machine is far behind it.
var (
	certNotBefore = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	certNotAfter  = time.Date(2190, 1, 1, 0, 0, 0, 0, time.UTC)
)

// A CertSpec says what certificate to make. The zero value of every field but Domains is the ordinary case.
type CertSpec struct {
	// Domains are the XMPP domains that the certificate vouches for: each as a DNS name, as an SRVName for
	// _xmpp-client (RFC 4985) and as an xmppAddr (RFC 6120 §13.7.1.4). The first one's loopback addresses are named too.
	Domains []string
	// Address, when set, makes a client certificate for this bare JID instead (XEP-0178 §2): its only name is an xmppAddr.
	Address string
	// Name, when set, makes one for a client that has no address (XEP-0178 §2, case 3): its common name is the account's.
	Name string
	// Others are further bare JIDs of the same client (XEP-0178 §2, case 2).
	Others []string
	// NotBefore and NotAfter bound the validity; zero means 1990 and 2190.
	NotBefore, NotAfter time.Time
	// SelfSigned leaves the authority out: nobody has a reason to trust the certificate.
	SelfSigned bool
}

// An authority is a certificate authority of this process, made once: making keys is what takes the time.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

var theAuthority = sync.OnceValues(func() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	tmpl := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: "Canto test authority"},
		NotBefore:             certNotBefore,
		NotAfter:              certNotAfter,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{cert: cert, key: key}, nil
})

// Roots returns a pool with the authority that signs every certificate of this process's servers.
func Roots() (*x509.CertPool, error) {
	ca, err := theAuthority()
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool, nil
}

var certCache struct {
	sync.Mutex // protects certs
	certs      map[string]tls.Certificate
}

// Certificate makes the certificate that spec asks for, or returns the one made for the same spec before.
func Certificate(spec CertSpec) (tls.Certificate, error) {
	key := fmt.Sprintf("%q %q %q %q %v %v %v", spec.Domains, spec.Address, spec.Name, spec.Others, spec.NotBefore.Unix(), spec.NotAfter.Unix(), spec.SelfSigned)
	certCache.Lock()
	defer certCache.Unlock()
	if c, ok := certCache.certs[key]; ok {
		return c, nil
	}
	c, err := makeCertificate(spec)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate for %q: %w", spec.Domains, err)
	}
	if certCache.certs == nil {
		certCache.certs = make(map[string]tls.Certificate)
	}
	certCache.certs[key] = c
	return c, nil
}

func makeCertificate(spec CertSpec) (tls.Certificate, error) {
	ca, err := theAuthority()
	if err != nil {
		return tls.Certificate{}, err
	}
	tmpl, err := template(spec)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	parent, signer := ca.cert, crypto.Signer(ca.key)
	if spec.SelfSigned {
		parent, signer = tmpl, key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

func template(spec CertSpec) (*x509.Certificate, error) {
	names, err := spec.names()
	if err != nil {
		return nil, err
	}
	ext, err := names.extension()
	if err != nil {
		return nil, err
	}
	tmpl := &x509.Certificate{
		SerialNumber:    serial(),
		Subject:         pkix.Name{CommonName: names.common},
		NotBefore:       spec.NotBefore,
		NotAfter:        spec.NotAfter,
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtKeyUsage:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		ExtraExtensions: []pkix.Extension{ext},
	}
	if tmpl.NotBefore.IsZero() {
		tmpl.NotBefore = certNotBefore
	}
	if tmpl.NotAfter.IsZero() {
		tmpl.NotAfter = certNotAfter
	}
	return tmpl, nil
}

func (spec CertSpec) names() (altNames, error) {
	if spec.Address != "" {
		return altNames{common: spec.Address, xmpp: append([]string{spec.Address}, spec.Others...)}, nil
	}
	if spec.Name != "" {
		return altNames{common: spec.Name, dns: []string{"client.invalid"}}, nil
	}
	if len(spec.Domains) == 0 {
		return altNames{}, fmt.Errorf("no domain is given")
	}
	n := altNames{common: spec.Domains[0], ips: []net.IP{net.IPv4(127, 0, 0, 1).To4(), net.IPv6loopback}}
	for _, d := range spec.Domains {
		// RFC 6120 §13.7.1.2.1: a dNSName and an SRVName hold A-labels, an xmppAddr holds the domain as XMPP writes it.
		ascii, err := idna.Lookup.ToASCII(d)
		if err != nil {
			return altNames{}, err
		}
		n.dns = append(n.dns, ascii)
		n.srv = append(n.srv, "_xmpp-client."+ascii)
		n.xmpp = append(n.xmpp, d)
	}
	return n, nil
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil { // crypto/rand never fails on the systems that Go supports
		panic(err)
	}
	return n
}
