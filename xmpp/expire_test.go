package xmpp_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// When a session is lost, a handler that waits for the end of its ctx gets it, with the reason, and those behind it find it
// ended: the session does not wait for them.
func TestHandlerContextEndsWithTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{CloseTimeout: 3 * time.Second})
		start := time.Now()
		causes := make(chan error, 10)
		xmpp.OnMessage(s, func(ctx context.Context, m *stanza.Message) error {
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return nil
		})
		requests := s.Messages(t.Context(), stanza.Chat)
		p.say(chatOf("1") + chatOf("2") + chatOf("3"))
		synctest.Wait()
		p.conn.Close()
		for range 3 {
			<-requests
		}
		for range 3 {
			require.ErrorIs(t, <-causes, s.Err())
		}
		require.Equal(t, 3*time.Second, time.Since(start))
		_, open := <-requests
		require.False(t, open)
		require.Zero(t, goroutines(t))
	})
}

// A handler that gets on has a ctx that is good for what the session had received, however much that is.
func TestHandlerContextLastsForWhatWasReceived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{CloseTimeout: 3 * time.Second})
		stored := 0
		xmpp.OnMessage(s, func(ctx context.Context, m *stanza.Message) error {
			select {
			case <-time.After(2 * time.Second): // a slow database
				stored++
			case <-ctx.Done():
			}
			return nil
		})
		inbox := s.Messages(t.Context())
		for i := range 20 {
			p.say(chatOf(strconv.Itoa(i)))
		}
		p.conn.Close()
		for range 20 {
			elapse(10 * time.Second) // whoever reads a channel may take longer, and takes nothing from the handlers
			<-inbox
		}
		_, open := <-inbox
		require.False(t, open)
		require.Equal(t, 20, stored)
	})
}

// A Client's handler may wait for the next session, but not hold it up for ever.
func TestHandlerContextOfAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		f.refuse = func(attempt int) error {
			if attempt > 1 && attempt < 8 {
				return errNoRoute
			}
			return nil
		}
		c := xmpp.NewClient(juliet, f.options())
		causes := make(chan error, 10)
		xmpp.OnMessage(c, func(ctx context.Context, m *stanza.Message) error {
			if m.Body == "reply" {
				<-xmpp.SessionFrom(ctx).Done()
				return c.Send(ctx, m.Reply("in the next session"))
			}
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return nil
		})
		inbox := c.Messages(t.Context(), stanza.Chat)
		r := run(t, c)
		p := <-f.peers
		p.say(chatOf("reply") + chatOf("wait"))
		p.conn.Close()
		p = <-f.peers
		require.Equal(t, "in the next session", p.hearStanza().(*stanza.Message).Body)
		require.Equal(t, "reply", (<-inbox).Body)
		p.say(`<message from='romeo@example.net/orchard' type='chat'><body>on</body></message>`)
		require.Error(t, <-causes)
		require.Equal(t, "wait", (<-inbox).Body)

		synctest.Wait()
		start := time.Now()
		r.stop()
		require.NoError(t, <-r.err)
		require.ErrorIs(t, <-causes, xmpp.ErrClosed)
		require.Zero(t, time.Since(start), "Run has closed the session")
		require.Zero(t, goroutines(t))
	})
}

// runtime.Goexit in a handler (FailNow in a test) ends that handler and nothing else.
func TestHandlerEndsItsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openManaged(t, nil)
		xmpp.OnMessage(s, func(_ context.Context, m *stanza.Message) error {
			if m.Body == "exit" {
				runtime.Goexit()
			}
			return nil
		})
		xmpp.OnGet(s, func(context.Context, *stanza.IQ, version) (any, error) {
			runtime.Goexit()
			return nil, nil
		})
		inbox := s.Messages(t.Context())
		p.say(chatOf("1") + chatOf("exit") + requestOf("q", "get", versionQuery) + chatOf("2") + chatOf("3"))
		for _, body := range []string{"1", "exit", "2", "3"} {
			require.Equal(t, body, (<-inbox).Body)
		}
		answer := p.hearIQ()
		require.Equal(t, "q", answer.ID)
		require.True(t, errors.Is(answer.Error, stanza.InternalServerError))
		synctest.Wait()
		for len(p.heard) > 0 {
			p.hear()
		}
		p.say("<r xmlns='urn:xmpp:sm:3'/>")
		require.Equal(t, "5", p.hear().Attr("h"), "all are counted")
		require.NoError(t, s.Close())
		require.Zero(t, goroutines(t))
	})
}

// An error may carry the payload that it answers: that is nobody's payload (RFC 6120 §8.3.1).
func TestOnPayloadGetsNoErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		got := make(diary, 10)
		xmpp.OnPayload(s, func(_ context.Context, st stanza.Stanza, _ version) error {
			got <- st.Kind() + st.Header().ID
			return nil
		})
		const undefined = `<error type='cancel'><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`
		for i, kind := range []string{"message", "presence"} {
			p.say(`<%s type='error' from='%s'>%s%s</%[1]s>`, kind, romeo, versionQuery, undefined)
			p.say(`<%s id='%d' from='%s'>%s</%[1]s>`, kind, i, romeo, versionQuery)
		}
		synctest.Wait()
		require.Equal(t, []string{"message0", "presence1"}, got.read())
	})
}

// What ends the stream is said although a sender was in the middle of a stanza.
func TestStreamErrorComesBehindWhatIsBeingWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openDeaf(t, nil, bindFeature)
		go func() { _ = s.Send(context.Background(), &stanza.Message{To: romeo, Body: "long"}) }()
		synctest.Wait()
		p.say("<a></b>")
		synctest.Wait()
		elapse(900 * time.Millisecond)
		p.listen()
		require.Equal(t, "message", p.hear().Name().Local)
		require.Contains(t, p.hear().String(), "not-well-formed")
		<-s.Done()
		require.ErrorIs(t, s.Err(), xmpp.NotWellFormed)
	})
}

// While a session says its last words, a Client's Send is for the next one.
func TestClientSendsInTheNextSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		f.deaf = true
		c := xmpp.NewClient(juliet, f.options())
		run(t, c)
		p := <-f.peers
		go func() { _ = c.Send(t.Context(), &stanza.Message{To: romeo, Body: "long"}) }()
		synctest.Wait()
		p.say("<a></b>")
		synctest.Wait()
		sent := make(chan error, 1)
		go func() { sent <- c.Send(t.Context(), &stanza.Message{To: romeo, Body: "next"}) }()
		p = <-f.peers
		p.listen()
		require.Equal(t, "next", p.hearStanza().(*stanza.Message).Body)
		require.NoError(t, <-sent)
	})
}

// The time of a session's handlers begins when those of the session before are through, and it's their turn.
func TestHandlerContextOfALateSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		c := xmpp.NewClient(juliet, f.options())
		got := make(chan error, 100)
		xmpp.OnMessage(c, func(ctx context.Context, m *stanza.Message) error {
			select {
			case <-time.After(2 * time.Second):
			case <-ctx.Done():
			}
			got <- ctx.Err()
			return nil
		})
		run(t, c)
		const first = 30
		for n := range 3 {
			p := <-f.peers
			for i := 0; i < 1 || n == 0 && i < first; i++ {
				p.say(chatOf("x"))
			}
			p.conn.Close()
		}
		for range first + 2 {
			require.NoError(t, <-got)
		}
	})
}
