package component_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/component"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// SECURITY S20: a server that says nothing any more is noticed after Keepalive + DeadAfter, and every call returns.
func TestSecurityS20ComponentSilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, s := connect(t)
		start := time.Now()
		srv.Freeze()
		_, err := s.Do(t.Context(), &stanza.IQ{Type: stanza.Get, To: srv.Domain(), Payload: stanza.Payload(version{})})
		require.ErrorIs(t, err, xmpp.ErrPeerSilent)
		<-s.Done()
		require.ErrorIs(t, s.Err(), xmpp.ErrPeerSilent)
		require.Equal(t, 90*time.Second, time.Since(start))
		srv.Thaw()
	})
}

// The sign of life is what goes to our own domain and comes back. No handler sees it, nor has it an answer; another ping does.
func TestSignOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, s := connect(t)
		seen := 0
		s.Handle(xmpp.Pattern{Kind: stanza.KindIQ, Space: "urn:xmpp:ping"}, xmpp.HandlerFunc(func(context.Context, stanza.Stanza) (any, error) {
			seen++
			return nil, nil
		}))
		for n := 1; n <= 10; n++ {
			elapse(time.Minute)
			synctest.Wait()
			require.NoError(t, s.Err())
			sent := srv.Transcript(echo.String())
			require.Len(t, sent, n, "a ping a minute and no answer to it")
			require.Contains(t, sent[n-1].XML, "urn:xmpp:ping")
		}
		require.Zero(t, seen)
		alice := srv.Session(t, "alice", nil)
		_, err := alice.Do(t.Context(), &stanza.IQ{Type: stanza.Get, To: echo, Payload: element(t, `<ping xmlns='urn:xmpp:ping'/>`)})
		require.NoError(t, err)
		require.Equal(t, 1, seen)
	})
}

// Promise 1: nothing outlives the session, however it ends.
func TestEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(srv *xmpptest.Server, s *xmpp.Session)
		want error
	}{
		{"Close", func(_ *xmpptest.Server, s *xmpp.Session) { s.Close() }, nil},
		{"the connection is lost", func(srv *xmpptest.Server, _ *xmpp.Session) { srv.DropConns() }, errors.New("connection lost")},
		{"the server closes the stream", func(srv *xmpptest.Server, _ *xmpp.Session) { srv.CloseStream(echo.String(), "") }, xmpp.ErrPeerClosed},
		{"a stream error", func(srv *xmpptest.Server, _ *xmpp.Session) { srv.CloseStream(echo.String(), "conflict") }, xmpp.Conflict},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv, s := connect(t)
				alice := srv.Session(t, "alice", nil) // who does not answer
				inbox := s.Messages(t.Context())
				asked := make(chan error)
				alice.IQs(t.Context())
				go func() {
					_, err := s.Do(t.Context(), &stanza.IQ{Type: stanza.Get, To: alice.JID(), Payload: stanza.Payload(version{})})
					asked <- err
				}()
				synctest.Wait()
				start := time.Now()
				c.end(srv, s)
				require.Error(t, <-asked)
				<-s.Done()
				_, open := <-inbox
				require.False(t, open)
				require.Error(t, s.Send(t.Context(), &stanza.Message{To: alice.JID()}))
				require.Zero(t, time.Since(start))
				switch {
				case c.want == nil:
					require.NoError(t, s.Err())
				case errors.Is(s.Err(), c.want):
				default:
					require.ErrorContains(t, s.Err(), c.want.Error())
				}
			})
		})
	}
}

// running runs a client in the background.
func running(t *testing.T, c *xmpp.Client) (stop func(), err <-chan error) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	return cancel, done
}

// A Client connects again after a growing delay; its handlers and channels go on.
func TestReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		alice := srv.Session(t, "alice", nil)
		o := srv.ComponentOptions(echo.String())
		o.Store = xmpp.FileStore(t.TempDir()) // of no use to a stream that can't be resumed, and of no harm
		bot := component.NewClient(echo, o)
		require.Equal(t, echo, bot.JID())
		online := make(chan *xmpp.Session, 10)
		bot.Online = func(_ context.Context, s *xmpp.Session) error { online <- s; return nil }
		xmpp.OnGet(bot, func(context.Context, *stanza.IQ, version) (any, error) { return version{Name: "echo"}, nil })
		stop, ended := running(t, bot)
		for n := range 5 {
			<-online
			_, err := xmpp.Get[version](t.Context(), alice, at("bridge"), version{})
			require.NoError(t, err, n)
			srv.CloseStream(echo.String(), "system-shutdown")
		}
		<-online
		stop()
		require.NoError(t, <-ended)
		_, err := xmpp.Get[version](t.Context(), alice, echo, version{})
		require.ErrorIs(t, err, stanza.ServiceUnavailable, "nobody is connected")
	})
}

