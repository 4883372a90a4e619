package stanza

import (
	"errors"
	"fmt"
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/stretchr/testify/require"
)

// conditionTable is RFC 6120 §8.3.3, sections 1 to 22, with the error type that each recommends.
var conditionTable = []struct {
	section   string
	condition Condition
	typ       ErrorType
}{
	{"8.3.3.1", BadRequest, Modify},
	{"8.3.3.2", Conflict, Cancel},
	{"8.3.3.3", FeatureNotImplemented, Cancel},
	{"8.3.3.4", Forbidden, Auth},
	{"8.3.3.5", Gone, Cancel},
	{"8.3.3.6", InternalServerError, Cancel},
	{"8.3.3.7", ItemNotFound, Cancel},
	{"8.3.3.8", JIDMalformed, Modify},
	{"8.3.3.9", NotAcceptable, Modify},
	{"8.3.3.10", NotAllowed, Cancel},
	{"8.3.3.11", NotAuthorized, Auth},
	{"8.3.3.12", PolicyViolation, Modify},
	{"8.3.3.13", RecipientUnavailable, Wait},
	{"8.3.3.14", Redirect, Modify},
	{"8.3.3.15", RegistrationRequired, Auth},
	{"8.3.3.16", RemoteServerNotFound, Cancel},
	{"8.3.3.17", RemoteServerTimeout, Wait},
	{"8.3.3.18", ResourceConstraint, Wait},
	{"8.3.3.19", ServiceUnavailable, Cancel},
	{"8.3.3.20", SubscriptionRequired, Auth},
	{"8.3.3.21", UndefinedCondition, Cancel},
	{"8.3.3.22", UnexpectedRequest, Wait},
}

// TestConditions: each condition comes and goes with its name and type, which is the one of its section unless said otherwise.
func TestConditions(t *testing.T) {
	t.Attr("conformance", "stanza-error 6120-8.3.3-1 6120-8.3.3.1-1 6120-8.3.3.2-1 6120-8.3.3.3-1 6120-8.3.3.4-1 6120-8.3.3.7-1 6120-8.3.3.8-1 6120-8.3.3.10-1 6120-8.3.3.11-1 6120-8.3.3.12-1 6120-8.3.3.13-1 6120-8.3.3.15-1 6120-8.3.3.16-1 6120-8.3.3.17-1 6120-8.3.3.18-1 6120-8.3.3.19-1 6120-8.3.3.20-1")
	require.Len(t, conditionTable, 22)
	for _, c := range conditionTable {
		t.Run(c.section+" "+string(c.condition), func(t *testing.T) {
			require.Equal(t, c.typ, c.condition.DefaultType())
			require.Equal(t, "stanza: "+string(c.condition), c.condition.Error())
			for _, typ := range []ErrorType{Auth, Cancel, Continue, Modify, Wait} {
				sent := fmt.Sprintf(`<message type='error'><error type='%s'><%s xmlns='%s'/></error></message>`, typ, string(c.condition), ns.Stanzas)
				m := read[Message](t, sent)
				require.Equal(t, &Error{Type: typ, Condition: c.condition}, m.Error)
				require.ErrorIs(t, m.Error, c.condition)
				require.NotErrorIs(t, m.Error, Condition("other"))
				sameXML(t, sent, write(t, m))
			}
			m := read[Message](t, fmt.Sprintf(`<message type='error'><error><%s xmlns='%s'/></error></message>`, string(c.condition), ns.Stanzas))
			require.Equal(t, c.typ, m.Error.Type, "the default of the condition")
		})
	}
	require.Equal(t, Cancel, Condition("payment-required").DefaultType())
}

