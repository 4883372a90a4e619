package sasl

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nonceOf is the nonce that an exchange sent.
func nonceOf(x Exchange) string {
	_, nonce, _ := strings.Cut(string(x.Initial()), ",r=")
	return nonce
}

// TestSecurityS11ServerFirst plays every server-first-message that must be refused. NONCE stands for ours.
func TestSecurityS11ServerFirst(t *testing.T) {
	t.Attr("conformance", "5802-5.1-8 5802-5.1-9 5802-5.1-17 7677-4-2")
	tests := []struct {
		name, msg string
		want      error
	}{
		{"empty", "", ErrMalformed},
		{"space", " ", ErrMalformed},
		{"nonce not ours", "r=another,s=c2FsdA==,i=4096", ErrNonce},
		{"nonce not extended", "r=NONCE,s=c2FsdA==,i=4096", ErrNonce},
		{"nonce cut", "r=NONC,s=c2FsdA==,i=4096", ErrNonce},
		{"nonce at the end", "r=xNONCE,s=c2FsdA==,i=4096", ErrNonce},
		{"nonce with another case", "r=nonceX,s=c2FsdA==,i=4096", ErrNonce},
		{"nonce empty", "r=,s=c2FsdA==,i=4096", ErrMalformed},
		{"nonce with a space", "r=NONCE x,s=c2FsdA==,i=4096", ErrMalformed},
		{"nonce not ASCII", "r=NONCEé,s=c2FsdA==,i=4096", ErrMalformed},
		{"nonce with DEL", "r=NONCE\x7f,s=c2FsdA==,i=4096", ErrMalformed},
		{"mandatory extension", "m=x,r=NONCEx,s=c2FsdA==,i=4096", ErrExtension},
		{"mandatory extension at the end", "r=NONCEx,s=c2FsdA==,i=4096,m=x", ErrExtension},
		{"without nonce", "s=c2FsdA==,i=4096", ErrMalformed},
		{"without salt", "r=NONCEx,i=4096", ErrMalformed},
		{"without count", "r=NONCEx,s=c2FsdA==", ErrMalformed},
		{"out of order", "r=NONCEx,i=4096,s=c2FsdA==", ErrMalformed},
		{"salt first", "s=c2FsdA==,r=NONCEx,i=4096", ErrMalformed},
		{"an optional attribute first", "x=y,r=NONCEx,s=c2FsdA==,i=4096", ErrMalformed},
		{"capital letters", "R=NONCEx,S=c2FsdA==,I=4096", ErrMalformed},
		{"salt empty", "r=NONCEx,s=,i=4096", ErrMalformed},
		{"salt no base64", "r=NONCEx,s=*,i=4096", ErrMalformed},
		{"salt not padded", "r=NONCEx,s=c2FsdA,i=4096", ErrMalformed},
		{"salt with a line end", "r=NONCEx,s=c2Fs\ndA==,i=4096", ErrMalformed},
		{"salt with bits left over", "r=NONCEx,s=c2FsdB==,i=4096", ErrMalformed},
		{"salt for URLs", "r=NONCEx,s=-_-_,i=4096", ErrMalformed},
		{"count zero", "r=NONCEx,s=c2FsdA==,i=0", ErrMalformed},
		{"count empty", "r=NONCEx,s=c2FsdA==,i=", ErrMalformed},
		{"count negative", "r=NONCEx,s=c2FsdA==,i=-4096", ErrMalformed},
		{"count with a sign", "r=NONCEx,s=c2FsdA==,i=+4096", ErrMalformed},
		{"count with leading zeros", "r=NONCEx,s=c2FsdA==,i=04096", ErrMalformed},
		{"count hexadecimal", "r=NONCEx,s=c2FsdA==,i=0x1000", ErrMalformed},
		{"count with an exponent", "r=NONCEx,s=c2FsdA==,i=4e3", ErrMalformed},
		{"count with an underscore", "r=NONCEx,s=c2FsdA==,i=4_096", ErrMalformed},
		{"count in other digits", "r=NONCEx,s=c2FsdA==,i=٤٠٩٦", ErrMalformed},
		{"count with a space", "r=NONCEx,s=c2FsdA==,i=4096 ", ErrMalformed},
		{"count one", "r=NONCEx,s=c2FsdA==,i=1", ErrIterations},
		{"count below the floor", "r=NONCEx,s=c2FsdA==,i=4095", ErrIterations},
		{"count above the cap", "r=NONCEx,s=c2FsdA==,i=1000001", ErrIterations},
		{"count of 2³²+4096", "r=NONCEx,s=c2FsdA==,i=4294971392", ErrIterations},
		{"count of 2⁶⁴+4096", "r=NONCEx,s=c2FsdA==,i=18446744073709555712", ErrIterations},
		{"count without end", "r=NONCEx,s=c2FsdA==,i=" + strings.Repeat("9", 500), ErrIterations},
		{"nonce twice", "r=NONCEx,s=c2FsdA==,i=4096,r=NONCEy", ErrMalformed},
		{"count twice", "r=NONCEx,s=c2FsdA==,i=4096,i=5000", ErrMalformed},
		{"hash of the offer twice", "r=NONCEx,s=c2FsdA==,i=4096,h=AA==,h=BB==", ErrMalformed},
		{"trailing comma", "r=NONCEx,s=c2FsdA==,i=4096,", ErrMalformed},
		{"attribute without a value", "r=NONCEx,s=c2FsdA==,i=4096,x=", ErrMalformed},
		{"attribute without a name", "r=NONCEx,s=c2FsdA==,i=4096,=x", ErrMalformed},
		{"attribute of two letters", "r=NONCEx,s=c2FsdA==,i=4096,xy=z", ErrMalformed},
		{"attribute that is a digit", "r=NONCEx,s=c2FsdA==,i=4096,1=z", ErrMalformed},
		{"NUL", "r=NONCEx,s=c2FsdA==,i=4096,x=\x00", ErrMalformed},
		{"not UTF-8", "r=NONCEx,s=c2FsdA==,i=4096,x=\xff", ErrMalformed},
		{"error", "e=unknown-user", NotAuthorized},
		{"error in its place only", "r=NONCEx,s=c2FsdA==,i=4096,e=other-error", ErrMalformed},
		{"the final message", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", ErrMalformed},
		{"too long", "r=NONCEx,s=c2FsdA==,i=4096,x=" + strings.Repeat("x", maxMessage), ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := begin(t, "SCRAM-SHA-1", "user", password, nil, Conn{Encrypted: true})
			answer, err := x.Next(t.Context(), []byte(strings.ReplaceAll(tt.msg, "NONCE", nonceOf(x))))
			require.ErrorIs(t, err, tt.want)
			assert.Nil(t, answer)
			var e *ExchangeError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, "SCRAM-SHA-1", e.Mechanism)
			assert.Equal(t, "server-first-message", e.Message)
			assert.NotContains(t, err.Error(), nonceOf(x))

			again, err2 := x.Next(t.Context(), []byte("r="+nonceOf(x)+"x,s=c2FsdA==,i=4096"))
			assert.Nil(t, again)
			assert.Equal(t, err, err2, "the exchange is over")
			assert.Equal(t, err, x.Success(nil))
		})
	}
}

