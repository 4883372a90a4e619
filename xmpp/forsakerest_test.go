package xmpp_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// A lateConn is a connection that takes its time to return what it has read, even when it's closed meanwhile.
type lateConn struct {
	net.Conn
	late    atomic.Bool
	release chan struct{}
}

func (c *lateConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.late.Load() {
		<-c.release
	}
	return n, err
}

// The channels of a lost session are not closed before its reader has ended: it may have more for them.
func TestForsakenOnceTheReaderHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		conn := &lateConn{Conn: ours, release: make(chan struct{})}
		s, p := openOn(t, conn, theirs, &xmpp.Options{CloseTimeout: 3 * time.Second}, bindFeature)
		hang := make(chan struct{})
		defer close(hang)
		xmpp.OnMessage(s, func(context.Context, *stanza.Message) error { <-hang; return nil })
		inbox := s.Messages(t.Context())
		p.say(chatOf("1"))
		synctest.Wait()
		conn.late.Store(true)
		p.say(chatOf("2"))
		require.ErrorIs(t, s.Send(t.Context(), &stanza.Presence{}), xmpp.ErrPeerSilent)
		<-s.Done()
		elapse(time.Minute)
		close(conn.release)
		var bodies []string
		for m := range inbox {
			bodies = append(bodies, m.Body)
		}
		require.Equal(t, []string{"1", "2"}, bodies)
	})
}

// What waits for the reader of a forsaken channel is handled by all others: a Client's handlers don't get it once more when the
// server gives it to the next session.
func TestForsakenInHandIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const again = "<message from='romeo@montague.example/orchard' type='chat' id='1'><body>once</body>%s</message>"
		f := newField(t)
		c := xmpp.NewClient(juliet, f.options())
		got := make(diary, 10)
		xmpp.OnMessage(c, func(_ context.Context, m *stanza.Message) error { got <- m.Body; return nil })
		inboxes := make(chan (<-chan *stanza.Message), 10)
		c.Online = func(_ context.Context, s *xmpp.Session) error { inboxes <- s.Messages(t.Context()); return nil }
		run(t, c)
		p, inbox := <-f.peers, <-inboxes
		p.say(fmt.Sprintf(again, ""))
		synctest.Wait()
		p.conn.Close()
		p = <-f.peers
		p.say(fmt.Sprintf(again, "<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/>") + chatOf("next"))
		elapse(time.Minute)
		require.Equal(t, []string{"once", "next"}, got.read())
		require.Equal(t, "once", (<-inbox).Body)
	})
}