func TestError(t *testing.T) {
	t.Attr("conformance", "6120-8.3.2-7 6120-8.3.2-8 6120-8.3.2-9")
	for name, c := range map[string]struct {
		sent string
		want Error
	}{
		"text with language": {
			`<error type='modify' by='im.example.com'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>` +
				`<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>Too &lt; long</text></error>`,
			Error{Type: Modify, Condition: NotAcceptable, By: example, Text: "Too < long", Lang: "en"},
		},
		"6120-8.3.3.5-1 gone with the new address": {
			`<error by='im.example.com' type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:romeo@afterlife.example.net</gone></error>`,
			Error{Type: Cancel, Condition: Gone, By: example, Content: "xmpp:romeo@afterlife.example.net"},
		},
		"8.3.3.14 redirect": {
			`<error type='modify'><redirect xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:characters@conference.example.org</redirect></error>`,
			Error{Type: Modify, Condition: Redirect, Content: "xmpp:characters@conference.example.org"},
		},
		"6120-8.3.4-1 a specific condition": {
			`<error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><too-many xmlns='urn:app' max='3'/></error>`,
			Error{Type: Modify, Condition: BadRequest, App: []Element{rawElement("urn:app", "too-many", `<too-many xmlns='urn:app' max='3'/>`)}},
		},
		"order does not matter": {
			`<error type='auth'><x xmlns='urn:app'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>t</text><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`,
			Error{Type: Auth, Condition: Forbidden, Text: "t", App: []Element{rawElement("urn:app", "x", `<x xmlns='urn:app'/>`)}},
		},
		"6120-8.3.2-5 unknown condition": {
			`<error type='wait'><payment-required xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`,
			Error{Type: Wait, Condition: UndefinedCondition, App: []Element{
				rawElement(ns.Stanzas, "payment-required", `<payment-required xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>`),
			}},
		},
		"an own condition with undefined-condition": {
			`<error type='cancel'><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><x xmlns='urn:app'/></error>`,
			Error{Type: Cancel, Condition: UndefinedCondition, App: []Element{rawElement("urn:app", "x", `<x xmlns='urn:app'/>`)}},
		},
		"two conditions": {
			`<error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`,
			Error{Type: Cancel, Condition: Conflict, App: []Element{rawElement(ns.Stanzas, "gone", `<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>`)}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Attr("conformance", name)
			sent := `<presence type='error' id='1'>` + c.sent + `</presence>`
			p := read[Presence](t, sent)
			require.Equal(t, &c.want, p.Error)
			require.Equal(t, p, read[Presence](t, write(t, p)))
			if name != "order does not matter" {
				sameXML(t, sent, write(t, p))
			}

			var again Error
			require.NoError(t, element(t, wire(c.sent)).Decode(&again))
			require.Equal(t, c.want, again)
		})
	}
}

// TestErrorLenient: what is missing or unknown is filled in.
func TestErrorLenient(t *testing.T) {
	for name, c := range map[string]struct {
		sent string
		want Error
	}{
		"no error": {``, Error{Type: Cancel, Condition: UndefinedCondition}},
		"empty":    {`<error/>`, Error{Type: Cancel, Condition: UndefinedCondition}},
		"legacy code alone": {
			`<error code='404'>Not found</error>`,
			Error{Type: Cancel, Condition: UndefinedCondition, kept: &kept{attrs: []attr{{name: nameLocal("code"), value: "404"}}}},
		},
		"unknown type": {
			`<error type='never'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`,
			Error{Type: Wait, Condition: RemoteServerTimeout},
		},
		"by is no JID": {
			`<error type='wait' by='@'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`,
			Error{Type: Wait, Condition: Conflict, kept: &kept{attrs: []attr{{name: nameLocal("by"), value: "@"}}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, kind := range []string{"message", "presence", "iq"} {
				st, err := Parse([]byte(wire(`<` + kind + ` type='error' id='1'>` + c.sent + `</` + kind + `>`)))
				require.NoError(t, err)
				require.Equal(t, &c.want, st.Failure())

				again, err := Parse([]byte(wire(write(t, st))))
				require.NoError(t, err)
				require.Equal(t, st, again)
			}
		})
	}
}

func TestErrorWords(t *testing.T) {
	err := &Error{Condition: Gone, By: example, Text: "moved\nout", Content: "xmpp:a@b"}
	require.Equal(t, `stanza: gone (cancel) by "im.example.com" at "xmpp:a@b": "moved\nout"`, err.Error())
	require.Equal(t, "stanza: undefined-condition (cancel)", (&Error{}).Error())
	require.ErrorIs(t, &Error{}, UndefinedCondition)
	require.ErrorIs(t, fmt.Errorf("wrapped: %w", err), Gone)

	var got *Error
	require.True(t, errors.As(fmt.Errorf("wrapped: %w", err), &got))
	require.Same(t, err, got)
}

// TestErrorRefuses: RFC 6120 §8.3.2: only defined types and conditions are sent.
func TestErrorRefuses(t *testing.T) {
	t.Attr("conformance", "6120-8.3.2-3 6120-8.3.2-4 6120-8.3.2-6")
	for _, e := range []*Error{
		{Condition: "my-condition"},
		{Type: "never", Condition: Gone},
		{Condition: Conflict, App: []Element{Payload(make(chan int))}},
		{Condition: Conflict, Text: "\x00"},
	} {
		_, err := Append(nil, &Message{Type: MessageError, Error: e})
		require.Error(t, err)
	}
	require.Equal(t, `<message type='error'><error type='cancel'><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
		write(t, &Message{Type: MessageError, Error: &Error{}}))
}
