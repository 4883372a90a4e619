package sasl

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"hash"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scramServer is the other side of SCRAM, written from RFC 5802 and sharing no code with the package.
type scramServer struct {
	t          testing.TB
	hash       func() hash.Hash
	password   string
	iterations int
	salt       []byte
	suffix     string            // further attributes of the server-first-message
	bindings   map[string][]byte // what the server's end of the channel knows
	plus       bool              // a mechanism with -PLUS is in use
	offersPlus bool              // one was offered

	username, authzID, flag string // what the client said
	header, bare, first     string
}

func newScramServer(t testing.TB, mechanism, password string) *scramServer {
	name, plus := strings.CutSuffix(mechanism, "-PLUS")
	h := map[string]func() hash.Hash{
		"SCRAM-SHA-1": sha1.New, "SCRAM-SHA-256": sha256.New, "SCRAM-SHA-512": sha512.New,
	}[name]
	require.NotNil(t, h, mechanism)
	return &scramServer{t: t, hash: h, password: password, iterations: 4096, salt: []byte("0123456789abcdef"), plus: plus, offersPlus: plus}
}

var clientFirst = regexp.MustCompile(`^((n|y|p=[A-Za-z0-9.-]+),(?:a=((?:[^,=]|=2C|=3D)+))?,)(n=((?:[^,=]|=2C|=3D)+),r=([!-+\--~]+))$`)

// challenge reads the client-first-message and returns the server-first-message.
func (s *scramServer) challenge(msg []byte) []byte {
	m := clientFirst.FindStringSubmatch(string(msg))
	require.NotNil(s.t, m, "%q is no client-first-message", msg)
	unescape := strings.NewReplacer("=2C", ",", "=3D", "=")
	s.header, s.flag, s.authzID, s.bare, s.username = m[1], m[2], unescape.Replace(m[3]), m[4], unescape.Replace(m[5])
	nonce := m[6]
	require.GreaterOrEqual(s.t, len(nonce), 22, "128 bits of base64")
	s.first = fmt.Sprintf("r=%s,s=%s,i=%d%s", nonce+"%more", base64.StdEncoding.EncodeToString(s.salt), s.iterations, s.suffix)
	return []byte(s.first)
}

var clientLast = regexp.MustCompile(`^(c=([A-Za-z0-9+/=]+),r=([!-+\--~]+)),p=([A-Za-z0-9+/=]+)$`)

// final reads the client-final-message and returns the server-final-message.
func (s *scramServer) final(msg []byte) []byte {
	m := clientLast.FindStringSubmatch(string(msg))
	require.NotNil(s.t, m, "%q is no client-final-message", msg)
	if m[3] != s.first[2:strings.IndexByte(s.first, ',')] {
		return []byte("e=other-error")
	}
	if e := s.checkBinding(m[2]); e != "" {
		return []byte("e=" + e)
	}
	salted, err := pbkdf2.Key(s.hash, s.password, s.salt, s.iterations, s.hash().Size())
	require.NoError(s.t, err)
	auth := s.bare + "," + s.first + "," + m[1]
	clientKey := s.mac(salted, "Client Key")
	stored := s.hash()
	stored.Write(clientKey)
	want := s.mac(stored.Sum(nil), auth)
	for i := range want {
		want[i] ^= clientKey[i]
	}
	if base64.StdEncoding.EncodeToString(want) != m[4] {
		return []byte("e=invalid-proof")
	}
	return []byte("v=" + base64.StdEncoding.EncodeToString(s.mac(s.mac(salted, "Server Key"), auth)))
}

// checkBinding is the server's half of RFC 5802 section 6; it returns the value of e= or nothing.
func (s *scramServer) checkBinding(c string) string {
	input, err := base64.StdEncoding.DecodeString(c)
	require.NoError(s.t, err)
	data, ok := bytes.CutPrefix(input, []byte(s.header))
	typ, binds := strings.CutPrefix(s.flag, "p=")
	known, has := s.bindings[typ]
	switch {
	case !ok, binds != s.plus, !binds && len(data) > 0:
		return "other-error"
	case s.flag == "y" && s.offersPlus:
		return "server-does-support-channel-binding"
	case binds && !has:
		return "unsupported-channel-binding-type"
	case binds && !bytes.Equal(data, known):
		return "channel-bindings-dont-match"
	}
	return ""
}

func (s *scramServer) mac(key []byte, msg string) []byte {
	m := hmac.New(s.hash, key)
	m.Write([]byte(msg))
	return m.Sum(nil)
}

// run plays a whole exchange and returns the client's verdict.
func (s *scramServer) run(x Exchange) error {
	answer, err := x.Next(s.t.Context(), s.challenge(x.Initial()))
	if err != nil {
		return err
	}
	return x.Success(s.final(answer))
}

// pbkdf2Key derives a key with the standard library.
func pbkdf2Key(s *scramServer, iterations int) ([]byte, error) {
	return pbkdf2.Key(s.hash, s.password, s.salt, iterations, s.hash().Size())
}
