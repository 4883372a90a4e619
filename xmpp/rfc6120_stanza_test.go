package xmpp_test

import (
	"context"
	"encoding/xml"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// wireOf opens a session that is traced; got returns what it has sent since the last call.
func wireOf(t *testing.T) (s *xmpp.Session, p *peer, got func() string) {
	t.Helper()
	var out sent
	s, p = open(t, &xmpp.Options{Trace: out.trace()})
	before := len(out.String())
	return s, p, func() string {
		t.Helper()
		synctest.Wait()
		all := out.String()
		defer func() { before = len(all) }()
		return all[before:]
	}
}

// TestRFC6120Addressing: 'to' is where the program says, without a scheme, and absent where it says nothing, so that the
// server handles the stanza itself (RFC 6120 §8.1.1.1, §8.2.2, §4.8.3).
func TestRFC6120Addressing(t *testing.T) {
	t.Attr("conformance", "6120-8.1.1.1-1 6120-8.1.1.1-2 6120-8.2.2-1 6120-8.2.2-2 6120-8-1 6120-4.8.3-1 6120-4.8.3-6 6121-9-1")
	synctest.Test(t, func(t *testing.T) {
		s, _, got := wireOf(t)
		uri, err := jid.ParseURI("xmpp:romeo@example.net/orchard")
		require.NoError(t, err)
		for _, c := range []struct {
			st   stanza.Stanza
			want string
		}{
			{&stanza.Presence{}, `<presence/>`},
			{&stanza.Presence{To: romeo}, `<presence to='romeo@example.net/orchard'/>`},
			{&stanza.Message{To: uri.Address, Body: "hi"}, `<message to='romeo@example.net/orchard'><body>hi</body></message>`},
			{&stanza.IQ{Type: stanza.Set, ID: "1", Payload: stanza.Payload(version{})}, `<iq type='set' id='1'><query xmlns='jabber:iq:version'/></iq>`},
		} {
			require.NoError(t, s.Send(t.Context(), c.st))
			require.Equal(t, c.want, got(), "nothing is added, and no namespace but the stream's own")
		}
	})
}

// TestRFC6120WithoutAddresses: what the server says on its own behalf may lack 'to' and 'from'; it's for this session, from
// the account's own server (RFC 6120 §8.1.1.1, §8.1.2.1).
func TestRFC6120WithoutAddresses(t *testing.T) {
	t.Attr("conformance", "6120-8.1.1.1-4 6120-8.1.2.1-4 6120-4.8.3-1")
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		xmpp.OnGet(s, func(context.Context, *stanza.IQ, version) (any, error) { return version{Name: "n"}, nil })
		p.say(`<iq type='get' id='1'>` + versionQuery + `</iq>`)
		answer := p.hearIQ()
		require.Equal(t, "1", answer.ID)
		require.Equal(t, stanza.Result, answer.Type)
		require.True(t, answer.To.IsZero(), "back to the server")

		for _, to := range []jid.JID{{}, juliet, network} { // all of them the server's to answer for
			q := do(t.Context(), s, &stanza.IQ{Type: stanza.Get, To: to, Payload: stanza.Payload(version{})})
			p.say(`<iq type='result' id='%s'/>`, p.hearIQ().ID)
			require.NoError(t, <-q.err)
		}
		q := do(t.Context(), s, &stanza.IQ{Type: stanza.Get, To: romeo, Payload: stanza.Payload(version{})})
		id := p.hearIQ().ID
		p.say(`<iq type='result' id='%s'/>`, id) // not from romeo
		synctest.Wait()
		require.Empty(t, q.err)
		p.say(`<iq type='result' id='%s' from='%s'/>`, id, romeo)
		require.NoError(t, <-q.err)
	})
}

// TestRFC6120IDs: a request always has an id, of the program's or made for it, and the answer the same (RFC 6120 §8.1.3).
func TestRFC6120IDs(t *testing.T) {
	t.Attr("conformance", "stanza-iq-id stanza-error-id stanza-iq-reply 6120-8.1.3-1 6120-8.1.3-2 6120-8.2.3-1 6120-8.2.3-5 6120-8.4-1 stanza-iq-child")
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		seen := map[string]bool{}
		for range 10 {
			q := do(t.Context(), s, &stanza.IQ{Type: stanza.Get, To: romeo, Payload: stanza.Payload(version{})})
			asked := p.hear()
			id := asked.Attr("id")
			require.NotEmpty(t, id)
			require.False(t, seen[id])
			seen[id] = true
			require.True(t, firstChild(asked).Is("jabber:iq:version", "query"))
			p.say(`<iq type='result' id='x%s' from='%s'/><iq type='result' id='%[1]s' from='%[2]s'/>`, id, romeo)
			require.NoError(t, <-q.err)
		}
		for _, payload := range []string{versionQuery, "<unknown xmlns='urn:unknown'/>"} {
			p.say(requestOf("mine", "set", payload))
			require.Equal(t, "mine", p.hearIQ().ID)
		}
	})
}

