package server

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/stretchr/testify/require"
)

// leave is how a session that has something unacknowledged can end.
var leave = map[string]func(s *Server, c *rawClient){
	"in time":            func(s *Server, c *rawClient) { c.cut(); elapse(5 * time.Minute); synctest.Wait() },
	"closed by client":   func(s *Server, c *rawClient) { c.send(closingTag); synctest.Wait() },
	"broken by client":   func(s *Server, c *rawClient) { c.send("<message></iq>"); synctest.Wait() },
	"error of client":    func(s *Server, c *rawClient) { c.send("<stream:error/>"); synctest.Wait() },
	"error of server":    func(s *Server, c *rawClient) { policyViolation(s, c); c.cut() },
	"kicked":             func(s *Server, c *rawClient) { loggedIn(c.t, s, "alice", "a"); synctest.Wait() },
	"kicked when away":   func(s *Server, c *rawClient) { c.cut(); loggedIn(c.t, s, "alice", "a"); synctest.Wait() },
	"forgotten":          func(s *Server, c *rawClient) { c.cut(); s.ForgetSuspended("") },
	"closed when away":   func(s *Server, c *rawClient) { c.cut(); s.CloseStream("alice", "") },
	"overflow when away": func(s *Server, c *rawClient) { c.cut(); flood(s, 10) },
}

func policyViolation(s *Server, c *rawClient) {
	s.eachSession("alice", func(ses *session) {
		if ses.jid.String() == c.jid {
			ses.conn.endWith(&streamError{condition: "policy-violation"})
		}
	})
}

func flood(s *Server, n int) {
	for range n {
		s.eachSession("alice", func(ses *session) {
			if ses.suspended() {
				ses.send(el(ns.Client, "presence", "from", "room@elsewhere.test/x"))
			}
		})
	}
}

// TestSMUnacknowledgedAtTheEnd is XEP-0198 §4: what the client did not acknowledge is treated like what was sent to an
// unavailable resource, however the session ends; and to the others it becomes unavailable.
func TestSMUnacknowledgedAtTheEnd(t *testing.T) {
	for name, end := range leave {
		for _, other := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, other resource %t", name, other), func(t *testing.T) {
				inBubble(t, Options{SM: SM{Queue: 10}}, func(t *testing.T, s *Server) { endsWith(t, s, end, other) })
			})
		}
	}
}

func endsWith(t *testing.T, s *Server, end func(s *Server, c *rawClient), other bool) {
	require.NoError(t, s.Befriend("alice", "bob"))
	bob := loggedIn(t, s, "bob", "b").patient()
	bob.available()
	c, _ := managedClient(t, s, "alice", "a")
	c.available()
	bob.want("<presence from='alice@canto.test/a' to='*'/>")
	c.want("<presence from='bob@canto.test/b' to='*'/>")
	var second *rawClient
	if other {
		second = loggedIn(t, s, "alice", "other").patient()
		second.available()
		bob.want("<presence from='alice@canto.test/other' to='*'/>")
		second.want("<presence from='alice@canto.test/a' to='*'/>")
		second.want("<presence from='bob@canto.test/b' to='*'/>")
		c.want("<presence from='alice@canto.test/other' to='*'/>")
	}
	bob.send("<message to='alice@canto.test/a' id='0' type='chat'><body>had</body></message>")
	c.wantMessages("0")
	c.send("<a xmlns='%s' h='%d'/>", ns.SM, s.Managed("alice")[0].Sent)
	c.sync()
	c.send("<a xmlns='%s' h='%d'/>", ns.SM, s.Managed("alice")[0].Sent)
	synctest.Wait()
	go func() { // what the client is sent now it reads, and acknowledges nothing of it
		for e, err := c.read(); err == nil && e != nil; e, err = c.read() {
		}
	}()
	bob.send("<message to='alice@canto.test/a' id='1' type='chat'><body>one</body></message>" +
		"<iq to='alice@canto.test/a' id='2' type='get'><x xmlns='urn:x'/></iq>" +
		"<message to='alice@canto.test/a' id='3'><body>three</body></message>" +
		"<message to='alice@canto.test/a' id='4' type='error'/>" +
		"<iq to='alice@canto.test/a' id='5' type='result'/>" +
		"<presence to='alice@canto.test/a' id='6'/>" + smPing)
	require.Equal(t, "sync", bob.next().attr("id"))
	end(s, c)
	bob.want("<presence from='alice@canto.test/a' to='*' type='unavailable'/>")
	bob.want("<iq from='alice@canto.test/a' to='bob@canto.test/b' id='2' type='error'>*</iq>")
	if other {
		require.Equal(t, "unavailable", second.next().attr("type"))
		for _, e := range second.wantMessages("1", "3") {
			require.NotNil(t, e.child(ns.Delay, "delay"), "%s", e)
		}
		require.Empty(t, s.Offline("alice"))
		return
	}
	kept := s.Offline("alice")
	require.Len(t, kept, 2)
	require.Contains(t, kept[0], "id='1'")
	require.Contains(t, kept[1], "id='3'")
	for _, xml := range kept {
		require.Contains(t, xml, "stamp='2000-01-01T00:00:00.000Z'")
	}
}

// TestSMOverflow: the message that is one too many is not lost either.
func TestSMOverflow(t *testing.T) {
	inBubble(t, Options{SM: SM{Queue: 2}}, func(t *testing.T, s *Server) {
		c, _ := managedClient(t, s, "alice", "a")
		c.available()
		c.acked(1)
		c.send("<a xmlns='%s' h='1'/>", ns.SM)
		c.cut()
		bob := loggedIn(t, s, "bob", "b").patient()
		for i := range 4 {
			bob.send("<message to='alice@canto.test' id='%d'><body>x</body></message>", i)
			bob.sync()
			require.Len(t, s.Sessions("alice"), map[bool]int{true: 1, false: 0}[i < 2])
		}
		require.Len(t, s.Offline("alice"), 4)
	})
}

// TestSMCloseWithSuspended: the end of the server leaves no timer and no goroutine behind, and nobody is told anything.
func TestSMCloseWithSuspended(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *Server) {
		c, _ := managedClient(t, s, "alice", "a")
		c.available()
		c.cut()
		before := time.Now()
		require.NoError(t, s.Close())
		require.Equal(t, before, time.Now())
		require.Empty(t, s.alarms)
	})
}
