package websocket_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// over makes options that go over the server's WebSocket. The server takes no message that RFC 7395 does not allow, so that each
// test here shows the framing, too.
func over(srv *xmpptest.Server, user string) *xmpp.Options {
	o := srv.Options(user)
	if o.Transport = dialer(srv.WebSocketURL()); o.Dial != nil {
		o.Dial = srv.DialWeb
	}
	return o
}

// in runs f in a bubble, with a server in memory.
func in(t *testing.T, o xmpptest.Options, f func(t *testing.T, srv *xmpptest.Server)) {
	t.Helper()
	o.InMemory = true
	synctest.Test(t, func(t *testing.T) { f(t, xmpptest.NewServerWith(t, &o)) })
}

// TestSession: what is sent over WebSocket and TCP meets, at every version of TLS, and the login is bound to it.
func TestSession(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			srv := xmpptest.NewServerWith(t, &xmpptest.Options{TLSVersion: version})
			alice := srv.Session(t, "alice", over(srv, "alice"))
			bob := srv.Session(t, "bob", nil)
			cs := alice.ConnectionState()
			assert.Equal(t, srv.WebSocketURL(), cs.Addr)
			assert.Equal(t, "SCRAM-SHA-512-PLUS", cs.Mechanism)
			assert.Equal(t, "tls-exporter", cs.ChannelBinding)
			assert.Equal(t, version, cs.TLS.Version)
			assert.NotEmpty(t, cs.TLS.VerifiedChains)
			inbox, back := bob.Messages(t.Context()), alice.Messages(t.Context())
			for i := range 100 {
				require.NoError(t, alice.Send(t.Context(), &stanza.Message{To: bob.JID(), Body: fmt.Sprint(i)}))
			}
			for i := range 100 {
				m := <-inbox
				require.Equal(t, fmt.Sprint(i), m.Body)
				require.NoError(t, bob.Send(t.Context(), m.Reply(m.Body)))
				require.Equal(t, m.Body, (<-back).Body)
			}
			require.NoError(t, alice.Deliver(within(t), &stanza.Message{To: bob.JID(), Body: "acknowledged"}))
			require.NoError(t, alice.Close())
			require.NoError(t, alice.Err())
		})
	}
}

// TestLogins: every profile of the login, with what it brings.
func TestLogins(t *testing.T) {
	for name, o := range map[string]xmpptest.Options{
		"RFC 6120":            {},
		"XEP-0388":            {SASL2: &xmpptest.SASL2{}},
		"XEP-0388 alone":      {SASL2: &xmpptest.SASL2{Only: true}},
		"XEP-0388, no tokens": {SASL2: &xmpptest.SASL2{FAST: []string{}}},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, o, func(t *testing.T, srv *xmpptest.Server) {
				opts := over(srv, "alice")
				opts.Store = xmpp.FileStore(t.TempDir())
				for i := range 3 { // the first, and those that know what is offered
					s := srv.Session(t, "alice", opts)
					if i > 0 && name == "XEP-0388" {
						require.Contains(t, s.ConnectionState().Mechanism, "HT-")
					}
					require.NoError(t, s.Deliver(t.Context(), &stanza.Message{To: s.JID(), Body: "x"}))
					require.NoError(t, s.Close())
				}
			})
		})
	}
}

// TestResumption: a Client whose connection is lost goes on with its stream over a new one, and nothing is lost.
func TestResumption(t *testing.T) {
	t.Attr("conformance", "7395-3.10-1 7395-3.10-2")
	for name, o := range map[string]xmpptest.Options{"RFC 6120": {}, "XEP-0388": {SASL2: &xmpptest.SASL2{}}} {
		t.Run(name, func(t *testing.T) {
			in(t, o, func(t *testing.T, srv *xmpptest.Server) {
				states, client := run(t, srv)
				for i := range 3 {
					synctest.Wait()
					srv.DropConns()
					bob := srv.Session(t, "bob", nil)
					inbox := bob.Messages(t.Context())
					require.Equal(t, xmpp.Suspended, (<-states).Kind)
					require.Equal(t, xmpp.Resumed, (<-states).Kind)
					require.NoError(t, client.Deliver(t.Context(), &stanza.Message{To: bob.JID(), Body: fmt.Sprint(i)}))
					require.Equal(t, fmt.Sprint(i), (<-inbox).Body)
					require.NoError(t, bob.Close())
				}
			})
		})
	}
}

// run keeps a Client of alice online until the end of the test.
func run(t *testing.T, srv *xmpptest.Server) (<-chan xmpp.State, *xmpp.Client) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	client := xmpp.NewClient(srv.JID("alice"), over(srv, "alice"))
	states, ended := client.State(ctx), make(chan error)
	go func() { ended <- client.Run(ctx) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-ended) })
	require.Equal(t, xmpp.Offline, (<-states).Kind)
	require.Equal(t, xmpp.Online, (<-states).Kind)
	return states, client
}

