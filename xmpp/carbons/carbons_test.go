package carbons

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

func start(t *testing.T, o xmpptest.Options) *xmpptest.Server {
	t.Helper()
	o.InMemory = true
	return xmpptest.NewServerWith(t, &o)
}

func chat(t *testing.T, from, to *xmpp.Session, body string, more ...stanza.Element) {
	t.Helper()
	require.NoError(t, from.Send(t.Context(), &stanza.Message{To: to.JID(), Type: stanza.Chat, ID: "id-" + body, Body: body, Payloads: more}))
	synctest.Wait()
}

// enabled counts how often the account has asked for copies.
func enabled(srv *xmpptest.Server, user string) (n int) {
	for _, e := range srv.Transcript(user) {
		if strings.Contains(e.XML, "<enable xmlns='urn:xmpp:carbons:2'/>") && strings.HasPrefix(e.XML, "<iq") {
			n++
		}
	}
	return n
}

// Both directions, by channel and by handler, until it's over.
func TestCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Options{})
		phone, desk, bob := srv.Session(t, "alice/phone", nil), srv.Session(t, "alice/desk", nil), srv.Session(t, "bob", nil)
		copies := Copies(t.Context(), desk)
		var seen []string
		OnCopy(desk, func(_ context.Context, c *Copy) error {
			seen = append(seen, string(c.Direction)+" "+c.Message.Body)
			return errors.New("no matter")
		})
		off, err := Enable(t.Context(), desk)
		require.NoError(t, err)
		again, err := Enable(t.Context(), desk)
		require.NoError(t, err)
		require.Equal(t, 1, enabled(srv, "alice"), "once for all who want it")
		require.True(t, disco.Of(desk).Self().Has("urn:xmpp:carbons:2"))

		chat(t, phone, bob, "hello")
		c := <-copies
		require.Equal(t, Sent, c.Direction)
		require.Equal(t, bob.JID(), c.With())
		require.Equal(t, "hello", c.Message.Body)
		chat(t, bob, phone, "hi")
		c = <-copies
		require.Equal(t, Received, c.Direction)
		require.Equal(t, bob.JID(), c.With())
		chat(t, phone, bob, "secret", Private()...)
		synctest.Wait()

		require.NoError(t, off(t.Context()))
		require.NoError(t, off(t.Context()))
		chat(t, phone, bob, "more")
		require.Equal(t, "more", (<-copies).Message.Body, "the other still wants them")
		require.NoError(t, again(t.Context()))
		require.False(t, disco.Of(desk).Self().Has("urn:xmpp:carbons:2"))
		chat(t, phone, bob, "nothing")
		require.Equal(t, []string{"sent hello", "received hi", "sent more"}, seen)

		_, err = Enable(t.Context(), desk)
		require.NoError(t, err)
		chat(t, phone, bob, "anew")
		require.Equal(t, "anew", (<-copies).Message.Body)
	})
}

func TestServerWithout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Options{Without: []string{"carbons"}})
		s := srv.Session(t, "alice", nil)
		_, err := Enable(t.Context(), s)
		require.ErrorIs(t, err, stanza.ServiceUnavailable)
		require.False(t, disco.Of(s).Self().Has("urn:xmpp:carbons:2"))
		srv.ReplaceReply("alice", "<iq type='result' id='${id}'/>")
		off, err := Enable(t.Context(), s)
		require.NoError(t, err, "it may be tried again")
		require.ErrorIs(t, off(t.Context()), stanza.ServiceUnavailable)
		off, err = Enable(t.Context(), xmpp.NewClient(srv.JID("alice"), srv.Options("alice")))
		require.NoError(t, err)
		require.NoError(t, off(t.Context()), "nobody was asked yet")
	})
}

// With the login, where the server can (XEP-0386).
func TestInline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Options{SASL2: &xmpptest.SASL2{Inline: []string{"urn:xmpp:carbons:2"}}})
		phone, bob := srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
		desk := srv.Session(t, "alice", &xmpp.Options{Inline: []stanza.Element{Inline()}})
		copies := Copies(t.Context(), desk)
		off, err := Enable(t.Context(), desk)
		require.NoError(t, err)
		require.Zero(t, enabled(srv, "alice"))
		chat(t, phone, bob, "hello")
		require.Equal(t, "hello", (<-copies).Message.Body)
		require.NoError(t, off(t.Context()))
		chat(t, phone, bob, "hello again")
		require.NoError(t, desk.Close())
		_, open := <-copies
		require.False(t, open)
		require.NoError(t, off(t.Context()))
	})
}

