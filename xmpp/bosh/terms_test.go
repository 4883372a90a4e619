package bosh_test

import (
	"context"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/bosh"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// TestTermsOfServers: whatever a connection manager grants, and however it says things, a session goes over it.
func TestTermsOfServers(t *testing.T) {
	for name, o := range map[string]xmpptest.BOSH{
		"features later":          {FeaturesLater: true},
		"no namespace of stanzas": {Unqualified: true},
		"legacy":                  {Legacy: true},
		"one request at a time":   {Requests: 1},
		"none is held":            {Wait: -1},
		"many requests":           {Requests: 5},
		"short of patience":       {Wait: time.Second, Inactivity: time.Second},
		"no pauses":               {MaxPause: -1},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, xmpptest.Options{BOSH: &o}, func(t *testing.T, srv *xmpptest.Server) {
				s := srv.Session(t, "alice", over(srv, "alice"))
				talk(t, s, 20)
				elapse(5 * time.Minute)
				talk(t, s, 20)
				require.NoError(t, s.Deliver(within(t), &stanza.Message{To: s.JID(), Body: "x"}))
				require.NoError(t, s.Close())
			})
		})
	}
}

// TestNoRestartNeeded: XEP-0388 logs in where streams can't be restarted.
func TestNoRestartNeeded(t *testing.T) {
	in(t, xmpptest.Options{SASL2: &xmpptest.SASL2{}, BOSH: &xmpptest.BOSH{NoRestart: true}}, func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.Session(t, "alice", over(srv, "alice")).Close())
	})
}

// TestWait: how long a request is held is the client's to say.
func TestWait(t *testing.T) {
	var requests atomic.Int32
	o := faulty(func(xmpptest.BOSHRequest) (f xmpptest.BOSHFault) { requests.Add(1); return f })
	in(t, o, func(t *testing.T, srv *xmpptest.Server) {
		opts := over(srv, "alice")
		opts.Transport, opts.Keepalive = bosh.Dialer{URL: srv.BOSHURL(), Wait: 10*time.Second + time.Millisecond}.Connect, -1
		s := srv.Session(t, "alice", opts)
		elapse(time.Second)
		before := requests.Load()
		elapse(10 * time.Minute)
		require.EqualValues(t, 60, requests.Load()-before)
		require.NoError(t, s.Close())
	})
}

// TestSlowConsumer: while nobody takes what has come, nothing more is asked for than keeps the session alive: pauses, where there are
// some. What waited is handed over then, and what is said meanwhile goes out.
func TestSlowConsumer(t *testing.T) {
	for name, pause := range map[string]time.Duration{"with pauses": 0, "without": -1} {
		t.Run(name, func(t *testing.T) {
			var pauses, empty atomic.Int32
			o := faulty(func(r xmpptest.BOSHRequest) (f xmpptest.BOSHFault) {
				switch {
				case strings.Contains(r.XML, " pause='120'"):
					pauses.Add(1)
				case strings.HasSuffix(r.XML, "'/>"):
					empty.Add(1)
				}
				return f
			})
			o.BOSH.MaxPause = pause
			in(t, o, func(t *testing.T, srv *xmpptest.Server) {
				opts := over(srv, "alice")
				opts.Limits.LaneSoft, opts.Keepalive = 64<<10, -1
				s := srv.Session(t, "alice", opts)
				held := make(chan struct{})
				got := make(chan string, 1000)
				xmpp.OnMessage(s, func(_ context.Context, m *stanza.Message) error {
					<-held
					got <- m.Body
					return nil
				})
				synctest.Wait()
				for range 20 {
					require.NoError(t, srv.Inject("alice", "<message><body>"+strings.Repeat("x", 16<<10)+"</body></message>"))
					elapse(time.Second)
				}
				before := empty.Load()
				elapse(10 * time.Minute) // many times what may pass without a request
				require.NoError(t, s.Send(within(t), &stanza.Presence{}))
				if pause == 0 {
					require.Greater(t, pauses.Load(), int32(5))
					require.Zero(t, empty.Load()-before)
				} else {
					require.Zero(t, pauses.Load())
				}
				close(held)
				for range 20 {
					require.Len(t, <-got, 16<<10)
				}
				require.NoError(t, s.Close())
			})
		})
	}
}

// TestGoroutines: an idle session has its reader, the request that is held, and what net/http has for its connections; none is left
// behind by its end, whichever that is.
func TestGoroutines(t *testing.T) {
	for name, end := range map[string]func(srv *xmpptest.Server, s *xmpp.Session){
		"closed":      func(_ *xmpptest.Server, s *xmpp.Session) { s.Close() },
		"conns lost":  func(srv *xmpptest.Server, s *xmpp.Session) { srv.DropConns(); <-s.Done() },
		"stream lost": func(srv *xmpptest.Server, s *xmpp.Session) { srv.CloseStream("alice", "reset"); <-s.Done() },
	} {
		t.Run(name, func(t *testing.T) {
			in(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
				s := srv.Session(t, "alice", over(srv, "alice"))
				talk(t, s, 10)
				elapse(90 * time.Second)
				synctest.Wait()
				stacks := allStacks()
				require.Equal(t, 1, strings.Count(stacks, "bosh.(*conn).fly("), stacks)
				require.LessOrEqual(t, strings.Count(stacks, "net/http.(*persistConn).readLoop("), 2)
				end(srv, s)
				synctest.Wait()
				stacks = allStacks()
				require.NotContains(t, stacks, "xmpp/bosh.")
				require.NotContains(t, stacks, "persistConn")
			})
		})
	}
}

// allStacks are the stacks of all goroutines.
func allStacks() string {
	b := make([]byte, 4<<20)
	return string(b[:runtime.Stack(b, true)])
}
