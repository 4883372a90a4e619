package xmpp_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// complaints returns the stream errors that a client has sent.
func complaints(srv *xmpptest.Server, user string) (list []string) {
	for _, e := range srv.Transcript(user) {
		if strings.Contains(e.XML, "urn:ietf:params:xml:ns:xmpp-streams") {
			list = append(list, e.XML)
		}
	}
	return list
}

// next waits for a state of that kind, whatever comes before it.
func (a *actor) next(kind xmpp.StateKind) (last xmpp.State) {
	for last.Kind != kind {
		last = <-a.states
	}
	return last
}

// TestFalseAck is S17: a server that acknowledges what it can't have, or takes back what it has acknowledged. Nothing is
// held to be delivered on such a word, the stream ends with the error of XEP-0198 §6, and the client begins anew.
func TestFalseAck(t *testing.T) {
	lies := map[string]func(h uint32) uint32{
		"one too many":     func(h uint32) uint32 { return h + 1 },
		"far too many":     func(h uint32) uint32 { return h + 1<<31 - 1 },
		"backwards":        func(h uint32) uint32 { return 1 },
		"below the start":  func(h uint32) uint32 { return 1<<32 - 1 },
		"one below before": func(h uint32) uint32 { return h - 2 },
	}
	for name, lie := range lies {
		t.Run(name, func(t *testing.T) {
			perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
				a := enter(t, srv, "alice")
				require.NoError(t, srv.AddUser("bob", "x"))
				require.NoError(t, <-a.deliver("bob", "1"))
				srv.FaultSM(xmpptest.SMFaults{Lie: lie, AckDelay: time.Second}) // when the writer is at rest
				require.ErrorIs(t, <-a.deliver("bob", "2"), xmpp.ErrUnknownDelivery)
				down := a.become(xmpp.Offline)
				var se *xmpp.StreamError
				require.ErrorAs(t, down.Err, &se)
				require.True(t, se.Local)
				srv.FaultSM(xmpptest.SMFaults{})
				a.become(xmpp.Online)
				require.Len(t, complaints(srv, "alice"), 1)
				require.Contains(t, complaints(srv, "alice")[0], "handled-count-too-high")
				require.NoError(t, <-a.deliver("bob", "3"))
				require.Equal(t, []string{"1", "2", "3"}, kept(srv, "bob"))
			})
		})
	}
}

// TestFalseResumed is the same for the h of <resumed/>.
func TestFalseResumed(t *testing.T) {
	lies := map[string]func(h uint32) uint32{
		"too high":  func(h uint32) uint32 { return h + 4 },
		"backwards": func(h uint32) uint32 { return h - 1 },
	}
	for name, lie := range lies {
		t.Run(name, func(t *testing.T) {
			perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
				a := enter(t, srv, "alice")
				require.NoError(t, srv.AddUser("bob", "x"))
				require.NoError(t, <-a.deliver("bob", "had"))
				lose(srv, func() { a.write("bob", "lost") })
				a.become(xmpp.Suspended)
				srv.FaultSM(xmpptest.SMFaults{Lie: lie})
				down := a.next(xmpp.Offline)
				var se *xmpp.StreamError
				require.ErrorAs(t, down.Err, &se)
				require.True(t, se.Local)
				synctest.Wait()
				require.Len(t, complaints(srv, "alice"), 1, "XEP-0198 §6")
				require.Contains(t, complaints(srv, "alice")[0], "undefined-condition")
				require.Contains(t, complaints(srv, "alice")[0], "handled-count-too-high")
				require.Equal(t, []string{"lost"}, a.lost())
				srv.FaultSM(xmpptest.SMFaults{})
				a.next(xmpp.Online)
				require.NoError(t, <-a.deliver("bob", "anew"))
				require.Equal(t, []string{"had", "anew"}, kept(srv, "bob"))
			})
		})
	}
}

