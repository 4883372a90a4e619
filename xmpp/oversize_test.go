package xmpp_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sized is a message that has so many bytes on the wire.
func sized(t *testing.T, srv *xmpptest.Server, s *xmpp.Session, bytes int) *stanza.Message {
	t.Helper()
	probe := &stanza.Message{To: s.JID(), Type: stanza.Chat, ID: "probe", Body: "x"}
	require.NoError(t, s.Send(t.Context(), probe))
	e, err := srv.Await(t.Context(), func(e xmpptest.Entry) bool { return strings.Contains(e.XML, "id='probe'") })
	require.NoError(t, err)
	m := *probe
	m.ID, m.Body = "sized", strings.Repeat("x", bytes-len(e.XML)+1)
	return &m
}

// TestOversize: what is larger than the server says that it takes (XEP-0478) is not sent, by none of the ways there are; it's an
// error that says by how much, and the session lives on. What is just as large is sent.
func TestOversize(t *testing.T) {
	const most = 5000
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, MaxStanza: most})
	s := srv.Session(t, "alice", nil)
	inbox := s.Messages(t.Context())
	fits := sized(t, srv, s, most)
	<-inbox
	require.NoError(t, s.Send(t.Context(), fits))
	assert.Equal(t, fits.Body, (<-inbox).Body)

	larger := *fits
	larger.Body += "x"
	asks := &stanza.IQ{Type: stanza.Get, Payload: stanza.Payload(struct {
		XMLName struct{} `xml:"urn:xmpp:ping ping"`
		Text    string   `xml:",chardata"`
	}{Text: strings.Repeat("x", most)})}
	for name, send := range map[string]func() error{
		"Send":    func() error { return s.Send(t.Context(), &larger) },
		"Deliver": func() error { return s.Deliver(t.Context(), &larger) },
		"Do":      func() error { _, err := s.Do(t.Context(), asks); return err },
	} {
		err := send()
		assert.ErrorIs(t, err, stanza.PolicyViolation, name)
		assert.NotErrorIs(t, err, xmpp.ErrUnknownDelivery, name)
		if name != "Do" {
			assert.EqualError(t, err, "xmpp: the stanza has 5001 bytes and the server takes no more than 5000 (XEP-0478)", name)
		}
	}
	require.NoError(t, s.Deliver(t.Context(), fits), "what was not sent is not counted, either")
	assert.Equal(t, fits.Body, (<-inbox).Body)
}

// TestOversizeUnknown: a server that does not say what it takes finds out itself.
func TestOversizeUnknown(t *testing.T) {
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, MaxStanza: 5000, Without: []string{"limits"}})
	s := srv.Session(t, "alice", nil)
	require.NoError(t, s.Send(t.Context(), &stanza.Message{To: s.JID(), Body: strings.Repeat("x", 5000)}))
	<-s.Done()
	require.ErrorIs(t, s.Err(), xmpp.PolicyViolation)
}

// TestOversizeAnswer: whoever asks for more than the server would take gets an error, as there must be an answer.
func TestOversizeAnswer(t *testing.T) {
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, MaxStanza: 5000})
	alice, bob := srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
	type large struct {
		XMLName struct{} `xml:"urn:example large"`
		Text    string   `xml:",chardata"`
	}
	xmpp.OnGet(bob, func(context.Context, *stanza.IQ, large) (any, error) {
		return large{Text: strings.Repeat("x", 5000)}, nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := xmpp.Get[large](ctx, alice, bob.JID(), large{})
	assert.ErrorIs(t, err, stanza.InternalServerError)

	requests := bob.IQs(t.Context(), xmpp.Pattern{Space: "urn:example", Local: "other"})
	go func() {
		r := <-requests
		assert.ErrorIs(t, r.Reply(t.Context(), large{Text: strings.Repeat("x", 5000)}), stanza.PolicyViolation)
		assert.NoError(t, r.Fail(t.Context(), stanza.NotAcceptable), "who took it may answer again")
	}()
	other, err := stanza.ParseElement("<other xmlns='urn:example'/>")
	require.NoError(t, err)
	_, err = alice.Do(ctx, &stanza.IQ{Type: stanza.Get, To: bob.JID(), Payload: other})
	assert.ErrorIs(t, err, stanza.NotAcceptable)
	require.NoError(t, bob.Close())
}

// TestOversizeAfterResumption: a stream that is resumed in the login has the features that it had: those that came before the
// login, of the new connection, are for the login alone.
func TestOversizeAfterResumption(t *testing.T) {
	beforeLogin := regexp.MustCompile("</stream:features>")
	for name, sasl2 := range map[string]*xmpptest.SASL2{"with the login": {}, "after it": {NoResume: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := modern(t, xmpptest.Options{MaxStanza: 5000, SASL2: sasl2, Tamper: func(e xmpptest.Exchange) string {
					if e.Step != xmpptest.StepFeatures || e.User != "" {
						return e.XML
					}
					return beforeLogin.ReplaceAllString(e.XML, "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>2000</max-bytes></limits>$0")
				}})
				bot := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
				online := make(chan *xmpp.Session, 2)
				bot.Online = func(_ context.Context, s *xmpp.Session) error { online <- s; return nil }
				r := run(t, bot)
				s := <-online
				synctest.Wait() // Online has returned: nobody could resume a session that is lost before
				inbox := bot.Messages(t.Context())
				for range 2 {
					assert.True(t, s.Features().Has(ns.StreamLimits))
					assert.False(t, s.Features().Has(ns.SASL2))
					require.NoError(t, bot.Deliver(t.Context(), &stanza.Message{To: s.JID(), Body: strings.Repeat("x", 4000)}))
					<-inbox
					require.ErrorIs(t, bot.Deliver(t.Context(), &stanza.Message{To: s.JID(), Body: strings.Repeat("x", 5000)}), stanza.PolicyViolation)
					srv.DropConns()
					synctest.Wait()
					require.NoError(t, bot.Deliver(t.Context(), &stanza.Presence{}))
				}
				require.Empty(t, online, "it was resumed")
				r.stop()
				require.NoError(t, <-r.err)
			})
		})
	}
}
