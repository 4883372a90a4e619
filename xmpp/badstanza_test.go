package xmpp_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// badStanzas are what a server may pass on to us that is no stanza of use. answer is the condition of the error that we
// owe, if we owe one.
var badStanzas = []struct {
	name, xml string
	answer    stanza.Condition
}{
	{"from is no JID", `<message from='@'><body>b</body></message>`, ""},
	{"to is no JID", `<message from='a@b' to='@@'><body>b</body></message>`, ""},
	{"presence from nobody", `<presence from='a@b@c'><show>away</show></presence>`, ""},
	{"request from nobody", `<iq type='get' id='1' from='@'><query xmlns='jabber:iq:version'/></iq>`, ""},
	{"request to nobody", `<iq type='get' id='1' from='a@b' to='@'><query xmlns='jabber:iq:version'/></iq>`, stanza.JIDMalformed},
	{"result from nobody", `<iq type='result' id='1' from='@'/>`, ""},
	{"a resource that is too long", `<message from='a@b/` + strings.Repeat("x", 1024) + `'/>`, ""},
	{"unknown presence type", `<presence type='shy'/>`, ""},
	{"unknown iq type", `<iq type='ask' id='1' from='a@b'><x xmlns='y'/></iq>`, stanza.BadRequest},
	{"request without payload", `<iq type='set' id='1' from='a@b'/>`, stanza.BadRequest},
	{"request with two payloads", `<iq type='set' id='1' from='a@b'><x xmlns='y'/><x xmlns='y'/></iq>`, stanza.BadRequest},
	{"request with a payload that does not decode", `<iq type='set' id='1' from='a@b'><count xmlns='urn:count'>many</count></iq>`, stanza.BadRequest},
	{"message with a payload that does not decode", `<message from='a@b'><count xmlns='urn:count'>many</count></message>`, ""},
	{"roster item that is no JID", `<iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='@'/></query></iq>`, stanza.ServiceUnavailable},
	{"a priority that is no number", `<presence from='a@b'><priority>very</priority></presence>`, ""},
	{"an error without condition", `<message from='a@b' type='error'><error/></message>`, ""},
	{"unknown namespace", `<wave xmlns='urn:greetings'><hand>left</hand></wave>`, ""},
	{"unknown element of the stream", `<wave xmlns='jabber:client'/>`, ""},
	{"stanza of another namespace", `<message xmlns='urn:other' from='a@b'><body>b</body></message>`, ""},
	{"features again", `<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>`, ""},
	{"SASL again", `<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`, ""},
	{"STARTTLS again", `<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`, ""},
	{"acknowledgement of nothing", `<a xmlns='urn:xmpp:sm:3' h='0'/><r xmlns='urn:xmpp:sm:3'/>`, ""},
	{"the prefix of the stream bound anew", `<stream:error xmlns:stream='urn:x'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`, ""},
	{"a stream error inside", `<message from='a@b'><stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></message>`, ""},
	{"empty message", `<message/>`, ""},
	{"empty presence", `<presence/>`, ""},
	{"empty iq", `<iq/>`, stanza.BadRequest},
	{"text between the children", `<message from='a@b'>text<body>b</body>more</message>`, ""},
	{"an element without namespace", `<message from='a@b'><x xmlns=''><y/></x></message>`, ""},
	{"white space", "\n\t  \r\n", ""},
}

type counter struct {
	XMLName xml.Name `xml:"urn:count count"`
	N       int      `xml:",chardata"`
}

// Promise 7, SECURITY S13 and S19: one bad stanza harms nobody else. The next message, the next answer and the server's
// next count are right.
func TestSecurityS19OneBadStanza(t *testing.T) {
	for _, c := range badStanzas {
		t.Run(c.name, func(t *testing.T) {
			underAttack(t, nil, bindFeature, func(t *testing.T, s *target) {
				listenFor(s)
				inbox := s.messages(t.Context(), stanza.Chat)
				s.say(c.xml + chatOf("next"))
				require.Equal(t, "next", (<-inbox).Body)
				if c.answer != "" {
					answer := s.hear() // not as a stanza: where the request had no id, the answer has none
					require.Equal(t, "iq", answer.Name().Local)
					require.Equal(t, "error", answer.Attr("type"))
					require.Contains(t, answer.String(), "<"+string(c.answer)+" ")
				}
				synctest.Wait()
				s.hearNothing()

				q := do(t.Context(), s, &stanza.IQ{Type: stanza.Get, To: romeo, Payload: stanza.Payload(version{})})
				s.say(`<iq type='result' id='%s' from='%s'/>`, s.hearIQ().ID, romeo)
				require.NoError(t, <-q.err)
				require.NoError(t, s.session.Close())
				<-s.ended
				require.ErrorIs(t, s.err, io.EOF)
			})
		})
	}
}

// SECURITY S13: bad stanzas are counted by stream management like any other, and nothing else is.
func TestSecurityS13BadStanzasAreCounted(t *testing.T) {
	underAttack(t, nil, bindFeature+smFeature, func(t *testing.T, s *target) {
		s.manage()
		listenFor(s)
		sent := 0
		for _, c := range badStanzas {
			s.say(c.xml)
			if isStanza(c.xml) {
				sent++
			}
			synctest.Wait()
			s.say("<r xmlns='urn:xmpp:sm:3'/>") // by now it's handled
			synctest.Wait()
			var h string
			for len(s.heard) > 0 {
				if e := s.hear(); e.Name().Local == "a" {
					h = e.Attr("h")
				}
			}
			require.Equal(t, fmt.Sprint(sent), h, c.name)
		}
		require.NoError(t, s.session.Err())
	})
}

// isStanza tells stanzas from what is none.
func isStanza(xml string) bool {
	for _, start := range []string{"<message", "<presence", "<iq"} {
		if strings.HasPrefix(xml, start) {
			return !strings.HasPrefix(xml, start+" xmlns='urn:other'")
		}
	}
	return false
}

// listenFor registers handlers that decode.
func listenFor(s xmpp.Endpoint) {
	xmpp.OnSet(s, func(context.Context, *stanza.IQ, counter) (any, error) { return nil, nil })
	xmpp.OnPayload(s, func(context.Context, stanza.Stanza, counter) error { panic("it does not decode") })
}
