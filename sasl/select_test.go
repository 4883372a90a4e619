package sasl

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// foreign is a mechanism of another package.
type foreign struct{ name string }

func (m foreign) Name() string                                  { return m.name }
func (m foreign) Start(context.Context, Conn) (Exchange, error) { return nil, ErrUnexpected }

func names(mechs []Mechanism) string {
	var list []string
	for _, m := range mechs {
		list = append(list, m.Name())
	}
	return strings.Join(list, " ")
}

func TestPasswordOrder(t *testing.T) {
	t.Attr("conformance", "6120-6.3.3-1")
	assert.Equal(t, "SCRAM-SHA-512-PLUS SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-1 PLAIN",
		names(Password("u", "p", nil)))
}

func TestSelect(t *testing.T) {
	t.Attr("conformance", "6120-6.3.3-2 6120-6.3.3-3 6120-6.3.3-4 6120-13.9.4-2")
	password := Password("u", "p", nil)
	plain := password[len(password)-1:]
	all := append([]Mechanism{External(""), foreign{"X-TOKEN"}}, password...)
	everything := strings.Fields("PLAIN SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS X-TOKEN EXTERNAL ANONYMOUS")
	bound := Conn{Encrypted: true, Bindings: []Binding{exporter}, BindingTypes: []string{TLSExporter}}
	tests := []struct {
		name    string
		mechs   []Mechanism
		conn    Conn
		offered []string
		want    string
	}{
		{"no fall-back from channel binding", all, bound, everything, "EXTERNAL X-TOKEN SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS"},
		{"no channel binding", all, Conn{Encrypted: true}, everything, "EXTERNAL X-TOKEN SCRAM-SHA-256 SCRAM-SHA-1"},
		{"PLAIN as the last resort", all, bound, []string{"PLAIN", "LOGIN"}, "PLAIN"},
		{"PLAIN beside EXTERNAL", all, bound, []string{"PLAIN", "EXTERNAL"}, "EXTERNAL PLAIN"},
		{"PLAIN first by choice", append(plain[:1:1], password[:6]...), Conn{Encrypted: true}, everything, "PLAIN SCRAM-SHA-256 SCRAM-SHA-1"},
		{"in clear", append(all[:len(all):len(all)], Anonymous("")), Conn{}, everything, "X-TOKEN"},
		{"in clear, permitted", append(all[:len(all):len(all)], Anonymous("")), Conn{AllowPlaintext: true}, everything,
			"EXTERNAL X-TOKEN SCRAM-SHA-256 SCRAM-SHA-1 ANONYMOUS"},
		{"names are exact", all, bound, []string{"plain", "SCRAM-SHA-1 ", "SCRAM-SHA-256-Plus"}, ""},
		{"no offer", all, bound, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := names(tt.mechs)
			tt.conn.Mechanisms = tt.offered
			assert.Equal(t, tt.want, names(Select(tt.mechs, tt.conn)))
			assert.Equal(t, before, names(tt.mechs), "the caller's list stays as it is")
		})
	}
}

// TestSecurityS08SecretsNeedTLS: what shows the server a secret is never started in clear, whatever is allowed (RFC 6120 section
// 13.8.3, RFC 7628 section 4); the rest only on demand.
func TestSecurityS08SecretsNeedTLS(t *testing.T) {
	t.Attr("conformance", "6120-13.8.3-3 4616-1-1 4616-5-1")
	token := func(context.Context) (string, error) { return "token", nil }
	mechs := append(Password("u", "p", nil)[3:], External(""), Anonymous(""), OAuthBearer("", token))
	for _, m := range mechs {
		_, err := m.Start(t.Context(), Conn{})
		assert.ErrorIs(t, err, ErrPlaintext, m.Name())
		_, err = m.Start(t.Context(), Conn{AllowPlaintext: true})
		if m.Name() == "PLAIN" || m.Name() == "OAUTHBEARER" {
			assert.ErrorIs(t, err, ErrPlaintext, m.Name())
		} else {
			assert.NoError(t, err, m.Name())
		}
		_, err = m.Start(t.Context(), Conn{Encrypted: true})
		assert.NoError(t, err, m.Name())
	}
}

func TestUsable(t *testing.T) {
	m := Password("u", "p", nil)[6]
	err := Usable(m, Conn{Encrypted: true, Mechanisms: []string{"X", "Y\x1b"}})
	require.ErrorIs(t, err, ErrNotOffered)
	assert.EqualError(t, err, `sasl: PLAIN: the server does not offer the mechanism: it offers "X Y\x1b"`)
	assert.ErrorIs(t, Usable(m, Conn{Mechanisms: []string{"PLAIN"}}), ErrPlaintext)
	assert.NoError(t, Usable(foreign{"X"}, Conn{Mechanisms: []string{"X"}}))
}
