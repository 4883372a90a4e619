package xmpp_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

const versionQuery = `<query xmlns='jabber:iq:version'/>`

// requireOneAnswer sends the request and returns its only answer; the session answers the next request as well.
func requireOneAnswer(t *testing.T, p *peer, request string) *stanza.IQ {
	t.Helper()
	answer := ask(p, request)
	require.Equal(t, romeo, answer.To)
	next := ask(p, requestOf("sync", "get", `<nobody xmlns='answers:this'/>`))
	require.Equal(t, "sync", next.ID)
	require.ErrorIs(t, next.Error, stanza.ServiceUnavailable)
	return answer
}

// Promise 5: what the handler returns is the answer, and there is exactly one.
func TestTheHandlersReturnIsTheAnswer(t *testing.T) {
	type unmarshallable struct{ C chan int }
	for _, c := range []struct {
		name  string
		reply any
		err   error
		panic any

		payload   string // of the result
		condition stanza.Condition
		kind      stanza.ErrorType
		text      string
	}{
		{name: "payload", reply: version{Name: "bot"}, payload: `<query xmlns="jabber:iq:version"><name>bot</name></query>`},
		{name: "element", reply: stanza.Payload(version{Version: "1"}), payload: `<query xmlns="jabber:iq:version"><version>1</version></query>`},
		{name: "nothing", payload: ""},
		{name: "condition", err: stanza.ItemNotFound, condition: stanza.ItemNotFound, kind: stanza.Cancel},
		{name: "wrapped condition", err: fmt.Errorf("secret: %w", stanza.NotAllowed), condition: stanza.NotAllowed, kind: stanza.Cancel},
		{name: "error", err: &stanza.Error{Type: stanza.Wait, Condition: stanza.ResourceConstraint, Text: "later"},
			condition: stanza.ResourceConstraint, kind: stanza.Wait, text: "later"},
		{name: "other error", err: errors.New("secret"), condition: stanza.InternalServerError, kind: stanza.Cancel},
		{name: "reply and error", reply: version{Name: "secret"}, err: errors.New("secret"), condition: stanza.InternalServerError, kind: stanza.Cancel},
		{name: "panic", panic: "secret", condition: stanza.InternalServerError, kind: stanza.Cancel},
		{name: "panic with an error", panic: stanza.ItemNotFound, condition: stanza.InternalServerError, kind: stanza.Cancel},
		{name: "no XML", reply: unmarshallable{}, condition: stanza.InternalServerError, kind: stanza.Cancel},
	} {
		for _, typ := range []string{"get", "set"} {
			t.Run(c.name+"/"+typ, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var log bytes.Buffer
					s, p := open(t, &xmpp.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
					s.Handle(xmpp.Pattern{Kind: "iq", Type: typ, Space: "jabber:iq:version"}, xmpp.HandlerFunc(
						func(context.Context, stanza.Stanza) (any, error) {
							if c.panic != nil {
								panic(c.panic)
							}
							return c.reply, c.err
						}))
					answer := requireOneAnswer(t, p, requestOf("q1", typ, versionQuery))
					require.Equal(t, "q1", answer.ID)
					if c.condition == "" {
						require.Equal(t, stanza.Result, answer.Type)
						require.Equal(t, p.canonical(c.payload), p.canonical(answer.Payload.String()))
						return
					}
					require.Equal(t, stanza.IQError, answer.Type)
					require.Equal(t, c.condition, answer.Error.Condition)
					require.Equal(t, c.kind, answer.Error.Type)
					require.Equal(t, c.text, answer.Error.Text)
					require.NotContains(t, stanza.Payload(answer).String(), "secret", "the text is none of the peer's business")
					if c.condition == stanza.InternalServerError {
						require.Contains(t, log.String(), "level=ERROR", "but the program is told")
					}
				})
			})
		}
	}
}

// canonical lets XML be compared that differs in its quotes only.
func (p *peer) canonical(xml string) string {
	if xml == "" {
		return ""
	}
	var v version
	require.NoError(p.t, p.element(xml).Decode(&v))
	return fmt.Sprintf("%q %q", v.Name, v.Version)
}

// What no handler answers is answered for the program.
func TestAnswersOfTheSessionsOwn(t *testing.T) {
	for _, c := range []struct {
		name, request string
		condition     stanza.Condition
	}{
		{"no handler", requestOf("q", "get", `<ping xmlns='urn:xmpp:ping'/>`), stanza.ServiceUnavailable},
		{"another type", requestOf("q", "set", versionQuery), stanza.ServiceUnavailable},
		{"another name", requestOf("q", "get", `<other xmlns='jabber:iq:version'/>`), stanza.ServiceUnavailable},
		{"another namespace", requestOf("q", "get", `<query xmlns='jabber:iq:versions'/>`), stanza.ServiceUnavailable},
		{"not decodable", requestOf("q", "get", `<query xmlns='jabber:iq:version'><count>many</count></query>`), stanza.BadRequest},
		{"no payload", requestOf("q", "get", ``), stanza.BadRequest},
		{"two payloads", requestOf("q", "get", versionQuery+versionQuery), stanza.BadRequest},
		{"unknown type", requestOf("q", "ask", versionQuery), stanza.BadRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := open(t, nil)
				type counted struct {
					XMLName xml.Name `xml:"jabber:iq:version query"`
					Count   int      `xml:"count"`
				}
				xmpp.OnGet(s, func(context.Context, *stanza.IQ, counted) (any, error) { return nil, nil })
				xmpp.OnMessage(s, func(context.Context, *stanza.Message) error { return nil })
				answer := requireOneAnswer(t, p, c.request)
				require.Equal(t, "q", answer.ID)
				require.Equal(t, stanza.IQError, answer.Type)
				require.Equal(t, c.condition, answer.Error.Condition)
			})
		})
	}
}

// The most specific handler wins, whatever the order of registration, on a Client's handlers and the session's own.
func TestTheMostSpecificHandlerWins(t *testing.T) {
	patterns := []xmpp.Pattern{ // from the least specific to the most
		{},
		{Kind: "iq"},
		{Type: "get"},
		{Kind: "iq", Type: "get"},
		{Space: "jabber:iq:version"},
		{Kind: "iq", Space: "jabber:iq:version"},
		{Type: "get", Space: "jabber:iq:version"},
		{Space: "jabber:iq:version", Local: "query"},
		{Kind: "iq", Type: "get", Space: "jabber:iq:version", Local: "query"},
	}
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		name := func(p xmpp.Pattern) xmpp.Handler {
			return xmpp.HandlerFunc(func(context.Context, stanza.Stanza) (any, error) { return version{Name: p.String()}, nil })
		}
		removes := make([]func(), len(patterns))
		for i := range patterns { // in an order that is neither up nor down
			i = i * 4 % len(patterns)
			removes[i] = s.Handle(patterns[i], name(patterns[i]))
		}
		for i := len(patterns) - 1; i >= 0; i-- {
			answer := ask(p, requestOf("q", "get", versionQuery))
			var v version
			require.NoError(t, answer.Payload.Decode(&v))
			require.Equal(t, patterns[i].String(), v.Name)
			removes[i]()
		}
		answer := ask(p, requestOf("q", "get", versionQuery))
		require.ErrorIs(t, answer.Error, stanza.ServiceUnavailable, "none is left")
	})
}

// ask says a request and returns the only answer.
func ask(p *peer, request string) *stanza.IQ {
	p.t.Helper()
	p.say(request)
	answer := p.hearIQ()
	synctest.Wait()
	p.hearNothing()
	return answer
}