// TestFalseFailed is the same for the h of <failed/>: it's not believed.
func TestFalseFailed(t *testing.T) {
	perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		a := enter(t, srv, "alice")
		lose(srv, func() { a.write("bob", "lost") })
		a.become(xmpp.Suspended)
		synctest.Wait()
		require.Equal(t, 1, srv.ExpireSuspended("alice"))
		lied := false
		srv.FaultSM(xmpptest.SMFaults{Lie: func(h uint32) uint32 {
			if lied {
				return h
			}
			lied = true
			return h + 4
		}})
		a.next(xmpp.Online)
		synctest.Wait()
		require.True(t, lied)
		require.Equal(t, []string{"lost"}, a.lost())
	})
}

// TestResumedAnother: the server says that it resumed some other stream. The client sends nothing there and says goodbye,
// which is the end of that stream, whichever it was.
func TestResumedAnother(t *testing.T) {
	perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		a := enter(t, srv, "alice")
		require.NoError(t, srv.AddUser("bob", "x"))
		lose(srv, func() { a.write("bob", "lost") })
		a.become(xmpp.Suspended)
		srv.FaultSM(xmpptest.SMFaults{ResumedID: "another"})
		var dial *xmpp.DialError
		require.ErrorAs(t, a.become(xmpp.Suspended).Err, &dial)
		require.Equal(t, xmpp.StepBind, dial.Step)
		require.Empty(t, taken(srv, "alice"))
		srv.FaultSM(xmpptest.SMFaults{})
		a.become(xmpp.Online)
		require.NoError(t, <-a.deliver("bob", "new"))
		require.Equal(t, []string{"new"}, kept(srv, "bob"))
		require.Equal(t, []string{"lost"}, a.lost())
	})
}

// TestResumeWithoutAnAnswer: the server has resumed the stream and its answer got lost. The client that gives the connection up
// must not end on it what it wants to resume on the next one.
func TestResumeWithoutAnAnswer(t *testing.T) {
	for name, sasl2 := range map[string]*xmpptest.SASL2{"after the login": nil, "with the login": {}} {
		t.Run(name, func(t *testing.T) {
			var lost atomic.Bool
			o := xmpptest.Options{SASL2: sasl2, Tamper: func(e xmpptest.Exchange) string {
				if strings.Contains(e.XML, "<resumed ") && !lost.Swap(true) {
					return " "
				}
				return e.XML
			}}
			perform(t, o, func(t *testing.T, srv *xmpptest.Server) {
				a := enter(t, srv, "alice")
				elapse(time.Minute)
				srv.DropConns()
				a.become(xmpp.Suspended, xmpp.Resumed)
				require.True(t, lost.Load())
				require.Equal(t, 2, a.managed().Resumptions)
				require.EqualValues(t, 1, srv.Stats().Binds)
				require.Empty(t, a.lost())
			})
		})
	}
}

// TestSilentServer is S20: a connection that goes silent without an end is noticed within Keepalive + DeadAfter, whatever
// goes on at that time. Every call returns or goes on.
func TestSilentServer(t *testing.T) {
	const keepalive, deadAfter = time.Minute, 30 * time.Second // the defaults
	tests := map[string]struct {
		act func(a *actor) <-chan error
	}{
		"idle":      {func(*actor) <-chan error { return nil }},
		"delivery":  {func(a *actor) <-chan error { return a.deliver("bob", "x") }},
		"two of it": {func(a *actor) <-chan error { a.deliver("bob", "1"); return a.deliver("bob", "2") }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
				a := enter(t, srv, "alice")
				require.NoError(t, srv.AddUser("bob", "x"))
				require.NoError(t, <-a.deliver("bob", "before"))
				srv.Freeze()
				before := time.Now()
				pending := tt.act(a)
				down := a.become(xmpp.Suspended)
				require.ErrorIs(t, down.Err, xmpp.ErrPeerSilent)
				require.LessOrEqual(t, time.Since(before), keepalive+deadAfter)
				srv.Thaw()
				a.next(xmpp.Resumed)
				if pending != nil {
					require.NoError(t, <-pending)
				}
				require.Len(t, kept(srv, "bob"), len(taken(srv, "alice")))
			})
		})
	}
}