// TestRFC6120NotUnderstood is RFC 6120 §8.4: an unknown payload is ignored in messages and presence, and answered with
// service-unavailable in requests, whoever asks: nothing is told of who is there (§8.3.3.7, §8.3.3.13, §8.3.3.19).
func TestRFC6120NotUnderstood(t *testing.T) {
	t.Attr("conformance", "stanza-extension 6120-8.3.1-1 6120-8.3.3.7-2 6120-8.3.3.13-2 6120-8.3.3.19-2 6120-8.4-8 6120-8.4-9 6120-8.4-10 6120-8.4-11 6120-8.4-12")
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		seen := s.Presences(t.Context())
		chats := s.Messages(t.Context(), stanza.Chat)
		const unknown = `<unknown xmlns='urn:unknown'><show xmlns='jabber:client'>dnd</show><body xmlns='jabber:client'>no</body></unknown>`
		p.say(`<message from='%s' type='chat'>`+unknown+`</message>`, romeo)
		m := <-chats
		require.Empty(t, m.Body)
		p.say(`<message from='%s' type='chat'>`+unknown+`<body>yes</body></message>`, romeo)
		require.Equal(t, "yes", (<-chats).Body)
		p.say(`<presence from='%s'>`+unknown+`</presence>`, romeo)
		require.Equal(t, stanza.Online, (<-seen).Show)
		synctest.Wait()
		p.hearNothing()
		for _, typ := range []string{"get", "set"} {
			for _, from := range []string{romeo.String(), "stranger@example.org/x", "example.net"} {
				p.say(`<iq type='%s' id='1' from='%s'>`+unknown+`</iq>`, typ, from)
				answer := p.hearIQ()
				require.Equal(t, stanza.IQError, answer.Type)
				require.Equal(t, &stanza.Error{Type: stanza.Cancel, Condition: stanza.ServiceUnavailable}, answer.Error)
				require.Equal(t, from, answer.To.String())
			}
		}
		synctest.Wait()
		p.hearNothing()
	})
}

// TestRFC6120ErrorsWithoutPayload: an error counts without the payload that it answers (RFC 6120 §8.3.1), and its text means
// nothing to the library (§8.3.2).
func TestRFC6120ErrorsWithoutPayload(t *testing.T) {
	t.Attr("conformance", "stanza-error 6120-8.3.1-8 6120-8.3.2-10 6120-8.3.4-2")
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		const text = `<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>forbidden: conflict, item-not-found</text><x xmlns='urn:x'/>`
		for _, echo := range []string{"", versionQuery} {
			q := do(t.Context(), s, &stanza.IQ{Type: stanza.Get, To: romeo, Payload: stanza.Payload(version{})})
			p.say(`<iq type='error' id='%s' from='%s'>`+echo+`<error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>`+text+`</error></iq>`, p.hearIQ().ID, romeo)
			err := <-q.err
			require.ErrorIs(t, err, stanza.ResourceConstraint)
			for _, other := range []stanza.Condition{stanza.Forbidden, stanza.Conflict, stanza.ItemNotFound} {
				require.NotErrorIs(t, err, other)
			}
		}
	})
}

// TestRFC6120StreamErrorText: nor does the text of a stream error (RFC 6120 §4.9.2).
func TestRFC6120StreamErrorText(t *testing.T) {
	t.Attr("conformance", "6120-4.9.2-9")
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		p.say(`<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>conflict: see-other-host</text></stream:error>`)
		<-s.Done()
		require.ErrorIs(t, s.Err(), xmpp.Reset)
		require.NotErrorIs(t, s.Err(), xmpp.Conflict)
		require.NotErrorIs(t, s.Err(), xmpp.SeeOtherHost)
	})
}

// TestRFC6120NoErrorForAnError: neither errors nor answers are answered, whoever sends them (RFC 6120 §8.3.1, §8.2.3).
func TestRFC6120NoErrorForAnError(t *testing.T) {
	t.Attr("conformance", "stanza-error-reply 6120-8.3.1-11 6120-8.2.3-6")
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		xmpp.OnMessage(s, func(context.Context, *stanza.Message) error { return stanza.Forbidden })
		const failed = `<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`
		for _, said := range []string{
			`<iq type='error' id='1' from='%s'>` + versionQuery + failed + `</iq>`,
			`<iq type='error' id='1' from='%s'/>`,
			`<iq type='result' id='1' from='%s'>` + versionQuery + `</iq>`,
			`<message type='error' id='1' from='%s'><unknown xmlns='urn:unknown'/>` + failed + `</message>`,
			`<presence type='error' id='1' from='%s'>` + failed + `</presence>`,
			`<message id='1' from='%s'><body>handlers of messages answer nothing by themselves</body></message>`,
		} {
			p.say(said, romeo)
		}
		synctest.Wait()
		p.hearNothing()
		require.NoError(t, s.Err())
	})
}

