package server

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/stretchr/testify/require"
)

const (
	smR = "<r xmlns='" + ns.SM + "'/>"
	// smPing is answered behind everything that was said before it, wherever that went.
	smPing = "<iq type='get' id='sync'><ping xmlns='urn:xmpp:ping'/></iq>"
)

// authenticated is a client that has logged in and bound nothing.
func authenticated(t *testing.T, s *Server, user string) *rawClient {
	t.Helper()
	c := dial(t, s)
	c.open("")
	c.startTLS(nil)
	c.open("")
	c.auth("PLAIN", "\x00"+user+"\x00secret of "+user)
	c.success()
	return c.patient()
}

// patient takes the client's deadline away: in a bubble, what hangs is noticed at once.
func (c *rawClient) patient() *rawClient {
	c.t.Helper()
	require.NoError(c.t, c.conn.SetDeadline(time.Time{}))
	return c
}

// inBubble runs a test with a server on a clock of its own.
func inBubble(t *testing.T, o Options, f func(t *testing.T, s *Server)) {
	t.Helper()
	o.InMemory = true
	synctest.Test(t, func(t *testing.T) { f(t, startServer(t, o)) })
}

// enable asks for a stream that can be resumed and returns its SM-ID.
func (c *rawClient) enable() string {
	c.t.Helper()
	c.send("<enable xmlns='%s' resume='true'/>", ns.SM)
	e := c.next()
	require.True(c.t, e.is(ns.SM, "enabled"), "%s", e)
	return e.attr("id")
}

// managedClient is a client with a stream that can be resumed.
func managedClient(t *testing.T, s *Server, user, resource string) (c *rawClient, id string) {
	t.Helper()
	c = loggedIn(t, s, user, resource).patient()
	return c, c.enable()
}

// available sends presence and reads what comes back of it.
func (c *rawClient) available() {
	c.t.Helper()
	c.send("<presence/>")
	c.want("<presence from='${me}' to='*'/>")
}

// resume goes on with a stream, on a connection that is authenticated, and returns the server's h.
func (c *rawClient) resume(id string, h uint32) string {
	c.t.Helper()
	c.askResume(id, h)
	e := c.next()
	require.True(c.t, e.is(ns.SM, "resumed"), "%s", e)
	require.Equal(c.t, id, e.attr("previd"))
	return e.attr("h")
}

func (c *rawClient) askResume(id string, h uint32) {
	c.t.Helper()
	c.send("<resume xmlns='%s' previd='%s' h='%d'/>", ns.SM, id, h)
}

// wantFailed reads <failed/> and returns it.
func (c *rawClient) wantFailed(condition string) *Element {
	c.t.Helper()
	e := c.next()
	require.True(c.t, e.is(ns.SM, "failed"), "%s", e)
	require.NotNil(c.t, e.child(ns.Stanzas, condition), "%s", e)
	return e
}

func (c *rawClient) wantAck(h uint32) {
	c.t.Helper()
	c.want(fmt.Sprintf("<a xmlns='%s' h='%d'/>", ns.SM, h))
}

// wantMessages reads messages with these ids, in that order and with nothing between them but requests for acknowledgement.
func (c *rawClient) wantMessages(ids ...string) (list []*Element) {
	c.t.Helper()
	for _, id := range ids {
		e := c.next()
		for e.is(ns.SM, "r") {
			e = c.next()
		}
		require.Equal(c.t, "message", e.Name.Local, "%s", e)
		require.Equal(c.t, id, e.attr("id"), "%s", e)
		list = append(list, e)
	}
	return list
}

// cut closes the connection without a word and waits until the server has seen it.
func (c *rawClient) cut() {
	c.t.Helper()
	require.NoError(c.t, c.conn.Close())
	synctest.Wait()
}

// sync waits until the server has acted on all that the client has sent.
func (c *rawClient) sync() {
	c.t.Helper()
	c.send(smPing)
	for c.next().attr("id") != "sync" {
	}
}

// acked waits until the server has counted h stanzas.
func (c *rawClient) acked(h uint32) {
	c.t.Helper()
	c.send(smR)
	c.wantAck(h)
}
