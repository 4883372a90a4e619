package web

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		url        string
		ok, secure bool
	}{
		{"wss://example.com", true, true},
		{"WSS://example.com:443/ws?a=b", true, true},
		{"wss://[::1]:5443/", true, true},
		{"ws://example.com/", true, false},
		{"https://example.com/", false, false},
		{"wss:///ws", false, false},
		{"wss://user@example.com/", false, false},
		{"wss://example.com/#", true, true}, // an empty fragment is none
		{"wss://example.com/#a", false, false},
		{"wss:example.com", false, false},
		{"example.com", false, false},
		{"", false, false},
		{"wss://exa\x1bmple.com", false, false},
		{"wss://example.com/" + strings.Repeat("a", 2048), false, false},
	} {
		u, secure, err := Parse(c.url, "wss", "ws")
		require.Equal(t, c.ok, err == nil, "%q: %v", c.url, err)
		require.Equal(t, c.ok && c.secure, secure, "%q", c.url)
		if !c.ok {
			require.NotContains(t, err.Error(), "\x1b", "what came over the wire is quoted")
			require.Less(t, len(err.Error()), 300)
			continue
		}
		require.NotEmpty(t, u.Hostname())
	}
}
