package integration

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A way is how a client comes to a server.
type way struct {
	direct  bool
	version uint16
}

var ways = []way{{false, tls.VersionTLS12}, {false, tls.VersionTLS13}, {true, tls.VersionTLS12}, {true, tls.VersionTLS13}}

func (w way) String() string {
	return fmt.Sprintf("%s %s", map[bool]string{false: "starttls", true: "direct"}[w.direct], strings.TrimPrefix(tls.VersionName(w.version), "TLS "))
}

// best is what a login with a password should come to, by place and version of TLS: the mechanism and the binding.
var best = map[string]map[uint16][2]string{
	inProcess: {
		tls.VersionTLS12: {"SCRAM-SHA-512-PLUS", "tls-exporter"},
		tls.VersionTLS13: {"SCRAM-SHA-512-PLUS", "tls-exporter"},
	},
	"prosody": {
		tls.VersionTLS12: {"SCRAM-SHA-256-PLUS", "tls-unique"},
		tls.VersionTLS13: {"SCRAM-SHA-256", ""},
	},
	"ejabberd": {
		tls.VersionTLS12: {"SCRAM-SHA-512-PLUS", "tls-unique"},
		tls.VersionTLS13: {"SCRAM-SHA-512", ""}, // offers -PLUS, and knows no binding
	},
	"prosody13": {
		tls.VersionTLS12: {"SCRAM-SHA-256-PLUS", "tls-unique"},
		tls.VersionTLS13: {"SCRAM-SHA-256-PLUS", "tls-exporter"},
	},
	"ejabberd24": {
		tls.VersionTLS12: {"SCRAM-SHA-512-PLUS", "tls-exporter"},
		tls.VersionTLS13: {"SCRAM-SHA-512-PLUS", "tls-exporter"},
	},
}

func TestLoginWithAPassword(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "0479-tls 0479-direct-tls")
		t.Attr("conformance", "sasl-support tls-support")
		for _, w := range ways {
			t.Run(w.String(), func(t *testing.T) {
				user, password := p.account(t)
				s := p.login(t, p.jid(user), p.over(p.options(password), w.direct, w.version))
				cs := s.ConnectionState()
				assert.Equal(t, w.direct, cs.DirectTLS)
				assert.Equal(t, w.version, cs.TLS.Version)
				assert.Equal(t, best[p.name][w.version], [2]string{cs.Mechanism, cs.ChannelBinding})
				assert.Equal(t, p.jid(user), s.JID().Bare())
				assert.NotEmpty(t, s.JID().Resourcepart(), "the server has made one")
				assert.NoError(t, s.Close())
				assert.NoError(t, s.Err())
			})
		}
	})
}

// TestEveryMechanism logs in with each mechanism that the server offers and this library has, alone.
func TestEveryMechanism(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "security-mti-auth-scram")
		worked := make(map[string]bool)
		for _, w := range ways {
			user, password := p.account(t)
			offered := p.login(t, p.jid(user), p.over(p.options(password), w.direct, w.version)).ConnectionState().Mechanisms
			for _, m := range sasl.Password(user, password, nil) {
				if !slices.Contains(offered, m.Name()) {
					continue
				}
				t.Run(w.String()+" "+m.Name(), func(t *testing.T) {
					o := p.over(p.options(""), w.direct, w.version)
					o.SASL = []sasl.Mechanism{m}
					s, err := xmpp.Dial(within(t), p.jid(user), o)
					if strings.HasSuffix(m.Name(), "-PLUS") && best[p.name][w.version][1] == "" {
						assertStep(t, xmpp.StepAuth, err) // offered, without a binding that works
						assert.ErrorContains(t, err, string(sasl.ErrNoBinding))
						return
					}
					require.NoError(t, err)
					defer s.Close()
					assert.Equal(t, m.Name(), s.ConnectionState().Mechanism)
					assert.Equal(t, strings.HasSuffix(m.Name(), "-PLUS"), s.ConnectionState().ChannelBinding != "")
					worked[m.Name()] = true
				})
			}
		}
		assert.Subset(t, worked, map[string]bool{"SCRAM-SHA-1": true, "SCRAM-SHA-1-PLUS": true}, "both are what the row means: RFC 6120 §13.8")
	})
}

// TestOffers holds the launcher and the in-process server to what they should offer, so that TestEveryMechanism tries all.
func TestOffers(t *testing.T) {
	all := []string{"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-512-PLUS"}
	want := map[string][]string{
		inProcess:    all,
		"prosody":    {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"},
		"ejabberd":   all,
		"prosody13":  {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"},
		"ejabberd24": all,
	}
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		user, password := p.account(t)
		s := p.login(t, p.jid(user), p.over(p.options(password), true, tls.VersionTLS12))
		assert.ElementsMatch(t, want[p.name], s.ConnectionState().Mechanisms)
	})
}

