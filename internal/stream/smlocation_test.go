package stream

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseLocation(t *testing.T) {
	tests := []struct {
		in   string
		want Location
	}{
		{"[2001:41D0:1:A49b::1]:9222", Location{"2001:41D0:1:A49b::1", 9222}},                       // XEP-0198 example 11
		{"\n          [2001:41D0:1:A49b::1]:9222\n        ", Location{"2001:41D0:1:A49b::1", 9222}}, // RFC 6120 §4.9.3.19
		{"[::1]", Location{"::1", 0}},
		{"192.0.2.1:5222", Location{"192.0.2.1", 5222}},
		{"192.0.2.1", Location{"192.0.2.1", 0}},
		{"node-3.example.org", Location{"node-3.example.org", 0}},
		{"node-3.example.org.:65535", Location{"node-3.example.org.", 65535}},
		{"b\u00fccher.example:1", Location{"b\u00fccher.example", 1}},
		{"x:05222", Location{"x", 5222}},
		{strings.Repeat("a", 1023), Location{strings.Repeat("a", 1023), 0}},
	}
	for _, tt := range tests {
		got, err := ParseLocation(tt.in)
		require.NoError(t, err)
		assert.Equal(t, tt.want, got)
	}
}

func TestParseLocationRefuses(t *testing.T) {
	for _, in := range []string{
		"", " ", ":", ":5222", "[", "]", "[]", "[]:5222", "[::1", "::1]", "::1", "2001:db8::1:5222", "[::1]5222", "[::1]:", "[::1]:0",
		"[192.0.2.1]:5222", "[example.org]:5222", "[fe80::1%eth0]:5222", "[[::1]]:1",
		"example.org:", "example.org:0", "example.org:65536", "example.org:-1", "example.org:+1", "example.org: 1", "example.org:http",
		"xmpp:example.org", "https://example.org", "example.org/x", "a@example.org", "a b", "a\x00b", "a\r\nb", "a\x7fb", "a[b]",
		strings.Repeat("a", 1024),
	} {
		_, err := ParseLocation(in)
		assert.ErrorContains(t, err, "connect as if there were none", "%q", in)
	}
}

func FuzzParseLocation(f *testing.F) {
	f.Add("[2001:41D0:1:A49b::1]:9222")
	f.Add("node-3.example.org:5222")
	f.Add("[::1")
	f.Fuzz(func(t *testing.T, s string) {
		l, err := ParseLocation(s)
		if err != nil {
			return
		}
		require.NotEmpty(t, l.Host)
		require.False(t, strings.ContainsAny(l.Host, "[]@/ \r\n\x00"), "%q", l.Host)
	})
}
