package xmpp_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// An actor is a client that runs, and what it has seen.
type actor struct {
	*xmpp.Client
	t      *testing.T
	srv    *xmpptest.Server
	user   string
	states <-chan xmpp.State
	stop   context.CancelFunc
	ended  chan error // of Run

	mu          sync.Mutex // protects what follows
	logins      int        // calls of Online
	got         []string   // bodies of messages, as handed over
	undelivered []string   // ids of stanzas
	whys        []error    // and why
}

// perform runs a test in a bubble, with a server that has nothing but memory between it and its clients.
func perform(t *testing.T, o xmpptest.Options, f func(t *testing.T, srv *xmpptest.Server)) {
	t.Helper()
	o.InMemory = true
	synctest.Test(t, func(t *testing.T) { f(t, xmpptest.NewServerWith(t, &o)) })
}

// enter runs a client of user until the end of the test and returns once it's online.
func enter(t *testing.T, srv *xmpptest.Server, user string) *actor {
	t.Helper()
	return enterWith(t, srv, user, srv.Options(user))
}

func enterWith(t *testing.T, srv *xmpptest.Server, user string, o *xmpp.Options) *actor {
	t.Helper()
	a := &actor{t: t, srv: srv, user: user, ended: make(chan error, 1)}
	o.Undelivered = func(st stanza.Stanza, err error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.undelivered = append(a.undelivered, st.Header().ID)
		a.whys = append(a.whys, err)
	}
	a.Client = xmpp.NewClient(srv.JID(user), o)
	a.Online = func(ctx context.Context, s *xmpp.Session) error {
		a.mu.Lock()
		a.logins++
		a.mu.Unlock()
		return s.Send(ctx, &stanza.Presence{})
	}
	xmpp.OnMessage(a, func(_ context.Context, m *stanza.Message) error {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.got = append(a.got, m.Body)
		return nil
	})
	ctx, cancel := context.WithCancel(context.Background())
	a.stop = cancel
	a.states = a.State(ctx)
	go func() { a.ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-a.ended)
	})
	a.become(xmpp.Offline, xmpp.Online)
	synctest.Wait()
	return a
}

// become waits for these states, one after the other and none between them.
func (a *actor) become(kinds ...xmpp.StateKind) (last xmpp.State) {
	a.t.Helper()
	for _, k := range kinds {
		last = <-a.states
		require.Equal(a.t, k, last.Kind, "%v", last)
	}
	return last
}

func (a *actor) seen() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.got...)
}

func (a *actor) lost() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.undelivered...)
}

func (a *actor) timesOnline() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.logins
}

// managed is the server's view of the actor's stream.
func (a *actor) managed() xmpptest.Managed {
	a.t.Helper()
	list := a.srv.Managed(a.user)
	require.Len(a.t, list, 1)
	return list[0]
}

// write sends chat messages with these ids, which are their bodies, too.
func (a *actor) write(to string, ids ...string) {
	a.t.Helper()
	for _, id := range ids {
		m := &stanza.Message{ID: id, To: a.srv.JID(to), Type: stanza.Chat, Body: id}
		require.NoError(a.t, a.Send(context.Background(), m))
	}
}

// deliver calls Deliver in a goroutine of its own.
func (a *actor) deliver(to, id string) <-chan error {
	out := make(chan error, 1)
	go func() {
		out <- a.Deliver(context.Background(), &stanza.Message{ID: id, To: a.srv.JID(to), Type: stanza.Chat, Body: id})
	}()
	return out
}

// kept returns the bodies that wait for an account.
func kept(srv *xmpptest.Server, user string) (bodies []string) {
	for _, xml := range srv.Offline(user) {
		_, rest, _ := strings.Cut(xml, "<body>")
		body, _, _ := strings.Cut(rest, "</body>")
		bodies = append(bodies, body)
	}
	return bodies
}