// TestSecurityS11ServerFirstAccepted: the edges of what is refused.
func TestSecurityS11ServerFirstAccepted(t *testing.T) {
	t.Attr("conformance", "5802-5.1-18")
	for _, msg := range []string{
		"r=NONCEx,s=c2FsdA==,i=4096",
		"r=NONCE~!x=,s=c2Fs,i=5000",
		"r=NONCEx,s=c2FsdA==,i=4096,x=é,Y==,z=a=b,d=c2FsdA==",
		"r=NONCEx,s=c2FsdA==,i=8192,t=",
	} {
		x := begin(t, "SCRAM-SHA-1", "user", password, &PasswordOptions{MaxIterations: 8192}, Conn{Encrypted: true})
		_, err := x.Next(t.Context(), []byte(strings.ReplaceAll(strings.TrimSuffix(msg, ",t="), "NONCE", nonceOf(x))))
		assert.NoError(t, err, msg)
	}
	x := begin(t, "SCRAM-SHA-1", "user", password, &PasswordOptions{MaxIterations: 8192}, Conn{Encrypted: true})
	_, err := x.Next(t.Context(), []byte("r="+nonceOf(x)+"x,s=c2FsdA==,i=8193"))
	assert.ErrorIs(t, err, ErrIterations)
}

// TestSecurityS11ServerFinal plays every end of an exchange that must not count as an authentication, in a challenge and
// with the success.
func TestSecurityS11ServerFinal(t *testing.T) {
	t.Attr("conformance", "5802-5-2")
	zeros := base64.StdEncoding.EncodeToString(make([]byte, 20))
	tests := []struct {
		name string
		msg  func(right string) string
		want error
	}{
		{"forged", func(string) string { return "v=" + zeros }, ErrSignature},
		{"one bit", func(s string) string { return flip(s) }, ErrSignature},
		{"cut", func(s string) string { b := signatureOf(s); return "v=" + encode(b[:16]) }, ErrSignature},
		{"longer", func(s string) string { return "v=" + encode(append(signatureOf(s), 0)) }, ErrSignature},
		{"one byte", func(s string) string { return "v=" + encode(signatureOf(s)[:1]) }, ErrSignature},
		{"empty signature", func(string) string { return "v=" }, ErrMalformed},
		{"no base64", func(string) string { return "v=!" }, ErrMalformed},
		{"not padded", func(s string) string { return strings.TrimRight(s, "=") }, ErrMalformed},
		{"capital", func(s string) string { return "V" + s[1:] }, ErrMalformed},
		{"mandatory extension", func(s string) string { return s + ",m=x" }, ErrExtension},
		{"mandatory extension first", func(s string) string { return "m=x," + s }, ErrExtension},
		{"second signature", func(s string) string { return s + ",v=" + zeros }, ErrMalformed},
		{"error after it", func(s string) string { return s + ",e=other-error" }, ErrMalformed},
		{"trailing comma", func(s string) string { return s + "," }, ErrMalformed},
		{"base64 of it", func(s string) string { return encode([]byte(s)) }, ErrMalformed},
		{"error", func(string) string { return "e=invalid-proof" }, InvalidProof},
		{"error with an extension", func(string) string { return "e=unknown-user,x=y" }, UnknownUser},
		{"stripped offer", func(string) string { return "e=server-does-support-channel-binding" }, ErrDowngrade},
		{"overloaded", func(string) string { return "e=no-resources" }, TemporaryAuthFailure},
		{"error of its own", func(string) string { return "e=\x1b[31mboo" }, ServerError("\x1b[31mboo")},
		{"empty error", func(string) string { return "e=" }, ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, inChallenge := range []bool{false, true} {
				s := newScramServer(t, "SCRAM-SHA-1", password)
				x := begin(t, "SCRAM-SHA-1", "user", password, nil, Conn{Encrypted: true})
				answer, err := x.Next(t.Context(), s.challenge(x.Initial()))
				require.NoError(t, err)
				msg := []byte(tt.msg(string(s.final(answer))))
				if inChallenge {
					_, err = x.Next(t.Context(), msg)
				} else {
					err = x.Success(msg)
				}
				require.ErrorIs(t, err, tt.want)
				assert.NotContains(t, err.Error(), "\x1b", "text of the wire is quoted (S21)")
				assert.Equal(t, err, x.Success(s.final(answer)), "the right signature comes too late")
			}
		})
	}
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func signatureOf(final string) []byte {
	b, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(final, "v="))
	return b
}

