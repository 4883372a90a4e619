package xmpp_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// Promise 1: every channel of a lost session closes after what had been received was taken, although a handler never returns
// and does not look at its ctx. The other handlers get theirs when it does return: no two run at the same time.
func TestChannelsCloseAlthoughAHandlerHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{CloseTimeout: 3 * time.Second})
		hang := make(chan struct{})
		before := s.Messages(t.Context())
		xmpp.OnMessage(s, func(_ context.Context, m *stanza.Message) error {
			if m.Body != "0" {
				<-hang
			}
			return nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		behind, requests := s.Messages(ctx), s.IQs(t.Context())
		got := make(diary, 10)
		xmpp.OnMessage(s, func(_ context.Context, m *stanza.Message) error { got <- m.Body; return nil })
		p.say(chatOf("0") + chatOf("1") + requestOf("q", "get", versionQuery) + chatOf("2"))
		require.Equal(t, "0", (<-before).Body)
		require.Equal(t, "0", (<-behind).Body)
		require.Equal(t, "1", (<-before).Body)
		synctest.Wait()
		p.say(chatOf("3"))
		p.conn.Close()
		start := time.Now()
		for _, body := range []string{"1", "2", "3"} {
			if body != "1" {
				require.Equal(t, body, (<-before).Body, "once")
			}
			m, ok := <-behind
			require.True(t, ok)
			require.Equal(t, body, m.Body)
			require.Equal(t, 6*time.Second, time.Since(start), "its ctx has ended, and it has had the same time again")
			if body == "1" {
				r := <-requests
				require.ErrorIs(t, r.Reply(t.Context(), nil), s.Err())
				require.Equal(t, []string{"0"}, got.read())
				close(hang) // the dispatcher goes on, and leaves the channels alone
				synctest.Wait()
				require.Equal(t, []string{"1", "2", "3"}, got.read())
			}
		}
		for _, inbox := range []<-chan *stanza.Message{before, behind, s.Messages(t.Context())} {
			_, ok := <-inbox
			require.False(t, ok)
		}
		_, ok := <-requests
		require.False(t, ok)
		require.Zero(t, goroutines(t))
	})
}

// A handler that merely takes its time, longer than its ctx lasts, changes nothing in the order in which all get theirs.
func TestSlowHandlerKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{CloseTimeout: 3 * time.Second})
		got := make(diary, 10)
		xmpp.OnMessage(s, func(_ context.Context, m *stanza.Message) error {
			elapse(4 * time.Second)
			got <- "handler " + m.Body
			return nil
		})
		inbox := s.Messages(t.Context())
		p.say(chatOf("1") + chatOf("2"))
		p.conn.Close()
		for m := range inbox {
			got <- "channel " + m.Body
		}
		require.Equal(t, []string{"handler 1", "channel 1", "handler 2", "channel 2"}, got.read())
	})
}

// The channels that a program opens on a session of a Client close, too. The Client's own, and its next session, wait: they
// keep the order.
func TestSessionChannelsOfAClientClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		c := xmpp.NewClient(juliet, f.options())
		hang := make(chan struct{})
		xmpp.OnMessage(c, func(context.Context, *stanza.Message) error { <-hang; return nil })
		all := c.Messages(t.Context())
		inboxes := make(chan (<-chan *stanza.Message), 10)
		c.Online = func(_ context.Context, s *xmpp.Session) error { inboxes <- s.Messages(t.Context()); return nil }
		run(t, c)
		p := <-f.peers
		inbox := <-inboxes
		p.say(chatOf("1") + chatOf("2"))
		synctest.Wait()
		p.conn.Close()
		p = <-f.peers
		p.say(chatOf("3"))
		require.Equal(t, "1", (<-inbox).Body)
		require.Equal(t, "2", (<-inbox).Body)
		_, ok := <-inbox
		require.False(t, ok)
		elapse(time.Minute)
		close(hang)
		for _, body := range []string{"1", "2", "3"} {
			require.Equal(t, body, (<-all).Body)
		}
		require.Equal(t, "3", (<-<-inboxes).Body)
	})
}

// A message that the server gives once more is dropped there, too (see recent).
func TestForsakenRepetition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const again = "<message from='romeo@montague.example/orchard' type='chat' id='1'><body>once</body>%s</message>"
		f := newField(t)
		c := xmpp.NewClient(juliet, f.options())
		hang := make(chan struct{})
		xmpp.OnMessage(c, func(_ context.Context, m *stanza.Message) error {
			if m.Body == "hang" {
				<-hang
			}
			return nil
		})
		inboxes := make(chan (<-chan *stanza.Message), 10)
		c.Online = func(_ context.Context, s *xmpp.Session) error { inboxes <- s.Messages(t.Context()); return nil }
		run(t, c)
		p, inbox := <-f.peers, <-inboxes
		p.say(fmt.Sprintf(again, ""))
		require.Equal(t, "once", (<-inbox).Body)
		p.conn.Close()
		p, inbox = <-f.peers, <-inboxes
		p.say(chatOf("hang") + fmt.Sprintf(again, "<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/>") + chatOf("behind"))
		synctest.Wait()
		p.conn.Close()
		require.Equal(t, "hang", (<-inbox).Body)
		require.Equal(t, "behind", (<-inbox).Body)
		close(hang)
	})
}

