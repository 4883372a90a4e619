package sasl

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const password = "correct horse battery staple"

// offers is a Conn with channel bindings to a server that offers all mechanisms of Password.
func offers() Conn {
	c := Conn{
		Domain: "example.org", Encrypted: true, TLSVersion: 0x0304,
		Bindings:     []Binding{{TLSExporter, []byte("exporter")}, {TLSServerEndPoint, []byte("certificate")}},
		BindingTypes: []string{TLSServerEndPoint, TLSExporter},
	}
	for _, m := range Password("", "", nil) {
		c.Mechanisms = append(c.Mechanisms, m.Name())
	}
	return c
}

// begin starts the named mechanism of Password.
func begin(t testing.TB, name, user, password string, o *PasswordOptions, c Conn) Exchange {
	t.Helper()
	x, err := find(t, Password(user, password, o), name).Start(t.Context(), c)
	require.NoError(t, err)
	return x
}

func TestSCRAM(t *testing.T) {
	t.Attr("conformance", "5802-2.2-1 5802-3-1 5802-4-2 5802-5.1-1 5802-5.1-2 5802-5.1-11 6120-13.8.1-1")
	users := []struct{ user, authzID, password, sentUser, sentPassword string }{
		{"juliet", "", password, "juliet", password},
		{"a,b=c", "x=y,z@example.org", ",=,", "a,b=c", ",=,"},
		{"ramo\u0301n", "", "p\u212bssword", "ram\u00f3n", "p\u00c5ssword"},
		{"I\u00adX", "", "\u2168\u00a0\u00aa", "IX", "IX a"},
	}
	for _, m := range Password("", "", nil) {
		if m.Name() == "PLAIN" {
			continue
		}
		for _, u := range users {
			s := newScramServer(t, m.Name(), u.sentPassword)
			s.bindings = map[string][]byte{TLSExporter: []byte("exporter")}
			x := begin(t, m.Name(), u.user, u.password, &PasswordOptions{AuthzID: u.authzID}, offers())
			require.NoError(t, s.run(x), "%s %q", m.Name(), u.user)
			assert.Equal(t, u.sentUser, s.username)
			assert.Equal(t, u.authzID, s.authzID)
		}
	}
}

func TestSCRAMWrongPassword(t *testing.T) {
	s := newScramServer(t, "SCRAM-SHA-256", "another")
	err := s.run(begin(t, "SCRAM-SHA-256", "juliet", password, nil, Conn{Encrypted: true}))
	require.ErrorIs(t, err, InvalidProof)
	assert.ErrorIs(t, err, NotAuthorized, "as with <failure/>, so that a caller has to look for one thing only")
	assert.EqualError(t, err, "sasl: SCRAM-SHA-256: success: the server says invalid-proof")
}

// TestSCRAMNonces: each exchange has a nonce of its own (RFC 5802 section 5.1).
func TestSCRAMNonces(t *testing.T) {
	m := find(t, Password("u", "p", nil), "SCRAM-SHA-1")
	seen := map[string]bool{}
	for range 100 {
		x, err := m.Start(t.Context(), Conn{Encrypted: true})
		require.NoError(t, err)
		_, nonce, _ := strings.Cut(string(x.Initial()), ",r=")
		assert.Equal(t, string(x.Initial()), string(x.Initial()))
		assert.Len(t, nonce, 32)
		assert.False(t, seen[nonce])
		seen[nonce] = true
	}
}

// TestSCRAMContext: the derivation stops with its context (SECURITY S11).
func TestSCRAMContext(t *testing.T) {
	s := newScramServer(t, "SCRAM-SHA-512", password)
	s.iterations = DefaultMaxIterations
	x := begin(t, "SCRAM-SHA-512", "juliet", password, nil, Conn{Encrypted: true})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := x.Next(ctx, s.challenge(x.Initial()))
	require.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, x.Success([]byte("v=AAAA")), context.Canceled, "what failed stays failed")
}

// stopAfter is a context that ends after n looks at it.
type stopAfter struct {
	context.Context
	n int
}

func (c *stopAfter) Err() error {
	if c.n--; c.n < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

func TestSaltedPasswordStops(t *testing.T) {
	ctx := &stopAfter{Context: t.Context(), n: 3}
	_, err := saltedPassword(ctx, hashes[2].new, "p", []byte("salt"), 1<<40)
	require.Error(t, err)
	assert.Equal(t, -1, ctx.n, "one look for each %d iterations, none after the end", checkEvery)
}

func TestSaltedPasswordIterations(t *testing.T) {
	for _, n := range []int{1, 2, checkEvery, checkEvery + 1, checkEvery + 2} {
		for _, h := range hashes {
			s := newScramServer(t, "SCRAM-"+h.name, "pencil")
			want, err := pbkdf2Key(s, n)
			require.NoError(t, err)
			got, err := saltedPassword(t.Context(), h.new, "pencil", s.salt, n)
			require.NoError(t, err)
			assert.Equal(t, want, got, "%s %d", h.name, n)
		}
	}
}

// TestKeyCache: keys are saved when the server has proved itself, used without the password, and dropped when refused.
func TestKeyCache(t *testing.T) {
	t.Attr("conformance", "5802-5.1-14")
	cache := new(MemoryKeys)
	login := func(password string, s *scramServer) (Exchange, error) {
		x := begin(t, "SCRAM-SHA-256", "juliet", password, &PasswordOptions{Keys: cache}, Conn{Encrypted: true, Domain: "example.org"})
		return x, s.run(x)
	}
	s := newScramServer(t, "SCRAM-SHA-256", password)
	_, err := login("wrong", s)
	require.ErrorIs(t, err, NotAuthorized)
	assert.Empty(t, cache.keys, "what the server refused is not kept")

	_, err = login(password, s)
	require.NoError(t, err)
	id := KeyID{"example.org", "juliet", "SHA-256", string(s.salt), 4096}
	_, ok := cache.LoadKeys(id)
	require.True(t, ok)

	_, err = login("not looked at", s)
	require.NoError(t, err, "keys that are found are used")

	s.password = "changed"
	_, err = login(password, s)
	require.ErrorIs(t, err, NotAuthorized)
	assert.Empty(t, cache.keys, "keys that no longer work are dropped")

	for _, broken := range []Keys{{}, newKeys([]byte("short"), nil)} {
		cache.SaveKeys(id, broken)
		_, err = login("changed", s)
		require.NoError(t, err, "keys that cannot be right are not used")
	}
	x, err := login("changed", s)
	require.NoError(t, err)
	refusal := &Error{Condition: NotAuthorized}
	assert.Equal(t, refusal, Refused(x, refusal))
	assert.Empty(t, cache.keys)
}

func TestMemoryKeysBound(t *testing.T) {
	var m MemoryKeys
	for i := range 3 * maxMemoryKeys {
		m.SaveKeys(KeyID{Iterations: i}, Keys{})
	}
	assert.Len(t, m.keys, maxMemoryKeys)
	_, ok := m.LoadKeys(KeyID{Iterations: 3*maxMemoryKeys - 1})
	assert.True(t, ok)
}

func TestKeysBinary(t *testing.T) {
	for _, h := range hashes {
		k := h.keys([]byte("salted"))
		data, err := k.MarshalBinary()
		require.NoError(t, err)
		var again Keys
		require.NoError(t, again.UnmarshalBinary(data))
		clear(data)
		assert.True(t, h.fit(again))
		assert.Equal(t, k.pair(), again.pair(), "a copy")
		assert.Error(t, again.UnmarshalBinary(data[1:]))
	}
	_, err := Keys{}.MarshalBinary()
	assert.Error(t, err)
}
