package sasl

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
)

// fuzzExchange is an exchange at the step where the fuzzed message comes.
func fuzzExchange(t testing.TB, step scramStep) *scramExchange {
	m := find(t, Password("user", "pencil", nil), "SCRAM-SHA-1").(*scram)
	m.nonce = func() string { return "fyko+d2lbbFgONRv9qkxdawL" }
	x, err := m.Start(t.Context(), Conn{Encrypted: true, Mechanisms: []string{"SCRAM-SHA-1"}})
	if err != nil {
		t.Fatal(err)
	}
	s := x.(*scramExchange)
	s.step, s.signature = step, []byte("01234567890123456789")
	return s
}

// stopped is a context at its end: messages are judged, and nothing is derived.
func stopped() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// FuzzSCRAMServerFirst: a server-first-message is refused, or it is one of the grammar within the bounds.
func FuzzSCRAMServerFirst(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.ServerFirst)
	}
	for _, s := range []string{"", "e=other-error", "m=x,r=a,s=c2Fs,i=4096", "r=fyko+d2lbbFgONRv9qkxdawLx,s=c2Fs,i=4096,h=AA==,t=0304", "r=a,s=,i=0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, msg string) {
		x := fuzzExchange(t, awaitFirst)
		_, err := x.Next(stopped(), []byte(msg))
		if err == nil {
			t.Fatalf("%q was answered without a derivation", msg)
		}
		if !strings.HasPrefix(err.Error(), "sasl: SCRAM-SHA-1: server-first-message: ") || len(err.Error()) > 1200 {
			t.Fatalf("%q: %v", msg, err)
		}
		if !errors.Is(err, context.Canceled) {
			return
		}
		// It went as far as the derivation: so it must be what RFC 5802 section 7 lets pass.
		if !strings.HasPrefix(msg, "r=fyko+d2lbbFgONRv9qkxdawL") || strings.Contains(msg, ",m=") ||
			x.id.Iterations < MinIterations || x.id.Iterations > DefaultMaxIterations || x.id.Salt == "" {
			t.Fatalf("%q was accepted: %+v", msg, x.id)
		}
	})
}

// FuzzSCRAMServerFinal: nothing but the right signature is accepted.
func FuzzSCRAMServerFinal(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.ServerFinal)
	}
	const right = "v=MDEyMzQ1Njc4OTAxMjM0NTY3ODk="
	for _, s := range []string{"", "v=", "e=invalid-proof", right, right + ",x=y", right + ",m=x", "x=y," + right} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, msg string) {
		err := fuzzExchange(t, awaitFinal).Success([]byte(msg))
		_, err2 := fuzzExchange(t, awaitFinal).Next(t.Context(), []byte(msg))
		if (err == nil) != (err2 == nil) {
			t.Fatalf("%q: %v with success, %v in a challenge", msg, err, err2)
		}
		if err == nil && msg != right && !strings.HasPrefix(msg, right+",") {
			t.Fatalf("%q was accepted", msg)
		}
	})
}

// FuzzOAuthBearer: whatever the challenge is, it is no success, and its words are quoted.
func FuzzOAuthBearer(f *testing.F) {
	for _, s := range []string{"", "{}", "null", `{"status":"invalid_token","scope":"s","openid-configuration":"https://example.com"}`, `{"status":1}`, "\x01"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, challenge []byte) {
		x, err := OAuthBearer("", staticToken("t")).Start(t.Context(), encrypted)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := x.Next(t.Context(), challenge)
		if err == nil && string(answer) != "\x01" {
			t.Fatalf("%q was answered with %q", challenge, answer)
		}
		if x.Success(nil) == nil {
			t.Fatalf("%q led to success", challenge)
		}
		text := Refused(x, &Error{Condition: NotAuthorized}).Error()
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7F }) {
			t.Fatalf("%q is not quoted in %q", challenge, text)
		}
	})
}

// FuzzHashedToken: nothing but the server's proof is accepted, in either place.
func FuzzHashedToken(f *testing.F) {
	right := tokenHash.hmac([]byte("token"), "Responder")
	for _, s := range [][]byte{right, right[:31], append(right[:32:32], 0), tokenHash.hmac([]byte("token"), "Initiator"), {}} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := find(t, HashedToken("user", "token"), "HT-SHA-256-NONE")
		for _, take := range []func(Exchange) error{
			func(x Exchange) error { return x.Success(data) },
			func(x Exchange) error { _, err := x.Next(t.Context(), data); return err },
		} {
			x, err := m.Start(t.Context(), encrypted)
			if err != nil {
				t.Fatal(err)
			}
			if err := take(x); (err == nil) != bytes.Equal(data, right) || (x.Success(nil) == nil) != (err == nil) {
				t.Fatalf("%q: %v", data, err)
			}
		}
	})
}
