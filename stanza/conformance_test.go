package stanza

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The tests in this file stand for rows of the conformance tables of RFC 6120 §15 and RFC 6121 §12 and for numbered sentences
// of both: the name of each subtest begins with the rows that it shows. Further rows: malformed_test.go (stanza-iq-child,
// stanza-iq-id, stanza-iq-type), error_test.go (stanza-error), encode_test.go (stanza-error-child, stanza-error-id,
// stanza-error-reply, stanza-iq-reply), kept_test.go (mixed content).

// TestConformanceStanzas: RFC 6120 §8.1, §8.2 and §8.4.
func TestConformanceStanzas(t *testing.T) {
	shows(t, "stanza-attribute-to stanza-attribute-from stanza-attribute-id stanza-attribute-type stanza-attribute-xmllang "+
		"stanza-kind-message stanza-kind-presence stanza-kind-iq", func(t *testing.T) {
		for kind, c := range map[string]struct{ typ, payload string }{
			KindMessage: {"headline", ""}, KindPresence: {"unavailable", ""}, KindIQ: {"set", "<x xmlns='y'/>"},
		} {
			sent := `<` + kind + ` type='` + c.typ + `' id='a b' from='romeo@example.net/orchard' to='juliet@im.example.com/balcony' xml:lang='pt-BR'>` +
				c.payload + `</` + kind + `>`
			st, err := Parse([]byte(wire(sent)))
			require.NoError(t, err)
			require.Equal(t, kind, st.Kind())
			require.Equal(t, Header{ID: "a b", From: romeo, To: juliet, Type: c.typ, Lang: "pt-BR"}, st.Header())
			sameXML(t, sent, write(t, st))
		}
	})
	t.Run("absent addresses stay absent", func(t *testing.T) {
		m := read[Message](t, `<message/>`)
		require.True(t, m.From.IsZero())
		require.True(t, m.To.IsZero())
		require.Equal(t, `<message/>`, write(t, m))
	})
	shows(t, "6120-8.1.5-2 a child may have a language of its own", func(t *testing.T) {
		m := read[Message](t, `<message xml:lang='en'><subject xml:lang='fr'>oui</subject></message>`)
		require.Equal(t, "en", m.Lang)
		require.Equal(t, []Text{{"fr", "oui"}}, m.Subjects)
	})
	shows(t, "6120-8.3.1-10 an error child is none in a stanza of another type", func(t *testing.T) {
		m := read[Message](t, `<message type='chat'><error type='wait'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`)
		require.Nil(t, m.Error)
	})
	shows(t, "stanza-extension 6120-8.4-8 6120-8.4-10 6120-8.4-11 what is not understood is ignored", func(t *testing.T) {
		m := read[Message](t, `<message xmlns:u='urn:u' u:x='1' y='2'><u:body>no</u:body><u:thread>no</u:thread><u:z><body xmlns='jabber:client'>no</body></u:z><body>yes</body></message>`)
		require.Equal(t, "yes", m.Body)
		require.Nil(t, m.Bodies)
		require.Empty(t, m.Thread)
		require.Len(t, m.Payloads, 3)
		p := read[Presence](t, `<presence><z xmlns='urn:u'><show>dnd</show></z><show xmlns='urn:u'>dnd</show><priority xmlns='urn:u'>7</priority></presence>`)
		require.Equal(t, Available, p.Type)
		require.Equal(t, Online, p.Show)
		require.Zero(t, p.Priority)
	})
	shows(t, "6120-8.4-6 prefixes have no meaning", func(t *testing.T) {
		const sent = `<c:iq xmlns:c='jabber:client' xmlns:q='jabber:iq:version' type='get' id='1'><q:query><q:name/></q:query></c:iq>`
		iq := read[IQ](t, sent)
		_, ok := Find[version](iq)
		require.True(t, ok)
		sameXML(t, sent, write(t, iq))
	})
	shows(t, "stanza-error 6120-8.3.4-2 an application-specific condition changes nothing else", func(t *testing.T) {
		iq := read[IQ](t, `<iq type='error' id='1'><error type='wait'><x xmlns='urn:x'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></x>`+
			`<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`)
		require.ErrorIs(t, iq.Error, ResourceConstraint)
	})
}

