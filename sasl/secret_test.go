package sasl

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shown is every way in which Go programs print a value that they did not mean to print, and the values around it.
func shown(t testing.TB, v any) string {
	var b bytes.Buffer
	type unexported struct{ v any }
	type exported struct{ V any }
	for _, v := range []any{v, &v, []any{v}, unexported{v}, &unexported{v}, exported{v}, map[string]any{"v": v}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&b, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v)
		if data, err := json.Marshal(v); err == nil {
			b.Write(data)
		}
	}
	// The failure message of an assertion walks through values without their methods.
	b.WriteString(assertionText(v))
	return b.String()
}

// recorder takes the message of a failed assertion.
type recorder struct{ text string }

func (r *recorder) Errorf(format string, args ...any) { r.text += fmt.Sprintf(format, args...) }

func assertionText(v any) string {
	var r recorder
	assert.Equal(&r, v, []any{v, "different"})
	return r.text
}

// assertHides checks that no usual writing of a secret is in text.
func assertHides(t testing.TB, text, secret string) {
	t.Helper()
	decimal := strings.Trim(fmt.Sprint([]byte(secret)), "[]")
	for _, s := range []string{secret, hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
		base64.StdEncoding.EncodeToString([]byte(secret)), decimal} {
		assert.False(t, strings.Contains(text, s), "a secret is shown: %q", s)
	}
}

// TestSecurityS21NoSecretShown: nothing of a password, token or key is in anything that is printed or logged.
func TestSecurityS21NoSecretShown(t *testing.T) {
	const pass, token = "hunter2hunter2", "t0k3nt0k3n"
	cache := new(MemoryKeys)
	mechs := append(HashedToken("juliet", token), append(Password("juliet", pass, &PasswordOptions{Keys: cache}), OAuthBearer("juliet", staticToken(token)), External("x"), Anonymous("x"))...)
	for _, m := range mechs {
		assert.Equal(t, "sasl."+m.Name(), m.(fmt.Stringer).String())
		text := shown(t, m)
		assert.Contains(t, text, "sasl."+m.Name())
		assertHides(t, text, pass)
		assertHides(t, text, token)

		// Errors on our side, before and in the exchange.
		_, err := m.Start(t.Context(), Conn{})
		require.Error(t, err)
		text = shown(t, err)
		assertHides(t, text, pass)
		assertHides(t, text, token)

		c := offers()
		c.Bindings = append(c.Bindings, unique)
		x, err := m.Start(t.Context(), c)
		require.NoError(t, err)
		text = shown(t, x)
		if h, ok := x.(*tokenExchange); ok {
			_, proof, _ := strings.Cut(h.message(), "\x00")
			assertHides(t, text, proof)
			assertHides(t, text, h.answer())
		}
		assert.Contains(t, text, "sasl."+m.Name())
		assertHides(t, text, pass)
		assertHides(t, text, token)
	}

	s := newScramServer(t, "SCRAM-SHA-1", pass)
	x := begin(t, "SCRAM-SHA-1", "juliet", pass, &PasswordOptions{Keys: cache}, encrypted)
	require.NoError(t, s.run(x))
	pair := x.(*scramExchange).keys.pair()
	for _, k := range cache.keys {
		text := shown(t, k) + shown(t, cache) + shown(t, x)
		assertHides(t, text, string(pair.client))
		assertHides(t, text, string(pair.server))
		assertHides(t, text, pass)
	}
}
