package server

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/stretchr/testify/require"
)

func TestSMFaultRefuseEnable(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *Server) {
		s.FaultSM(SMFaults{RefuseEnable: "internal-server-error"})
		c := loggedIn(t, s, "alice", "a")
		c.send("<enable xmlns='%s'/>", ns.SM)
		c.wantFailed("internal-server-error")
		c.sync()
		require.Empty(t, s.Managed("alice"))
	})
}

func TestSMFaultLie(t *testing.T) {
	inBubble(t, Options{SM: SM{Max: time.Minute}}, func(t *testing.T, s *Server) {
		c, id := managedClient(t, s, "alice", "a")
		s.FaultSM(SMFaults{Lie: func(h uint32) uint32 { return h + 10 }})
		c.available()
		c.acked(11)
		c.cut()
		c = authenticated(t, s, "alice")
		require.Equal(t, "11", c.resume(id, 1))
		s.FaultSM(SMFaults{Lie: func(h uint32) uint32 { return h - 2 }})
		c.acked(0xffffffff)
		c.cut()
		elapse(time.Minute)
		synctest.Wait()
		c = authenticated(t, s, "alice")
		c.askResume(id, 1)
		require.Equal(t, "4294967295", c.wantFailed("item-not-found").attr("h"))
	})
}

func TestSMFaultSilentAndLate(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *Server) {
		c, _ := managedClient(t, s, "alice", "a")
		s.FaultSM(SMFaults{Silent: true})
		c.send(smR)
		c.send(smPing)
		require.Equal(t, "sync", c.next().attr("id"))
		s.FaultSM(SMFaults{AckDelay: time.Minute})
		before := time.Now()
		c.send("%s<presence/>", smR)
		c.want("<presence from='${me}' to='*'/>")
		c.wantAck(2)
		require.Equal(t, time.Minute, time.Since(before))
		c.send(smR)
		c.cut() // what is late then is for nobody
		elapse(time.Minute)
		synctest.Wait()
		require.Len(t, s.alarms, 1, "only the end of the session")
	})
}

func TestSMFaultResumedID(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *Server) {
		c, id := managedClient(t, s, "alice", "a")
		c.cut()
		s.FaultSM(SMFaults{ResumedID: "another"})
		c = authenticated(t, s, "alice")
		c.askResume(id, 0)
		c.want("<resumed xmlns='urn:xmpp:sm:3' previd='another' h='0'/>")
	})
}

// TestSMTamper: what is said of stream management can be changed at will, like every step of a negotiation.
func TestSMTamper(t *testing.T) {
	tamper := func(e Exchange) string {
		if e.Step == StepEnabled || e.Step == StepResumed {
			return strings.Replace(e.XML, "xmlns", "conn='"+string(rune('0'+e.Conn))+"' xmlns", 1)
		}
		return e.XML
	}
	inBubble(t, Options{Tamper: tamper}, func(t *testing.T, s *Server) {
		c := loggedIn(t, s, "alice", "a")
		c.send("<enable xmlns='%s' resume='1'/>", ns.SM)
		id := c.want("<enabled conn='1' xmlns='urn:xmpp:sm:3' id='*' max='*' resume='true'/>").attr("id")
		c.cut()
		c = authenticated(t, s, "alice")
		c.askResume("x", 0)
		require.Equal(t, "2", c.wantFailed("item-not-found").attr("conn"))
		c.askResume(id, 0)
		c.want("<resumed conn='2' xmlns='urn:xmpp:sm:3' previd='*' h='0'/>")
	})
}

// TestSMFaultHalfStanza is what Prosody does after a cut in the middle of a stanza. The same cuts do a well-behaved
// server no harm.
func TestSMFaultHalfStanza(t *testing.T) {
	const message = "<message id='2' to='bob@canto.test'><body>half</body></message>"
	tests := []struct {
		name, half string
		silent     bool   // after the resumption nothing is understood and nothing answered any more
		condition  string // or the stream ends with this error
	}{
		{"between stanzas", "", false, ""},
		{"white space", " \n", false, ""},
		{"in a name", message[:4], false, "not-well-formed"},
		{"in a start tag", message[:12], false, "not-well-formed"},
		{"before a text", message[:41], true, ""},
		{"in a text", message[:44], true, ""},
		{"before the last byte", message[:len(message)-1], false, "not-well-formed"},
	}
	for _, tt := range tests {
		for _, faulty := range []bool{true, false} {
			t.Run(tt.name+map[bool]string{true: ", faulty"}[faulty], func(t *testing.T) {
				inBubble(t, Options{}, func(t *testing.T, s *Server) {
					s.FaultSM(SMFaults{HalfStanza: faulty})
					c, id := managedClient(t, s, "alice", "a")
					c.available()
					c.send("%s", tt.half)
					c.cut()
					c = authenticated(t, s, "alice")
					require.Equal(t, "1", c.resume(id, 1))
					before := s.Stats().Received
					c.send("<message id='3' to='bob@canto.test'><body>whole</body></message>%s", smR)
					switch {
					case faulty && tt.condition != "":
						c.wantStreamError(tt.condition)
					case faulty && tt.silent:
						synctest.Wait()
						require.Len(t, s.Handled("alice"), 1)
						require.Equal(t, before, s.Stats().Received)
					default:
						c.wantAck(2)
					}
				})
			})
		}
	}
}

// TestSMHalfStanzaGoesOn: what is cut again and again is still put together from the oldest half.
func TestSMHalfStanzaGoesOn(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *Server) {
		s.FaultSM(SMFaults{HalfStanza: true})
		c, id := managedClient(t, s, "alice", "a")
		for _, piece := range []string{"<message id='1' to='bob@canto.test'><bo", "dy>put toge", "ther</bo"} {
			c.send("%s", piece)
			c.cut()
			c = authenticated(t, s, "alice")
			require.Equal(t, "0", c.resume(id, 0))
		}
		c.send("dy></message>%s", smR)
		c.wantAck(1)
		require.Contains(t, s.Offline("bob")[0], "put together")
	})
}
