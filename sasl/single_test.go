package sasl

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var encrypted = Conn{Domain: "example.org", Encrypted: true}

func TestPLAIN(t *testing.T) {
	t.Attr("conformance", "4616-2-1 4616-2-2 4616-2-5")
	tests := []struct{ user, password, authzID, want string }{
		{"juliet", "r0m30myr0m30", "", "\x00juliet\x00r0m30myr0m30"}, // RFC 6120 section 6.4.2
		{"Kurt", "xipj3plmq", "Ursel", "Ursel\x00Kurt\x00xipj3plmq"}, // RFC 4616 section 4
		{"tim", "tanstaaftanstaaf", "", "\x00tim\x00tanstaaftanstaaf"},
		{"a,b", "=2C", "", "\x00a,b\x00=2C"},
		{"ramo\u0301n", "p\u212bssword\u00a0", "", "\x00ram\u00f3n\x00p\u00c5ssword "},
	}
	for _, tt := range tests {
		x := begin(t, "PLAIN", tt.user, tt.password, &PasswordOptions{AuthzID: tt.authzID}, encrypted)
		assert.Equal(t, tt.want, string(x.Initial()))
		assert.NoError(t, x.Success(nil))
	}
}

// TestCredentials: what cannot be prepared is refused before anything is sent, and the password is not told.
func TestCredentials(t *testing.T) {
	t.Attr("conformance", "4616-2-3 5802-5.1-3")
	tests := []struct{ user, password, authzID, want string }{
		{"", "p", "", "the user name is empty"},
		{"\u00ad", "p", "", "the user name is empty"},
		{"u", "", "", "the password is empty"},
		{"u\x00v", "p", "", "the user name holds a character that is prohibited there (RFC 3454)"},
		{"u", "hunter\x002", "", "the password holds a character that is prohibited there (RFC 3454)"},
		{"u", "hunter\n2", "", "the password holds a character that is prohibited there (RFC 3454)"},
		{"u", "hunter\xff2", "", "the password is not valid UTF-8"},
		{"u", "hunter\u05d0", "", "the password mixes right-to-left and left-to-right text in a way that is prohibited (RFC 3454 section 6)"},
		{"u", "p", "a\x00b", "the authorization identity holds a character that is prohibited there (RFC 3454)"},
		{"u", "p", "\xc0\x80", "the authorization identity is not valid UTF-8"},
	}
	for _, tt := range tests {
		for _, name := range []string{"PLAIN", "SCRAM-SHA-1"} {
			m := find(t, Password(tt.user, tt.password, &PasswordOptions{AuthzID: tt.authzID}), name)
			_, err := m.Start(t.Context(), encrypted)
			require.ErrorIs(t, err, ErrCredentials)
			assert.EqualError(t, err, "sasl: "+name+": the credentials cannot be used: "+tt.want)
		}
	}
}

func TestExternal(t *testing.T) {
	for _, authzID := range []string{"", "juliet@example.com"} {
		x, err := External(authzID).Start(t.Context(), encrypted)
		require.NoError(t, err)
		assert.Equal(t, []byte(authzID), x.Initial(), "never nil: an empty one is written as \"=\" (XEP-0178)")
		assert.NotNil(t, x.Initial())
		assert.NoError(t, x.Success(nil))
	}
	several := encrypted
	several.AuthzID = "romeo@example.net"
	for authzID, want := range map[string]string{"": "romeo@example.net", "juliet@example.com": "juliet@example.com"} {
		x, err := External(authzID).Start(t.Context(), several)
		require.NoError(t, err)
		assert.Equal(t, want, string(x.Initial()), "XEP-0178 section 2: of several addresses, one")
	}
	_, err := External("a\x00b").Start(t.Context(), encrypted)
	assert.ErrorIs(t, err, ErrCredentials)
}

func TestAnonymous(t *testing.T) {
	x, err := Anonymous("").Start(t.Context(), encrypted)
	require.NoError(t, err)
	assert.Nil(t, x.Initial(), "XEP-0175: an empty <auth/>")
	assert.NoError(t, x.Success(nil))

	x, err = Anonymous("").Start(t.Context(), encrypted)
	require.NoError(t, err)
	answer, err := x.Next(t.Context(), nil)
	require.NoError(t, err, "the server asks (RFC 4422 section 3)")
	assert.Equal(t, []byte{}, answer)
	_, err = x.Next(t.Context(), nil)
	assert.ErrorIs(t, err, ErrUnexpected, "once")
	assert.ErrorIs(t, x.Success(nil), ErrUnexpected)

	x, err = Anonymous("sirhc").Start(t.Context(), encrypted) // RFC 4505 section 4
	require.NoError(t, err)
	assert.Equal(t, "sirhc", string(x.Initial()))
}

func TestAnonymousTrace(t *testing.T) {
	for trace, ok := range map[string]bool{
		strings.Repeat("é", 255): true,
		strings.Repeat("é", 256): false,
		"a\u00a0b \u212b":        true, // spaces and what NFKC would change are permitted (RFC 4505 section 3)
		"a\x07":                  false,
		"a\xff":                  false,
		"\u05d0a":                false,
		"\u05d0\u05d1":           true,
		"\U0001f600":             true, // unassigned in Unicode 3.2, and not prohibited
		"\ue000":                 false,
	} {
		_, err := Anonymous(trace).Start(t.Context(), encrypted)
		if ok {
			assert.NoError(t, err, "%q", trace)
		} else {
			assert.ErrorIs(t, err, ErrCredentials, "%q", trace)
		}
	}
}

