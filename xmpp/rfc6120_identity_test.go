package xmpp_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// An issuer signs certificates for the tests of this file.
type issuer struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// A subject is what a certificate says of its owner.
type subject struct {
	common        string
	dns           []string
	srv, addr     []string // SRVName (RFC 4985), xmppAddr (RFC 6120 §13.7.1.4)
	ips           []net.IP
	uris          []string
	before, after time.Time
	rsa           bool
}

var (
	oidSRV     = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 7}
	oidAddr    = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 5}
	oidAltName = asn1.ObjectIdentifier{2, 5, 29, 17}
)

// newIssuer makes a certificate authority.
func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "issuer"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &issuer{cert, key}
}

func (i *issuer) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(i.cert)
	return pool
}

// issue makes a certificate.
func (i *issuer) issue(t *testing.T, s subject) tls.Certificate {
	t.Helper()
	var key crypto.Signer
	var err error
	if s.rsa {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	require.NoError(t, err)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: s.common}, NotBefore: s.before, NotAfter: s.after,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if s.before.IsZero() {
		tmpl.NotBefore, tmpl.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	if names := s.altNames(t); names != nil {
		tmpl.ExtraExtensions = []pkix.Extension{{Id: oidAltName, Value: names}}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, i.cert, key.Public(), i.key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// altNames is the subjectAltName of RFC 5280 §4.2.1.6.
func (s subject) altNames(t *testing.T) []byte {
	t.Helper()
	var names []asn1.RawValue
	other := func(id asn1.ObjectIdentifier, tag int, value string) {
		kind, err := asn1.Marshal(id)
		require.NoError(t, err)
		inner, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassUniversal, Tag: tag, Bytes: []byte(value)})
		require.NoError(t, err)
		explicit, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner})
		require.NoError(t, err)
		names = append(names, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: append(kind, explicit...)})
	}
	for _, v := range s.srv {
		other(oidSRV, asn1.TagIA5String, v)
	}
	for _, v := range s.addr {
		other(oidAddr, asn1.TagUTF8String, v)
	}
	for _, v := range s.dns {
		names = append(names, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 2, Bytes: []byte(v)})
	}
	for _, v := range s.uris {
		names = append(names, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(v)})
	}
	for _, ip := range s.ips {
		names = append(names, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 7, Bytes: ip})
	}
	if names == nil {
		return nil
	}
	der, err := asn1.Marshal(names)
	require.NoError(t, err)
	return der
}

// meets connects as account to a server with that certificate, up to the end of the handshake, and returns what the client
// said inside TLS and how it ended.
func meets(t *testing.T, account string, cert tls.Certificate, roots *x509.CertPool) (said string, err error) {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	require.NoError(t, err)
	defer l.Close()
	heard := make(chan string, 1)
	go func() {
		buf := make([]byte, 4096)
		n := 0
		if conn, err := l.Accept(); err == nil {
			_ = conn.SetDeadline(time.Now().Add(time.Minute))
			n, _ = conn.Read(buf)
			conn.Close()
		}
		heard <- string(buf[:n])
	}()
	_, err = xmpp.Dial(t.Context(), jid.MustParse(account), &xmpp.Options{
		Password: "x", Addr: l.Addr().String(), DirectTLS: true, TLS: &tls.Config{RootCAs: roots},
	})
	require.Error(t, err)
	return <-heard, err
}