// flip changes the last bit of a signature.
func flip(final string) string {
	b := signatureOf(final)
	b[len(b)-1] ^= 1
	return "v=" + encode(b)
}

// TestSecurityS11EarlySuccess: success before the server has proved anything is none.
func TestSecurityS11EarlySuccess(t *testing.T) {
	first := func(x Exchange) (*scramServer, []byte) {
		s := newScramServer(t, "SCRAM-SHA-256", password)
		answer, err := x.Next(t.Context(), s.challenge(x.Initial()))
		require.NoError(t, err)
		return s, answer
	}
	for name, run := range map[string]func(x Exchange) error{
		"at once":             func(x Exchange) error { return x.Success(nil) },
		"at once, with data":  func(x Exchange) error { return x.Success([]byte("v=AAAA")) },
		"instead of a proof":  func(x Exchange) error { first(x); return x.Success(nil) },
		"with an empty proof": func(x Exchange) error { first(x); return x.Success([]byte{}) },
	} {
		x := begin(t, "SCRAM-SHA-256", "user", password, nil, Conn{Encrypted: true})
		assert.ErrorIs(t, run(x), ErrUnverified, name)
		assert.ErrorIs(t, x.Success(nil), ErrUnverified, name)
	}

	x := begin(t, "SCRAM-SHA-256", "user", password, nil, Conn{Encrypted: true})
	s, answer := first(x)
	final := s.final(answer)
	_, err := x.Next(t.Context(), final)
	require.NoError(t, err)
	require.NoError(t, x.Success(final), "the same signature again")
	_, err = x.Next(t.Context(), final)
	require.ErrorIs(t, err, ErrUnexpected, "a challenge after the end")

	x = begin(t, "SCRAM-SHA-256", "user", password, nil, Conn{Encrypted: true})
	s, answer = first(x)
	_, err = x.Next(t.Context(), s.final(answer))
	require.NoError(t, err)
	assert.ErrorIs(t, x.Success([]byte(flip(string(s.final(answer))))), ErrSignature, "right, and then wrong")
}