// TestCutAtEveryFewBytes: a login that is cut, at whatever byte, fails at once and says where.
func TestCutAtEveryFewBytes(t *testing.T) {
	for name, cut := range map[string]func(srv *xmpptest.Server, n int64){
		"received": func(srv *xmpptest.Server, n int64) { srv.CutAfter(n, -1) },
		"sent":     func(srv *xmpptest.Server, n int64) { srv.CutAfter(-1, n) },
	} {
		t.Run(name, func(t *testing.T) {
			// In clear, where each byte is one of HTTP, of a frame, or of the stream.
			srv := xmpptest.NewServerWith(t, &xmpptest.Options{StartTLS: xmpptest.Off})
			o := over(srv, "alice")
			o.AllowPlaintext = true
			o.SASL = sasl.Password("alice", o.Password, &sasl.PasswordOptions{Keys: &sasl.MemoryKeys{}})
			steps := map[xmpp.Step]int{}
			for n := int64(0); ; n += 3 {
				cut(srv, n)
				s, err := xmpp.Dial(within(t), srv.JID("alice/phone"), o)
				cut(srv, -1)
				if err == nil {
					s.Close()
					break
				}
				var failed *xmpp.DialError
				require.ErrorAs(t, err, &failed, "byte %d", n)
				steps[failed.Step]++
			}
			for _, step := range []xmpp.Step{xmpp.StepTCP, xmpp.StepStream, xmpp.StepAuth, xmpp.StepBind} {
				assert.NotZero(t, steps[step], step)
			}
		})
	}
}

// TestCutWithinTLS is the same over wss:.
func TestCutWithinTLS(t *testing.T) {
	srv := xmpptest.NewServer(t)
	o := over(srv, "alice")
	o.SASL = sasl.Password("alice", o.Password, &sasl.PasswordOptions{Keys: &sasl.MemoryKeys{}})
	for n := int64(0); ; n += 61 {
		srv.CutAfter(-1, n)
		s, err := xmpp.Dial(within(t), srv.JID("alice/phone"), o)
		srv.CutAfter(-1, -1)
		if err == nil {
			require.Greater(t, n, int64(3000))
			s.Close()
			return
		}
		var failed *xmpp.DialError
		require.ErrorAs(t, err, &failed, "byte %d", n)
	}
}

// TestChunks: however the network cuts what is said.
func TestChunks(t *testing.T) {
	in(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		srv.Chunk(1)
		s := srv.Session(t, "alice", over(srv, "alice"))
		require.NoError(t, s.Deliver(t.Context(), &stanza.Message{To: s.JID(), Body: "x"}))
		require.NoError(t, s.Close())
	})
}

// TestSilence: a connection over which nothing comes any more is noticed, at the time that is promised.
func TestSilence(t *testing.T) {
	in(t, xmpptest.Options{Without: []string{"sm"}}, func(t *testing.T, srv *xmpptest.Server) {
		s := srv.Session(t, "alice", over(srv, "alice"))
		srv.Freeze()
		start := time.Now()
		<-s.Done()
		require.ErrorIs(t, s.Err(), xmpp.ErrPeerSilent)
		require.Equal(t, 90*time.Second, time.Since(start))
	})
}

// TestSilentLogin: so is one that is silent in the middle of the way to a session.
func TestSilentLogin(t *testing.T) {
	in(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		srv.Freeze()
		start := time.Now()
		_, err := xmpp.Dial(t.Context(), srv.JID("alice"), over(srv, "alice"))
		requireStep(t, xmpp.StepTCP, err)
		require.ErrorIs(t, err, xmpp.ErrPeerSilent)
		require.Equal(t, 30*time.Second, time.Since(start))
	})
}

// TestStalledWriter: a server that takes no bytes holds nobody up for longer than he wants.
func TestStalledWriter(t *testing.T) {
	for range 10 { // who finds out first, the reader or the writer, is a matter of chance
		in(t, xmpptest.Options{}, stalledWriter)
	}
}

func stalledWriter(t *testing.T, srv *xmpptest.Server) {
	s := srv.Session(t, "alice", over(srv, "alice"))
	srv.Freeze()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	start := time.Now()
	var err error
	for err == nil {
		err = s.Send(ctx, &stanza.Message{To: s.JID(), Body: "x"})
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, time.Second, time.Since(start))
	<-s.Done()
	require.ErrorIs(t, s.Err(), xmpp.ErrPeerSilent)
	require.Less(t, time.Since(start), time.Minute)
}
