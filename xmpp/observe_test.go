package xmpp_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// A diary is what handlers have seen, in order.
type diary chan string

func (d diary) message(name string, err error) func(context.Context, *stanza.Message) error {
	return func(_ context.Context, m *stanza.Message) error {
		d <- name + " " + m.ID
		return err
	}
}

func (d diary) presence(name string) func(context.Context, *stanza.Presence) error {
	return func(_ context.Context, p *stanza.Presence) error {
		d <- name + " " + p.ID
		return nil
	}
}

// read returns what was written, once nothing moves any more.
func (d diary) read() (seen []string) {
	synctest.Wait()
	for len(d) > 0 {
		seen = append(seen, <-d)
	}
	return seen
}

// Messages and presence are seen by all who asked for them, in the order of registration, whatever one of them does.
func TestObserversInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		d := make(diary, 64)
		xmpp.OnMessage(s, d.message("first", errors.New("no good")))
		xmpp.OnPresence(s, d.presence("presence"))
		s.Handle(xmpp.Pattern{}, xmpp.HandlerFunc(func(_ context.Context, st stanza.Stanza) (any, error) {
			d <- "all " + st.Header().ID
			return nil, nil
		}))
		remove := xmpp.OnMessage(s, func(_ context.Context, m *stanza.Message) error { panic("second " + m.ID) })
		xmpp.OnPayload(s, func(_ context.Context, st stanza.Stanza, v version) error {
			d <- fmt.Sprintf("payload %s %s", st.Header().ID, v.Name)
			return nil
		})
		xmpp.OnMessage(s, d.message("last", nil), stanza.Chat)

		p.say(`<message id='1' type='chat' from='a@b'/>`)
		require.Equal(t, []string{"first 1", "all 1", "last 1"}, d.read())
		p.say(`<message id='2' from='a@b'/><presence id='3' from='a@b'/>`)
		require.Equal(t, []string{"first 2", "all 2", "presence 3", "all 3"}, d.read())
		p.say(`<message id='4' from='a@b'><query xmlns='jabber:iq:version'><name>n</name></query></message>`)
		require.Equal(t, []string{"first 4", "all 4", "payload 4 n"}, d.read())
		p.say(`<presence id='5' from='a@b'><query xmlns='jabber:iq:version'><name>p</name></query></presence>`)
		require.Equal(t, []string{"presence 5", "all 5", "payload 5 p"}, d.read())
		remove()
		p.say(`<message id='6' type='chat' from='a@b'/>`)
		require.Equal(t, []string{"first 6", "all 6", "last 6"}, d.read())
		p.hearNothing()
	})
}

// The types that were asked for, and without types all but the errors.
func TestObserversOfTypes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		d := make(diary, 64)
		xmpp.OnMessage(s, d.message("any", nil))
		xmpp.OnMessage(s, d.message("normal", nil), stanza.Normal)
		xmpp.OnMessage(s, d.message("chat or error", nil), stanza.Chat, stanza.MessageError)
		xmpp.OnPresence(s, d.presence("any"))
		xmpp.OnPresence(s, d.presence("available"), stanza.Available)
		xmpp.OnPresence(s, d.presence("error"), stanza.PresenceError)
		for _, c := range []struct {
			say  string
			want []string
		}{
			{`<message id='1'/>`, []string{"any 1", "normal 1"}},
			{`<message id='2' type='unheard-of'/>`, []string{"any 2", "normal 2"}},
			{`<message id='3' type='chat'/>`, []string{"any 3", "chat or error 3"}},
			{`<message id='4' type='groupchat'/>`, []string{"any 4"}},
			{`<message id='5' type='error'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`, []string{"chat or error 5"}},
			{`<presence id='6'/>`, []string{"any 6", "available 6"}},
			{`<presence id='7' type='unavailable'/>`, []string{"any 7"}},
			{`<presence id='8' type='error'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>`, []string{"error 8"}},
		} {
			p.say(c.say)
			require.Equal(t, c.want, d.read(), c.say)
		}
	})
}

// Channels choose as handlers do.
func TestChannelsOfTypes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		any, chats, errs := s.Messages(t.Context()), s.Messages(t.Context(), stanza.Chat), s.Messages(t.Context(), stanza.MessageError)
		all, gone := s.Presences(t.Context()), s.Presences(t.Context(), stanza.Unavailable)
		p.say(`<message id='1' type='error'/><message id='2' type='chat'/><message id='3'/><presence id='4' type='error'/><presence id='5' type='unavailable'/><presence id='6'/>`)
		require.Equal(t, "1", (<-errs).ID)
		require.Equal(t, "2", (<-any).ID)
		require.Equal(t, "2", (<-chats).ID)
		require.Equal(t, "3", (<-any).ID)
		require.Equal(t, "5", (<-all).ID)
		require.Equal(t, "5", (<-gone).ID)
		require.Equal(t, "6", (<-all).ID)
		synctest.Wait()
		require.NoError(t, s.Close())
	})
}

// A Channel has what its function makes of what matches. What it has not taken is not handled: it's acknowledged when it was.
func TestChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openManaged(t, nil)
		names := xmpp.Channel(t.Context(), own{s}, xmpp.Pattern{Kind: stanza.KindMessage, Space: "jabber:iq:version"},
			func(ctx context.Context, st stanza.Stanza) (string, bool) {
				require.Equal(t, s, xmpp.SessionFrom(ctx))
				v, ok := stanza.Find[version](st)
				return v.Name, ok && v.Name != ""
			})
		p.say(`<message id='1'/><message id='2'><query xmlns='jabber:iq:version'/></message>` +
			`<message id='3'><query xmlns='jabber:iq:version'><name>a</name></query></message><message id='4'/>`)
		synctest.Wait()
		p.say(`<r xmlns='urn:xmpp:sm:3'/>`)
		require.Equal(t, "2", p.hear().Attr("h"), "the third waits to be taken")
		require.Equal(t, "a", <-names)
		synctest.Wait()
		p.say(`<r xmlns='urn:xmpp:sm:3'/>`)
		require.Equal(t, "4", p.hear().Attr("h"))

		ctx, cancel := context.WithCancel(t.Context())
		brief := xmpp.Channel(ctx, s, xmpp.Pattern{Kind: stanza.KindPresence}, func(context.Context, stanza.Stanza) (int, bool) { return 1, true })
		cancel()
		_, open := <-brief
		require.False(t, open)
		require.NoError(t, s.Close())
		_, open = <-names
		require.False(t, open)
		_, open = <-xmpp.Channel(t.Context(), struct{ xmpp.Endpoint }{s}, xmpp.Pattern{Kind: stanza.KindMessage}, func(context.Context, stanza.Stanza) (int, bool) { return 1, true })
		require.False(t, open, "what is no endpoint of this package's has no channels")
		require.Panics(t, func() {
			xmpp.Channel(t.Context(), s, xmpp.Pattern{Space: "urn:x"}, func(context.Context, stanza.Stanza) (int, bool) { return 1, true })
		})
	})
}
