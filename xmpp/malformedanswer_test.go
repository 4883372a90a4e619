package xmpp_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// An answer that can't be read is the answer all the same: who waits for it is told, and the stream goes on.
func TestMalformedAnswerEndsTheCall(t *testing.T) {
	for _, c := range []struct {
		name, xml, want string
		refused         bool // with bad-request
	}{
		{"an error of no known type", `<iq type='error' id='%s' from='%s'><error type='no such'><no xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><twice/></error><error/></iq>`, "", false},
		{"two payloads", `<iq type='result' id='%s' from='%s'><a xmlns='urn:a'/><b xmlns='urn:b'/></iq>`, "2 child elements", false},
		{"an unknown type", `<iq type='ok' id='%s' from='%s'/>`, "unknown type", true},
		{"no type", `<iq id='%s' from='%s'/>`, "no type", true},
		{"a to that is no JID", `<iq type='result' id='%s' from='%s' to='a@b@c'/>`, "a@b@c", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := open(t, nil)
				start := time.Now()
				answered := make(chan error, 1)
				go func() { answered <- xmpp.Set(t.Context(), s, romeo, version{}) }()
				id := p.hearIQ().ID
				p.say(strings.ReplaceAll(c.xml, "from='%s'", "from='mercutio@example.net'"), id)
				synctest.Wait()
				require.Empty(t, answered, "it comes from somebody else")
				p.say(c.xml, id, romeo)
				require.ErrorContains(t, <-answered, c.want)
				require.Zero(t, time.Since(start))
				require.NoError(t, s.Err())
				synctest.Wait()
				if c.refused { // RFC 6120 §8.2.3: an iq of another type than the four, whatever it means to be
					require.ErrorIs(t, p.hearIQ().Error, stanza.BadRequest)
					require.ErrorIs(t, p.hearIQ().Error, stanza.BadRequest)
				}
				p.hearNothing()
			})
		})
	}
}

// SECURITY S3: one whose sender is no JID is from nobody, and not from our own account because it has no sender.
func TestSecurityS03MalformedSenderAnswersNothing(t *testing.T) {
	underAttack(t, nil, bindFeature, func(t *testing.T, s *target) {
		answered := make(chan error, 1)
		go func() { answered <- xmpp.Set(t.Context(), s, jid.JID{}, version{}) }()
		id := s.hearIQ().ID
		s.say(`<iq type='result' id='%s' from='a@b@c'/>`, id)
		synctest.Wait()
		require.Empty(t, answered)
		s.say(`<iq type='result' id='%s'/>`, id)
		require.NoError(t, <-answered)
		s.goesOn()
	})
}