// A handler that has removed itself and then hangs changes nothing in who has had the stanza in hand, and neither does a
// channel that is opened meanwhile: that one gets what is behind.
func TestForsakenStanzaIsHandedOverOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{CloseTimeout: 3 * time.Second})
		hang, got := make(chan struct{}), make(diary, 10)
		defer close(hang)
		record := func(name string, inbox <-chan *stanza.Message) {
			for m := range inbox {
				got <- name + m.Body
			}
		}
		var remove func()
		go record("before ", s.Messages(t.Context()))
		remove = xmpp.OnMessage(s, func(context.Context, *stanza.Message) error { remove(); <-hang; return nil })
		go record("behind ", s.Messages(t.Context()))
		p.say(chatOf("1") + chatOf("2"))
		synctest.Wait()
		require.Equal(t, []string{"before 1"}, got.read())
		go record("late ", s.Messages(t.Context()))
		synctest.Wait()
		p.conn.Close()
		elapse(7 * time.Second)
		require.ElementsMatch(t, []string{"before 2", "behind 1", "behind 2", "late 2"}, got.read())
	})
}

// Promise 1: a channel that nobody reads holds up no other one of a lost session for ever, and no handler either. Its reader may
// come later all the same.
func TestAbandonedChannelHoldsUpItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{CloseTimeout: 3 * time.Second})
		got := make(diary, 10)
		abandoned, unasked := s.Presences(t.Context()), s.IQs(t.Context())
		inbox := s.Messages(t.Context())
		xmpp.OnMessage(s, func(ctx context.Context, m *stanza.Message) error {
			require.NoError(t, ctx.Err())
			got <- m.Body
			return nil
		})
		p.say("<presence from='romeo@example.net/a'/><presence from='romeo@example.net/b'/>" + requestOf("q", "get", versionQuery) + chatOf("1") + chatOf("2"))
		synctest.Wait()
		p.conn.Close()
		start := time.Now()
		require.Equal(t, "1", (<-inbox).Body)
		require.Equal(t, 6*time.Second, time.Since(start))
		require.Equal(t, "2", (<-inbox).Body)
		_, ok := <-inbox
		require.False(t, ok)
		synctest.Wait()
		require.Equal(t, []string{"1", "2"}, got.read())
		elapse(time.Hour)
		require.Equal(t, "a", (<-abandoned).From.Resourcepart(), "what was in hand for it")
		require.Equal(t, "b", (<-abandoned).From.Resourcepart())
		_, ok = <-abandoned
		require.False(t, ok)
		require.Equal(t, "q", (<-unasked).IQ.ID)
		_, ok = <-unasked
		require.False(t, ok)
		require.Zero(t, goroutines(t))
	})
}

// A request that nobody takes, too: it's there when somebody does.
func TestAbandonedRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{CloseTimeout: 3 * time.Second})
		requests, inbox := s.IQs(t.Context()), s.Messages(t.Context())
		p.say(requestOf("q", "get", versionQuery) + chatOf("1"))
		synctest.Wait()
		p.conn.Close()
		require.Equal(t, "1", (<-inbox).Body)
		require.Equal(t, "q", (<-requests).IQ.ID)
		_, ok := <-requests
		require.False(t, ok)
	})
}

// Shutdown waits for the channels of a lost session, and no longer for a handler that does not return.
func TestShutdownDoesNotOutliveItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{CloseTimeout: 3 * time.Second})
		hang := make(chan struct{})
		defer close(hang)
		xmpp.OnMessage(s, func(context.Context, *stanza.Message) error { <-hang; return nil })
		inbox := s.Messages(t.Context())
		p.say(chatOf("1"))
		synctest.Wait()
		p.conn.Close()
		<-s.Done()
		start, over := time.Now(), make(chan error, 1)
		go func() { over <- s.Shutdown(context.Background()) }()
		elapse(time.Minute)
		require.Empty(t, over, "the channel has its message")
		require.Equal(t, "1", (<-inbox).Body)
		require.Equal(t, s.Err(), <-over)
		require.Equal(t, time.Minute, time.Since(start))
	})
}

