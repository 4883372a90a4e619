package xmpp_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// A first login that a server can't check just now is tried again, at growing distances, until it can; one that it refuses
// is not.
func TestClientFirstLoginFailures(t *testing.T) {
	for _, c := range []struct {
		failure string
		ends    bool
	}{{"temporary-auth-failure", false}, {"aborted", false}, {"not-authorized", true}, {"account-disabled", true}, {"malformed-request", true}} {
		t.Run(c.failure, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const refusals = 4
				var tries []time.Time
				srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Mechanisms: []string{"PLAIN"},
					Tamper: func(e xmpptest.Exchange) string {
						if e.Step != xmpptest.StepSuccess {
							return e.XML
						}
						if tries = append(tries, time.Now()); len(tries) > refusals {
							return e.XML
						}
						return "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><" + c.failure + "/></failure>"
					}})
				bot := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
				online := make(chan struct{}, 1)
				bot.Online = func(context.Context, *xmpp.Session) error { online <- struct{}{}; return nil }
				states := bot.State(t.Context())
				r := run(t, bot)
				if c.ends {
					require.ErrorIs(t, <-r.err, sasl.Condition(c.failure))
					require.Len(t, tries, 1)
					return
				}
				require.Equal(t, xmpp.Offline, (<-states).Kind)
				st := <-states
				require.Equal(t, xmpp.Offline, st.Kind)
				require.ErrorIs(t, st.Err, sasl.Condition(c.failure))
				<-online
				require.Len(t, tries, refusals+1)
				for i := 1; i < refusals; i++ { // 2, 4, 8 seconds, each less at most a half
					wait := tries[i+1].Sub(tries[i])
					require.GreaterOrEqual(t, wait, time.Second<<(i-1))
					require.LessOrEqual(t, wait, time.Second<<i)
				}
			})
		})
	}
}

// A wrong certificate ends a Run that was never online. Later it's somebody in between, or a server that is being renewed:
// the client stays away from it, and comes back when the right one is there again.
func TestClientMeetsAWrongCertificate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrong, err := xmpptest.Certificate(xmpptest.CertSpec{Domains: []string{"elsewhere.test"}})
		require.NoError(t, err)
		var fake atomic.Bool
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Without: []string{"sm"}, TLSConfig: func(cfg *tls.Config) {
			cfg.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
				if fake.Load() {
					return &tls.Config{Certificates: []tls.Certificate{wrong}, SessionTicketsDisabled: true}, nil
				}
				return nil, nil
			}
		}})
		bot := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
		online := make(chan struct{}, 1)
		bot.Online = func(context.Context, *xmpp.Session) error { online <- struct{}{}; return nil }
		r := run(t, bot)
		<-online
		fake.Store(true)
		srv.DropConns()
		elapse(5 * time.Minute)
		require.Empty(t, r.err, "the client goes on")
		require.Empty(t, online)
		require.Greater(t, srv.Stats().TLSFailures, int64(4))
		require.EqualValues(t, 1, srv.Stats().Logins, "nothing is said to a stranger")
		fake.Store(false)
		<-online
		r.stop()
		require.NoError(t, <-r.err)
	})
}

// SECURITY S10: a server that sends us from host to host without end, to ever new ones, does not keep us busy: five hosts an
// attempt, and attempts at growing distances.
func TestSecurityS10EndlessRedirects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hops := 0
		r := &redirected{to: func(string) string { hops++; return fmt.Sprintf("host%d.test:5222", hops) }}
		o := &xmpp.Options{Password: "secret", Addr: "memory:5222", Dial: r.Dial}
		_, err := xmpp.Dial(t.Context(), jid.MustParse("juliet@"+xmpptest.DefaultDomain), o)
		requireStep(t, xmpp.StepStream, err)
		require.ErrorContains(t, err, "from host to host without end")
		require.Len(t, r.asked, 5)

		bot := xmpp.NewClient(jid.MustParse("juliet@"+xmpptest.DefaultDomain), o)
		run := run(t, bot)
		elapse(time.Hour)
		require.Empty(t, run.err, "it may be right another time")
		require.Less(t, len(r.asked), 5*140, "at most a minute, at least half of one, between attempts")
		require.Greater(t, len(r.asked), 5*50)
		require.Error(t, (<-bot.State(t.Context())).Err)
	})
}

// RFC 6120 §4.9.3.19: who is sent elsewhere inside TLS, or after the login, goes there and checks everything anew. The
// stream that ends so is closed from our side, too (§4.9.1.1).
func TestRedirectsLater(t *testing.T) {
	t.Attr("conformance", "6120-4.9.1.1-2 6120-4.9.3.19-5")
	const redirect = "\n> <stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>there.example:9222</see-other-host></stream:error></stream:stream>\n< </stream:stream>\neof\n"
	for name, script := range map[string]string{
		"inside TLS":              imTLS + "\n> " + imHeader + redirect,
		"in place of features":    imBind + "\n> " + imHeader + redirect,
		"in place of a challenge": imAuth + redirect,
		"in place of binding":     withFeature(imBinding, "") + redirect,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				scripts := []string{script, imBound + imClose}
				var asked []string
				played := make(chan error, len(scripts))
				o := capuletOptions()
				o.Addr = "here.example:5222"
				o.Dial = func(_ context.Context, _, addr string) (net.Conn, error) {
					client, server := net.Pipe()
					text := scripts[len(asked)]
					asked = append(asked, addr)
					go func() {
						played <- (&xmpptest.Script{Text: text, Timeout: patience}).Play(server)
						server.Close()
					}()
					return client, nil
				}
				s, err := xmpp.Dial(t.Context(), capulet, o)
				require.NoError(t, err)
				require.Equal(t, []string{"here.example:5222", "there.example:9222"}, asked)
				require.NoError(t, <-played)
				require.NoError(t, s.Close())
				require.NoError(t, <-played)
			})
		})
	}
}
