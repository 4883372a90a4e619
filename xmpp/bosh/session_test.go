package bosh_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/bosh"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patience bounds what should take milliseconds.
const patience = 30 * time.Second

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	t.Cleanup(cancel)
	return ctx
}

// over makes options that go over the server's BOSH. The server takes no request that XEP-0124 does not allow, so that each test
// here shows that, too.
func over(srv *xmpptest.Server, user string) *xmpp.Options {
	o := srv.Options(user)
	if o.Transport = (bosh.Dialer{URL: srv.BOSHURL()}).Connect; o.Dial != nil {
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

// TestSession: what is sent over BOSH and TCP meets, at every version of TLS.
func TestSession(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			srv := xmpptest.NewServerWith(t, &xmpptest.Options{TLSVersion: version})
			alice := srv.Session(t, "alice", over(srv, "alice"))
			bob := srv.Session(t, "bob", nil)
			cs := alice.ConnectionState()
			assert.Equal(t, srv.BOSHURL(), cs.Addr)
			assert.Equal(t, "SCRAM-SHA-512", cs.Mechanism)
			assert.Empty(t, cs.ChannelBinding)
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
						require.Equal(t, "HT-SHA-256-NONE", s.ConnectionState().Mechanism)
					}
					require.NoError(t, s.Deliver(t.Context(), &stanza.Message{To: s.JID(), Body: "x"}))
					require.NoError(t, s.Close())
				}
			})
		})
	}
}

// TestResumption: a Client whose session of BOSH is lost goes on with its stream over a new one, and nothing is lost.
func TestResumption(t *testing.T) {
	for name, o := range map[string]xmpptest.Options{"RFC 6120": {}, "XEP-0388": {SASL2: &xmpptest.SASL2{}}} {
		t.Run(name, func(t *testing.T) {
			in(t, o, func(t *testing.T, srv *xmpptest.Server) {
				states, client := run(t, srv)
				for i := range 3 {
					synctest.Wait()
					srv.DropConns()
					bob := srv.Session(t, "bob", nil)
					inbox := bob.Messages(t.Context())
					lost := <-states
					require.Equal(t, xmpp.Suspended, lost.Kind)
					require.ErrorIs(t, lost.Err, bosh.ItemNotFound)
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

// TestChunks: however the network cuts what is said.
func TestChunks(t *testing.T) {
	in(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		srv.Chunk(1)
		s := srv.Session(t, "alice", over(srv, "alice"))
		require.NoError(t, s.Deliver(t.Context(), &stanza.Message{To: s.JID(), Body: "x"}))
		require.NoError(t, s.Close())
	})
}

// TestSilence: a network over which nothing comes any more is noticed, at the time that is promised.
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

// TestIdle: a session over which nobody says anything lives on, with one request that is held at a time.
func TestIdle(t *testing.T) {
	var requests atomic.Int32
	o := faulty(func(xmpptest.BOSHRequest) (f xmpptest.BOSHFault) { requests.Add(1); return f })
	in(t, o, func(t *testing.T, srv *xmpptest.Server) {
		opts := over(srv, "alice")
		opts.Keepalive = -1
		s := srv.Session(t, "alice", opts)
		elapse(time.Second)
		before := requests.Load()
		elapse(time.Hour)
		require.EqualValues(t, 60, requests.Load()-before, "one a minute")
		require.NoError(t, s.Deliver(t.Context(), &stanza.Message{To: s.JID(), Body: "x"}))
		require.NoError(t, s.Close())
	})
}

// elapse lets the time of the bubble go on; outside of a bubble (testing/synctest) a test must not call it.
func elapse(d time.Duration) { <-time.After(d) }

func requireStep(t *testing.T, want xmpp.Step, err error) {
	t.Helper()
	var failed *xmpp.DialError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, want, failed.Step, "%v", err)
}