// A Client has them in each session, asks in fresh ones alone, and gets none twice.
func TestClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Options{})
		phone, bob := srv.Session(t, "alice/phone", nil), srv.Session(t, "bob", nil)
		bot := xmpp.NewClient(srv.JID("alice/desk"), srv.Options("alice"))
		var got []string
		OnCopy(bot, func(_ context.Context, c *Copy) error { got = append(got, c.Message.Body); return nil })
		off, err := Enable(t.Context(), bot)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- bot.Run(ctx) }()
		_, err = bot.Session(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, 1, enabled(srv, "alice"))
		chat(t, phone, bob, "1")

		srv.DropConns()
		phone, bob = srv.Session(t, "alice/phone2", nil), srv.Session(t, "bob/2", nil)
		chat(t, phone, bob, "2")
		elapse(time.Minute)
		require.Equal(t, 1, enabled(srv, "alice"), "the stream was resumed")
		chat(t, phone, bob, "3")

		srv.CloseStream("alice", "reset")
		elapse(time.Minute)
		require.Equal(t, 2, enabled(srv, "alice"), "a new session")
		phone, bob = srv.Session(t, "alice/phone3", nil), srv.Session(t, "bob/3", nil)
		chat(t, bob, phone, "4")
		require.Equal(t, []string{"1", "2", "3", "4"}, got)

		require.NoError(t, off(t.Context()))
		chat(t, bob, phone, "5")
		require.Len(t, got, 4)
		cancel()
		<-ended
	})
}

// A server that can't resume a stream gives what it has no acknowledgement for to the next session, copies too, where one does so.
func TestCopiesAreNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Options{})
		bot := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
		var got []string
		OnCopy(bot, func(_ context.Context, c *Copy) error { got = append(got, c.Message.ID+c.Message.Body); return nil })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- bot.Run(ctx) }()
		_, err := bot.Session(t.Context())
		require.NoError(t, err)
		say := func(id, body, delay string) {
			t.Helper()
			require.NoError(t, srv.Inject("alice", `<message from='alice@canto.test'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>`+
				`<message xmlns='jabber:client' `+id+` from='bob@canto.test/b' type='chat'><body>`+body+`</body></message></forwarded></received>`+delay+`</message>`))
			synctest.Wait()
		}
		const delay = `<delay xmlns='urn:xmpp:delay' from='canto.test' stamp='2020-01-01T00:00:00Z'/>`
		say("id='1'", "a", "")
		say("id='1'", "a", delay)
		say("id='1'", "b", delay)
		say("id='2'", "a", delay)
		say("", "c", "")
		say("", "c", delay)
		require.Equal(t, []string{"1a", "1b", "2a", "c", "c"}, got, "one without an id can't be told from another")
		cancel()
		<-ended
	})
}

// S1: nobody but our account makes copies. Each forgery is dropped and logged, quoted, and the stream goes on.
func TestSecurityS01Carbons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Options{Domain: "montague.example"})
		var log bytes.Buffer
		s := srv.Session(t, "romeo/home", &xmpp.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		copies := Copies(t.Context(), s)
		_, err := Enable(t.Context(), s)
		require.NoError(t, err)
		for name, xml := range forgeries {
			log.Reset()
			require.NoError(t, srv.Inject("romeo", xml))
			synctest.Wait()
			require.Contains(t, log.String(), "is dropped", name)
			require.NotContains(t, log.String(), "forged", name)
		}
		// Over the wire, by a contact's own client.
		tybalt := srv.Session(t, "tybalt", nil)
		e, err := stanza.ParseElement(received)
		require.NoError(t, err)
		chat(t, tybalt, s, "look", e)
		phone := srv.Session(t, "romeo/garden", nil)
		chat(t, phone, tybalt, "good")
		require.Equal(t, "good", (<-copies).Message.Body)
	})
}
