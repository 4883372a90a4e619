package xmpp_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// TestSecurityS17FalseAck: a count that can't be, or is none, acknowledges nothing, and the stream ends with the error that
// XEP-0198 §6 has for it.
func TestSecurityS17FalseAck(t *testing.T) {
	for _, c := range []struct {
		name, acks string
		condition  xmpp.StreamCondition
		tooHigh    bool
	}{
		{"before anything was sent", "<a xmlns='urn:xmpp:sm:3' h='2'/>", xmpp.UndefinedCondition, true},
		{"one too many", "<a xmlns='urn:xmpp:sm:3' h='2'/>", xmpp.UndefinedCondition, true},
		{"the largest there is", "<a xmlns='urn:xmpp:sm:3' h='4294967295'/>", xmpp.UndefinedCondition, true},
		{"backwards", "<a xmlns='urn:xmpp:sm:3' h='1'/><a xmlns='urn:xmpp:sm:3' h='0'/>", xmpp.UndefinedCondition, true},
		{"beyond 2³²", "<a xmlns='urn:xmpp:sm:3' h='4294967297'/>", xmpp.BadFormat, false},
		{"negative", "<a xmlns='urn:xmpp:sm:3' h='-1'/>", xmpp.BadFormat, false},
		{"no number", "<a xmlns='urn:xmpp:sm:3' h='one'/>", xmpp.BadFormat, false},
		{"no h", "<a xmlns='urn:xmpp:sm:3'/>", xmpp.BadFormat, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			underAttack(t, nil, bindFeature+smFeature, func(t *testing.T, s *target) {
				s.manage()
				told := make(chan error, 1)
				if c.name != "before anything was sent" {
					go func() { told <- s.session.Deliver(t.Context(), &stanza.Message{To: romeo, Body: "one"}) }()
					require.Equal(t, "message", s.hear().Name().Local)
				}
				for s.say(c.acks); ; {
					e := s.hear()
					if e.Name().Local != "error" {
						continue
					}
					require.Equal(t, string(c.condition), firstChild(e).Name().Local)
					if c.tooHigh {
						require.Contains(t, e.String(), "handled-count-too-high")
					}
					break
				}
				<-s.session.Done()
				require.ErrorIs(t, s.session.Err(), c.condition)
				synctest.Wait()
				if c.name == "backwards" || c.name == "before anything was sent" {
					return
				}
				require.ErrorIs(t, <-told, xmpp.ErrUnknownDelivery, "it may have arrived")
			})
		})
	}
}

// TestSecurityS17TrueAck: the edges of what is refused.
func TestSecurityS17TrueAck(t *testing.T) {
	underAttack(t, nil, bindFeature+smFeature, func(t *testing.T, s *target) {
		s.manage()
		s.say("<a xmlns='urn:xmpp:sm:3' h='0'/>")
		for n := 1; n <= 3; n++ {
			told := make(chan error, 1)
			go func() { told <- s.session.Deliver(t.Context(), &stanza.Message{To: romeo, Body: fmt.Sprint(n)}) }()
			for s.hear().Name().Local != "message" {
			}
			s.say("<a xmlns='urn:xmpp:sm:3' h='%d'/><a xmlns='urn:xmpp:sm:3' h='%d'/>", n, n)
			require.NoError(t, <-told)
		}
		s.goesOn()
	})
}