// taken returns the ids of the messages that the server took responsibility for.
func taken(srv *xmpptest.Server, user string) (ids []string) {
	for _, h := range srv.Handled(user) {
		if h.Kind == "message" {
			ids = append(ids, h.ID)
		}
	}
	return ids
}

// lose cuts all connections in the middle of whatever goes on, in such a way that nothing more of it arrives: the network
// is gone first, then during says what happens, then the connections are found to be dead.
func lose(srv *xmpptest.Server, during func()) {
	srv.Freeze()
	synctest.Wait()
	if during != nil {
		go during()
		synctest.Wait()
	}
	srv.DropConns()
	srv.Thaw()
	synctest.Wait()
}

func TestResume(t *testing.T) {
	t.Attr("conformance", "0479-stream-management 0479-mobile-stream-management")
	perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		a := enter(t, srv, "alice")
		first := a.JID()
		for i := range 3 {
			srv.DropConns()
			down := a.become(xmpp.Suspended)
			require.ErrorContains(t, down.Err, "connection lost")
			up := a.become(xmpp.Resumed)
			require.Same(t, down.Session, up.Session)
			require.Equal(t, first, up.Session.JID())
			require.Equal(t, i+1, a.managed().Resumptions)
			elapse(time.Minute)
		}
		require.Equal(t, 1, a.timesOnline())
		require.EqualValues(t, 1, srv.Stats().Binds)
	})
}

// TestResumeKeepsRequests: a Do does not notice that its connection was another one when it was put.
func TestResumeKeepsRequests(t *testing.T) {
	perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		a := enter(t, srv, "alice")
		srv.ReplaceReply("alice", "") // the answer comes later
		answer := make(chan error, 1)
		go func() {
			_, err := a.Do(context.Background(), &stanza.IQ{ID: "q", Type: stanza.Get, Payload: stanza.Payload(pingOf198{})})
			answer <- err
		}()
		synctest.Wait()
		srv.DropConns()
		a.become(xmpp.Suspended)
		require.NoError(t, srv.Inject("alice", "<iq type='result' id='q' from='"+srv.Domain().String()+"'/>"))
		a.become(xmpp.Resumed)
		require.NoError(t, <-answer)
	})
}

// TestResumeSendsAgain: what the server did not have arrives once, in its order, before what is new; what it had, not again.
func TestResumeSendsAgain(t *testing.T) {
	perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		a := enter(t, srv, "alice")
		require.NoError(t, srv.AddUser("bob", "x"))
		srv.FaultSM(xmpptest.SMFaults{Silent: true}) // so that the client does not know what the server has
		a.write("bob", "had 1", "had 2")
		synctest.Wait()
		require.Equal(t, []string{"had 1", "had 2"}, taken(srv, "alice"))
		lose(srv, func() { a.write("bob", "lost 1", "lost 2", "lost 3") })
		a.become(xmpp.Suspended)
		a.write("bob", "while away")
		srv.FaultSM(xmpptest.SMFaults{})
		a.become(xmpp.Resumed)
		a.write("bob", "new")
		require.NoError(t, <-a.deliver("bob", "last"))
		want := []string{"had 1", "had 2", "lost 1", "lost 2", "lost 3", "while away", "new", "last"}
		require.Equal(t, want, taken(srv, "alice"))
		require.Equal(t, want, kept(srv, "bob"))
		require.Empty(t, a.lost())
	})
}

// TestResumeReceives: what was sent to a client that is away arrives once, in its order.
func TestResumeReceives(t *testing.T) {
	perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		a := enter(t, srv, "alice")
		var want []string
		say := func(n int) {
			for range n {
				body := fmt.Sprint(len(want))
				want = append(want, body)
				require.NoError(t, srv.Inject("alice", "<message type='chat' from='bob@canto.test'><body>"+body+"</body></message>"))
			}
		}
		for round := range 4 {
			say(round * 2)
			if round%2 == 0 {
				synctest.Wait() // has them, and has acknowledged some
			}
			lose(srv, func() { say(7) })
			a.become(xmpp.Suspended)
			say(3)
			a.become(xmpp.Resumed)
			synctest.Wait()
			require.Equal(t, want, a.seen())
		}
	})
}

