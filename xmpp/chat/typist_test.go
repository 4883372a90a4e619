package chat

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// elapse lets the time of the bubble go on, and what comes of that; outside of a bubble (testing/synctest) a test must not call it.
func elapse(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// pair is a server in memory with alice and bob, who see each other's presence, and what bob has got of messages since it was asked last.
func pair(t *testing.T) (alice, bob *xmpp.Session, got func() string) {
	t.Helper()
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
	alice, bob = srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
	require.NoError(t, srv.Befriend("alice", "bob"))
	take := collect(bob)
	return alice, bob, func() string {
		var list []string
		for _, m := range take() {
			list = append(list, summary(m))
		}
		return strings.Join(list, " ")
	}
}

// collect returns what returns the messages that s has got since it was called last; it's for a bubble.
func collect(s *xmpp.Session) (take func() []*stanza.Message) {
	var mu sync.Mutex
	var list []*stanza.Message
	xmpp.OnMessage(s, func(_ context.Context, m *stanza.Message) error {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, m)
		return nil
	})
	return func() []*stanza.Message {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		taken := list
		list = nil
		return taken
	}
}

// summary is the body, the state and the thread of a message.
func summary(m *stanza.Message) string {
	s, _ := StateOf(m)
	text := m.Body + "/" + string(s)
	if m.Thread != "" {
		text += "/" + m.Thread
	}
	return text
}

// say is what a program does that sends a message in a chat.
func say(t *testing.T, s *xmpp.Session, typist *Typist, m *stanza.Message) {
	t.Helper()
	typist.Sending(m)
	require.NoError(t, s.Send(t.Context(), m))
}

// TestTypist goes through a chat as XEP-0085 §3 and §7 draw it.
func TestTypist(t *testing.T) {
	t.Attr("conformance", "0479-chat-states")
	synctest.Test(t, func(t *testing.T) {
		alice, bob, got := pair(t)
		to := bob.JID()
		ty := NewTypist(alice, to, stanza.Chat, nil)
		defer ty.Close()
		ctx := t.Context()
		require.NoError(t, ty.Typing(ctx))
		assert.Empty(t, got(), "§5.1: it's not known whether the other side knows states")
		say(t, alice, ty, &stanza.Message{To: to, Type: stanza.Chat, Body: "1", Thread: "th"})
		assert.Equal(t, "1/active/th", got(), "§5.1 rule 1")
		require.NoError(t, ty.Typing(ctx))
		assert.Empty(t, got())
		ty.Heard(&stanza.Message{From: to, Type: stanza.Chat, Body: "2", Thread: "th", Payloads: []stanza.Element{stanza.Payload(Active)}})
		for range 3 {
			require.NoError(t, ty.Typing(ctx))
			elapse(20 * time.Second)
		}
		assert.Equal(t, "/composing/th", got(), "§5.3: once, however long it takes")
		elapse(10 * time.Second)
		assert.Equal(t, "/paused/th", got())
		require.NoError(t, ty.Typing(ctx))
		assert.Equal(t, "/composing/th", got())
		say(t, alice, ty, &stanza.Message{To: to, Type: stanza.Chat, Body: "3", Thread: "th"})
		assert.Equal(t, "3/active/th", got())
		require.NoError(t, ty.Looking(ctx))
		assert.Empty(t, got(), "that was told with the message")
		elapse(2*time.Minute - time.Second)
		require.NoError(t, ty.Looking(ctx))
		elapse(time.Minute)
		assert.Empty(t, got())
		elapse(time.Minute)
		assert.Equal(t, "/inactive/th", got())
		require.NoError(t, ty.Looking(ctx))
		assert.Equal(t, "/active/th", got())
		elapse(9 * time.Minute)
		assert.Equal(t, "/inactive/th", got())
		elapse(time.Hour)
		assert.Equal(t, "/gone/th", got())
		require.NoError(t, ty.Leave(ctx))
		assert.Empty(t, got())
		require.NoError(t, ty.Typing(ctx))
		assert.Equal(t, "/composing/th", got())
		ty.Close()
		ty.Close()
		elapse(time.Hour)
		require.NoError(t, ty.Leave(ctx))
		ty.Sending(&stanza.Message{})
		assert.Empty(t, got())
		assert.False(t, disco.Of(alice).Self().Has("http://jabber.org/protocol/chatstates"))
	})
}

