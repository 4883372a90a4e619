package xmpp_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each sender's stanzas arrive whole and in its order, however many send at the same time and however little may wait.
func TestSendersKeepTheirOrder(t *testing.T) {
	for _, limit := range []int{1, 2000, 0} {
		t.Run(fmt.Sprint("SendBytes ", limit), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const senders, each = 16, 200
				s, p := open(t, &xmpp.Options{Limits: xmpp.Limits{SendBytes: limit}})
				var all sync.WaitGroup
				for n := range senders {
					all.Go(func() {
						for i := range each {
							body := strings.Repeat("x", i%50)
							assert.NoError(t, s.Send(t.Context(), &stanza.Message{To: romeo, ID: fmt.Sprint(n), Thread: fmt.Sprint(i), Body: body}))
						}
					})
				}
				next := make(map[string]int)
				for range senders * each {
					m := p.hearStanza().(*stanza.Message)
					require.Equal(t, fmt.Sprint(next[m.ID]), m.Thread, "of sender %s", m.ID)
					require.Len(t, m.Body, next[m.ID]%50)
					next[m.ID]++
				}
				all.Wait()
				require.Equal(t, 1, goroutines(t))
				p.hearNothing()
			})
		})
	}
}

// A stanza that is larger than all that may wait goes through, and so does a burst of them.
func TestLargeBursts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const large, burst = 300 << 10, 20
		s, p := open(t, &xmpp.Options{Limits: xmpp.Limits{SendBytes: 1000}})
		var all sync.WaitGroup
		for range burst {
			all.Go(func() {
				assert.NoError(t, s.Send(t.Context(), &stanza.Message{To: romeo, Body: strings.Repeat("y", large)}))
			})
		}
		for range burst {
			require.Len(t, p.hearStanza().(*stanza.Message).Body, large)
		}
		all.Wait()
	})
}

// A stanza that can't be XML is its sender's error alone: nothing of it leaves, and those around it arrive.
func TestEncodeErrorsHarmNobody(t *testing.T) {
	bad := []stanza.Stanza{
		&stanza.Message{To: romeo, Body: "\x00"},
		&stanza.Message{To: romeo, Body: "first part", Subject: "\xff"},
		&stanza.Message{To: romeo, Payloads: []stanza.Element{stanza.Payload(make(chan int))}},
		&stanza.Presence{Status: "\uFFFE"},
		&stanza.IQ{Type: stanza.Get, To: romeo, Payload: stanza.Payload(version{})}, // a request that could not be answered: it has no id
	}
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				for i := range 40 {
					if assert.Error(t, s.Send(t.Context(), bad[(n+i)%len(bad)])) {
						assert.NoError(t, s.Send(t.Context(), &stanza.Message{To: romeo, ID: "good"}))
					}
				}
			})
		}
		all.Wait()
		_, err := s.Do(t.Context(), &stanza.IQ{Type: stanza.Get, Payload: stanza.Payload(make(chan int))})
		require.ErrorContains(t, err, "chan int")
		for range 8 * 40 {
			require.Equal(t, "good", p.hearStanza().Header().ID)
		}
		synctest.Wait()
		p.hearNothing()
		require.NoError(t, s.Close())
	})
}

// What is sent is not changed, nor kept: the caller may use it again.
func TestSendLeavesItsStanzaAlone(t *testing.T) {
	stanzas := func() []stanza.Stanza {
		return []stanza.Stanza{
			&stanza.Message{To: romeo, Body: "b", Bodies: []stanza.Text{{Lang: "la", Value: "c"}}, Payloads: []stanza.Element{stanza.Payload(version{Name: "n"})}},
			&stanza.Presence{Show: stanza.Away, Statuses: []stanza.Text{{Lang: "la", Value: "c"}}},
			&stanza.IQ{Type: stanza.Result, ID: "x", To: romeo},
		}
	}
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		for i, st := range stanzas() {
			require.NoError(t, s.Send(t.Context(), st))
			require.Equal(t, stanzas()[i], st)
			p.hear()
		}
		iq := &stanza.IQ{Type: stanza.Get, To: romeo, Payload: stanza.Payload(version{})}
		for range 2 {
			q := do(t.Context(), s, iq)
			heard := p.hearIQ()
			require.NotEmpty(t, heard.ID)
			p.say(`<iq type='result' id='%s' from='%s'/>`, heard.ID, romeo)
			require.NoError(t, <-q.err)
			require.Empty(t, iq.ID, "the id is made in the copy that is sent")
		}
	})
}

// What is sent stands on the wire as it was meant, in the stream's namespace and without a from of ours.
func TestSendOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openDeaf(t, nil, bindFeature)
		sent := p.record()
		require.NoError(t, s.Send(t.Context(), &stanza.Message{To: romeo, Type: stanza.Chat, Body: `<"&'>`}))
		require.Equal(t, `<message type='chat' to='romeo@example.net/orchard'><body>&lt;"&amp;'&gt;</body></message>`, sent.text())
		require.NoError(t, s.Send(t.Context(), &stanza.Presence{To: jid.MustParse("a@b"), Type: stanza.Subscribe}))
		require.Equal(t, `<presence type='subscribe' to='a@b'/>`, sent.text())
		require.NoError(t, s.Send(t.Context(), &stanza.IQ{ID: "1", Type: stanza.Result, To: romeo, Payload: stanza.Payload(version{})}))
		require.Equal(t, `<iq type='result' id='1' to='romeo@example.net/orchard'><query xmlns='jabber:iq:version'/></iq>`, sent.text())
	})
}

// A handler may send as much as it likes to a server that reads.
func TestHandlersSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{Limits: xmpp.Limits{SendBytes: 1}})
		xmpp.OnMessage(s, func(ctx context.Context, m *stanza.Message) error {
			for range 100 {
				if err := s.Send(ctx, m.Reply(m.Body)); err != nil {
					return err
				}
			}
			return nil
		})
		p.say(chatOf("echo") + chatOf("echo"))
		for range 200 {
			require.Equal(t, "echo", p.hearStanza().(*stanza.Message).Body)
		}
	})
}
