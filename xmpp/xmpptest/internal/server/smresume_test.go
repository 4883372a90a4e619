package server

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/stretchr/testify/require"
)

// TestSMResume is XEP-0198 §5: what the client did not have is sent again, nothing else is, and the counts go on.
func TestSMResume(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *Server) {
		c, id := managedClient(t, s, "alice", "a")
		c.available() // one stanza each way
		bob := loggedIn(t, s, "bob", "b").patient()
		bob.send("<message to='alice@canto.test' id='1'><body>one</body></message><message to='alice@canto.test/a' id='2'/>")
		c.wantMessages("1", "2")
		c.cut()
		require.True(t, s.Managed("alice")[0].Suspended)
		bob.send("<message to='alice@canto.test' type='chat' id='3'/><iq to='alice@canto.test/a' type='get' id='4'><x xmlns='urn:x'/></iq>")
		bob.sync()

		c2 := authenticated(t, s, "alice")
		require.Equal(t, "1", c2.resume(id, 2)) // the presence and message 1
		c2.want("<message from='*' to='alice@canto.test/a' id='2'>*</message>")
		c2.want("<message from='*' to='alice@canto.test' type='chat' id='3'>*</message>")
		c2.want("<iq from='bob@canto.test/b' to='alice@canto.test/a' type='get' id='4'><x xmlns='urn:x'/></iq>")
		c2.want(smR)
		c2.send("<iq to='bob@canto.test/b' type='result' id='4'/>%s", smR)
		c2.wantAck(2)
		bob.want("<iq from='alice@canto.test/a' to='bob@canto.test/b' type='result' id='4'/>")

		m := s.Managed("alice")[0]
		require.False(t, m.Suspended)
		require.Equal(t, ManagedStats{Suspensions: 1, Resumptions: 1, Resent: 3}, m.ManagedStats)
		stats := s.Stats()
		require.Equal(t, []int64{1, 1, 3, 2}, []int64{stats.Suspended, stats.Resumed, stats.Resent, stats.Binds})
	})
}

// TestSMDelay: what is sent again says when it was sent first (XEP-0203), an iq excepted, and once only.
func TestSMDelay(t *testing.T) {
	for _, without := range []bool{false, true} {
		inBubble(t, Options{SM: SM{NoDelay: without, RequestEvery: -1}}, func(t *testing.T, s *Server) {
			c, id := managedClient(t, s, "alice", "a")
			first := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
			require.NoError(t, s.Inject("alice", "<message id='1'/><presence id='2'/><iq type='result' id='3'/>"))
			for range 2 {
				c.cut()
				elapse(time.Minute)
				c = authenticated(t, s, "alice")
				c.resume(id, 0)
				for _, kind := range []string{"message", "presence", "iq"} {
					e := c.next()
					require.Equal(t, kind, e.Name.Local)
					if without || kind == "iq" {
						require.Empty(t, e.Children, "%s", e)
						continue
					}
					require.Len(t, e.Children, 1, "%s", e)
					require.Equal(t, first, e.first().attr("stamp"))
				}
			}
		})
	}
}

func TestSMResumeRefused(t *testing.T) {
	tests := []struct {
		name   string
		o      SM
		run    func(s *Server, c *rawClient, id string)
		failed string
		h      string
	}{
		{"unknown", SM{}, func(s *Server, c *rawClient, id string) { c.askResume("nonsense", 0) }, "item-not-found", ""},
		{"no id", SM{}, func(s *Server, c *rawClient, id string) { c.send("<resume xmlns='%s' h='0'/>", ns.SM) }, "item-not-found", ""},
		{"no h", SM{}, func(s *Server, c *rawClient, id string) { c.send("<resume xmlns='%s' previd='%s'/>", ns.SM, id) }, "bad-request", ""},
		{"timed out", SM{Max: time.Minute}, func(s *Server, c *rawClient, id string) {
			elapse(time.Minute)
			synctest.Wait()
			c.askResume(id, 0)
		}, "item-not-found", "2"},
		{"expired", SM{}, func(s *Server, c *rawClient, id string) {
			require.Equal(c.t, 1, s.ExpireSuspended(""))
			c.askResume(id, 0)
		}, "item-not-found", "2"},
		{"forgotten", SM{}, func(s *Server, c *rawClient, id string) {
			require.Equal(c.t, 1, s.ForgetSuspended("alice"))
			c.askResume(id, 0)
		}, "item-not-found", ""},
		{"closed by the server", SM{}, func(s *Server, c *rawClient, id string) {
			s.CloseStream("alice", "")
			c.askResume(id, 0)
		}, "item-not-found", "2"},
		{"refused", SM{}, func(s *Server, c *rawClient, id string) {
			s.FaultSM(SMFaults{RefuseResume: "internal-server-error"})
			c.askResume(id, 0)
		}, "internal-server-error", ""},
		{"not supported", SM{NoResume: true}, func(s *Server, c *rawClient, id string) { c.askResume("x", 0) }, "feature-not-implemented", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, Options{SM: tt.o}, func(t *testing.T, s *Server) {
				c, id := managedClient(t, s, "alice", "a")
				c.send("<presence/><message to='carol@canto.test'><body>x</body></message>")
				c.want("<presence from='${me}' to='*'/>")
				c.acked(2)
				c.cut()
				c = authenticated(t, s, "alice")
				tt.run(s, c, id)
				require.Equal(t, tt.h, c.wantFailed(tt.failed).attr("h"))
				// XEP-0198 §5: the server should allow the client to bind a resource at this point.
				c.bind("b")
				c.enable()
			})
		})
	}
}