// TestConformanceMessages: RFC 6121 §5.2.
func TestConformanceMessages(t *testing.T) {
	shows(t, "message-type-support 6121-5.2.2-2 6121-5.2.2-5", func(t *testing.T) {
		for _, typ := range []MessageType{Normal, Chat, GroupChat, Headline} {
			require.Equal(t, typ, read[Message](t, `<message type='`+string(typ)+`'/>`).Type)
		}
		require.Equal(t, MessageError, read[Message](t, `<message type='error'><error/></message>`).Type)
	})
	shows(t, "6121-5.2.2-6 no or an unknown type is normal", func(t *testing.T) {
		for _, sent := range []string{`<message/>`, `<message type=''/>`, `<message type='telegram'/>`, `<message type='CHAT'/>`} {
			require.Equal(t, Normal, read[Message](t, sent).Type)
		}
	})
	shows(t, "message-body 6121-5.2.3-2 several bodies by language", func(t *testing.T) {
		m := read[Message](t, `<message xml:lang='en'><body>Wherefore art thou, Romeo?</body><body xml:lang='cs'>Proč jsi ty, Romeo?</body></message>`)
		require.Equal(t, "Wherefore art thou, Romeo?", m.Body)
		require.Equal(t, Text{"cs", "Proč jsi ty, Romeo?"}, m.Bodies[1])
	})
	shows(t, "message-subject 6121-5.2.4-1 several subjects by language", func(t *testing.T) {
		m := read[Message](t, `<message><subject>I implore you!</subject><subject xml:lang='cs'>Úpěnlivě vás prosím!</subject></message>`)
		require.Equal(t, "I implore you!", m.Subject)
		require.Len(t, m.Subjects, 2)
	})
	shows(t, "message-thread 6121-5.2.5-5 6121-5.2.5-7 thread and parent, opaque", func(t *testing.T) {
		m := read[Message](t, `<message><thread parent=' e0ffe42b28561960c6b12b944a092794b9683a38'> 0E4 </thread></message>`)
		require.Equal(t, " 0E4 ", m.Thread)
		require.Equal(t, " e0ffe42b28561960c6b12b944a092794b9683a38", m.ParentThread)
	})
	shows(t, "6121-5.2.5-4 the first of two threads counts", func(t *testing.T) {
		require.Equal(t, "1", read[Message](t, `<message><thread>1</thread><thread parent='p'>2</thread></message>`).Thread)
	})
}

// TestConformancePresence: RFC 6121 §4.7.
func TestConformancePresence(t *testing.T) {
	shows(t, "presence-notype", func(t *testing.T) {
		require.Equal(t, Available, read[Presence](t, `<presence/>`).Type)
	})
	shows(t, "presence-unavailable and probes", func(t *testing.T) {
		for _, typ := range []PresenceType{Unavailable, Subscribe, Subscribed, Unsubscribe, Unsubscribed, Probe} {
			require.Equal(t, typ, read[Presence](t, `<presence type='`+string(typ)+`'/>`).Type)
			require.Equal(t, `<presence type='`+string(typ)+`'/>`, write(t, &Presence{Type: typ}))
		}
		require.Equal(t, PresenceError, read[Presence](t, `<presence type='error'/>`).Type)
	})
	shows(t, "6121-4.7.2.1-4 the values of show, an unknown one is none", func(t *testing.T) {
		for sent, want := range map[string]Show{
			"away": Away, "chat": FreeForChat, "dnd": DoNotDisturb, "xa": ExtendedAway, "\n xa ": ExtendedAway,
			"": Online, "online": Online, "AWAY": Online,
		} {
			require.Equal(t, want, read[Presence](t, `<presence><show>`+sent+`</show></presence>`).Show)
		}
	})
	shows(t, "6121-4.7.2.1-2 6121-4.7.2.3-3 the first of two counts", func(t *testing.T) {
		p := read[Presence](t, `<presence><show>xa</show><priority>1</priority><show>dnd</show><priority>2</priority></presence>`)
		require.Equal(t, ExtendedAway, p.Show)
		require.Equal(t, int8(1), p.Priority)
	})
	shows(t, "6121-4.7.2.2-3 several statuses by language", func(t *testing.T) {
		p := read[Presence](t, `<presence><status xml:lang='cs'>Dvořím se Julii</status><status>Wooing Juliet</status></presence>`)
		require.Equal(t, "Wooing Juliet", p.Status)
		require.Len(t, p.Statuses, 2)
	})
	shows(t, "6121-4.7.2.3-2 6121-4.7.2.3-5 priority, 0 where there is none or no such number", func(t *testing.T) {
		for sent, want := range map[string]int8{
			"1": 1, "-1": -1, "-128": -128, "127": 127, "+5": 5, " 7 ": 7, "007": 7,
			"": 0, "128": 0, "-129": 0, "99999999999999999999": 0, "1.5": 0, "high": 0, "0x10": 0, "１": 0,
		} {
			require.Equal(t, want, read[Presence](t, `<presence><priority>`+sent+`</priority></presence>`).Priority, sent)
		}
	})
}

// shows runs a subtest under the name of the rows that it shows.
func shows(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		t.Attr("conformance", name)
		f(t)
	})
}