// TestRFC6120WhatIsSent: whatever a program puts into a stanza, what leaves is well-formed XML in UTF-8 that stands in the
// stream's namespaces, without comments, processing instructions, DTDs or entities of others; or nothing leaves
// (RFC 6120 §11, §8.4).
func TestRFC6120WhatIsSent(t *testing.T) {
	t.Attr("conformance", "xml-restriction-comment xml-restriction-dtd xml-restriction-pi xml-restriction-ref xml-wellformed-xml xml-wellformed-ns "+
		"6120-8.4-5 6120-11.1-2 6120-11.3-1 6120-11.3-3 6120-11.6-1 6120-11.6-2 6120-12-1")
	t.Attr("conformance", "6121-4.7.2.1-3 6121-4.7.2.2-2 6121-5.2.3-3 6121-5.2.4-2 6121-5.2.5-10")
	evil := []string{
		"<!-- comment -->", "<?pi x?>", "<!DOCTYPE x>", "&lol;", "]]>", "<b>", "</message>", "</stream:stream>", "a & b", `'"`,
		"é€🙂\ufeff", "\u0085\u2028", "<![CDATA[x]]>",
	}
	synctest.Test(t, func(t *testing.T) {
		s, p, got := wireOf(t)
		for _, text := range evil {
			m := &stanza.Message{ID: text, Lang: "en", Subject: text, Body: text, Thread: text, ParentThread: text + text}
			require.NoError(t, s.Send(t.Context(), m))
			require.NoError(t, s.Send(t.Context(), &stanza.Presence{Status: text}))
			out := got()
			require.True(t, utf8.ValidString(out))
			for _, bad := range []string{"<!", "<?", "&lol", "</stream"} {
				require.NotContains(t, out, bad)
			}
			heard := p.hear() // by a parser that knows nothing of package stanza
			for child := range heard.Children() {
				for range child.Children() {
					require.Fail(t, "mixed content", heard)
				}
			}
			again := p.hear()
			require.Equal(t, "presence", again.Name().Local)
			st, err := stanza.Parse([]byte(heard.String()))
			require.NoError(t, err)
			require.Equal(t, text, st.(*stanza.Message).Body)
		}
		for _, text := range []string{"\x00", "\x01", "\x1f", "\ufffe", "\uffff", "\xff", "\xc0\xaf", "\xed\xa0\x80"} {
			require.Error(t, s.Send(t.Context(), &stanza.Message{Body: text}))
			require.Error(t, s.Send(t.Context(), &stanza.Message{ID: text}))
			require.Error(t, s.Send(t.Context(), &stanza.Presence{Status: text}))
		}
		type raw struct {
			XMLName xml.Name `xml:"urn:x x"`
			Inner   string   `xml:",innerxml"`
		}
		for _, inner := range []string{"<!-- c -->", "<?pi?>", "<!DOCTYPE x>", "&lol;", "<y>", "<p:y/>", "</x><x>", "</x></message><message><x>", "\x00", "\xff"} {
			require.Error(t, s.Send(t.Context(), &stanza.Message{Payloads: []stanza.Element{stanza.Payload(raw{Inner: inner})}}), inner)
			_, err := stanza.ParseElement("<x xmlns='urn:x'>" + inner + "</x>")
			require.Error(t, err, inner)
		}
		require.Empty(t, got(), "of what is refused nothing leaves")
		e, err := stanza.ParseElement("<q:x xmlns:q='urn:x' xmlns:r='urn:r' r:a='1'><q:y/></q:x>")
		require.NoError(t, err)
		require.NoError(t, s.Send(t.Context(), &stanza.Message{Payloads: []stanza.Element{e}}))
		out := got()
		require.Contains(t, out, "urn:x")
		require.Contains(t, out, "urn:r", "declared where it is used")
		require.True(t, firstChild(p.hear()).Is("urn:x", "x"))
		require.NoError(t, s.Err())
	})
}

// TestRFC6120WhiteSpace: between the stanzas it means nothing, either way (RFC 6120 §11.7).
func TestRFC6120WhiteSpace(t *testing.T) {
	t.Attr("conformance", "6120-11.7-1")
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		inbox := s.Messages(t.Context())
		p.say(" \r\n\t" + chatOf("one") + strings.Repeat(" ", 100_000) + chatOf("two"))
		require.Equal(t, "one", (<-inbox).Body)
		require.Equal(t, "two", (<-inbox).Body)
	})
}

// TestRFC6120StanzaLang: a stanza carries the language that the program gives, and its texts theirs (RFC 6120 §8.1.5).
func TestRFC6120StanzaLang(t *testing.T) {
	t.Attr("conformance", "stanza-attribute-xmllang 6120-4.7.4-8 6120-8.1.5-1 6120-8.1.5-2 6120-12-3")
	synctest.Test(t, func(t *testing.T) {
		s, _, got := wireOf(t)
		require.NoError(t, s.Send(t.Context(), &stanza.Message{Lang: "en", Body: "hi", Bodies: []stanza.Text{{Lang: "cs", Value: "ahoj"}}}))
		require.Equal(t, `<message xml:lang='en'><body>hi</body><body xml:lang='cs'>ahoj</body></message>`, got())
	})
}