func TestSMResumeOutOfOrder(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *Server) {
		c, id := managedClient(t, s, "alice", "a")
		c.cut()
		c = dial(t, s)
		c.open("")
		c.askResume(id, 0)
		c.wantFailed("unexpected-request") // before authentication
		c = authenticated(t, s, "bob")
		c.askResume(id, 0)
		require.Empty(t, c.wantFailed("item-not-found").attr("h")) // somebody else's
		c.bind("b")
		c.askResume(id, 0)
		c.wantFailed("unexpected-request") // bound already
		c = authenticated(t, s, "alice")
		c.askResume(id, 1)
		e := c.wantStreamError("undefined-condition") // acknowledges what was not sent
		require.Equal(t, "0", e.child(ns.SM, "handled-count-too-high").attr("send-count"))
		c = authenticated(t, s, "alice") // which did the stream no harm
		c.resume(id, 0)
		c.send("<enable xmlns='%s'/>", ns.SM)
		c.wantFailed("unexpected-request")
		c.wantStreamError("policy-violation")
	})
}

// TestSMResumeTakesOver is the client that knows earlier than the server that its connection is dead.
func TestSMResumeTakesOver(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *Server) {
		old, id := managedClient(t, s, "alice", "a")
		old.available()
		s.Freeze() // the old connection hears and says nothing any more
		synctest.Wait()
		require.NoError(t, s.Inject("alice", "<message id='1'/>"))
		s.setFaults(func(f *netFaults) { f.frozen = false })
		c := authenticated(t, s, "alice")
		require.Equal(t, "1", c.resume(id, 1))
		c.wantMessages("1")
		elapse(2 * closeGrace) // the server gives up saying goodbye on the old one
		synctest.Wait()
		_, err := old.read()
		require.Error(t, err)
		require.Len(t, s.Sessions("alice"), 1)
		require.Equal(t, ManagedStats{Resumptions: 1, Resent: 1}, s.Managed("alice")[0].ManagedStats)
		c.sync()
	})
}

// TestSMResumeWaitsForTheStanzaInHand resumes while the old connection's stanza is still being handled: it counts.
func TestSMResumeWaitsForTheStanzaInHand(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *Server) {
		old, id := managedClient(t, s, "alice", "a")
		release := make(chan struct{})
		s.Intercept(func(_ jid.JID, xml string) bool { <-release; return false })
		old.send("<message id='1' to='bob@canto.test'><body>once</body></message>")
		synctest.Wait()
		c := authenticated(t, s, "alice")
		c.askResume(id, 0)
		synctest.Wait()
		close(release)
		require.Equal(t, "1", c.next().attr("h"))
		require.Len(t, s.Offline("bob"), 1)
	})
}

// TestSMSuspendedIsPresent: while suspended, a session looks to others as it did before.
func TestSMSuspendedIsPresent(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *Server) {
		require.NoError(t, s.Befriend("alice", "bob"))
		c, id := managedClient(t, s, "alice", "a")
		c.available()
		c.cut()
		bob := loggedIn(t, s, "bob", "b").patient()
		bob.available()
		bob.want("<presence from='alice@canto.test/a' to='*'/>")
		bob.send("<presence><show>away</show></presence>")
		bob.want("<presence from='${me}' to='*'><show>away</show></presence>")
		c = authenticated(t, s, "alice")
		require.Equal(t, "1", c.resume(id, 1))
		c.want("<presence from='bob@canto.test/b' to='*'>*</presence>")
		away := c.want("<presence from='bob@canto.test/b' to='*'>*</presence>")
		require.Equal(t, "away", away.child(ns.Client, "show").text())
		c.want(smR)
		bob.sync()
		require.Equal(t, "bob@canto.test/b", bob.jid)
	})
}

// TestSMSuspendedAndBoundAgain: the account's next session with that name is its successor, whatever Options.Conflict says.
func TestSMSuspendedAndBoundAgain(t *testing.T) {
	for _, policy := range []ConflictPolicy{Kick, Refuse, Override} {
		inBubble(t, Options{Conflict: policy}, func(t *testing.T, s *Server) {
			c, id := managedClient(t, s, "alice", "a")
			c.available()
			c.cut()
			require.NoError(t, s.Inject("alice", "<message from='bob@canto.test' type='chat' id='1'><body>kept</body></message>"))
			c = authenticated(t, s, "alice")
			c.askResume("wrong", 0)
			c.wantFailed("item-not-found")
			c.bind("a")
			require.Equal(t, "alice@canto.test/a", c.jid)
			require.Len(t, s.Sessions("alice"), 1)
			c.available()
			c.wantMessages("1")
			d := authenticated(t, s, "alice")
			d.askResume(id, 0)
			require.Equal(t, "1", d.wantFailed("item-not-found").attr("h"))
		})
	}
}
