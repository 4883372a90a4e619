package server

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/stretchr/testify/require"
)

func TestSMIsOfferedAfterAuthentication(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *Server) {
		c := dial(t, s)
		c.open("")
		require.Nil(t, c.features.child(ns.SM, "sm"))
		require.NotNil(t, authenticated(t, s, "alice").features.child(ns.SM, "sm"))
	})
	inBubble(t, Options{Without: []string{"sm"}}, func(t *testing.T, s *Server) {
		c := authenticated(t, s, "alice")
		require.Nil(t, c.features.child(ns.SM, "sm"))
		c.bind("")
		c.send("<enable xmlns='%s'/>", ns.SM)
		c.wantStreamError("unsupported-stanza-type")
	})
}

// TestSMEnable is XEP-0198 §3: what is asked for and what is granted.
func TestSMEnable(t *testing.T) {
	const open = " xmlns='urn:xmpp:sm:3' "
	tests := []struct {
		name       string
		o          SM
		ask, grant string
	}{
		{"acknowledgements only", SM{}, "<enable" + open + "/>", "<enabled" + open + "/>"},
		{"false", SM{}, "<enable" + open + "resume='false'/>", "<enabled" + open + "/>"},
		{"zero", SM{}, "<enable" + open + "resume='0' max='9'/>", "<enabled" + open + "/>"},
		{"true", SM{}, "<enable" + open + "resume='true'/>", "<enabled" + open + "resume='true' id='${id}' max='300'/>"},
		{"one", SM{}, "<enable" + open + "resume='1'/>", "<enabled" + open + "resume='true' id='${id}' max='300'/>"},
		{"client wants less", SM{}, "<enable" + open + "resume='1' max='60'/>", "<enabled" + open + "resume='true' id='${id}' max='60'/>"},
		{"client wants more", SM{}, "<enable" + open + "resume='1' max='3600'/>", "<enabled" + open + "resume='true' id='${id}' max='300'/>"},
		{"client wants nonsense", SM{}, "<enable" + open + "resume='1' max='soon'/>", "<enabled" + open + "resume='true' id='${id}' max='300'/>"},
		{"rounded up", SM{Max: 1500 * time.Millisecond}, "<enable" + open + "resume='1'/>", "<enabled" + open + "resume='true' id='${id}' max='2'/>"},
		{"location", SM{Location: "[2001:db8::1]:5222"}, "<enable" + open + "resume='1'/>",
			"<enabled" + open + "resume='true' id='${id}' max='300' location='[2001:db8::1]:5222'/>"},
		{"not resumable", SM{NoResume: true}, "<enable" + open + "resume='1'/>", "<enabled" + open + "/>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, Options{SM: tt.o}, func(t *testing.T, s *Server) {
				c := loggedIn(t, s, "alice", "a")
				c.send("%s", tt.ask)
				e := c.want(tt.grant)
				require.Len(t, s.Managed("alice"), 1)
				require.Equal(t, e.attr("id"), s.Managed("alice")[0].ID)
				require.Empty(t, s.Managed("bob"))
			})
		})
	}
}

func TestSMEnableOutOfOrder(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *Server) {
		c := dial(t, s)
		c.open("")
		c.send("<enable xmlns='%s'/>", ns.SM)
		c.wantFailed("unexpected-request") // before authentication
		c = authenticated(t, s, "alice")
		c.send("<enable xmlns='%s'/>", ns.SM)
		c.wantFailed("unexpected-request") // before binding
		c.bind("a")                        // which is still possible
		c.send("<r xmlns='%s'/><a xmlns='%s' h='0'/>", ns.SM, ns.SM)
		c.wantFailed("unexpected-request") // before enabling
		c.wantFailed("unexpected-request")
		c.enable()
		c.send("<enable xmlns='%s'/>", ns.SM)
		c.wantFailed("unexpected-request") // twice
		c.wantStreamError("policy-violation")
	})
}

// TestSMCountsWhatItHandles holds the server's h to XEP-0198 §4: stanzas count, each once and whatever becomes of them.
func TestSMCountsWhatItHandles(t *testing.T) {
	inBubble(t, Options{SM: SM{RequestEvery: -1}}, func(t *testing.T, s *Server) {
		c := loggedIn(t, s, "alice", "a")
		c.send("<presence/>") // before <enable/>: does not count
		c.want("<presence from='${me}' to='*'/>")
		c.send("<enable xmlns='%s'/><message id='1' to='bob@canto.test'><body>x</body></message>%s", ns.SM, smR)
		c.want("<enabled xmlns='urn:xmpp:sm:3'/>")
		c.wantAck(1)
		c.send("%s%s<message id='2' to='@'/><iq id='3' type='result'/>%s", smR, smR, smR)
		c.wantAck(1)
		c.wantAck(1)
		c.want("<message type='error' id='2' to='${me}' from='*'>*</message>")
		c.wantAck(3)
		remove := s.Intercept(func(_ jid.JID, _ string) bool { return true })
		c.send("<presence id='4'/>%s", smR)
		c.wantAck(4)
		remove()
		require.Equal(t, []Handled{
			{From: s.Sessions("alice")[0], Kind: "message", ID: "1", H: 1},
			{From: s.Sessions("alice")[0], Kind: "message", ID: "2", H: 2},
			{From: s.Sessions("alice")[0], Kind: "iq", ID: "3", H: 3},
			{From: s.Sessions("alice")[0], Kind: "presence", ID: "4", H: 4},
		}, s.Handled("alice"))
		require.Empty(t, s.Handled("bob"))
	})
}