// TestTypistIsSilent holds that who does not know states gets none (XEP-0085 §5.1 rule 2), until one comes from there.
func TestTypistIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alice, bob, got := pair(t)
		ty := NewTypist(alice, bob.JID(), stanza.Chat, nil)
		defer ty.Close()
		ty.Heard(&stanza.Message{From: bob.JID(), Type: stanza.Chat, Body: "x"})
		require.NoError(t, ty.Typing(t.Context()))
		say(t, alice, ty, &stanza.Message{To: bob.JID(), Type: stanza.Chat, Body: "1"})
		assert.Equal(t, "1/", got())
		ty.Heard(&stanza.Message{From: bob.JID(), Type: stanza.GroupChat, Payloads: []stanza.Element{stanza.Payload(Composing)}})
		require.NoError(t, ty.Typing(t.Context()))
		assert.Empty(t, got(), "that was of a room")
		ty.Heard(&stanza.Message{From: bob.JID(), Type: stanza.Chat, Payloads: []stanza.Element{stanza.Payload(Composing)}})
		s, _ := ty.Peer()
		assert.Equal(t, Composing, s)
		require.NoError(t, ty.Typing(t.Context()))
		assert.Equal(t, "/composing", got())
	})
}

// TestTypistAsksNobody holds that the other side's presence says whether it knows states.
func TestTypistAsksNobody(t *testing.T) {
	for _, knows := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			alice, bob, got := pair(t)
			ty := NewTypist(alice, bob.JID(), stanza.Chat, nil)
			defer ty.Close()
			d := disco.Of(bob)
			if knows {
				defer NewTypist(bob, alice.JID(), stanza.Chat, nil).Close()
			}
			require.True(t, d.Self().Has("http://jabber.org/protocol/chatstates") == knows)
			require.NoError(t, bob.Send(t.Context(), &stanza.Presence{To: alice.JID()}))
			synctest.Wait()
			_, err := disco.Of(alice).Lookup(t.Context(), bob.JID())
			require.NoError(t, err)
			require.NoError(t, ty.Typing(t.Context()))
			assert.Equal(t, knows, got() == "/composing")
		})
	}
}

// TestTypistInARoom holds the rules of XEP-0085 §5.5: nobody is gone, and nobody has to know states.
func TestTypistInARoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alice, _, _ := pair(t)
		room := jid.MustParse("room@x.test")
		var mu sync.Mutex
		var sent []string
		e := &capture{Endpoint: alice, sent: func(m *stanza.Message) {
			mu.Lock()
			defer mu.Unlock()
			sent = append(sent, string(m.Type)+summary(m))
		}}
		ty := NewTypist(e, room, stanza.GroupChat, nil)
		defer ty.Close()
		require.NoError(t, ty.Looking(t.Context()))
		require.NoError(t, ty.Typing(t.Context()))
		ty.Heard(&stanza.Message{From: room, Type: stanza.GroupChat, Body: "x"})
		elapse(time.Hour)
		require.NoError(t, ty.Leave(t.Context()))
		require.NoError(t, ty.Typing(t.Context()))
		require.NoError(t, ty.Leave(t.Context()))
		mu.Lock()
		defer mu.Unlock()
		assert.Equal(t, []string{"groupchat/composing", "groupchat/paused", "groupchat/inactive", "groupchat/composing", "groupchat/inactive"}, sent)
	})
}

// capture is an Endpoint that shows messages in place of sending them.
type capture struct {
	xmpp.Endpoint
	sent func(m *stanza.Message)
}

func (c *capture) Send(_ context.Context, st stanza.Stanza) error {
	if m, ok := st.(*stanza.Message); ok {
		c.sent(m)
	}
	return nil
}

// TestThreads holds that a thread that the other side has left is not used again (XEP-0085 §5.7 rule 3).
func TestThreads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alice, bob, _ := pair(t)
		ty := NewTypist(alice, bob.JID(), stanza.Chat, &TypistOptions{Gone: -1})
		defer ty.Close()
		ty.Heard(&stanza.Message{Type: stanza.Chat, Thread: "th", Payloads: []stanza.Element{stanza.Payload(Gone)}})
		for _, thread := range []string{"", "other", "th"} {
			m := &stanza.Message{Type: stanza.Chat, Thread: thread, Body: "x"}
			ty.Sending(m)
			assert.Equal(t, thread == "th", m.Thread != thread, thread)
		}
		// And a negative Gone is never.
		require.NoError(t, ty.Looking(t.Context()))
		elapse(time.Hour)
		assert.Equal(t, Inactive, ty.own)
	})
}

// TestHeardLate holds that what somebody was doing some time ago is not what they are doing now; that they know states it tells all the same.
func TestHeardLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alice, bob, got := pair(t)
		typist := NewTypist(alice, bob.JID(), stanza.Chat, nil)
		defer typist.Close()
		typist.Heard(with(t, stanza.Chat, "<body>x</body><composing xmlns='http://jabber.org/protocol/chatstates'/><delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/>"))
		s, since := typist.Peer()
		assert.Equal(t, State(""), s)
		assert.Zero(t, since)
		require.NoError(t, typist.Typing(t.Context()))
		assert.Equal(t, "/composing", got())
	})
}
