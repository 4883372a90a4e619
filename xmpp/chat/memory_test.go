package chat

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// heap is how many bytes live.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// fail sends the nth message of ours and has it come back, which makes the others forget nothing.
func (s *script) fail(n int, inside string) {
	id := fmt.Sprint(n)
	s.live("me", id, body("x"))
	s.bytes += len(inside)
	e, ok := s.c.Add(read(s.t, fmt.Sprintf("<message xmlns='jabber:client' type='error' from='%s' id='%s'><error type='modify'>"+
		"<not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>%s</error></message>", juliet, id, inside)))
	assert.True(s.t, ok)
	assert.Equal(s.t, "> "+id+": x ! not-acceptable", line(e))
	assert.Equal(s.t, n+1, s.c.Len())
}

// TestSecurityS15Conversation: whatever the other side, or a room and all who are in it, send of what a conversation keeps or refers to, it holds no
// more than twice ConversationOptions.Bytes.
func TestSecurityS15Conversation(t *testing.T) {
	const (
		bytes = 2 << 20
		sent  = 24 << 20 // by each
	)
	long := strings.Repeat("x", 100_000)
	id := func(n int) string { return fmt.Sprint(n, strings.Repeat("i", 900)) }
	much := make([]string, 20)
	for i := range much {
		much[i] = strings.Repeat("👋\u200d", 17) + string(rune('😀'+i))
	}
	who := func(n int) string { return fmt.Sprint("coven@chat.lit/", n, strings.Repeat("n", 900)) }
	for _, c := range []struct {
		name string
		room bool
		say  func(s *script, n int)
	}{
		{"texts", false, func(s *script, n int) { s.live("juliet@capulet.lit/b", fmt.Sprint(n), body(long)) }},
		{"receipts for texts", false, func(s *script, n int) {
			s.live("juliet@capulet.lit/b", fmt.Sprint(n), body(long))
			s.live("juliet@capulet.lit/b", fmt.Sprint("r", n), reactions(fmt.Sprint(n), "👋"))
			s.live("juliet@capulet.lit/b", fmt.Sprint("d", n), displayed(fmt.Sprint(n)))
		}},
		{"reactions to many", false, func(s *script, n int) {
			s.live("juliet@capulet.lit/b", fmt.Sprint(n), body("x"))
			for i := range 10 {
				s.live("juliet@capulet.lit/b", fmt.Sprint("r", i, id(n)), reactions(fmt.Sprint(n), much...))
			}
		}},
		{"texts between the elements", false, func(s *script, n int) { s.live("juliet@capulet.lit/b", fmt.Sprint(n), body("x")+long) }},
		{"errors with a text", false, func(s *script, n int) {
			s.fail(n, "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>"+long+"</text>")
		}},
		{"errors with a payload", false, func(s *script, n int) { s.fail(n, "<x xmlns='urn:x'>"+long+"</x>") }},
		{"errors with more", false, func(s *script, n int) { s.fail(n, "<y a='"+long+"'/>"+long) }},
		{"corrections", false, func(s *script, n int) {
			s.live("juliet@capulet.lit/b", fmt.Sprint(n), body(long)+replace("0"))
		}},
		{"corrections of corrections, backwards", false, func(s *script, n int) {
			s.live("juliet@capulet.lit/b", fmt.Sprint(n), body(long[:100])+replace(fmt.Sprint(n+1)))
		}},
		{"retractions", false, func(s *script, n int) {
			s.live("juliet@capulet.lit/b", id(n), retract(id(n%100)+"?")+"<x xmlns='urn:x'>"+long+"</x>")
		}},
		{"reactions to what is not known", false, func(s *script, n int) {
			s.live("juliet@capulet.lit/b", id(n), reactions("?"+id(n), much...))
		}},
		{"tombstones", false, func(s *script, n int) {
			s.clock = s.clock.Add(1)
			s.c.AddArchived(s.message("juliet@capulet.lit/b", id(n), "<retracted xmlns='urn:xmpp:message-retract:1' id='"+id(n)+"'><reason>"+long+"</reason></retracted>"), id(n), s.clock)
		}},
		{"a crowd that has read", true, func(s *script, n int) {
			s.live(who(n), id(n), body(long)+sid(fmt.Sprint("s", n), "coven@chat.lit")+occupantIs(id(n)))
			s.live(who(n), "d"+id(n), displayed(fmt.Sprint("s", n))+occupantIs(id(n)))
		}},
		{"a crowd that has read much", true, func(s *script, n int) {
			s.live("coven@chat.lit/x", id(n), body("x")+sid(id(n), "coven@chat.lit")+occupantIs("x"))
			for i := range 10 {
				s.live(who(i+10*(n%100)), fmt.Sprint("d", i, id(n)), displayed(id(n))+occupantIs(id(i+10*(n%100))))
			}
		}},
		{"a crowd that reacts", true, func(s *script, n int) {
			text, part := n/300, n%300
			if part == 0 {
				s.live(who(n), id(n), body("x")+sid(fmt.Sprint("s", text), "coven@chat.lit")+occupantIs("x"))
			}
			s.live(who(part), "d"+id(n), reactions(fmt.Sprint("s", text), much...)+occupantIs(id(part)))
		}},
		{"a crowd that is moderated", true, func(s *script, n int) {
			s.live(who(n), id(n), body("x")+sid(fmt.Sprint("s", n), "coven@chat.lit")+occupantIs(id(n)))
			s.live("coven@chat.lit", "m"+id(n), "<retract xmlns='urn:xmpp:message-retract:1' id='s"+fmt.Sprint(n)+"'><moderated xmlns='urn:xmpp:message-moderate:1' by='"+who(n)+"'>"+occupantIs(id(n))+"</moderated><reason>"+long+"</reason></retract>")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScript(t, juliet, &ConversationOptions{Host: naming, Bytes: bytes})
			if c.room {
				s = newScript(t, coven, &ConversationOptions{Host: naming, Bytes: bytes, Room: true})
			}
			before := heap()
			n := 0
			for ; s.bytes < sent && n < 2_000; n++ {
				c.say(s, n)
			}
			grown := heap() - before
			t.Logf("%d MiB in %d, it holds %d KiB", s.bytes>>20, n, grown>>10)
			assert.LessOrEqual(t, grown, int64(2*bytes))
			runtime.KeepAlive(s)
		})
	}
}