// A request that is in the hands of a handler which hangs is nobody else's.
func TestForsakenRequestHasOneHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{CloseTimeout: 3 * time.Second})
		hang := make(chan struct{})
		defer close(hang)
		requests := s.IQs(t.Context())
		var remove func()
		remove = xmpp.OnGet(s, func(context.Context, *stanza.IQ, version) (any, error) { remove(); <-hang; return nil, nil })
		p.say(requestOf("q", "get", versionQuery) + requestOf("r", "get", versionQuery))
		synctest.Wait()
		p.conn.Close()
		require.Equal(t, "r", (<-requests).IQ.ID)
		_, ok := <-requests
		require.False(t, ok)
	})
}

// What stands behind a handler that has ended its goroutine, and then behind one that hangs, is handed over once.
func TestForsakenBehindGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{CloseTimeout: 3 * time.Second})
		hang := make(chan struct{})
		defer close(hang)
		inbox := s.Messages(t.Context())
		xmpp.OnMessage(s, func(_ context.Context, m *stanza.Message) error {
			switch m.Body {
			case "2":
				runtime.Goexit()
			case "3":
				<-hang
			}
			return nil
		})
		p.say(chatOf("1") + chatOf("2") + chatOf("3") + chatOf("4"))
		for _, body := range []string{"1", "2", "3"} {
			require.Equal(t, body, (<-inbox).Body)
		}
		synctest.Wait()
		p.conn.Close()
		require.Equal(t, "4", (<-inbox).Body)
		_, ok := <-inbox
		require.False(t, ok)
	})
}

// What a Client's handler gets meanwhile, which is remembered (see recent), is still to be taken from the channel.
func TestForsakenWhatHandlersHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const offline = "<message from='romeo@montague.example/orchard' type='chat' id='%s'><body>%[1]s</body><delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/></message>"
		f := newField(t)
		c := xmpp.NewClient(juliet, f.options())
		hang, got := make(chan struct{}), make(diary, 10)
		xmpp.OnMessage(c, func(_ context.Context, m *stanza.Message) error { <-hang; got <- m.Body; return nil })
		inboxes := make(chan (<-chan *stanza.Message), 10)
		c.Online = func(_ context.Context, s *xmpp.Session) error { inboxes <- s.Messages(t.Context()); return nil }
		run(t, c)
		p, inbox := <-f.peers, <-inboxes
		for _, id := range []string{"1", "2", "3"} {
			p.say(offline, id)
		}
		synctest.Wait()
		p.conn.Close()
		m, ok := <-inbox
		require.True(t, ok)
		require.Equal(t, "1", m.Body)
		close(hang)
		require.Equal(t, []string{"1", "2", "3"}, got.read())
		var bodies []string
		for m := range inbox {
			bodies = append(bodies, m.Body)
		}
		require.Equal(t, []string{"2", "3"}, bodies)
	})
}

// What another process may have handled is marked for a channel of a lost session, too, that gets its rest by itself.
func TestForsakenRedelivery(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		hang := make(chan struct{})
		defer close(hang)
		stay := func(context.Context, *stanza.Message) error { <-hang; return nil }
		store := xmpp.FileStore(t.TempDir())
		one := hire(t, srv, store, xmpp.Online)
		xmpp.OnMessage(one, stay)
		say(t, srv, "hello")
		synctest.Wait()
		require.NoError(t, one.Detach(t.Context()))

		o := srv.Options("alice")
		o.Store = store
		var marks <-chan bool
		o.Setup = func(s *xmpp.Session) {
			if marks == nil { // of the session that is gone on with
				marks = xmpp.Channel(t.Context(), s, xmpp.Pattern{Kind: stanza.KindMessage},
					func(ctx context.Context, _ stanza.Stanza) (bool, bool) { return xmpp.Redelivered(ctx), true })
			}
		}
		two := xmpp.NewClient(srv.JID("alice/bot"), o)
		xmpp.OnMessage(two, stay)
		states := two.State(t.Context())
		run(t, two)
		for st := range states {
			if st.Kind == xmpp.Resumed {
				break
			}
		}
		synctest.Wait()
		srv.DropConns()
		synctest.Wait()
		srv.ExpireSuspended("alice")
		require.True(t, <-marks)
	})
}

// A function of a Channel that panics harms nobody else there, either.
func TestForsakenPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{CloseTimeout: 3 * time.Second})
		hang := make(chan struct{})
		defer close(hang)
		xmpp.OnMessage(s, func(context.Context, *stanza.Message) error { <-hang; return nil })
		ids := xmpp.Channel(t.Context(), s, xmpp.Pattern{Kind: stanza.KindMessage}, func(_ context.Context, st stanza.Stanza) (string, bool) {
			body := st.(*stanza.Message).Body
			switch body {
			case "1":
				panic("no such id")
			case "3":
				runtime.Goexit()
			}
			return body, true
		})
		p.say(chatOf("1") + chatOf("2") + chatOf("3"))
		synctest.Wait()
		p.conn.Close()
		require.Equal(t, "2", <-ids)
		_, ok := <-ids
		require.False(t, ok)
	})
}