func TestSMKeepsWhatIsNotAcknowledged(t *testing.T) {
	inBubble(t, Options{SM: SM{RequestEvery: 3}}, func(t *testing.T, s *Server) {
		c, _ := managedClient(t, s, "alice", "a")
		for _, id := range []string{"1", "2", "3", "4"} {
			require.NoError(t, s.Inject("alice", "<message id='"+id+"'/>"))
		}
		c.wantMessages("1", "2", "3")
		c.want(smR)
		c.wantMessages("4")
		m := s.Managed("alice")[0]
		require.Equal(t, []string{"1", "2", "3", "4"}, m.Unacked)
		require.EqualValues(t, 4, m.Sent)
		for _, h := range []uint32{2, 2, 3} {
			c.send("<a xmlns='%s' h='%d'/>", ns.SM, h)
			c.sync()
			require.Equal(t, h, s.Managed("alice")[0].Acked)
		}
		require.Equal(t, "4", s.Managed("alice")[0].Unacked[0])
	})
}

// TestSMInjectCounts: what is injected raw counts as far as it consists of stanzas.
func TestSMInjectCounts(t *testing.T) {
	tests := []struct {
		name, raw string
		sent      uint32
	}{
		{"nothing", " ", 0},
		{"one small one", "<iq/>", 1},
		{"two stanzas", "<message/> <presence><show>away</show></presence>", 2},
		{"no stanza", "<r xmlns='urn:xmpp:sm:3'/><message xmlns='urn:x'/>", 0},
		{"broken behind", "<iq type='result' id='1'/><message", 1},
		{"text", "<message/>text<message/>", 1},
		{"end", "<message/></stream:stream>", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, Options{}, func(t *testing.T, s *Server) {
				managedClient(t, s, "alice", "a")
				require.NoError(t, s.Inject("alice", tt.raw))
				require.Equal(t, tt.sent, s.Managed("alice")[0].Sent)
			})
		})
	}
}

// TestSMWrongAck is XEP-0198 §6 and §4: an h that can't be, on either side of the window and across 2³².
func TestSMWrongAck(t *testing.T) {
	tests := []struct {
		name      string
		start     uint32
		ack       string
		condition string
		app       string
	}{
		{"too high", 0, "h='4'", "undefined-condition", "<handled-count-too-high xmlns='urn:xmpp:sm:3' h='4' send-count='3'/>"},
		{"far too high", 0, "h='4294967295'", "undefined-condition", "<handled-count-too-high xmlns='urn:xmpp:sm:3' h='4294967295' send-count='3'/>"},
		{"backwards", 0, "h='1'", "undefined-condition", "<handled-count-too-high xmlns='urn:xmpp:sm:3' h='1' send-count='3'/>"},
		{"too high behind the wrap", math.MaxUint32 - 1, "h='2'", "undefined-condition", "<handled-count-too-high xmlns='urn:xmpp:sm:3' h='2' send-count='1'/>"},
		{"backwards across the wrap", math.MaxUint32 - 1, "h='4294967295'", "undefined-condition",
			"<handled-count-too-high xmlns='urn:xmpp:sm:3' h='4294967295' send-count='1'/>"},
		{"not modulo", 0, "h='4294967298'", "bad-format", ""},
		{"negative", 0, "h='-1'", "bad-format", ""},
		{"no number", 0, "h='two'", "bad-format", ""},
		{"missing", 0, "", "bad-format", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, Options{SM: SM{Start: tt.start}}, func(t *testing.T, s *Server) {
				c, _ := managedClient(t, s, "alice", "a")
				require.NoError(t, s.Inject("alice", "<message id='1'/><message id='2'/><message id='3'/>"))
				c.wantMessages("1", "2", "3")
				c.send("<a xmlns='%s' h='%d'/>", ns.SM, tt.start+2)
				c.send("<a xmlns='%s' %s/>", ns.SM, tt.ack)
				e := c.wantStreamError(tt.condition)
				if tt.app != "" {
					require.Equal(t, tt.app, e.child(ns.SM, "handled-count-too-high").String())
				}
			})
		})
	}
}

// TestSMCountsModulo goes over 2³² with both counters.
func TestSMCountsModulo(t *testing.T) {
	inBubble(t, Options{SM: SM{Start: math.MaxUint32 - 1}}, func(t *testing.T, s *Server) {
		c, id := managedClient(t, s, "alice", "a")
		for i, want := range []uint32{math.MaxUint32, 0, 1, 2} {
			c.send("<message to='alice@canto.test/a' id='%d'/>%s", i, smR)
			c.wantMessages(string(rune('0' + i)))
			c.wantAck(want)
		}
		c.send("<a xmlns='%s' h='0'/>", ns.SM)
		c.sync()
		m := s.Managed("alice")[0]
		require.EqualValues(t, 0, m.Acked)
		require.Equal(t, []string{"2", "3", "sync"}, m.Unacked)
		c.cut()
		c = authenticated(t, s, "alice")
		require.Equal(t, "3", c.resume(id, 1)) // the sync, too
		c.wantMessages("3")
		require.EqualValues(t, 3, s.Managed("alice")[0].Sent)
	})
}

// TestSMAckOfNobody: what an old connection still says when its stream goes on elsewhere has no effect.
func TestSMAckOfNobody(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *Server) {
		old, id := managedClient(t, s, "alice", "a")
		c := authenticated(t, s, "alice")
		require.Equal(t, "0", c.resume(id, 0))
		old.send("<a xmlns='%s' h='7'/><presence id='late'/>%s", ns.SM, smR)
		old.wantStreamError("conflict")
		synctest.Wait()
		require.Empty(t, s.Handled("alice"))
		c.sync()
	})
}
