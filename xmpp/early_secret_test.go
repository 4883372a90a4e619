package xmpp_test

import (
	"regexp"
	"testing"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// TestSecurityS21EarlyChallenge: a later login that has begun before the server has spoken gets its challenge in one piece with the
// header and the features: the trace has these, and not that.
func TestSecurityS21EarlyChallenge(t *testing.T) {
	for profile, sasl2 := range map[string]*xmpptest.SASL2{"RFC 6120": nil, "XEP-0388": {Only: true, FAST: []string{}}} {
		t.Run(profile, func(t *testing.T) {
			held, hold, challenge := "", false, ""
			o := xmpptest.Options{InMemory: true, Mechanisms: []string{"SCRAM-SHA-256-PLUS"}, SASL2: sasl2}
			o.Tamper = func(e xmpptest.Exchange) string {
				if !hold || !e.Secure {
					return e.XML
				}
				if held += e.XML; e.Step != xmpptest.StepChallenge {
					return ""
				}
				hold, challenge = false, e.XML
				return held
			}
			srv := xmpptest.NewServerWith(t, &o)
			store := xmpp.FileStore(t.TempDir())
			login(t, srv, &xmpp.Options{Store: store})
			hold = true
			_, p := login(t, srv, &xmpp.Options{Store: store})
			content := regexp.MustCompile(">([^<]{40,})<").FindStringSubmatch(challenge)
			require.Len(t, content, 2)
			require.NotContains(t, p.received.String(), content[1])
			require.NotContains(t, p.sent.String(), content[1])
			require.Regexp(t, `(?s)<stream:stream.*<mechanism>SCRAM-SHA-256-PLUS</mechanism>.*<challenge xmlns='[^']+'>\[SASL\]</challenge><success`, p.received.String())
		})
	}
}
