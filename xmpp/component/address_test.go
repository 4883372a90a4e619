package component_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/component"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

var echo = jid.MustParse("echo.canto.test")

// at is an address of the component.
func at(local string) jid.JID { return jid.MustParse(local + "@" + echo.String()) }

// connect returns a server in memory and a component that it has.
func connect(t *testing.T) (*xmpptest.Server, *xmpp.Session) {
	t.Helper()
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
	s, err := component.Dial(t.Context(), echo, srv.ComponentOptions(echo.String()))
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return srv, s
}

type version struct {
	XMLName struct{} `xml:"jabber:iq:version query"`
	Name    string   `xml:"name,omitempty"`
}

// A component has a whole domain: it gets what is sent to any address there, and speaks as any.
func TestSpeaksForADomain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, s := connect(t)
		alice := srv.Session(t, "alice", nil)
		inbox, replies := s.Messages(t.Context()), alice.Messages(t.Context())
		for _, to := range []jid.JID{echo, at("nobody"), jid.MustParse("some@echo.canto.test/thing"), jid.MustParse("echo.canto.test/thing")} {
			require.NoError(t, alice.Send(t.Context(), &stanza.Message{To: to, Body: "hello"}))
			m := <-inbox
			require.Equal(t, to, m.To)
			require.Equal(t, alice.JID(), m.From)

			answer := m.Reply("hello")
			require.NoError(t, s.Send(t.Context(), answer))
			require.Equal(t, echo, (<-replies).From, "the domain, where nothing else is said")
			require.Zero(t, answer.From, "what is sent is not changed")
			answer.From = m.To
			require.NoError(t, s.Send(t.Context(), answer))
			require.Equal(t, to, (<-replies).From)
		}
		pres := alice.Presences(t.Context(), stanza.Subscribe)
		require.NoError(t, s.Send(t.Context(), &stanza.Presence{Type: stanza.Subscribe, From: at("bridge"), To: alice.JID().Bare()}))
		require.NoError(t, alice.Send(t.Context(), &stanza.Presence{}))
		require.Equal(t, at("bridge"), (<-pres).From)
	})
}

// XEP-0114 §3: 'to' and 'from' must be there, and 'from' is of our domain. What is not so is refused here, where it harms
// nothing; a server would end the stream.
func TestAddressesOfWhatIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, s := connect(t)
		to := srv.JID("alice")
		for _, c := range []struct {
			st   stanza.Stanza
			says string
		}{
			{&stanza.Message{Body: "to whom?"}, "needs a To"},
			{&stanza.Presence{}, "needs a To"},
			{&stanza.Presence{Type: stanza.Unavailable}, "needs a To"},
			{&stanza.Message{From: to, To: to}, "may not send from"},
			{&stanza.Message{From: jid.MustParse("canto.test"), To: to}, "may not send from"},
			{&stanza.Message{From: jid.MustParse("sub.echo.canto.test"), To: to}, "may not send from"},
			{(*stanza.Message)(nil), "no stanza"},
		} {
			require.ErrorContains(t, s.Send(t.Context(), c.st), c.says)
		}
		_, err := s.Do(t.Context(), &stanza.IQ{Type: stanza.Get, Payload: stanza.Payload(version{})})
		require.ErrorContains(t, err, "needs a To")
		err = s.Deliver(t.Context(), &stanza.Message{To: to})
		require.ErrorContains(t, err, "no stream management")
		synctest.Wait()
		require.Empty(t, srv.Transcript(echo.String()), "nothing of it has left")
		require.NoError(t, s.Err())
	})
}