// TestEverythingCounts: the client counts all that it's sent, whatever becomes of it.
func TestEverythingCounts(t *testing.T) {
	stanzas := map[string]string{
		"a message":                "<message from='bob@canto.test'><body>x</body></message>",
		"from nobody":              "<message from='@'><body>x</body></message>",
		"empty":                    "<message/>",
		"of a type that is none":   "<presence type='odd'/>",
		"an answer to no question": "<iq type='result' id='none' from='bob@canto.test/b'/>",
		"a question nobody knows":  "<iq type='get' id='1' from='bob@canto.test/b'><x xmlns='urn:x'/></iq>",
		"an iq without a type":     "<iq id='1' from='bob@canto.test/b'/>",
		"an iq without an id":      "<iq type='get' from='bob@canto.test/b'><x xmlns='urn:x'/></iq>",
	}
	for name, xml := range stanzas {
		t.Run(name, func(t *testing.T) {
			perform(t, xmpptest.Options{SM: xmpptest.SM{RequestEvery: 1}}, func(t *testing.T, srv *xmpptest.Server) {
				a := enter(t, srv, "alice")
				require.NoError(t, srv.Inject("alice", xml))
				elapse(time.Minute)
				m := a.managed()
				require.Equal(t, m.Sent, m.Acked)
				srv.DropConns()
				a.become(xmpp.Suspended, xmpp.Resumed)
				require.Zero(t, a.managed().Resent)
			})
		})
	}
}

// TestResumeWithHandlerAtWork: what was received and not yet handled when the connection went is sent again by the server,
// and not handled twice.
func TestResumeWithHandlerAtWork(t *testing.T) {
	perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		a := enter(t, srv, "alice")
		release := make(chan struct{})
		xmpp.OnMessage(a, func(context.Context, *stanza.Message) error { <-release; return nil })
		for _, body := range []string{"1", "2", "3"} {
			require.NoError(t, srv.Inject("alice", "<message type='chat' from='bob@canto.test'><body>"+body+"</body></message>"))
		}
		synctest.Wait()
		srv.DropConns()
		a.become(xmpp.Suspended, xmpp.Resumed)
		synctest.Wait()
		require.Equal(t, 3, a.managed().Resent, "none of them was handled, so none was acknowledged")
		close(release)
		synctest.Wait()
		require.Equal(t, []string{"1", "2", "3"}, a.seen())
		require.NoError(t, <-a.deliver("bob", "behind"))
	})
}

func TestDeliver(t *testing.T) {
	perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		a := enter(t, srv, "alice")
		require.NoError(t, srv.AddUser("bob", "x"))
		require.NoError(t, <-a.deliver("bob", "at once"))

		srv.FaultSM(xmpptest.SMFaults{AckDelay: 10 * time.Second})
		before := time.Now()
		require.NoError(t, <-a.deliver("bob", "late"))
		require.GreaterOrEqual(t, time.Since(before), 10*time.Second)

		srv.FaultSM(xmpptest.SMFaults{Silent: true})
		pending := a.deliver("bob", "over two connections")
		synctest.Wait()
		require.Empty(t, pending)
		srv.DropConns()
		require.NoError(t, <-pending, "<resumed/> says it, too")

		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := a.Deliver(ctx, &stanza.Message{To: srv.JID("bob"), Type: stanza.Chat, Body: "given up"})
		require.ErrorIs(t, err, xmpp.ErrUnknownDelivery)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, []string{"at once", "late", "over two connections", "given up"}, kept(srv, "bob"))
	})
}

