package server

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/stretchr/testify/require"
)

var scramHashes = map[string]scramHash{"SCRAM-SHA-1": scramSHA1, "SCRAM-SHA-256": scramSHA256, "SCRAM-SHA-512": scramSHA512}

// TestScramVectors checks the server's part of published exchanges: the client's last message in, the server's out.
func TestScramVectors(t *testing.T) {
	raw, err := os.ReadFile("testdata/scram.json")
	require.NoError(t, err)
	var vectors []struct {
		ID, Mechanism, User, Password string
		Salt                          string `json:"salt_b64"`
		Iterations                    int
		GS2                           string `json:"gs2_header"`
		Binding                       string `json:"cb_data_hex"`
		ClientFirst                   string `json:"client_first"`
		ServerFirst                   string `json:"server_first"`
		ClientFinal                   string `json:"client_final"`
		ServerFinal                   string `json:"server_final"`
	}
	require.NoError(t, json.Unmarshal(raw, &vectors))
	require.NotEmpty(t, vectors)
	for _, v := range vectors {
		t.Run(v.ID, func(t *testing.T) {
			h := scramHashes[strings.TrimSuffix(v.Mechanism, "-PLUS")]
			salt, err := base64.StdEncoding.DecodeString(v.Salt)
			require.NoError(t, err)
			keys, err := h.derive(v.Password, salt, v.Iterations)
			require.NoError(t, err)
			binding, err := hex.DecodeString(v.Binding)
			require.NoError(t, err)
			nonce, _, _ := strings.Cut(strings.TrimPrefix(v.ServerFirst, "r="), ",s=")
			s := newScram(saslFacts{opts: &Options{}}, h, binding != nil)
			s.known, s.user, s.keys, s.nonce, s.binding = true, v.User, keys, nonce, binding
			s.gs2, s.clientBare, s.serverFirst = v.GS2, strings.TrimPrefix(v.ClientFirst, v.GS2), v.ServerFirst
			reply, fault := s.clientFinal([]byte(v.ClientFinal))
			require.Nil(t, fault)
			require.True(t, reply.done)
			require.Equal(t, v.ServerFinal, string(reply.data))
			_, fault = s.clientFinal([]byte(strings.Replace(v.ClientFinal, ",p=", ",p=AAAA", 1)))
			require.NotNil(t, fault)
		})
	}
}

func TestScramOverTheWire(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		s := startServer(t, Options{TLSVersion: version})
		types := map[string]string{"": ""}
		for _, typ := range []string{bindExporter, bindEndPoint, bindUnique} {
			if typ != bindUnique || version == tls.VersionTLS12 {
				types[typ] = typ
			}
		}
		for name, h := range scramHashes {
			for typ := range types {
				t.Run(tls.VersionName(version)+"/"+name+"/"+typ, func(t *testing.T) {
					c := dial(t, s)
					c.open("")
					c.startTLS(nil)
					c.open("")
					mechanism, gs2, binding := name, "n,,", ""
					if typ != "" {
						requireBindingOffered(t, c, typ)
						mechanism, gs2, binding = name+"-PLUS", "p="+typ+",,", clientBinding(t, c, typ)
					}
					bare := "n=alice,r=" + typ + "abcdef"
					c.auth(mechanism, gs2+bare)
					final, signature := c.scram(h, gs2, binding, bare, c.challenge(), "secret of alice")
					c.respond(final)
					e := c.next()
					require.True(t, e.is(ns.SASL, "success"), "%s", e)
					got, err := base64.StdEncoding.DecodeString(e.text())
					require.NoError(t, err)
					require.Equal(t, signature, string(got))
					c.open("")
					c.bind("x")
				})
			}
		}
	}
}

func requireBindingOffered(t *testing.T, c *rawClient, typ string) {
	t.Helper()
	var offered []string
	for e := range c.features.child(ns.ChannelBind, "sasl-channel-binding").elements() {
		offered = append(offered, e.attr("type"))
	}
	require.Contains(t, offered, typ)
}

// clientBinding computes channel-binding data as a client does.
func clientBinding(t *testing.T, c *rawClient, typ string) string {
	t.Helper()
	switch typ {
	case bindExporter:
		b, err := c.state.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32)
		require.NoError(t, err)
		return string(b)
	case bindEndPoint:
		return string(scramSHA256.sum(c.state.PeerCertificates[0].Raw)) // our certificates are signed with ECDSA and SHA-256
	}
	require.NotEmpty(t, c.state.TLSUnique)
	return string(c.state.TLSUnique)
}

