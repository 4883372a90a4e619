package xmpp_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAnswerBytes holds which stanza may be longer than Limits.StanzaBytes: the answer of our own account to a request that
// we have sent to it (a whole roster is one, RFC 6121 §2.1.4), up to Limits.AnswerBytes. Any other ends the stream.
func TestAnswerBytes(t *testing.T) {
	limits := xmpp.Limits{StanzaBytes: 4096, AnswerBytes: 10_000}
	iq := func(attributes string, size int) string {
		return fmt.Sprintf("<iq %s><query xmlns='urn:x'>%s</query></iq>", attributes, strings.Repeat("x", size))
	}
	own := juliet.Bare()
	for name, c := range map[string]struct {
		to         jid.JID // whom we ask
		attributes string  // of what comes
		size       int
		limits     xmpp.Limits
		ok         bool
	}{
		"from nobody":           {jid.JID{}, "type='result' id='1'", 9000, limits, true},
		"from our account":      {jid.JID{}, "type='result' id='1' from='" + own.String() + "'", 9000, limits, true},
		"our account was asked": {own, "type='result' id='1'", 9000, limits, true},
		"by default":            {jid.JID{}, "type='result' id='1'", 8 << 20, xmpp.Limits{}, true},
		"more than StanzaBytes": {jid.JID{}, "type='result' id='1'", 9000, xmpp.Limits{StanzaBytes: 10_000, AnswerBytes: 10}, true},
		"too long":              {jid.JID{}, "type='result' id='1'", 10_001, limits, false},
		"too long by default":   {jid.JID{}, "type='result' id='1'", 33 << 20, xmpp.Limits{}, false},
		"from somebody else":    {jid.JID{}, "type='result' id='1' from='eve@evil.test'", 9000, limits, false},
		"from no address":       {jid.JID{}, "type='result' id='1' from='@'", 9000, limits, false},
		"another id":            {jid.JID{}, "type='result' id='2'", 9000, limits, false},
		"no id":                 {jid.JID{}, "type='result'", 9000, limits, false},
		"an error":              {jid.JID{}, "type='error' id='1'", 9000, limits, false},
		"a push":                {jid.JID{}, "type='set' id='1'", 9000, limits, false},
		"the peer was asked":    {romeo, "type='result' id='1' from='" + romeo.String() + "'", 9000, limits, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := open(t, &xmpp.Options{Limits: c.limits})
				go func() {
					p.hear()
					_, _ = io.WriteString(p.conn, iq(c.attributes, c.size)) // fails where we end the stream
				}()
				reply, err := s.Do(t.Context(), &stanza.IQ{Type: stanza.Get, ID: "1", To: c.to, Payload: stanza.Payload(pinging{})})
				if c.ok {
					require.NoError(t, err)
					assert.Len(t, reply.Payload.Text(), c.size)
					return
				}
				assert.ErrorIs(t, err, xmpp.PolicyViolation)
				assert.ErrorContains(t, err, "too many bytes")
			})
		})
	}
}