// TestNotResumed: the server does not know the stream any more. What it had before is told by the h of <failed/>; what
// is unknown is told as that, and not sent again.
func TestNotResumed(t *testing.T) {
	for _, remembers := range []bool{true, false} {
		perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
			a := enter(t, srv, "alice")
			require.NoError(t, srv.AddUser("bob", "x"))
			srv.FaultSM(xmpptest.SMFaults{Silent: true})
			srv.ReplaceReply("alice", "")
			question := make(chan error, 1)
			go func() {
				_, err := a.Do(context.Background(), &stanza.IQ{ID: "q", Type: stanza.Get, Payload: stanza.Payload(pingOf198{})})
				question <- err
			}()
			synctest.Wait()
			had := a.deliver("bob", "had")
			synctest.Wait()
			var lost <-chan error
			lose(srv, func() {
				a.write("bob", "quiet")
				lost = a.deliver("bob", "lost")
			})
			down := a.become(xmpp.Suspended)
			if remembers {
				synctest.Wait()
				require.Equal(t, 1, srv.ExpireSuspended("alice"))
			} else {
				require.Equal(t, 1, srv.ForgetSuspended("alice"))
			}
			srv.FaultSM(xmpptest.SMFaults{})
			up := a.become(xmpp.Online)
			synctest.Wait()
			require.NotSame(t, down.Session, up.Session)
			require.Equal(t, 2, a.timesOnline())
			require.Error(t, <-question)
			if err := <-had; remembers {
				require.NoError(t, err)
				require.Equal(t, []string{"quiet"}, a.lost())
			} else {
				require.ErrorIs(t, err, xmpp.ErrUnknownDelivery)
				require.Contains(t, a.lost(), "quiet")
			}
			require.ErrorIs(t, <-lost, xmpp.ErrUnknownDelivery)
			require.ErrorIs(t, a.whys[0], xmpp.ErrUnknownDelivery)
			require.NoError(t, <-a.deliver("bob", "anew"))
			require.Equal(t, []string{"had", "anew"}, kept(srv, "bob"))
		})
	}
}

// TestResumeTimesOut: nobody comes back in time; the client that does so too late begins anew.
func TestResumeTimesOut(t *testing.T) {
	perform(t, xmpptest.Options{SM: xmpptest.SM{Max: 20 * time.Second}}, func(t *testing.T, srv *xmpptest.Server) {
		a := enter(t, srv, "alice")
		srv.CutAfter(0, 0) // no connection gets anywhere
		srv.DropConns()
		a.become(xmpp.Suspended)
		elapse(time.Minute)
		synctest.Wait()
		require.Empty(t, srv.Sessions("alice"))
		srv.CutAfter(-1, -1)
		for {
			if st := <-a.states; st.Kind == xmpp.Online {
				break
			}
		}
		require.NoError(t, <-a.deliver("bob", "hello"))
	})
}

// TestWithoutResumption: acknowledgements alone, or nothing at all.
func TestWithoutResumption(t *testing.T) {
	tests := map[string]struct {
		o         xmpptest.Options
		faults    xmpptest.SMFaults
		delivered bool
	}{
		"not resumable": {o: xmpptest.Options{SM: xmpptest.SM{NoResume: true}}, delivered: true},
		"not offered":   {o: xmpptest.Options{Without: []string{"sm"}}},
		"refused":       {faults: xmpptest.SMFaults{RefuseEnable: "internal-server-error"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			perform(t, tt.o, func(t *testing.T, srv *xmpptest.Server) {
				srv.FaultSM(tt.faults)
				a := enter(t, srv, "alice")
				require.NoError(t, srv.AddUser("bob", "x"))
				a.write("bob", "sent")
				if err := <-a.deliver("bob", "delivered"); tt.delivered {
					require.NoError(t, err)
				} else {
					require.Error(t, err)
					require.NotErrorIs(t, err, xmpp.ErrUnknownDelivery, "it was not sent")
				}
				srv.DropConns()
				a.become(xmpp.Offline, xmpp.Online)
				require.Equal(t, "sent", kept(srv, "bob")[0])
			})
		})
	}
}

type pingOf198 struct {
	XMLName struct{} `xml:"urn:xmpp:ping ping"`
}