// TestServerThinksWeAreThere: the old connection is still open at the server when the client resumes on a new one.
func TestServerThinksWeAreThere(t *testing.T) {
	perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		a := enter(t, srv, "alice")
		require.NoError(t, srv.AddUser("bob", "x"))
		srv.Delay(time.Hour) // what the server says on the old connection won't come in our time
		sent := a.deliver("bob", "x")
		require.ErrorIs(t, a.become(xmpp.Suspended).Err, xmpp.ErrPeerSilent)
		srv.Delay(0)
		a.next(xmpp.Resumed)
		require.NoError(t, <-sent)
		require.Equal(t, []string{"x"}, kept(srv, "bob"))
		require.Len(t, srv.Sessions("alice"), 1)
	})
}

// TestHalfStanza is the defect of Prosody 0.12 and 13 (SMFaults.HalfStanza), with the cut at every few bytes of two messages: the
// client gets over it, says of a message that was cut that its fate is not known, or has it delivered, and goes on. It's
// without TLS, since a record that was cut is never seen.
func TestHalfStanza(t *testing.T) {
	unknown := 0
	for received := int64(1); received < 160; received += 5 {
		perform(t, xmpptest.Options{StartTLS: xmpptest.Off}, func(t *testing.T, srv *xmpptest.Server) {
			srv.FaultSM(xmpptest.SMFaults{HalfStanza: true})
			o := srv.Options("alice")
			o.AllowPlaintext = true
			a := enterWith(t, srv, "alice", o)
			require.NoError(t, srv.AddUser("bob", "x"))
			require.NoError(t, <-a.deliver("bob", "before"))
			srv.CutNow(received, -1)
			first, second := a.deliver("bob", "first"), a.deliver("bob", "second")
			for _, err := range []error{<-first, <-second} {
				if err != nil {
					require.ErrorIs(t, err, xmpp.ErrUnknownDelivery, "byte %d", received)
					unknown++
				}
			}
			require.NoError(t, <-a.deliver("bob", "after"), "byte %d", received)
			got := kept(srv, "bob")
			require.Equal(t, taken(srv, "alice"), got, "byte %d", received)
			require.Equal(t, "before", got[0])
			require.Equal(t, "after", got[len(got)-1])
		})
	}
	require.NotZero(t, unknown, "the defect must have been met")
}

// TestFlapping is a day of a bad line: every few minutes the connection is cut somewhere, and both sides talk all the time.
func TestFlapping(t *testing.T) {
	perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		a := enter(t, srv, "alice")
		require.NoError(t, srv.AddUser("bob", "x"))
		var sent, said []string
		for i := range 24 * 12 {
			cut := int64(i * 37 % 997)
			if i%2 == 0 {
				srv.CutNow(cut, -1)
			} else {
				srv.CutNow(-1, cut)
			}
			for j := range 4 {
				id := fmt.Sprintf("%d.%d", i, j)
				sent, said = append(sent, "to "+id), append(said, "from "+id)
				a.write("bob", "to "+id)
				require.NoError(t, srv.Inject("alice", "<message type='chat' from='bob@canto.test'><body>from "+id+"</body></message>"))
			}
			elapse(5 * time.Minute)
		}
		synctest.Wait()
		require.Equal(t, sent, taken(srv, "alice"))
		require.Equal(t, sent, kept(srv, "bob"))
		require.Equal(t, said, a.seen())
		require.Empty(t, a.lost())
		require.Greater(t, a.managed().Resumptions, 24*6, "the cuts must cut")
		require.Equal(t, 1, a.timesOnline())
	})
}