// An answer comes from the address that was asked (RFC 6120 §8.1.2.1), whoever answers: a handler, the taker of a Request, or
// nobody.
func TestAnswersComeFromWhomWasAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, s := connect(t)
		alice := srv.Session(t, "alice", nil)
		xmpp.OnGet(s, func(context.Context, *stanza.IQ, version) (any, error) { return version{Name: "echo"}, nil })
		taken := s.IQs(t.Context(), xmpp.Pattern{Space: "urn:test:taken"})
		go func() {
			for r := range taken {
				_ = r.Fail(t.Context(), stanza.Forbidden) // the test's own question waits for it
			}
		}()
		s.Handle(xmpp.Pattern{Kind: stanza.KindIQ, Space: "urn:test:odd"}, xmpp.HandlerFunc(func(context.Context, stanza.Stanza) (any, error) {
			return nil, &stanza.Error{Type: stanza.Cancel, Condition: stanza.Forbidden, Text: "\x00 is no XML"}
		}))
		for _, who := range []jid.JID{echo, at("bridge"), jid.MustParse("echo.canto.test/x")} {
			v, err := xmpp.Get[version](t.Context(), alice, who, version{})
			require.NoError(t, err)
			require.Equal(t, "echo", v.Name)
			for space, want := range map[string]stanza.Condition{"urn:test:taken": stanza.Forbidden, "urn:test:unknown": stanza.ServiceUnavailable, "urn:test:odd": stanza.InternalServerError} {
				reply, err := alice.Do(t.Context(), &stanza.IQ{Type: stanza.Set, To: who, Payload: element(t, `<x xmlns='`+space+`'/>`)})
				require.ErrorIs(t, err, want)
				require.Equal(t, who, reply.From)
			}
		}
	})
}

func element(t *testing.T, s string) stanza.Element {
	t.Helper()
	e, err := stanza.ParseElement(s)
	require.NoError(t, err)
	return e
}

// SECURITY S3: a request is answered by whom was asked, to the address that has asked, and by nothing else.
func TestSecurityS03ComponentReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, played := serve(t, opening+`
> <handshake/>
< <iq xmlns='jabber:component:accept' type='get' id='${id}' from='macbeth@plays.shakespeare.lit/witches' to='reader@shakespeare.lit/library'><query xmlns='jabber:iq:version'/></iq>
> <iq type='result' id='${id}' from='reader@shakespeare.lit' to='macbeth@plays.shakespeare.lit/witches'/>
> <iq type='result' id='${id}' from='shakespeare.lit' to='macbeth@plays.shakespeare.lit/witches'/>
> <iq type='result' id='${id}' from='plays.shakespeare.lit' to='macbeth@plays.shakespeare.lit/witches'/>
> <iq type='result' id='${id}' to='macbeth@plays.shakespeare.lit/witches'/>
> <iq type='result' id='${id}' from='reader@shakespeare.lit/library' to='plays.shakespeare.lit'/>
> <iq type='result' id='${id}' from='reader@shakespeare.lit/library' to='banquo@plays.shakespeare.lit'/>
> <iq type='result' id='${id}' from='reader@shakespeare.lit/library'/>
> <iq type='result' id='x${id}' from='reader@shakespeare.lit/library' to='macbeth@plays.shakespeare.lit/witches'/>
> <message type='chat' id='${id}' from='reader@shakespeare.lit/library' to='macbeth@plays.shakespeare.lit/witches'/>
delay 1s
> <iq type='result' id='${id}' from='reader@shakespeare.lit/library' to='macbeth@plays.shakespeare.lit/witches'><query xmlns='jabber:iq:version'><name>eyes</name></query></iq>
`)
		s, err := component.NewSession(t.Context(), conn, plays, clear())
		require.NoError(t, err)
		begin := time.Now()
		reply, err := s.Do(t.Context(), &stanza.IQ{Type: stanza.Get, From: macbth, To: reader, Payload: stanza.Payload(version{})})
		require.NoError(t, err)
		require.Equal(t, time.Second, time.Since(begin), "what came before it was no answer")
		require.Contains(t, reply.Payload.String(), "eyes")
		require.NoError(t, <-played)
		conn.Close()
		<-s.Done()
	})
}