// TestServersThatKeepHashes logs in where one hash alone was kept of the password.
func TestServersThatKeepHashes(t *testing.T) {
	for hash, want := range map[servers.Passwords]string{servers.SHA1: "SCRAM-SHA-1", servers.SHA256: "SCRAM-SHA-256"} {
		t.Run(string(hash), func(t *testing.T) {
			each(t, servers.Config{Passwords: hash}, func(t *testing.T, p *place) {
				for _, w := range ways {
					user, password := p.account(t)
					s := p.login(t, p.jid(user), p.over(p.options(password), w.direct, w.version))
					if best[p.name][w.version][1] != "" {
						assert.Equal(t, want+"-PLUS", s.ConnectionState().Mechanism, w)
					} else {
						assert.Equal(t, want, s.ConnectionState().Mechanism, w)
					}
				}
			})
		})
	}
}

func TestTLS12Alone(t *testing.T) {
	each(t, servers.Config{TLS: servers.TLS12}, func(t *testing.T, p *place) {
		for _, direct := range []bool{false, true} {
			user, password := p.account(t)
			s := p.login(t, p.jid(user), p.over(p.options(password), direct, 0))
			cs := s.ConnectionState()
			assert.EqualValues(t, tls.VersionTLS12, cs.TLS.Version)
			assert.Equal(t, best[p.name][tls.VersionTLS12], [2]string{cs.Mechanism, cs.ChannelBinding})
		}
	})
}

func TestExternal(t *testing.T) {
	each(t, servers.Config{External: true}, func(t *testing.T, p *place) {
		t.Attr("conformance", "security-mti-both-external")
		for _, w := range ways {
			t.Run(w.String(), func(t *testing.T) {
				user, _ := p.account(t)
				o := p.over(p.options(""), w.direct, w.version)
				o.SASL = []sasl.Mechanism{sasl.External("")}
				_, err := xmpp.Dial(within(t), p.jid(user), o)
				assertStep(t, xmpp.StepAuth, err)
				var refused *sasl.Error
				assert.ErrorAs(t, err, &refused, "offered to one without a certificate, and refused")

				o.TLS.Certificates = []tls.Certificate{p.certificate(t, user)}
				s := p.login(t, p.jid(user), o)
				assert.Equal(t, "EXTERNAL", s.ConnectionState().Mechanism)
				assert.Equal(t, p.jid(user), s.JID().Bare())
			})
		}
	})
}

// TestExternalOfSeveralAddresses: whose session it is to be is said where the certificate does not (XEP-0178 §2), and believed
// of nobody else's.
func TestExternalOfSeveralAddresses(t *testing.T) {
	each(t, servers.Config{External: true}, func(t *testing.T, p *place) {
		one, _ := p.account(t)
		two, _ := p.account(t)
		third, _ := p.account(t)
		o := p.options("")
		o.SASL = []sasl.Mechanism{sasl.External("")}
		o.TLS.Certificates = []tls.Certificate{p.certificate(t, one, two)}
		for _, user := range []string{two, one} {
			s := p.login(t, p.jid(user), o)
			assert.Equal(t, p.jid(user), s.JID().Bare())
			require.NoError(t, s.Close())
		}
		_, err := xmpp.Dial(within(t), p.jid(third), o)
		var refused *sasl.Error
		assert.ErrorAs(t, err, &refused)
	})
}

// takesNoBearer says why OAUTHBEARER is not shown to work with a server.
var takesNoBearer = map[servers.Kind]string{
	servers.Prosody:    "0.12 has no tokens for it: a community module for one kind of OAuth server is not packaged",
	servers.Ejabberd:   "its tokens are for X-OAUTH2, a mechanism from before RFC 7628",
	servers.Ejabberd24: "likewise",
}

// TestOAuthBearer: a token in place of a password (RFC 7628), where a server takes one.
func TestOAuthBearer(t *testing.T) {
	for _, kind := range servers.Kinds(t) {
		t.Run(string(kind), func(t *testing.T) {
			p := outside(servers.Shared(t, kind, servers.Config{Passwords: servers.SHA256}))
			user, password := p.account(t)
			offered := p.login(t, p.jid(user), p.options(password)).ConnectionState().Mechanisms
			if why, ok := takesNoBearer[kind]; ok {
				assert.NotContains(t, offered, "OAUTHBEARER", why)
				return
			}
			o := p.options("")
			token := p.real.Token(t, user)
			o.SASL = []sasl.Mechanism{sasl.OAuthBearer("", func(context.Context) (string, error) { return token, nil })}
			s := p.login(t, p.jid(user), o)
			assert.Equal(t, "OAUTHBEARER", s.ConnectionState().Mechanism)
			assert.Equal(t, p.jid(user), s.JID().Bare())
			require.NoError(t, ping(t, s, p))
			token = "none"
			_, err := xmpp.Dial(within(t), p.jid(user), o)
			var refused *sasl.Error
			require.ErrorAs(t, err, &refused)
			t.Log(err)
		})
	}
}

func TestAnonymous(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		if p.inside != nil {
			p = inside(t, servers.Config{})
			srv := anonymous(t)
			p.addr, p.domain, p.anonymousDomain = srv.Addr(), srv.Domain().String(), srv.Domain().String()
		}
		s := p.login(t, jid.MustParse(p.anonymousDomain), p.options(""))
		assert.Equal(t, "ANONYMOUS", s.ConnectionState().Mechanism)
		assert.Equal(t, p.anonymousDomain, s.JID().Domainpart())
		assert.NotEmpty(t, s.JID().Localpart())
	})
}