// TestSingleOutOfTurn: mechanisms of one message accept neither challenges nor additional data.
func TestSingleOutOfTurn(t *testing.T) {
	for _, m := range []Mechanism{Password("u", "p", nil)[6], External(""), Anonymous("t")} {
		x, err := m.Start(t.Context(), encrypted)
		require.NoError(t, err)
		_, err = x.Next(t.Context(), nil)
		assert.ErrorIs(t, err, ErrUnexpected, m.Name())
		assert.ErrorIs(t, x.Success(nil), ErrUnexpected, m.Name())

		x, err = m.Start(t.Context(), encrypted)
		require.NoError(t, err)
		assert.ErrorIs(t, x.Success([]byte("v=AAAA")), ErrMalformed, m.Name())
		assert.ErrorIs(t, x.Success(nil), ErrMalformed, m.Name())
	}
	x, err := Anonymous("").Start(t.Context(), encrypted)
	require.NoError(t, err)
	_, err = x.Next(t.Context(), []byte("who?"))
	assert.ErrorIs(t, err, ErrMalformed)
}

func staticToken(token string) TokenSource {
	return func(context.Context) (string, error) { return token, nil }
}

func TestOAuthBearer(t *testing.T) {
	const token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
	x, err := OAuthBearer("user@example.com", staticToken(token)).Start(t.Context(), encrypted)
	require.NoError(t, err)
	assert.Equal(t, "n,a=user@example.com,\x01auth=Bearer "+token+"\x01\x01", string(x.Initial()))
	assert.NoError(t, x.Success(nil))

	x, err = OAuthBearer("a,b=c", staticToken("t")).Start(t.Context(), encrypted)
	require.NoError(t, err)
	assert.Equal(t, "n,a=a=2Cb=3Dc,\x01auth=Bearer t\x01\x01", string(x.Initial()))

	x, err = OAuthBearer("", staticToken("t")).Start(t.Context(), encrypted)
	require.NoError(t, err)
	assert.Equal(t, "n,,\x01auth=Bearer t\x01\x01", string(x.Initial()))
}

// TestOAuthBearerRefused is the failing exchange of RFC 7628 section 4.3.
func TestOAuthBearerRefused(t *testing.T) {
	x, err := OAuthBearer("user@example.com", staticToken("t")).Start(t.Context(), encrypted)
	require.NoError(t, err)
	refusal := &Error{Condition: NotAuthorized}
	assert.Equal(t, error(refusal), Refused(x, refusal), "nothing to add yet")

	answer, err := x.Next(t.Context(), []byte(`{"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com/.well-known/openid-configuration"}`))
	require.NoError(t, err)
	assert.Equal(t, "\x01", string(answer))
	err = Refused(x, refusal)
	require.ErrorIs(t, err, NotAuthorized)
	var bearer *BearerError
	require.ErrorAs(t, err, &bearer)
	assert.Equal(t, &BearerError{"invalid_token", "example_scope", "https://example.com/.well-known/openid-configuration"}, bearer)
	assert.EqualError(t, err, `sasl: the server refused the authentication: not-authorized: sasl: OAUTHBEARER: the server refused the token: status "invalid_token", it needs the scope "example_scope"`)

	assert.ErrorIs(t, x.Success(nil), ErrUnexpected, "refused is refused")
	_, err = x.Next(t.Context(), []byte(`{}`))
	assert.ErrorIs(t, err, ErrUnexpected)
}

func TestOAuthBearerMalformed(t *testing.T) {
	for _, challenge := range []string{"", "{", "x", `"invalid_token"`, `[]`, `{"status":1}`, `{} {}`} {
		x, err := OAuthBearer("", staticToken("t")).Start(t.Context(), encrypted)
		require.NoError(t, err)
		_, err = x.Next(t.Context(), []byte(challenge))
		require.ErrorIs(t, err, ErrMalformed, challenge)
		_, again := x.Next(t.Context(), []byte("{}"))
		assert.Equal(t, err, again, "the exchange is over")
		assert.Equal(t, err, x.Success(nil))
	}
	x, err := OAuthBearer("", staticToken("t")).Start(t.Context(), encrypted)
	require.NoError(t, err)
	assert.ErrorIs(t, x.Success([]byte("x")), ErrMalformed)
}

func TestOAuthBearerToken(t *testing.T) {
	for _, token := range []string{"", " ", "a b", "a\x01b", "a\r\nb", "a\x7f", "tök"} {
		_, err := OAuthBearer("", staticToken(token)).Start(t.Context(), encrypted)
		assert.ErrorIs(t, err, ErrCredentials, "%q", token)
	}
	for _, token := range []string{"vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", "secret-token:MjtBYmNk;a@b", "a=b~!"} {
		x, err := OAuthBearer("", staticToken(token)).Start(t.Context(), encrypted)
		require.NoError(t, err, "%q", token)
		assert.Equal(t, "n,,\x01auth=Bearer "+token+"\x01\x01", string(x.Initial()))
	}
	expired := errors.New("the refresh token is too old")
	_, err := OAuthBearer("", func(context.Context) (string, error) { return "", expired }).Start(t.Context(), encrypted)
	require.ErrorIs(t, err, expired)
	assert.EqualError(t, err, "sasl: OAUTHBEARER: the refresh token is too old: no token")

	_, err = OAuthBearer("a\x00", staticToken("t")).Start(t.Context(), encrypted)
	assert.ErrorIs(t, err, ErrCredentials)
}

// TestRefusedForeign: exchanges of other packages need no method for it.
func TestRefusedForeign(t *testing.T) {
	err := &Error{Condition: Aborted}
	assert.Equal(t, error(err), Refused(nil, err))
}
