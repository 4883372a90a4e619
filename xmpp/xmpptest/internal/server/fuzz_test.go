package server

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzScramFirst feeds first messages to a server: an answer or a failure, never a panic, and the answer extends the nonce.
func FuzzScramFirst(f *testing.F) {
	f.Add("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL")
	f.Add("y,a=user=2Cx@d,n=us=3Der,r=abc,x=y")
	f.Add("p=tls-exporter,,n=user,r=abc")
	o := Options{Iterations: 1}
	facts := saslFacts{opts: &o, accounts: soleAccount{"user", newCredential("pencil")}}
	f.Fuzz(func(t *testing.T, first string) {
		s := newScram(facts, scramSHA1, false)
		reply, fault := s.step([]byte(first))
		if fault != nil {
			return
		}
		_, nonce, _ := strings.Cut(s.clientBare, ",r=")
		nonce, _, _ = strings.Cut(nonce, ",")
		if !strings.HasPrefix(string(reply.data), "r="+nonce) {
			t.Fatalf("%q answers %q", reply.data, first)
		}
		if _, fault := s.step([]byte(first)); fault == nil {
			t.Fatalf("%q is taken for a last message", first)
		}
	})
}

func FuzzBearer(f *testing.F) {
	f.Add("n,a=user@d,\x01host=d\x01auth=Bearer abc\x01\x01")
	f.Add("n,,\x01\x01")
	f.Fuzz(func(t *testing.T, msg string) {
		token, _, err := parseBearer(msg)
		if err == nil && token == "" {
			t.Fatalf("%q has no token", msg)
		}
	})
}

func FuzzXMPPAddrs(f *testing.F) {
	names, err := CertSpec{Domains: []string{"d.test"}}.names()
	require.NoError(f, err)
	ext, err := names.extension()
	require.NoError(f, err)
	f.Add(ext.Value)
	f.Fuzz(func(t *testing.T, der []byte) {
		xmppAddrs(&x509.Certificate{Extensions: []pkix.Extension{{Id: oidSubjectAltName, Value: der}}})
	})
}

// FuzzElement reads what parses and writes it again: the same tree comes out.
func FuzzElement(f *testing.F) {
	f.Add("<message to='a@b'><body xml:lang='de'>x &lt; y</body><x xmlns='urn:x' xmlns:p='urn:p' p:a='1'><p:y/>t</x></message>")
	f.Fuzz(func(t *testing.T, text string) {
		one, err := snippet(text)
		if err != nil {
			return
		}
		two, err := snippet(one.String())
		if err != nil {
			t.Fatalf("%q is written as %q: %v", text, one, err)
		}
		require.Equal(t, one, two)
	})
}
