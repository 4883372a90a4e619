package bosh_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/bosh"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// A fault is what happens to requests; Again tells those that had happened to them already.
type fault = func(r xmpptest.BOSHRequest) xmpptest.BOSHFault

// faulty are options with a fault.
func faulty(f fault) xmpptest.Options {
	return xmpptest.Options{BOSH: &xmpptest.BOSH{Fault: f}}
}

// talk says n numbers to itself, and holds that each comes back once and in order.
func talk(t *testing.T, s *xmpp.Session, n int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	inbox := s.Messages(ctx)
	done := make(chan struct{})
	defer func() { <-done }()
	go func() {
		defer close(done)
		for i := range n {
			_ = s.Send(t.Context(), &stanza.Message{To: s.JID(), Body: fmt.Sprint(i)})
			if i%3 == 0 {
				elapse(10 * time.Millisecond) // a request for itself
			}
		}
	}()
	for i := range n {
		m, ok := <-inbox
		require.True(t, ok, "%d of %d: %v", i, n, s.Err())
		require.Equal(t, fmt.Sprint(i), m.Body)
	}
}

// kinds of what the network does to a request, once.
var kinds = map[string]xmpptest.BOSHFault{
	"lost request":   {LoseRequest: true},
	"lost response":  {LoseResponse: true},
	"late response":  {Delay: 3 * time.Second},
	"silent network": {Delay: 20 * time.Second}, // for longer than it's waited for
	"to be repeated": {Again: true},
	"bad gateway":    {Status: http.StatusBadGateway},
}

// TestFaultsAtEveryRequest: whatever happens to any one request of a login, of what is said after it, and of the end, the session
// goes on, nothing is lost and nothing comes twice.
func TestFaultsAtEveryRequest(t *testing.T) {
	for name, what := range kinds {
		t.Run(name, func(t *testing.T) {
			last := 40
			for n := 2; n <= last; n++ { // see TestFaultsAtTheFirst
				var number, happened int
				o := faulty(func(r xmpptest.BOSHRequest) xmpptest.BOSHFault {
					number = max(number, r.Number)
					if r.Number != n {
						return xmpptest.BOSHFault{}
					}
					happened++
					return what
				})
				in(t, o, func(t *testing.T, srv *xmpptest.Server) {
					s := srv.Session(t, "alice", over(srv, "alice"))
					talk(t, s, 10)
					require.NoError(t, s.Close())
					require.NoError(t, s.Err())
					require.EqualValues(t, 1, srv.Stats().Binds)
				})
				if happened == 0 {
					last = n
				}
			}
			require.Greater(t, last, 12)
			require.Less(t, last, 40, "there are fewer requests than that")
		})
	}
}

// TestFaultsAtTheFirst: a lost request for a session, or its response, is asked for again.
func TestFaultsAtTheFirst(t *testing.T) {
	for _, name := range []string{"lost request", "lost response", "late response"} {
		t.Run(name, func(t *testing.T) {
			var happened atomic.Int32
			o := faulty(func(r xmpptest.BOSHRequest) xmpptest.BOSHFault {
				if r.RID > 0 || happened.Add(1) > 1 {
					return xmpptest.BOSHFault{}
				}
				return kinds[name]
			})
			in(t, o, func(t *testing.T, srv *xmpptest.Server) {
				s := srv.Session(t, "alice", over(srv, "alice"))
				talk(t, s, 10)
				require.NoError(t, s.Close())
			})
		})
	}
}

// TestFaultsAllTheTime: a network that loses every second request or response carries a session all the same.
func TestFaultsAllTheTime(t *testing.T) {
	for _, name := range []string{"lost request", "lost response", "to be repeated"} {
		t.Run(name, func(t *testing.T) {
			seen := map[uint64]bool{}
			o := faulty(func(r xmpptest.BOSHRequest) xmpptest.BOSHFault {
				if r.RID == 0 || seen[r.RID] {
					return xmpptest.BOSHFault{}
				}
				seen[r.RID] = true
				return kinds[name]
			})
			in(t, o, func(t *testing.T, srv *xmpptest.Server) {
				s := srv.Session(t, "alice", over(srv, "alice"))
				talk(t, s, 50)
				require.NoError(t, s.Close())
			})
		})
	}
}

// TestOvertaken: responses that overtake each other are handed over in order.
func TestOvertaken(t *testing.T) {
	o := faulty(func(r xmpptest.BOSHRequest) xmpptest.BOSHFault {
		return xmpptest.BOSHFault{Delay: time.Duration(r.RID%2) * 700 * time.Millisecond}
	})
	in(t, o, func(t *testing.T, srv *xmpptest.Server) {
		s := srv.Session(t, "alice", over(srv, "alice"))
		talk(t, s, 50)
		require.NoError(t, s.Close())
	})
}

// TestConditions: what ends a session is a typed error, whose condition can be asked for.
func TestConditions(t *testing.T) {
	for _, condition := range []bosh.Condition{
		bosh.BadRequest, bosh.HostGone, bosh.HostUnknown, bosh.ImproperAddressing, bosh.InternalServerError, bosh.ItemNotFound, bosh.OtherRequest,
		bosh.PolicyViolation, bosh.RemoteConnectionFailed, bosh.RemoteStreamError, bosh.SystemShutdown, bosh.UndefinedCondition, "of-tomorrow",
	} {
		t.Run(string(condition), func(t *testing.T) {
			for _, at := range []uint64{0, 1, 5} {
				o := faulty(func(r xmpptest.BOSHRequest) (f xmpptest.BOSHFault) {
					if r.RID == at {
						f.Terminate = string(condition)
					}
					return f
				})
				in(t, o, func(t *testing.T, srv *xmpptest.Server) {
					s, err := xmpp.Dial(t.Context(), srv.JID("alice"), over(srv, "alice"))
					if err == nil {
						<-s.Done()
						err = s.Err()
					}
					var failed *bosh.Error
					require.ErrorAs(t, err, &failed)
					require.ErrorIs(t, err, condition)
					require.Equal(t, condition == bosh.HostUnknown, errors.Is(err, xmpp.HostUnknown))
				})
			}
		})
	}
}
