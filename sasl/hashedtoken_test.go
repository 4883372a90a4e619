package sasl

import (
	"crypto/hmac"
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// proof is a server's or a client's, computed anew from the draft.
func proof(token, who string, channel []byte) string {
	m := hmac.New(sha256.New, []byte(token))
	m.Write(append([]byte(who), channel...))
	return string(m.Sum(nil))
}

func TestHashedToken(t *testing.T) {
	c := Conn{Encrypted: true, Bindings: []Binding{exporter, unique, endOfLine}}
	tests := []struct {
		name, binding string
		channel       []byte
	}{
		{"HT-SHA-256-EXPR", TLSExporter, exporter.Data},
		{"HT-SHA-256-UNIQ", TLSUnique, unique.Data},
		{"HT-SHA-256-ENDP", TLSServerEndPoint, endOfLine.Data},
		{"HT-SHA-256-NONE", "", nil},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := HashedToken("juliet", "s3cr3t")[i]
			require.Equal(t, tt.name, m.Name())
			start := func() Exchange {
				x, err := m.Start(t.Context(), c)
				require.NoError(t, err)
				assert.Equal(t, tt.binding, x.(interface{ ChannelBinding() string }).ChannelBinding())
				assert.Equal(t, "juliet\x00"+proof("s3cr3t", "Initiator", tt.channel), string(x.Initial()))
				return x
			}
			right := []byte(proof("s3cr3t", "Responder", tt.channel))
			assert.NoError(t, start().Success(right))

			x := start()
			answer, err := x.Next(t.Context(), right)
			require.NoError(t, err, "in a challenge")
			assert.Equal(t, []byte{}, answer)
			assert.NoError(t, x.Success(nil))
			_, err = x.Next(t.Context(), right)
			assert.ErrorIs(t, err, ErrUnexpected)
			assert.ErrorIs(t, x.Success(right), ErrUnexpected, "what has failed stays failed")
		})
	}
}

// TestSecurityS11HashedToken: a server that does not prove that it knows the token is not believed.
func TestSecurityS11HashedToken(t *testing.T) {
	c := Conn{Encrypted: true, Bindings: []Binding{exporter}}
	for name, tt := range map[string]struct {
		data string
		want error
	}{
		"success without proof":    {"", ErrUnverified},
		"our own proof":            {proof("s3cr3t", "Initiator", exporter.Data), ErrSignature},
		"another token":            {proof("another", "Responder", exporter.Data), ErrSignature},
		"another channel":          {proof("s3cr3t", "Responder", []byte("relayed")), ErrSignature},
		"without channel binding":  {proof("s3cr3t", "Responder", nil), ErrSignature},
		"a part of the proof":      {proof("s3cr3t", "Responder", exporter.Data)[:31], ErrSignature},
		"the proof with some more": {proof("s3cr3t", "Responder", exporter.Data) + "\x00", ErrSignature},
	} {
		x, err := HashedToken("juliet", "s3cr3t")[0].Start(t.Context(), c)
		require.NoError(t, err)
		require.ErrorIs(t, x.Success([]byte(tt.data)), tt.want, name)
		_, err = x.Next(t.Context(), []byte(proof("s3cr3t", "Responder", exporter.Data)))
		assert.ErrorIs(t, err, tt.want, "%s: the exchange is over", name)
	}
}

// TestHashedTokenUsable: inside TLS, and with the channel binding of its name.
func TestHashedTokenUsable(t *testing.T) {
	const all = "HT-SHA-256-EXPR HT-SHA-256-UNIQ HT-SHA-256-ENDP HT-SHA-256-NONE"
	offered := []string{"HT-SHA-256-NONE", "HT-SHA-256-ENDP", "HT-SHA-256-UNIQ", "HT-SHA-256-EXPR", "HT-SHA-512-EXPR"}
	tests := []struct {
		name string
		conn Conn
		want string
	}{
		{"all", Conn{Encrypted: true, Bindings: []Binding{exporter, unique, endOfLine}, Mechanisms: offered}, all},
		{"whatever types are announced", Conn{Encrypted: true, Bindings: []Binding{exporter, unique, endOfLine}, Mechanisms: offered, BindingTypes: []string{}}, all},
		{"what the server offers", Conn{Encrypted: true, Bindings: []Binding{exporter}, Mechanisms: offered[:3]}, "HT-SHA-256-NONE"},
		{"TLS 1.3", Conn{Encrypted: true, Bindings: []Binding{exporter, endOfLine}, Mechanisms: offered}, "HT-SHA-256-EXPR HT-SHA-256-ENDP HT-SHA-256-NONE"},
		{"no channel binding", Conn{Encrypted: true, Mechanisms: offered}, "HT-SHA-256-NONE"},
		{"in clear", Conn{AllowPlaintext: true, Mechanisms: offered}, ""},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, names(Select(HashedToken("u", "t"), tt.conn)), tt.name)
	}
	for _, m := range HashedToken("u", "t") {
		_, err := m.Start(t.Context(), Conn{AllowPlaintext: true, Bindings: []Binding{exporter, unique, endOfLine}})
		assert.ErrorIs(t, err, ErrPlaintext, m.Name())
	}
	_, err := HashedToken("u", "t")[0].Start(t.Context(), Conn{Encrypted: true})
	assert.ErrorIs(t, err, ErrNoBinding)
	for _, bad := range [][2]string{{"", "t"}, {"u", ""}, {"u\x00v", "t"}, {"\xff", "t"}} {
		_, err := HashedToken(bad[0], bad[1])[3].Start(t.Context(), Conn{Encrypted: true})
		assert.ErrorIs(t, err, ErrCredentials, "%q", bad)
	}
}

// TestNeedHash: where less is offered than was seen before, only a server that vouches for that is answered (XEP-0474).
func TestNeedHash(t *testing.T) {
	for _, vouches := range []bool{false, true} {
		c := offers()
		c.Mechanisms, c.BindingTypes, c.Bindings, c.NeedHash = []string{"SCRAM-SHA-1"}, nil, nil, true
		s := newScramServer(t, "SCRAM-SHA-1", password)
		if vouches {
			s.suffix = ",h=" + offerHash(hashes[2], c)
		}
		x := begin(t, "SCRAM-SHA-1", "user", password, nil, c)
		answer, err := x.Next(t.Context(), s.challenge(x.Initial()))
		if vouches {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, ErrDowngrade)
		assert.Nil(t, answer, "nothing was proved")
	}
}
