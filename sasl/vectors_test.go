package sasl

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// vector is a whole SCRAM exchange of testdata/scram.json.
type vector struct {
	ID             string `json:"id"`
	Mechanism      string `json:"mechanism"`
	User           string `json:"user"`
	Password       string `json:"password"`
	ClientNonce    string `json:"client_nonce"`
	GS2Header      string `json:"gs2_header"`
	CBDataHex      string `json:"cb_data_hex"`
	ClientFirst    string `json:"client_first"`
	ServerFirst    string `json:"server_first"`
	ClientFinal    string `json:"client_final"`
	ServerFinal    string `json:"server_final"`
	SaltedPassword string `json:"salted_password"`
}

func vectors(t testing.TB) []vector {
	data, err := os.ReadFile("testdata/scram.json")
	require.NoError(t, err)
	var vs []vector
	require.NoError(t, json.Unmarshal(data, &vs))
	require.NotEmpty(t, vs)
	return vs
}

// start begins the exchange of a vector, with its nonce, authorization identity, channel binding and offer.
func (v vector) start(t testing.TB) Exchange {
	flag, authzID, _ := strings.Cut(strings.TrimSuffix(v.GS2Header, ","), ",")
	o := &PasswordOptions{AuthzID: strings.TrimPrefix(authzID, "a=")}
	m := find(t, Password(v.User, v.Password, o), v.Mechanism).(*scram)
	m.nonce = func() string { return v.ClientNonce }
	if strings.HasSuffix(v.ID, "no-saslprep") {
		m.prepare = func(c credentials, _ string) (string, string, error) { return c.username, c.password(), nil }
	}
	c := Conn{Encrypted: true, Mechanisms: []string{v.Mechanism}}
	if typ, ok := strings.CutPrefix(flag, "p="); ok {
		data, err := hex.DecodeString(v.CBDataHex)
		require.NoError(t, err)
		c.Bindings, c.BindingTypes = []Binding{{typ, data}}, []string{typ}
	}
	if strings.HasPrefix(v.ID, "xep0515") {
		// The offer whose hash XEP-0474 section 6.3 gives, and TLS 1.3.
		c.Mechanisms = []string{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"}
		c.BindingTypes = []string{TLSServerEndPoint, TLSExporter}
		c.TLSVersion = 0x0304
	}
	x, err := m.Start(t.Context(), c)
	require.NoError(t, err)
	return x
}

// find returns the mechanism of that name.
func find(t testing.TB, mechs []Mechanism, name string) Mechanism {
	for _, m := range mechs {
		if m.Name() == name {
			return m
		}
	}
	require.Fail(t, "no mechanism", "%s", name)
	return nil
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			x := v.start(t)
			require.Equal(t, v.ClientFirst, string(x.Initial()))
			final, err := x.Next(t.Context(), []byte(v.ServerFirst))
			require.NoError(t, err)
			require.Equal(t, v.ClientFinal, string(final))
			require.NoError(t, x.Success([]byte(v.ServerFinal)))

			salted, err := hex.DecodeString(v.SaltedPassword)
			require.NoError(t, err)
			h := x.(*scramExchange).m.hash
			assert.Equal(t, h.keys(salted).pair(), x.(*scramExchange).keys.pair())
		})
	}
}

// TestVectorsFinalInChallenge: a server that cannot send data with its success sends it before (RFC 6120 section 6.3.10).
func TestVectorsFinalInChallenge(t *testing.T) {
	t.Attr("conformance", "6120-6.3.10-1")
	for _, v := range vectors(t) {
		x := v.start(t)
		_, err := x.Next(t.Context(), []byte(v.ServerFirst))
		require.NoError(t, err, v.ID)
		answer, err := x.Next(t.Context(), []byte(v.ServerFinal))
		require.NoError(t, err, v.ID)
		assert.Equal(t, []byte{}, answer, v.ID)
		assert.NoError(t, x.Success(nil), v.ID)
	}
}
