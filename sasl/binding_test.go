package sasl

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// certificate makes one that is signed with the given algorithm by its own key.
func certificate(t testing.TB, key crypto.Signer, algorithm x509.SignatureAlgorithm) tls.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "example.org"}, DNSNames: []string{"example.org"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), SignatureAlgorithm: algorithm,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func ecdsaCertificate(t testing.TB) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return certificate(t, key, x509.ECDSAWithSHA256)
}

// handshake connects a client and a server over a pipe and returns what each knows.
func handshake(t testing.TB, cert tls.Certificate, client *tls.Config) (ours, theirs tls.ConnectionState) {
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	pool := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	require.NoError(t, err)
	pool.AddCert(leaf)
	client.RootCAs, client.ServerName = pool, "example.org"
	server := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{cert}, SessionTicketsDisabled: true})
	done := make(chan error, 1)
	go func() { done <- server.HandshakeContext(t.Context()) }()
	c := tls.Client(a, client)
	require.NoError(t, c.HandshakeContext(t.Context()))
	require.NoError(t, <-done)
	return c.ConnectionState(), server.ConnectionState()
}

func types(bindings []Binding) []string {
	list := []string{}
	for _, b := range bindings {
		list = append(list, b.Type)
	}
	return list
}

func TestTLSBindings(t *testing.T) {
	t.Attr("conformance", "7677-4-1 9266-3-1 9266-4.2-1")
	cert := ecdsaCertificate(t)
	endPoint := sha256.Sum256(cert.Certificate[0])
	tests := []struct {
		name   string
		config *tls.Config
		want   []string
	}{
		{"TLS 1.3", &tls.Config{MinVersion: tls.VersionTLS13}, []string{TLSExporter, TLSServerEndPoint}},
		{"TLS 1.2", &tls.Config{MaxVersion: tls.VersionTLS12}, []string{TLSExporter, TLSUnique, TLSServerEndPoint}},
		// crypto/tls gives no exporter here, as without the extended master secret; tls-unique alone proves nothing then.
		{"TLS 1.2 with renegotiation", &tls.Config{MaxVersion: tls.VersionTLS12, Renegotiation: tls.RenegotiateOnceAsClient},
			[]string{TLSServerEndPoint}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ours, theirs := handshake(t, cert, tt.config)
			bindings := TLSBindings(ours)
			require.Equal(t, tt.want, types(bindings))
			for _, b := range bindings {
				switch b.Type {
				case TLSExporter:
					want, err := theirs.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32)
					require.NoError(t, err)
					assert.Equal(t, want, b.Data)
				case TLSUnique:
					assert.Equal(t, theirs.TLSUnique, b.Data)
				case TLSServerEndPoint:
					assert.Equal(t, endPoint[:], b.Data)
				}
			}
		})
	}
}

// TestTLSBindingsDiffer: two connections to one server have nothing in common but its certificate.
func TestTLSBindingsDiffer(t *testing.T) {
	cert := ecdsaCertificate(t)
	one, _ := handshake(t, cert, &tls.Config{MaxVersion: tls.VersionTLS12})
	two, _ := handshake(t, cert, &tls.Config{MaxVersion: tls.VersionTLS12})
	a, b := TLSBindings(one), TLSBindings(two)
	assert.NotEqual(t, a[0], b[0])
	assert.NotEqual(t, a[1], b[1])
	assert.Equal(t, a[2], b[2])
}

