package xmpp_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// A remark is what a capability says with our presence.
type remark struct {
	text string
	seen []stanza.PresenceType
}

func (r *remark) AnnotatePresence(p *stanza.Presence, _ []stanza.Element) []stanza.Element {
	r.seen = append(r.seen, p.Type)
	if r.text == "" || p.Type != stanza.Available {
		return nil
	}
	e, err := stanza.ParseElement("<remark xmlns='urn:test'>" + r.text + "</remark>")
	if err != nil {
		panic(err)
	}
	return []stanza.Element{e}
}

// An own is a type of a program's that embeds a session.
type own struct{ *xmpp.Session }

// There is one value of a type for an endpoint.
func TestShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := open(t, nil)
		v := xmpp.Shared[remark](s)
		require.Zero(t, v.text)
		require.Same(t, v, xmpp.Shared[remark](s))
		require.Same(t, v, xmpp.Shared[remark](own{s}))
		type other remark
		require.NotNil(t, xmpp.Shared[other](s))
		bot := xmpp.NewClient(juliet, nil)
		require.NotSame(t, v, xmpp.Shared[remark](bot))
		require.Same(t, xmpp.Shared[remark](bot), xmpp.Shared[remark](bot))
		require.NotSame(t, xmpp.Shared[remark](nil), xmpp.Shared[remark](nil))
	})
}

// What has something to say with presence is asked for available and unavailable presence, of the session and of its Client, and
// what the program sends is not changed.
func TestAnnotatedPresence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		bot := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
		xmpp.Shared[remark](bot).text = "of the client"
		online := make(chan *xmpp.Session, 1)
		bot.Online = func(_ context.Context, s *xmpp.Session) error { online <- s; return nil }
		r := run(t, bot)
		s := <-online
		ofSession := xmpp.Shared[remark](s)
		ofSession.text = "of the session"
		bob := srv.Session(t, "bob", nil)
		heard := bob.Presences(t.Context())
		mine := []stanza.Element{stanza.Payload(version{})}
		for _, p := range []*stanza.Presence{{To: bob.JID(), Payloads: mine}, {To: bob.JID(), Type: stanza.Unavailable, Payloads: mine}} {
			require.NoError(t, bot.Send(t.Context(), p))
			require.Len(t, p.Payloads, 1)
			got := <-heard
			if p.Type == stanza.Available {
				require.Len(t, got.Payloads, 3)
				require.Equal(t, "of the client", got.Payloads[1].Text())
				require.Equal(t, "of the session", got.Payloads[2].Text())
			} else {
				require.Len(t, got.Payloads, 1)
			}
		}
		require.NoError(t, bot.Send(t.Context(), &stanza.Presence{To: bob.JID(), Type: stanza.Subscribe}))
		require.NoError(t, bot.Send(t.Context(), &stanza.Message{To: bob.JID()}))
		require.Equal(t, []stanza.PresenceType{stanza.Available, stanza.Unavailable}, ofSession.seen)
		require.NoError(t, s.Close())
		require.NoError(t, <-r.err)
	})
}
