package integration

import (
	"context"
	"encoding/xml"
	"strconv"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Version is a payload that the library does not know: XEP-0092.
type Version struct {
	XMLName xml.Name `xml:"jabber:iq:version query"`
	Name    string   `xml:"name,omitempty"`
	Version string   `xml:"version,omitempty"`
}

func TestTwoSessionsTalk(t *testing.T) {
	overAll(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "0479-im")
		t.Attr("conformance", "stanza-kind-message stanza-attribute-from stanza-attribute-id stanza-attribute-to stanza-attribute-type stanza-attribute-xmllang message-body message-subject message-thread")
		alice, bob := p.session(t), p.session(t)
		toAlice, toBob := alice.Messages(t.Context()), bob.Messages(t.Context(), stanza.Chat)
		said := &stanza.Message{
			ID: "one", To: bob.JID(), Type: stanza.Chat, Lang: "fr", Thread: "t1", Subject: "a <subject> & more",
			Bodies:   []stanza.Text{{Value: "tab\tand\nlines"}, {Lang: "de", Value: "Grüße 🙂 ]]> <&>\"'"}},
			Payloads: []stanza.Element{stanza.Payload(Version{Name: "inside"})},
		}
		require.NoError(t, alice.Send(within(t), said))
		heard := next(t, toBob)
		assert.Equal(t, alice.JID(), heard.From)
		assert.Equal(t, bob.JID(), heard.To)
		assert.Equal(t, said.ID, heard.ID)
		assert.Equal(t, said.Subject, heard.Subject)
		assert.Equal(t, said.Thread, heard.Thread)
		assert.Equal(t, said.Lang, heard.Lang)
		assert.ElementsMatch(t, said.Bodies, heard.Bodies)
		v, ok := stanza.Find[Version](heard)
		assert.True(t, ok)
		assert.Equal(t, "inside", v.Name)

		require.NoError(t, bob.Send(within(t), heard.Reply("and back")))
		answer := next(t, toAlice)
		assert.Equal(t, "and back", answer.Body)
		assert.Equal(t, bob.JID(), answer.From)
		assert.Equal(t, said.Thread, answer.Thread)

		presences := bob.Presences(t.Context())
		require.NoError(t, alice.Send(within(t), &stanza.Presence{To: bob.JID(), Lang: "nl", Status: "hallo"}))
		assert.Equal(t, "nl", next(t, presences).Lang)
		asked := make(chan string, 1)
		xmpp.OnGet(bob, func(_ context.Context, iq *stanza.IQ, _ Version) (any, error) { asked <- iq.Lang; return nil, nil })
		_, err := alice.Do(within(t), &stanza.IQ{Type: stanza.Get, To: bob.JID(), Lang: "eo", Payload: stanza.Payload(Version{})})
		require.NoError(t, err)
		assert.Equal(t, "eo", next(t, asked))
	})
}

func TestQuestionsAndAnswers(t *testing.T) {
	overAll(t, servers.Config{}, func(t *testing.T, p *place) {
		t.Attr("conformance", "stanza-kind-iq stanza-iq-reply stanza-iq-id stanza-iq-type stanza-iq-child stanza-error stanza-error-child stanza-error-id stanza-extension")
		alice, bob := p.session(t), p.session(t)
		xmpp.OnGet(bob, func(_ context.Context, iq *stanza.IQ, _ Version) (any, error) {
			return Version{Name: "bob", Version: iq.From.Resourcepart()}, nil
		})
		v, err := xmpp.Get[Version](within(t), alice, bob.JID(), Version{})
		require.NoError(t, err)
		assert.Equal(t, "bob", v.Name)
		assert.Equal(t, alice.JID().Resourcepart(), v.Version)

		_, err = xmpp.Get[Version](within(t), alice, p.jid("nobody"), Version{})
		assert.ErrorIs(t, err, stanza.ServiceUnavailable, "the server answers for an account that is not there")
		_, err = xmpp.Get[Version](within(t), bob, alice.JID(), Version{})
		assert.ErrorIs(t, err, stanza.ServiceUnavailable, "alice has no handler")
		assert.NoError(t, ping(t, alice, p))
	})
}

// TestManyMessagesInOrder sends 10,000 messages from one session to another.
func TestManyMessagesInOrder(t *testing.T) {
	const many = 10_000
	overAll(t, servers.Config{}, func(t *testing.T, p *place) {
		alice, bob := p.session(t), p.session(t)
		inbox := bob.Messages(t.Context())
		ctx := within(t)
		begin := time.Now()
		go func() {
			for i := range many {
				if err := alice.Send(ctx, &stanza.Message{To: bob.JID(), Type: stanza.Chat, Body: strconv.Itoa(i)}); err != nil {
					t.Errorf("sending message %d: %v", i, err)
					_ = bob.Close() // nobody need wait for the rest
					return
				}
			}
		}()
		for i := range many {
			if m := next(t, inbox); m.Body != strconv.Itoa(i) {
				require.Equal(t, strconv.Itoa(i), m.Body)
			}
		}
		took := time.Since(begin)
		t.Logf("%d messages in %v, %.0f/s", many, took.Round(time.Millisecond), many/took.Seconds())
	})
}

func TestOfflineMessagesWait(t *testing.T) {
	overAll(t, servers.Config{}, func(t *testing.T, p *place) {
		alice := p.session(t)
		user, password := p.account(t)
		require.NoError(t, alice.Send(within(t), &stanza.Message{To: p.jid(user), Type: stanza.Chat, Body: "for later"}))
		require.NoError(t, ping(t, alice, p), "the server has handled what came before")
		var inbox <-chan *stanza.Message
		o := p.options(password)
		o.Setup = func(s *xmpp.Session) { inbox = s.Messages(t.Context()) }
		bob := p.login(t, p.jid(user), o)
		require.NoError(t, bob.Send(within(t), &stanza.Presence{}))
		m := next(t, inbox)
		assert.Equal(t, "for later", m.Body)
		assert.Equal(t, alice.JID(), m.From)
	})
}

// Ping is XEP-0199.
type Ping struct {
	XMLName xml.Name `xml:"urn:xmpp:ping ping"`
}

// ping asks the server for a sign of life, which comes after all that was sent before.
func ping(t *testing.T, s *xmpp.Session, p *place) error {
	t.Helper()
	_, err := s.Do(within(t), &stanza.IQ{Type: stanza.Get, To: p.jid("x").Domain(), Payload: stanza.Payload(Ping{})})
	return err
}
