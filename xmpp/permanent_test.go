package xmpp_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// Where to go on would be of no use, Run ends with the cause, after one attempt.
func TestClientPermanentFailures(t *testing.T) {
	errOnline := errors.New("no good")
	for _, c := range []struct {
		name   string
		server *xmpptest.Options
		client func(o *xmpp.Options)
		online func(srv *xmpptest.Server) error
		want   error
	}{
		{"bad password", nil, func(o *xmpp.Options) { o.Password = "guess" }, nil, sasl.NotAuthorized},
		{"conflict", nil, nil, func(srv *xmpptest.Server) error { srv.CloseStream("alice", "conflict"); return nil }, xmpp.Conflict},
		{"policy", nil, nil, func(srv *xmpptest.Server) error { srv.CloseStream("alice", "policy-violation"); return nil }, xmpp.PolicyViolation},
		{"not authorized", nil, nil, func(srv *xmpptest.Server) error { srv.CloseStream("alice", "not-authorized"); return nil }, xmpp.NotAuthorized},
		{"Online", nil, nil, func(*xmpptest.Server) error { return errOnline }, errOnline},
		{"no mechanism", &xmpptest.Options{Mechanisms: []string{"EXTERNAL"}}, nil, nil, nil},
		{"no STARTTLS", &xmpptest.Options{StartTLS: xmpptest.Off}, nil, nil, nil},
		{"wrong certificate", nil, func(o *xmpp.Options) { o.TLS = nil }, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := xmpptest.Options{}
				if c.server != nil {
					server = *c.server
				}
				server.InMemory = true
				srv := xmpptest.NewServerWith(t, &server)
				o := srv.Options("alice")
				if c.client != nil {
					c.client(o)
				}
				bot := xmpp.NewClient(srv.JID("alice"), o)
				online := 0
				bot.Online = func(context.Context, *xmpp.Session) error {
					online++
					if c.online == nil {
						return nil
					}
					return c.online(srv)
				}
				start := time.Now()
				err := <-run(t, bot).err
				require.Error(t, err)
				if c.want != nil {
					require.ErrorIs(t, err, c.want)
				} else {
					var de *xmpp.DialError
					require.ErrorAs(t, err, &de)
				}
				require.Less(t, time.Since(start), 10*time.Second)
				require.EqualValues(t, 1, srv.Stats().Conns, "one attempt")
				if c.online != nil {
					require.Equal(t, 1, online)
				}
			})
		})
	}
}

// An Addr that says no port is a mistake of the program's.
func TestClientAddrWithoutPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		require.ErrorContains(t, <-run(t, xmpp.NewClient(juliet, &xmpp.Options{Addr: "localhost"})).err, `"localhost"`)
		require.Zero(t, time.Since(start))
	})
}

// What passes is tried again.
func TestClientPassingFailures(t *testing.T) {
	for _, condition := range []string{"", "system-shutdown", "reset", "connection-timeout", "resource-constraint", "internal-server-error"} {
		t.Run("stream error "+condition, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
				bot := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
				states := bot.State(t.Context())
				r := run(t, bot)
				for online := 0; online < 3; {
					if st := <-states; st.Kind == xmpp.Online {
						if online++; online < 3 {
							srv.CloseStream("alice", condition)
						}
					}
				}
				r.stop()
				require.NoError(t, <-r.err)
			})
		})
	}
}

// A password that was right once and is refused later is refused for good; a server that can't check it now is not.
func TestClientLaterLoginFailures(t *testing.T) {
	for _, c := range []struct {
		failure string
		ends    bool
	}{
		{"not-authorized", true},
		{"account-disabled", true},
		{"credentials-expired", true},
		{"temporary-auth-failure", false},
	} {
		t.Run(c.failure, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				logins := 0
				srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Mechanisms: []string{"PLAIN"},
					Tamper: func(e xmpptest.Exchange) string {
						if e.Step != xmpptest.StepSuccess {
							return e.XML
						}
						if logins++; logins == 2 {
							return "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><" + c.failure + "/></failure>"
						}
						return e.XML
					}})
				bot := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
				online := make(chan *xmpp.Session, 4)
				bot.Online = func(_ context.Context, s *xmpp.Session) error { online <- s; return nil }
				r := run(t, bot)
				<-online
				srv.CloseStream("alice", "")
				if c.ends {
					require.ErrorIs(t, <-r.err, sasl.Condition(c.failure))
					return
				}
				<-online
			})
		})
	}
}

// An error of Online that comes because its session has ended is no reason to give up.
func TestClientOnlineOfALostSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		bot := xmpp.NewClient(juliet, f.options())
		tries := make(chan error, 4)
		bot.Online = func(ctx context.Context, s *xmpp.Session) error {
			_, err := s.Do(ctx, &stanza.IQ{Type: stanza.Get, Payload: stanza.Payload(version{})})
			tries <- err
			return err
		}
		run(t, bot)
		p := <-f.peers
		p.hearIQ()
		p.say(streamClose)
		require.ErrorIs(t, <-tries, xmpp.ErrPeerClosed)
		p = <-f.peers
		p.say(`<iq type='result' id='%s'/>`, p.hearIQ().ID)
		require.NoError(t, <-tries)
	})
}
