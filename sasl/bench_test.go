package sasl

import (
	"crypto/pbkdf2"
	"testing"
)

// BenchmarkSaltedPassword is the derivation at the floor of the iteration count, beside the standard library's, which
// knows no context.
func BenchmarkSaltedPassword(b *testing.B) {
	for _, h := range hashes {
		b.Run("canto/"+h.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := saltedPassword(b.Context(), h.new, "pencil", []byte("0123456789abcdef"), MinIterations); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("std/"+h.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := pbkdf2.Key(h.new, "pencil", []byte("0123456789abcdef"), MinIterations, h.new().Size()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSCRAM is the client's share of a login, with and without keys that were kept.
func BenchmarkSCRAM(b *testing.B) {
	v := vectors(b)[1] // RFC 7677 section 3
	for name, o := range map[string]*PasswordOptions{"derived": nil, "cached": {Keys: new(MemoryKeys)}} {
		m := find(b, Password(v.User, v.Password, o), v.Mechanism).(*scram)
		m.nonce = func() string { return v.ClientNonce }
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x, err := m.Start(b.Context(), encrypted)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := x.Next(b.Context(), []byte(v.ServerFirst)); err != nil {
					b.Fatal(err)
				}
				if err := x.Success([]byte(v.ServerFinal)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