// TestRFC6120Certificates is RFC 6120 §13.7.2 and RFC 6125 §6: which certificates show the identity of the account's domain.
// To a server that does not show it, nothing is said at all.
func TestRFC6120Certificates(t *testing.T) {
	ours := newIssuer(t)
	t.Attr("conformance", "tls-certs 6120-4.7.1-4 6120-4.7.2-5 6120-5.4.3.1-6 6120-13.7.2-1 6120-13.7.2-2 6120-13.7.2-3 6120-13.9.5-2 7590-3.4-1 "+
		"6125-6.3-1 6125-6.4-1 6125-6.6.1-1 6125-6.6.4-2 6125-6.6.4-3")
	for _, c := range []struct {
		name    string
		account string
		subject subject
		trusted bool
	}{
		{"6120-13.7.1.2.1-2 6125-6.2.1-4 a DNS-ID", "a@im.example.com", subject{dns: []string{"im.example.com"}}, true},
		{"a DNS-ID among others", "a@im.example.com", subject{dns: []string{"www.example.com", "im.example.com"}}, true},
		{"6120-13.7.1.2.1-5 an SRV-ID", "a@im.example.com", subject{srv: []string{"_xmpp-client.im.example.com"}}, true},
		{"6120-13.7.1.4-2 an xmppAddr", "a@im.example.com", subject{addr: []string{"im.example.com"}}, true},
		{"the address of the server", "a@192.0.2.7", subject{ips: []net.IP{{192, 0, 2, 7}}}, true},
		{"6125-6.4.2-1 a DNS-ID in A-labels", "a@münchen.example", subject{dns: []string{"xn--mnchen-3ya.example"}}, true},
		{"6125-6.4.2-1 an SRV-ID in A-labels", "a@münchen.example", subject{srv: []string{"_xmpp-client.xn--mnchen-3ya.example"}}, true},
		{"an xmppAddr in U-labels", "a@münchen.example", subject{addr: []string{"münchen.example"}}, true},
		{"6125-6.4.2-2 another case", "a@xn--mnchen-3ya.example", subject{dns: []string{"XN--MNCHEN-3YA.Example"}}, true},
		{"another case of an SRV-ID", "a@im.example.com", subject{srv: []string{"_XMPP-Client.IM.example.com"}}, true},
		{"a wildcard for the first label", "a@im.example.com", subject{dns: []string{"*.example.com"}}, true},

		{"another domain", "a@im.example.com", subject{common: "im.example.com", dns: []string{"im.example.org"}}, false},
		{"6125-6.4.1-1 6125-6.4.2-3 the domain above", "a@im.example.com", subject{dns: []string{"example.com"}}, false},
		{"a domain below", "a@im.example.com", subject{dns: []string{"a.im.example.com"}}, false},
		{"one label more than the wildcard", "a@im.example.com", subject{dns: []string{"*.com"}}, false},
		{"6125-6.4.3-3 a wildcard is one label", "a@a.im.example.com", subject{dns: []string{"*.example.com"}}, false},
		{"6125-6.4.3-3 a wildcard is a label", "a@example.com", subject{dns: []string{"*.example.com"}}, false},
		{"6125-6.4.3-2 a wildcard further on", "a@im.example.com", subject{dns: []string{"im.*.com"}}, false},
		{"6125-6.4.3-5 a wildcard in an A-label", "a@münchen.example", subject{dns: []string{"xn--m*-3ya.example"}}, false},
		{"6125-6.5-1 an SRV-ID for another service", "a@im.example.com", subject{srv: []string{"_imap.im.example.com", "_xmpp-server.im.example.com"}}, false},
		{"6125-6.5-1 a URI-ID", "a@im.example.com", subject{uris: []string{"sip:im.example.com", "xmpp://im.example.com"}}, false},
		{"an SRV-ID for another domain", "a@im.example.com", subject{srv: []string{"_xmpp-client.im.example.org"}}, false},
		{"an SRV-ID with a wildcard", "a@im.example.com", subject{srv: []string{"_xmpp-client.*.example.com"}}, false},
		{"an xmppAddr of somebody", "a@im.example.com", subject{addr: []string{"a@im.example.com"}}, false},
		{"an xmppAddr for another domain", "a@im.example.com", subject{addr: []string{"im.example.org"}}, false},
		{"6125-6.3-2 6125-6.4.4-1 a Common Name beside another DNS-ID", "a@im.example.com", subject{common: "im.example.com", dns: []string{"x.example"}}, false},
		{"6125-6.2.1-8 a Common Name alone", "a@im.example.com", subject{common: "im.example.com"}, false},
		{"NUL in the name", "a@im.example.com", subject{addr: []string{"im.example.com\x00.evil.example"}}, false},
		{"the wrong address", "a@192.0.2.7", subject{ips: []net.IP{{192, 0, 2, 8}}}, false},
		{"an address as a name", "a@192.0.2.7", subject{dns: []string{"192.0.2.7"}}, false},
		{"expired", "a@im.example.com", subject{dns: []string{"im.example.com"}, before: time.Now().Add(-2 * time.Hour), after: time.Now().Add(-time.Hour)}, false},
		{"not valid yet", "a@im.example.com", subject{dns: []string{"im.example.com"}, before: time.Now().Add(time.Hour), after: time.Now().Add(2 * time.Hour)}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Attr("conformance", c.name)
			said, err := meets(t, c.account, ours.issue(t, c.subject), ours.pool())
			requireTrust(t, c.trusted, said, err)
		})
	}
}

// TestRFC6120TrustAnchors: the anchors that the program provides are the only ones (RFC 6120 §13.6).
func TestRFC6120TrustAnchors(t *testing.T) {
	t.Attr("conformance", "6120-13.6-1 6120-13.6-3 tls-certs")
	ours, theirs := newIssuer(t), newIssuer(t)
	cert := theirs.issue(t, subject{dns: []string{"im.example.com"}})
	for _, c := range []struct {
		roots   *x509.CertPool
		trusted bool
	}{{theirs.pool(), true}, {ours.pool(), false}, {x509.NewCertPool(), false}} {
		said, err := meets(t, "a@im.example.com", cert, c.roots)
		requireTrust(t, c.trusted, said, err)
	}
}

// TestRFC6125SourceDomain: the reference is the domain of the account, whatever host the connection leads to and whatever
// name the program's TLS configuration has (RFC 6125 §6.2.1, RFC 6120 §13.7.2.1).
func TestRFC6125SourceDomain(t *testing.T) {
	t.Attr("conformance", "6125-6.2.1-1 6125-6.2.1-3")
	ours := newIssuer(t)
	cert := ours.issue(t, subject{dns: []string{"derived.example"}})
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	require.NoError(t, err)
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1))
			conn.Close()
		}
	}()
	_, err = xmpp.Dial(t.Context(), jid.MustParse("a@source.example"), &xmpp.Options{
		Password: "x", Addr: l.Addr().String(), DirectTLS: true, TLS: &tls.Config{RootCAs: ours.pool(), ServerName: "derived.example"},
	})
	requireTrust(t, false, "", err)
	_, err = xmpp.Dial(t.Context(), jid.MustParse("a@derived.example"), &xmpp.Options{
		Password: "x", Addr: l.Addr().String(), DirectTLS: true, TLS: &tls.Config{RootCAs: ours.pool(), ServerName: "source.example"},
	})
	requireTrust(t, true, "<?xml", err)
}

// requireTrust holds that the client went on to its stream header, or that it left during the handshake.
func requireTrust(t *testing.T, trusted bool, said string, err error) {
	t.Helper()
	var dial *xmpp.DialError
	require.ErrorAs(t, err, &dial)
	if trusted {
		require.Equal(t, xmpp.StepStream, dial.Step, "%v", err)
		require.Contains(t, said, "<?xml")
		return
	}
	require.Equal(t, xmpp.StepTLS, dial.Step, "%v", err)
	require.Empty(t, said)
	var cert *tls.CertificateVerificationError
	require.ErrorAs(t, err, &cert)
}