func TestScramRefuses(t *testing.T) {
	s := startServer(t, Options{})
	const first = "n=alice,r=abc"
	tests := []struct {
		name, mechanism, message, condition string
	}{
		{"no header", "SCRAM-SHA-1", "n=alice", "malformed-request"},
		{"bad flag", "SCRAM-SHA-1", "x,," + first, "malformed-request"},
		{"stripped list", "SCRAM-SHA-1", "y,," + first, "not-authorized"},
		{"binding without PLUS", "SCRAM-SHA-1", "p=tls-exporter,," + first, "malformed-request"},
		{"PLUS without binding", "SCRAM-SHA-1-PLUS", "n,," + first, "malformed-request"},
		{"unknown binding", "SCRAM-SHA-1-PLUS", "p=tls-moon,," + first, "not-authorized"},
		{"somebody else", "SCRAM-SHA-1", "n,a=bob@canto.test," + first, "invalid-authzid"},
		{"bad authzid", "SCRAM-SHA-1", "n,bob," + first, "malformed-request"},
		{"bad escape", "SCRAM-SHA-1", "n,,n=a=2Dlice,r=abc", "malformed-request"},
		{"no nonce", "SCRAM-SHA-1", "n,,n=alice", "malformed-request"},
		{"empty name", "SCRAM-SHA-1", "n,,n=,r=abc", "malformed-request"},
		{"extension", "SCRAM-SHA-1", "n,,m=x,n=alice,r=abc", "malformed-request"},
		{"unknown mechanism", "SCRAM-MD5", "n,," + first, "invalid-mechanism"},
		{"not offered", "ANONYMOUS", "x", "invalid-mechanism"},
		{"EXTERNAL without certificate", "EXTERNAL", "x", "invalid-mechanism"},
		{"plain, wrong password", "PLAIN", "\x00alice\x00wrong", "not-authorized"},
		{"plain, nobody", "PLAIN", "\x00nobody\x00secret of alice", "not-authorized"},
		{"plain, nonsense", "PLAIN", "alice", "malformed-request"},
		{"plain, as another", "PLAIN", "bob@canto.test\x00alice\x00secret of alice", "invalid-authzid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := secured(t, s)
			c.auth(tt.mechanism, tt.message)
			e := c.next()
			require.True(t, e.is(ns.SASL, "failure"), "%s", e)
			require.NotNil(t, e.child(ns.SASL, tt.condition), "%s", e)
			c.auth("PLAIN", "\x00alice\x00secret of alice") // RFC 6120 §6.4.5: the client may try again
			c.success()
		})
	}
}

// secured is a client with TLS and the features behind it.
func secured(t *testing.T, s *Server) *rawClient {
	t.Helper()
	c := dial(t, s)
	c.open("")
	c.startTLS(nil)
	c.open("")
	return c
}

func TestScramRefusesFinals(t *testing.T) {
	s := startServer(t, Options{})
	tests := []struct {
		name      string
		change    func(final string) string
		condition string
	}{
		{"no proof", func(string) string { return "c=biws,r=x" }, "malformed-request"},
		{"proof not base64", func(f string) string { return f + "%" }, "malformed-request"},
		{"other binding", func(f string) string { return strings.Replace(f, "c=biws", "c=eSws", 1) }, "not-authorized"},
		{"other nonce", func(f string) string { return strings.Replace(f, ",r=", ",r=x", 1) }, "not-authorized"},
		{"attributes missing", func(f string) string { return strings.Replace(f, "c=biws,", "", 1) }, "malformed-request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := secured(t, s)
			c.auth("SCRAM-SHA-256", "n,,n=alice,r=abc")
			final, _ := c.scram(scramSHA256, "n,,", "", "n=alice,r=abc", c.challenge(), "secret of alice")
			c.respond(tt.change(final))
			e := c.next()
			require.NotNil(t, e.child(ns.SASL, tt.condition), "%s", e)
		})
	}
	t.Run("wrong password", func(t *testing.T) {
		c := secured(t, s)
		c.auth("SCRAM-SHA-256", "n,,n=alice,r=abc")
		final, _ := c.scram(scramSHA256, "n,,", "", "n=alice,r=abc", c.challenge(), "wrong")
		c.respond(final)
		require.NotNil(t, c.next().child(ns.SASL, "not-authorized"))
	})
	t.Run("nobody", func(t *testing.T) {
		c := secured(t, s)
		c.auth("SCRAM-SHA-256", "n,,n=nobody,r=abc")
		final, _ := c.scram(scramSHA256, "n,,", "", "n=nobody,r=abc", c.challenge(), "secret of alice")
		c.respond(final)
		require.NotNil(t, c.next().child(ns.SASL, "not-authorized"))
	})
}

func TestSASLPrep(t *testing.T) {
	for in, want := range map[string]string{ // RFC 4013 §3
		"I\u00ADX": "IX", "user": "user", "USER": "USER", "\u00AA": "a", "\u2168": "IX", "a\u00A0b": "a b",
	} {
		require.Equal(t, want, saslPrep(in))
	}
}