// TestEndPoint goes through the hash rules of RFC 5929 section 4.1.
func TestEndPoint(t *testing.T) {
	raw := []byte("certificate")
	short, middle, long := sha256.Sum256(raw), sha512.Sum384(raw), sha512.Sum512(raw)
	for algorithm, want := range map[x509.SignatureAlgorithm][]byte{
		x509.MD5WithRSA: short[:], x509.SHA1WithRSA: short[:], x509.ECDSAWithSHA1: short[:], x509.DSAWithSHA1: short[:],
		x509.SHA256WithRSA: short[:], x509.SHA256WithRSAPSS: short[:], x509.ECDSAWithSHA256: short[:], x509.DSAWithSHA256: short[:],
		x509.SHA384WithRSA: middle[:], x509.SHA384WithRSAPSS: middle[:], x509.ECDSAWithSHA384: middle[:],
		x509.SHA512WithRSA: long[:], x509.SHA512WithRSAPSS: long[:], x509.ECDSAWithSHA512: long[:],
		x509.PureEd25519: nil, x509.UnknownSignatureAlgorithm: nil,
	} {
		assert.Equal(t, want, endPoint(&x509.Certificate{Raw: raw, SignatureAlgorithm: algorithm}), algorithm.String())
	}
}

// TestTLSBindingsCertificates: what real certificates say of their signature.
func TestTLSBindingsCertificates(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	tests := []struct {
		key       crypto.Signer
		algorithm x509.SignatureAlgorithm
		hash      crypto.Hash // 0: undefined
	}{
		{rsaKey, x509.SHA256WithRSA, crypto.SHA256},
		{rsaKey, x509.SHA384WithRSAPSS, crypto.SHA384},
		{rsaKey, x509.SHA512WithRSA, crypto.SHA512},
		{edKey, x509.PureEd25519, 0},
	}
	for _, tt := range tests {
		cert := certificate(t, tt.key, tt.algorithm)
		state, _ := handshake(t, cert, &tls.Config{})
		bindings := TLSBindings(state)
		if tt.hash == 0 {
			assert.Equal(t, []string{TLSExporter}, types(bindings))
			continue
		}
		h := tt.hash.New()
		h.Write(cert.Certificate[0])
		assert.Equal(t, Binding{TLSServerEndPoint, h.Sum(nil)}, bindings[1], tt.algorithm.String())
	}
}

// TestTLSBindingsForeign: a ConnectionState that crypto/tls did not make, and one from before the handshake.
func TestTLSBindingsForeign(t *testing.T) {
	assert.Empty(t, TLSBindings(tls.ConnectionState{}))
	assert.Empty(t, TLSBindings(tls.ConnectionState{TLSUnique: []byte("unique"), Version: tls.VersionTLS12}))
	assert.Empty(t, TLSBindings(tls.ConnectionState{HandshakeComplete: true, TLSUnique: []byte("unique"), Version: tls.VersionTLS12}),
		"tls-unique without a proof of the extended master secret")
	cert := &x509.Certificate{Raw: []byte("x"), SignatureAlgorithm: x509.SHA256WithRSA}
	assert.Equal(t, []string{TLSServerEndPoint},
		types(TLSBindings(tls.ConnectionState{HandshakeComplete: true, PeerCertificates: []*x509.Certificate{cert}})))
}

// TestSCRAMOverTLS is a login bound to a real connection, with each type.
func TestSCRAMOverTLS(t *testing.T) {
	cert := ecdsaCertificate(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		ours, theirs := handshake(t, cert, &tls.Config{MinVersion: version, MaxVersion: version})
		exporter, err := theirs.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32)
		require.NoError(t, err)
		endPoint := sha256.Sum256(cert.Certificate[0])
		known := map[string][]byte{TLSExporter: exporter, TLSUnique: theirs.TLSUnique, TLSServerEndPoint: endPoint[:]}
		for _, b := range TLSBindings(ours) {
			c := Conn{Encrypted: true, Bindings: TLSBindings(ours), BindingTypes: []string{b.Type}, Mechanisms: []string{"SCRAM-SHA-256-PLUS"}}
			s := newScramServer(t, "SCRAM-SHA-256-PLUS", password)
			s.bindings = known
			require.NoError(t, s.run(begin(t, "SCRAM-SHA-256-PLUS", "juliet", password, nil, c)))
			assert.Equal(t, "p="+b.Type, s.flag)
		}
	}
}
