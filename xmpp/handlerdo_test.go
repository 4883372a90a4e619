package xmpp_test

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// Promise 3: a handler may ask, however many stanzas stand before the reply; they come after it, in order.
func TestDoInsideAHandler(t *testing.T) {
	const between = 5000 // three times what Limits.LaneSoft lets through when nobody asks
	ask := func(ctx context.Context, s *xmpp.Session) (string, error) {
		v, err := xmpp.Get[version](ctx, s, romeo, version{})
		return v.Name, err
	}
	for _, c := range []struct {
		name, trigger string
		register      func(s *xmpp.Session, asked chan<- string)
	}{
		{"message", `<message from='romeo@example.net/orchard' type='headline'/>`, func(s *xmpp.Session, asked chan<- string) {
			xmpp.OnMessage(s, func(ctx context.Context, _ *stanza.Message) error {
				name, err := ask(ctx, s)
				asked <- name
				return err
			}, stanza.Headline)
		}},
		{"request", requestOf("r", "set", `<query xmlns='jabber:iq:version'/>`), func(s *xmpp.Session, asked chan<- string) {
			xmpp.OnSet(s, func(ctx context.Context, _ *stanza.IQ, _ version) (any, error) {
				name, err := ask(ctx, s)
				asked <- name
				return nil, err
			})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := open(t, nil)
				asked := make(chan string, 1)
				c.register(s, asked)
				inbox := s.Messages(t.Context(), stanza.Chat)
				p.say(c.trigger)
				question := p.hearIQ()
				for i := range between {
					p.say(chatOf(strconv.Itoa(i)))
				}
				require.Empty(t, asked)
				p.say(`<iq type='result' id='%s' from='%s'><query xmlns='jabber:iq:version'><name>deep</name></query></iq>`, question.ID, romeo)
				require.Equal(t, "deep", <-asked)
				for i := range between {
					require.Equal(t, strconv.Itoa(i), (<-inbox).Body)
				}
			})
		})
	}
}
