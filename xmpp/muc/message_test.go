package muc

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

func TestHistory(t *testing.T) {
	for name, c := range map[string]struct {
		o    func(middle time.Time) *Options
		want []string
	}{
		"none": {func(time.Time) *Options { return nil }, []string{}},
		"some": {func(time.Time) *Options { return &Options{History: 2} }, []string{"4", "5"}},
		"all":  {func(time.Time) *Options { return &Options{History: -1} }, []string{"0", "1", "2", "3", "4", "5"}},
		"recent": {func(time.Time) *Options {
			return &Options{History: -1, HistoryWithin: 2*time.Minute + time.Millisecond}
		}, []string{"4", "5"}},
		"since": {func(m time.Time) *Options { return &Options{History: -1, HistorySince: m} }, []string{"3", "4", "5"}},
		"small": {func(time.Time) *Options { return &Options{History: 10, HistoryBytes: 1000} }, []string{"4", "5"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
				room := srv.Room("garden")
				require.NoError(t, room.Make(nil))
				var middle time.Time
				for i := range 6 {
					if i == 3 {
						middle = time.Now()
					}
					require.NoError(t, room.Say("ghost", "", fmt.Sprint(i)))
					elapse(time.Minute)
				}
				r := visitor(t, srv, "alice", c.o(middle))
				require.NoError(t, r.Say(t.Context(), "now"))
				got := take(t, r.Messages(t.Context()), len(c.want)+1)
				require.Equal(t, append(c.want, "now"), bodies(got))
				for _, m := range got[:len(c.want)] {
					require.True(t, m.History)
					require.False(t, m.Sent.IsZero())
					require.Equal(t, "ghost", m.Nick)
				}
				require.True(t, got[len(c.want)].Sent.IsZero())
			})
		})
	}
}

func TestWhisper(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		alice, bob := visitor(t, srv, "alice", nil), visitor(t, srv, "bob", nil)
		heard, said := bob.Whispers(t.Context()), bob.Messages(t.Context())
		require.NoError(t, alice.Whisper(t.Context(), "bob", "psst"))
		m := take(t, heard, 1)[0]
		require.Equal(t, "psst", m.Body)
		require.Equal(t, "alice", m.Nick)
		require.True(t, m.Private)
		none(t, said)
		require.Error(t, alice.Whisper(t.Context(), "", "psst"))
		require.NoError(t, alice.Say(t.Context(), "loud"))
		take(t, said, 1)
		none(t, heard)
	})
}

func TestDeliver(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.Room("garden").Make(map[string]string{"FORM_TYPE": config, "muc#roomconfig_moderatedroom": "1"}))
		require.NoError(t, srv.Room("garden").Affiliate(srv.JID("alice"), "owner"))
		alice, bob := visitor(t, srv, "alice", nil), visitor(t, srv, "bob", nil)
		m, err := alice.Deliver(t.Context(), &stanza.Message{Body: "hello"})
		require.NoError(t, err)
		require.Equal(t, "hello", m.Body)
		require.NotEmpty(t, m.StanzaID)
		_, err = bob.Deliver(t.Context(), &stanza.Message{Body: "hello"})
		require.ErrorIs(t, err, stanza.Forbidden)
		require.ErrorIs(t, bob.SetTopic(t.Context(), "mine"), stanza.Forbidden)
		require.NoError(t, alice.SetTopic(t.Context(), "flowers"))
		synctest.Wait()
		require.Equal(t, Topic{Text: "flowers", By: "alice"}, bob.Topic())
		require.NoError(t, alice.SetTopic(t.Context(), ""))
		synctest.Wait()
		require.Equal(t, Topic{By: "alice"}, bob.Topic())
		require.Empty(t, bob.waiting)
	})
}

// A message with a subject and a body is no change of the topic.
func TestSubjectWithBody(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		alice := visitor(t, srv, "alice", nil)
		m, err := alice.Deliver(t.Context(), &stanza.Message{Subject: "s", Body: "b"})
		require.NoError(t, err)
		require.Equal(t, "s", m.Subject)
		require.Equal(t, Topic{}, alice.Topic())
	})
}

// A moderator takes back what another has said.
func TestModerate(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		alice, bob := visitor(t, srv, "alice", nil), visitor(t, srv, "bob", nil)
		events := bob.Events(t.Context())
		take(t, events, 1)
		m, err := bob.Deliver(t.Context(), &stanza.Message{Body: "bad"})
		require.NoError(t, err)
		take(t, events, 1)
		require.ErrorIs(t, bob.Moderate(t.Context(), m.StanzaID, ""), stanza.Forbidden)
		require.NoError(t, alice.Moderate(t.Context(), m.StanzaID, "indecent"))
		self, _ := alice.Self()
		require.Equal(t, Moderated{StanzaID: m.StanzaID, By: "alice", ByID: self.ID, Reason: "indecent"}, take(t, events, 1)[0])
	})
}

// What nobody reads does not hold up the session for ever, nor fill the memory.
func TestNobodyReads(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		alice, bob := visitor(t, srv, "alice", nil), visitor(t, srv, "bob", nil)
		body := strings.Repeat("0123456789abcdef", 1<<12)
		ch := alice.Messages(t.Context())
		go func() {
			for range ch {
			}
		}()
		begun := time.Now()
		for range 40 {
			_, err := alice.Deliver(t.Context(), &stanza.Message{Body: body})
			require.NoError(t, err)
		}
		elapse(time.Minute)
		require.Less(t, bob.feeds.bytes, queueBytes)
		require.NoError(t, bob.Say(t.Context(), "after"))
		synctest.Wait()
		late := bob.Messages(t.Context())
		require.NoError(t, bob.Say(t.Context(), "late"))
		require.Equal(t, "late", take(t, late, 1)[0].Body)
		require.Less(t, time.Since(begun), 2*time.Minute)
	})
}

// A reader that is slow gets everything, in order.
func TestSlowReader(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		alice, bob := visitor(t, srv, "alice", nil), visitor(t, srv, "bob", nil)
		heard := bob.Messages(t.Context())
		body := strings.Repeat("0123456789abcdef", 1<<12)
		const n = 60 // of which sixteen fit
		for i := range n {
			require.NoError(t, alice.Say(t.Context(), fmt.Sprint(i, " ", body)))
		}
		elapse(time.Minute)
		for i, m := range take(t, heard, n) {
			require.Equal(t, fmt.Sprint(i, " "), m.Body[:len(fmt.Sprint(i, " "))])
		}
	})
}

// As ejabberd 24 tells it: with the reason in another namespace.
func TestModeratedByEjabberd(t *testing.T) {
	r := bareRoom(srvless.Bare(), "thirdwitch", true)
	var events []Event
	require.True(t, r.announces(parsed[*stanza.Message]("<message xmlns='jabber:client' from='coven@chat.shakespeare.lit' type='groupchat'><retract id='1' xmlns='urn:xmpp:message-retract:1'>"+
		"<reason xmlns='urn:xmpp:message-moderate:1'>indecent</reason><moderated by='coven@chat.shakespeare.lit/alice' xmlns='urn:xmpp:message-moderate:1'/></retract></message>"), &events))
	require.Equal(t, []Event{Moderated{StanzaID: "1", By: "alice", Reason: "indecent"}}, events)
}
