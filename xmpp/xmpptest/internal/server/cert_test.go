package server

import (
	"crypto/x509"
	"encoding/hex"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCertificateNames(t *testing.T) {
	c, err := Certificate(CertSpec{Domains: []string{"bücher.test", "rooms.bücher.test"}})
	require.NoError(t, err)
	roots, err := Roots()
	require.NoError(t, err)
	for _, host := range []string{"xn--bcher-kva.test", "rooms.xn--bcher-kva.test", "127.0.0.1", "::1"} {
		_, err := c.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots})
		require.NoError(t, err, host)
	}
	_, err = c.Leaf.Verify(x509.VerifyOptions{DNSName: "elsewhere.test", Roots: roots})
	require.Error(t, err)
	require.Equal(t, []string{"bücher.test", "rooms.bücher.test"}, xmppAddrs(c.Leaf))
	der := hex.EncodeToString(c.Leaf.Raw)
	// RFC 4985 §2: OID 1.3.6.1.5.5.7.8.7, then [0] EXPLICIT IA5String "_xmpp-client.…", 31 bytes
	require.Contains(t, der, "06082b06010505070807"+"a021"+"161f"+hex.EncodeToString([]byte("_xmpp-client.xn--bcher-kva.test")))
}

func TestCertificateIsMadeOnce(t *testing.T) {
	spec := CertSpec{Domains: []string{"once.test"}}
	one, err := Certificate(spec)
	require.NoError(t, err)
	two, err := Certificate(spec)
	require.NoError(t, err)
	require.Equal(t, one.Certificate, two.Certificate)
	spec.NotAfter = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	three, err := Certificate(spec)
	require.NoError(t, err)
	require.NotEqual(t, one.Certificate, three.Certificate)
}

func TestCertificateThatNobodyTrusts(t *testing.T) {
	roots, err := Roots()
	require.NoError(t, err)
	for name, spec := range map[string]CertSpec{
		"self-signed": {Domains: []string{"d.test"}, SelfSigned: true},
		"expired":     {Domains: []string{"d.test"}, NotAfter: time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		c, err := Certificate(spec)
		require.NoError(t, err)
		_, err = c.Leaf.Verify(x509.VerifyOptions{DNSName: "d.test", Roots: roots})
		require.Error(t, err, name)
	}
	_, err = Certificate(CertSpec{})
	require.Error(t, err)
}
