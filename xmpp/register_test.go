package xmpp_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nextLine is the place of the line after the one that calls it.
func nextLine() string {
	_, file, line, _ := runtime.Caller(1)
	return fmt.Sprintf("%s:%d", file, line+1)
}

// A second handler for the same requests is a bug of the program: it panics and names both places.
func TestDuplicateRegistrationPanics(t *testing.T) {
	answer := func(context.Context, *stanza.IQ, version) (any, error) { return nil, nil }
	handler := xmpp.HandlerFunc(func(context.Context, stanza.Stanza) (any, error) { return nil, nil })
	pattern := xmpp.Pattern{Kind: "iq", Type: "get", Space: "jabber:iq:version", Local: "query"}
	for _, c := range []struct {
		name string
		// register registers and returns where that was done, before it's done.
		first, second func(e xmpp.Endpoint, at *string) (remove func())
	}{
		{"OnGet twice",
			func(e xmpp.Endpoint, at *string) func() {
				*at = nextLine()
				return xmpp.OnGet(e, answer)
			},
			func(e xmpp.Endpoint, at *string) func() {
				*at = nextLine()
				return xmpp.OnGet(e, answer)
			}},
		{"OnGet and Handle",
			func(e xmpp.Endpoint, at *string) func() {
				*at = nextLine()
				return xmpp.OnGet(e, answer)
			},
			func(e xmpp.Endpoint, at *string) func() {
				*at = nextLine()
				return e.Handle(pattern, handler)
			}},
		{"Handle of everything, twice",
			func(e xmpp.Endpoint, at *string) func() {
				*at = nextLine()
				return e.Handle(xmpp.Pattern{}, handler)
			},
			func(e xmpp.Endpoint, at *string) func() {
				*at = nextLine()
				return e.Handle(xmpp.Pattern{}, handler)
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var e xmpp.Endpoint = xmpp.NewClient(juliet, nil)
			var first, second string
			remove := c.first(e, &first)
			message := recovered(func() { c.second(e, &second) })
			assert.Contains(t, message, "registered at "+second)
			assert.Contains(t, message, "before at "+first)
			remove()
			remove() // a second time does nothing
			assert.Empty(t, recovered(func() { c.second(e, &second) }), "what was removed is in nobody's way")
		})
	}
}

// Channels of requests are registrations, too.
func TestDuplicateIQsPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := open(t, nil)
		first := nextLine()
		s.IQs(t.Context())
		message := recovered(func() { s.IQs(t.Context()) })
		require.Contains(t, message, first)

		free := xmpp.Pattern{Space: "urn:example", Local: "free"}
		require.NotEmpty(t, recovered(func() { s.IQs(t.Context(), free, xmpp.Pattern{}) }))
		require.Empty(t, recovered(func() { s.IQs(t.Context(), free) }), "none of the patterns is taken by what has failed")
	})
}

// What observes may be registered as often as one likes, and so may different patterns.
func TestOtherRegistrationsDoNotPanic(t *testing.T) {
	c := xmpp.NewClient(jid.MustParse("a@example.net"), nil)
	for range 2 {
		xmpp.OnMessage(c, func(context.Context, *stanza.Message) error { return nil })
		xmpp.OnPresence(c, func(context.Context, *stanza.Presence) error { return nil })
		xmpp.OnPayload(c, func(context.Context, stanza.Stanza, version) error { return nil })
	}
	xmpp.OnGet(c, func(context.Context, *stanza.IQ, version) (any, error) { return nil, nil })
	xmpp.OnSet(c, func(context.Context, *stanza.IQ, version) (any, error) { return nil, nil })
}

func TestNilHandlerPanics(t *testing.T) {
	require.Contains(t, recovered(func() { xmpp.NewClient(juliet, nil).Handle(xmpp.Pattern{}, nil) }), "nil Handler")
}

// recovered is what f panics with, "" when it does not.
func recovered(f func()) (message string) {
	defer func() {
		if p := recover(); p != nil {
			message = fmt.Sprint(p)
		}
	}()
	f()
	return ""
}