// The server may hold our own last connection to be alive: that passes. On the first attempt it's somebody else.
func TestConflictWithOurselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuse := 0
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Tamper: func(e xmpptest.Exchange) string {
			if refuse > 0 && e.Step == xmpptest.StepSuccess && strings.Contains(e.XML, "handshake") {
				refuse--
				return `<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`
			}
			return e.XML
		}})
		online := make(chan *xmpp.Session, 10)
		bot := component.NewClient(echo, srv.ComponentOptions(echo.String()))
		bot.Online = func(_ context.Context, s *xmpp.Session) error { online <- s; return nil }
		refuse = 1
		_, ended := running(t, bot)
		require.ErrorIs(t, <-ended, xmpp.Conflict)

		stop, ended := running(t, bot)
		<-online
		refuse = 3
		srv.DropConns()
		<-online
		require.Zero(t, refuse)
		stop()
		require.NoError(t, <-ended)

		// Two that take the name away from each other come to an end.
		_, ended = running(t, bot)
		<-online
		srv.CloseStream(echo.String(), "conflict")
		require.ErrorIs(t, <-ended, xmpp.Conflict)
	})
}

// What a wrong secret is, is known at once: Run does not go on with it. So is one that was changed while the component was away.
func TestWrongSecretEndsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		bot := component.NewClient(echo, srv.ComponentOptions(echo.String()))
		online := make(chan *xmpp.Session, 10)
		bot.Online = func(_ context.Context, s *xmpp.Session) error { online <- s; return nil }
		_, ended := running(t, bot)
		<-online
		require.NoError(t, srv.AddComponent(echo.String(), "changed"))
		srv.DropConns()
		err := <-ended
		require.ErrorIs(t, err, xmpp.NotAuthorized)
		require.ErrorContains(t, err, "Options.Password")
		require.EqualValues(t, 2, srv.Stats().Conns)
	})
}

// A slow handler holds up what comes behind it, and nothing is lost; a handler may ask, behind however much.
func TestHandlersMayAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, s := connect(t)
		alice := srv.Session(t, "alice", nil)
		xmpp.OnGet(alice, func(context.Context, *stanza.IQ, version) (any, error) { return version{Name: "alice"}, nil })
		const messages = 500
		got := make(chan string, messages)
		xmpp.OnMessage(s, func(ctx context.Context, m *stanza.Message) error {
			v, err := xmpp.Get[version](ctx, s, m.From, version{})
			if err == nil {
				got <- v.Name + m.Body
			}
			return err
		})
		for range messages {
			require.NoError(t, alice.Send(t.Context(), &stanza.Message{To: echo, Body: " asks"}))
		}
		for range messages {
			require.Equal(t, "alice asks", <-got)
		}
	})
}

// What a server has kept and gives to two of our addresses are two messages, however alike: nothing is repeated to a component.
func TestNothingIsTakenForARepetition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		bot := component.NewClient(echo, srv.ComponentOptions(echo.String()))
		online := make(chan *xmpp.Session, 1)
		bot.Online = func(_ context.Context, s *xmpp.Session) error { online <- s; return nil }
		inbox := bot.Messages(t.Context())
		stop, ended := running(t, bot)
		<-online
		alice := srv.Session(t, "alice", nil)
		delay := element(t, `<delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/>`)
		for _, to := range []string{"one", "two"} {
			require.NoError(t, alice.Send(t.Context(), &stanza.Message{ID: "1", To: at(to), Body: "hello", Payloads: []stanza.Element{delay}}))
		}
		require.Equal(t, at("one"), (<-inbox).To)
		require.Equal(t, at("two"), (<-inbox).To)
		stop()
		require.NoError(t, <-ended)
	})
}
