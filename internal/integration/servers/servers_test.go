package servers_test

import (
	"crypto/tls"
	"encoding/asn1"
	"errors"
	"net"
	"regexp"
	"slices"
	"syscall"
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var mechanism = regexp.MustCompile(`<mechanism>([^<]*)</mechanism>`)

// mechanisms returns what a stream's features offer, sorted, each once: the newer servers name them for both profiles of SASL.
func mechanisms(features string) (names []string) {
	for _, m := range mechanism.FindAllStringSubmatch(features, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestSTARTTLS(t *testing.T) {
	each(t, func(t *testing.T, kind servers.Kind) {
		srv := servers.Shared(t, kind, servers.Config{})
		t.Logf("answered %v after its start", srv.Started)
		w := connect(t, srv.Addr)
		features := w.open(servers.Domain)
		assert.Contains(t, features, "<starttls")
		assert.Contains(t, features, "<required")
		assert.Empty(t, mechanisms(features), "nothing of SASL before TLS")
		w.startTLS(srv, nil)
		assert.EqualValues(t, tls.VersionTLS13, w.version())
		user, password := srv.NewAccount(t)
		w.login(user, password)
	})
}

func TestDirectTLS(t *testing.T) {
	each(t, func(t *testing.T, kind servers.Kind) {
		srv := servers.Shared(t, kind, servers.Config{})
		user, password := srv.NewAccount(t)
		connectTLS(t, srv, nil).login(user, password)
	})
}

func TestWrongPasswordIsRefused(t *testing.T) {
	each(t, func(t *testing.T, kind servers.Kind) {
		srv := servers.Shared(t, kind, servers.Config{})
		user, _ := srv.NewAccount(t)
		w := connectTLS(t, srv, nil)
		w.open(servers.Domain)
		assert.Contains(t, w.auth("PLAIN", plain(user, "wrong")), "<failure")
	})
}

func TestMechanisms(t *testing.T) {
	type offer map[servers.Kind][]string
	for _, c := range []struct {
		name string
		cfg  servers.Config
		max  uint16
		want offer
	}{
		{"tls 1.3", servers.Config{}, tls.VersionTLS13, offer{
			servers.Prosody:    {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"},
			servers.Prosody13:  {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"},
			servers.Ejabberd24: {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-512-PLUS"},
			servers.Ejabberd:   {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-512-PLUS"},
		}},
		{"tls 1.2", servers.Config{}, tls.VersionTLS12, offer{
			servers.Prosody:    {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"},
			servers.Prosody13:  {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"},
			servers.Ejabberd24: {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-512-PLUS"},
			servers.Ejabberd:   {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-512-PLUS"},
		}},
		{"sha-1", servers.Config{Passwords: servers.SHA1}, tls.VersionTLS13, offer{
			servers.Prosody:    {"PLAIN", "SCRAM-SHA-1"},
			servers.Prosody13:  {"OAUTHBEARER", "PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"},
			servers.Ejabberd24: {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"},
			servers.Ejabberd:   {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"},
		}},
		{"sha-256", servers.Config{Passwords: servers.SHA256}, tls.VersionTLS13, offer{
			servers.Prosody:    {"PLAIN", "SCRAM-SHA-256"},
			servers.Prosody13:  {"OAUTHBEARER", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"},
			servers.Ejabberd24: {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"},
			servers.Ejabberd:   {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, kind servers.Kind) {
				srv := servers.Shared(t, kind, c.cfg)
				w := connectTLS(t, srv, &tls.Config{MaxVersion: c.max})
				assert.Equal(t, c.want[kind], mechanisms(w.open(servers.Domain)))
				user, password := srv.NewAccount(t)
				assert.Contains(t, w.auth("PLAIN", plain(user, password)), "<success", "the account's stored form fits")
			})
		})
	}
}

// TestNewerLogins: the newer servers offer what they are here for, to a client that says who it is (XEP-0388, XEP-0386, XEP-0484).
func TestNewerLogins(t *testing.T) {
	each(t, func(t *testing.T, kind servers.Kind) {
		srv := servers.Shared(t, kind, servers.Config{})
		w := connectTLS(t, srv, nil)
		w.send("<?xml version='1.0'?><stream:stream from='somebody@%s' to='%s' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
			servers.Domain, servers.Domain)
		features := w.until("</stream:features>")
		for _, feature := range []string{
			"urn:xmpp:sasl:2", "urn:xmpp:bind:0", "urn:xmpp:fast:0", "urn:xmpp:sm:3", "urn:xmpp:carbons:2", "HT-SHA-256-EXPR", "urn:xmpp:sasl-cb:0", "tls-exporter",
		} {
			assert.Equal(t, kind.IsNewer(), regexp.MustCompile(feature).MatchString(features), "%s in %q", feature, features)
		}
	})
}

func TestTLS12Only(t *testing.T) {
	each(t, func(t *testing.T, kind servers.Kind) {
		srv := servers.Shared(t, kind, servers.Config{TLS: servers.TLS12})
		assert.EqualValues(t, tls.VersionTLS12, connectTLS(t, srv, nil).version())
		w := connect(t, srv.Addr)
		w.open(servers.Domain)
		w.startTLS(srv, nil)
		assert.EqualValues(t, tls.VersionTLS12, w.version())
		assert.Contains(t, mechanisms(w.open(servers.Domain)), "SCRAM-SHA-1-PLUS")
	})
}

func TestPlaintextOnly(t *testing.T) {
	each(t, func(t *testing.T, kind servers.Kind) {
		srv := servers.Shared(t, kind, servers.Config{TLS: servers.Plaintext})
		assert.Empty(t, srv.AddrTLS)
		user, password := srv.NewAccount(t)
		w := connect(t, srv.Addr)
		assert.NotContains(t, w.open(servers.Domain), "starttls")
		assert.Contains(t, w.auth("PLAIN", plain(user, password)), "<success")
	})
}

func TestAnonymous(t *testing.T) {
	each(t, func(t *testing.T, kind servers.Kind) {
		srv := servers.Shared(t, kind, servers.Config{})
		w := connectTLS(t, srv, nil)
		assert.Contains(t, mechanisms(w.open(servers.AnonymousDomain)), "ANONYMOUS")
		assert.Contains(t, w.auth("ANONYMOUS", nil), "<success")
	})
}

func TestExternal(t *testing.T) {
	each(t, func(t *testing.T, kind servers.Kind) {
		srv := servers.Shared(t, kind, servers.Config{External: true})
		cert := srv.ClientCertificate(t, "alice")
		for name, secure := range map[string]func(*tls.Config) *wire{
			"direct": func(c *tls.Config) *wire { return connectTLS(t, srv, c) },
			"starttls": func(c *tls.Config) *wire {
				w := connect(t, srv.Addr)
				w.open(servers.Domain)
				w.startTLS(srv, c)
				return w
			},
		} {
			w := secure(&tls.Config{Certificates: []tls.Certificate{cert}})
			assert.Contains(t, mechanisms(w.open(servers.Domain)), "EXTERNAL", name)
			assert.Contains(t, w.auth("EXTERNAL", nil), "<success", name)
			without := secure(nil)
			without.open(servers.Domain)
			assert.Contains(t, without.auth("EXTERNAL", nil), "<failure", name)
		}
	})
}

func TestComponents(t *testing.T) {
	each(t, func(t *testing.T, kind servers.Kind) {
		srv := servers.Shared(t, kind, servers.Config{})
		w := connectTLS(t, srv, nil)
		user, password := srv.NewAccount(t)
		w.login(user, password)
		for to, feature := range map[string]string{
			servers.Domain:       "urn:xmpp:ping",
			servers.RoomDomain:   "http://jabber.org/protocol/muc",
			servers.PubSubDomain: "http://jabber.org/protocol/pubsub",
			servers.UploadDomain: "urn:xmpp:http:upload:0",
		} {
			w.send("<iq type='get' id='d' to='%s'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>", to)
			assert.Contains(t, w.until("</iq>"), feature, to)
		}
		w.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
		assert.Regexp(t, `<enabled [^>]*resume=.(1|true)`, w.until("/>"))
	})
}

func TestCertificateNames(t *testing.T) {
	each(t, func(t *testing.T, kind servers.Kind) {
		srv := servers.Shared(t, kind, servers.Config{})
		w := connectTLS(t, srv, nil)
		cert := w.conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
		for _, name := range []string{servers.Domain, servers.RoomDomain, servers.UploadDomain, "localhost", "127.0.0.1", "::1"} {
			assert.NoError(t, cert.VerifyHostname(name))
		}
		assert.Error(t, cert.VerifyHostname("elsewhere.test"))
		for _, want := range []string{"_xmpp-client." + servers.Domain, "_xmpps-client." + servers.Domain, servers.Domain} {
			assert.Contains(t, otherNames(t, cert.Extensions[len(cert.Extensions)-1].Value), want)
		}
	})
}

// otherNames reads the otherNames of a subjectAltName again, with encoding/asn1 alone.
func otherNames(t *testing.T, san []byte) (names []string) {
	var all []asn1.RawValue
	_, err := asn1.Unmarshal(san, &all)
	require.NoError(t, err)
	for _, v := range all {
		if v.Tag != 0 {
			continue
		}
		var id asn1.ObjectIdentifier
		rest, err := asn1.Unmarshal(v.Bytes, &id)
		require.NoError(t, err)
		var explicit, name asn1.RawValue
		_, err = asn1.Unmarshal(rest, &explicit)
		require.NoError(t, err)
		_, err = asn1.Unmarshal(explicit.Bytes, &name)
		require.NoError(t, err)
		names = append(names, string(name.Bytes))
	}
	return names
}

// TestLife is one server's life: killed and started again on the same data and ports, frozen, ended in good order, gone.
func TestLife(t *testing.T) {
	each(t, func(t *testing.T, kind servers.Kind) {
		srv := servers.Start(t, kind, servers.Config{})
		user, password := srv.NewAccount(t)
		w := connectTLS(t, srv, nil)
		w.login(user, password)

		require.NoError(t, srv.Kill())
		assert.NotContains(t, w.rest(), "<stream:error", "a killed server says nothing")
		_, err := net.Dial("tcp", srv.Addr)
		assert.ErrorIs(t, err, syscall.ECONNREFUSED)

		addr := srv.Addr
		require.NoError(t, srv.Restart())
		t.Logf("answered %v after its restart", srv.Started)
		assert.Equal(t, addr, srv.Addr)
		assert.Error(t, srv.Restart(), "it runs")
		w = connectTLS(t, srv, nil)
		w.login(user, password)

		require.NoError(t, srv.Freeze())
		w.send("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
		require.NoError(t, srv.Thaw())
		assert.Regexp(t, `id=.p.`, w.until(">"))

		require.NoError(t, srv.Terminate())
		said := w.rest()
		t.Logf("asked to end, it said %q", said)
		if said != "" { // now and then the last words do not get out
			assert.Contains(t, said, "<system-shutdown", "RFC 6120 §4.9.3.22")
		}

		pid := srv.Pid()
		require.NoError(t, srv.Stop())
		require.NoError(t, srv.Stop(), "twice is once")
		assert.True(t, errors.Is(syscall.Kill(-pid, 0), syscall.ESRCH), "nothing of the process group is left")
		assert.Empty(t, srv.Log(0), "its folder is gone")
	})
}