// A stanza in the content namespace of somebody else's stream is no stanza here; the stream goes on.
func TestOtherNamespacesAreSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, played := serve(t, opening+`
> <handshake/>
> <message xmlns='jabber:client' from='reader@shakespeare.lit' to='plays.shakespeare.lit'><body>one</body></message>
> <message from='reader@shakespeare.lit' to='plays.shakespeare.lit'><body xmlns='jabber:client'>two</body></message>
> <message from='reader@shakespeare.lit' to='plays.shakespeare.lit'><body>three</body></message>
`)
		var inbox <-chan *stanza.Message
		o := clear()
		o.Setup = func(s *xmpp.Session) { inbox = s.Messages(t.Context()) }
		s, err := component.NewSession(t.Context(), conn, plays, o)
		require.NoError(t, err)
		m := <-inbox
		require.Empty(t, m.Body)
		require.Equal(t, "two", m.Payloads[0].Text())
		require.Equal(t, "three", (<-inbox).Body)
		require.NoError(t, <-played)
		conn.Close()
		<-s.Done()
	})
}

// Promise 7: what is malformed is answered where an answer is due, from the address that it was sent to.
func TestMalformedIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const bad = `
> <iq type='nonsense' id='1' from='reader@shakespeare.lit' to='macbeth@plays.shakespeare.lit'/>
< <iq xmlns='jabber:component:accept' type='error' id='1' from='macbeth@plays.shakespeare.lit' to='reader@shakespeare.lit'>*</iq>
> <iq type='get' id='2' from='@' to='plays.shakespeare.lit'><q xmlns='urn:x'/></iq>
> <iq type='get' id='3' from='reader@shakespeare.lit' to='@'><q xmlns='urn:x'/></iq>
< <iq xmlns='jabber:component:accept' type='error' id='3' from='plays.shakespeare.lit' to='reader@shakespeare.lit'>*</iq>
> <iq type='get' id='4' to='plays.shakespeare.lit'><q xmlns='urn:x'/></iq>
> <iq type='get' id='5' from='reader@shakespeare.lit' to='other.lit'><q xmlns='urn:x'/></iq>
> <iq type='get' id='6' from='reader@shakespeare.lit'><q xmlns='urn:x'/></iq>
< <iq xmlns='jabber:component:accept' type='error' id='6' from='plays.shakespeare.lit' to='reader@shakespeare.lit'>*</iq>
> <message from='reader@shakespeare.lit' to='plays.shakespeare.lit'><body>well</body></message>
`
		conn, played := serve(t, opening+"> <handshake/>"+bad)
		var inbox <-chan *stanza.Message
		o := clear()
		o.Setup = func(s *xmpp.Session) { inbox = s.Messages(t.Context()) }
		s, err := component.NewSession(t.Context(), conn, plays, o)
		require.NoError(t, err)
		require.Equal(t, "well", (<-inbox).Body)
		require.NoError(t, <-played, "one answer each, where somebody can be answered and we may speak")
		require.NoError(t, s.Err())
		conn.Close()
		<-s.Done()
	})
}

// Two requests of two of our addresses to one place are two calls.
func TestConcurrentRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, s := connect(t)
		alice := srv.Session(t, "alice", nil)
		xmpp.OnGet(alice, func(_ context.Context, iq *stanza.IQ, _ version) (any, error) {
			return version{Name: iq.From.Localpart()}, nil
		})
		got := make(chan error, 20)
		for i := range cap(got) {
			go func() {
				name := fmt.Sprintf("u%d", i)
				reply, err := s.Do(t.Context(), &stanza.IQ{Type: stanza.Get, From: at(name), To: alice.JID(), Payload: stanza.Payload(version{})})
				var v version
				switch {
				case err != nil:
				case reply.To != at(name):
					err = fmt.Errorf("the answer for %q came to %q", reply.To, at(name))
				default:
					if err = reply.Payload.Decode(&v); err == nil && v.Name != name {
						err = fmt.Errorf("%q got the answer for %q", name, v.Name)
					}
				}
				got <- err
			}()
		}
		for range cap(got) {
			require.NoError(t, <-got)
		}
	})
}
