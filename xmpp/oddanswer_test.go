package xmpp_test

import (
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"net"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An unruly payload does f when it's marshalled.
type unruly struct{ f func() }

func (u unruly) MarshalXML(*xml.Encoder, xml.StartElement) error { u.f(); return nil }

// Promise 5: a request is answered once, whatever its handler makes of the answer.
func TestAnswersThatAreNone(t *testing.T) {
	for name, answer := range map[string]func() (any, error){
		"marshalling panics":     func() (any, error) { return unruly{func() { panic("no") }}, nil },
		"marshalling exits":      func() (any, error) { return unruly{runtime.Goexit}, nil },
		"text is no XML":         func() (any, error) { return nil, &stanza.Error{Condition: stanza.Conflict, Text: "a\x00b"} },
		"text is no UTF-8":       func() (any, error) { return nil, &stanza.Error{Condition: stanza.Conflict, Text: "\xff"} },
		"language is no XML":     func() (any, error) { return nil, &stanza.Error{Condition: stanza.Conflict, Text: "a", Lang: "\x01"} },
		"condition is no name":   func() (any, error) { return nil, stanza.Condition("a b") },
		"of an error, not a one": func() (any, error) { return nil, &stanza.Error{Condition: "not a name!"} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := open(t, nil)
				xmpp.OnGet(s, func(context.Context, *stanza.IQ, version) (any, error) { return answer() })
				p.say(requestOf("q", "get", versionQuery))
				iq := p.hearIQ()
				assert.Equal(t, "q", iq.ID)
				assert.True(t, errors.Is(iq.Error, stanza.InternalServerError), "%v", iq.Error)
				synctest.Wait()
				p.hearNothing()
				require.NoError(t, s.Err())
			})
		})
	}
}

// A taker whose answer could not be sent may answer again, and is answered for in time.
func TestRequestMayBeAnsweredAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{Keepalive: -1})
		requests := s.IQs(t.Context())
		p.say(requestOf("a", "get", versionQuery))
		r := <-requests
		done, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, r.Reply(done, nil), context.Canceled)
		require.Error(t, r.Fail(t.Context(), &stanza.Error{Condition: stanza.Conflict, Text: "\x00"}))
		require.NoError(t, r.Fail(t.Context(), stanza.Conflict))
		require.True(t, errors.Is(p.hearIQ().Error, stanza.Conflict))
		require.ErrorIs(t, r.Reply(t.Context(), nil), xmpp.ErrAnswered)

		p.say(requestOf("b", "get", versionQuery))
		r = <-requests
		require.Error(t, r.Reply(done, nil))
		start := time.Now()
		require.True(t, errors.Is(p.hearIQ().Error, stanza.InternalServerError))
		require.Equal(t, time.Minute, time.Since(start))
	})
}

// Close closes all channels at once, whatever a handler is at.
func TestCloseClosesChannelsBesideADeafHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		hang := make(chan struct{})
		defer close(hang)
		xmpp.OnMessage(s, func(context.Context, *stanza.Message) error { <-hang; return nil })
		inbox, requests := s.Messages(t.Context()), s.IQs(t.Context())
		p.say(chatOf("hang"))
		synctest.Wait()
		require.NoError(t, s.Close())
		_, ok := <-inbox
		require.False(t, ok)
		_, ok = <-requests
		require.False(t, ok)
		_, ok = <-s.Presences(t.Context())
		require.False(t, ok, "nor is one opened")
	})
}

// Stanzas that are none are errors.
func TestNilStanzas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := open(t, nil)
		for _, st := range []stanza.Stanza{(*stanza.Presence)(nil), (*stanza.Message)(nil), (*stanza.IQ)(nil)} {
			require.Error(t, s.Send(t.Context(), st))
		}
		_, err := s.Do(t.Context(), nil)
		require.Error(t, err)
	})
}

// A bare conn says of itself that it has no TLS.
type bare struct{ net.Conn }

func (bare) ConnectionState() tls.ConnectionState { return tls.ConnectionState{} }

// SECURITY S8: a conn that could have TLS and has none is one without.
func TestSecurityS08ConnThatOnlyLooksSecure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		p := newPeer(t, theirs)
		heard := p.record()
		go func() {
			elapse(time.Second)
			_, _ = theirs.Write([]byte(streamHeader + `<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`))
		}()
		_, err := xmpp.NewSession(t.Context(), bare{ours}, juliet, &xmpp.Options{Password: "secret"})
		require.Error(t, err)
		require.NotContains(t, heard.text(), "<auth")
		theirs.Close()
	})
}
