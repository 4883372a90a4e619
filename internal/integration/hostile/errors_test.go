package hostile

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// conditions are those of stream errors (RFC 6120 §4.9.3), and one that nobody knows.
var conditions = []string{
	"bad-format", "bad-namespace-prefix", "conflict", "connection-timeout", "host-gone", "host-unknown", "improper-addressing",
	"internal-server-error", "invalid-from", "invalid-namespace", "invalid-xml", "not-authorized", "not-well-formed", "policy-violation",
	"remote-connection-failed", "reset", "resource-constraint", "restricted-xml", "see-other-host", "system-shutdown",
	"undefined-condition", "unsupported-encoding", "unsupported-feature", "unsupported-stanza-type", "unsupported-version", "unheard-of",
}

// TestStreamErrorsInEveryState: whenever a stream error comes, the one who waits gets it, with its condition and the step.
func TestStreamErrorsInEveryState(t *testing.T) {
	for _, place := range []struct {
		name  string
		step  xmpp.Step // empty: in a session
		reach func(p *peer) error
	}{
		{"behind the header", xmpp.StepStream, func(p *peer) error { return p.greet("") }},
		{"in place of a challenge", xmpp.StepAuth, func(p *peer) error { _, err := p.offer("SCRAM-SHA-1"); return err }},
		{"in place of features after SASL", xmpp.StepStream, func(p *peer) error {
			if _, err := p.offer("ANONYMOUS"); err != nil {
				return err
			}
			if err := p.say(`<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`); err != nil {
				return err
			}
			return p.greet("")
		}},
		{"in place of a binding", xmpp.StepBind, func(p *peer) error { _, err := p.open(); return err }},
		{"in a session", "", func(p *peer) error {
			id, err := p.open()
			if err != nil {
				return err
			}
			return p.say("<iq type='result' id='" + id + "'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>victim@hostile.test/v</jid></bind></iq>")
		}},
	} {
		for _, condition := range conditions {
			t.Run(place.name+", "+condition, func(t *testing.T) {
				err := receive(t, place.reach, condition)
				if condition == "see-other-host" && place.step != "" {
					require.ErrorContains(t, err, `at "127.0.0.1:1", where the server has sent us`)
					return
				}
				var remote *xmpp.StreamError
				require.ErrorAs(t, err, &remote)
				require.Equal(t, known(condition), string(remote.Condition))
				require.False(t, remote.Local)
				var step *xmpp.DialError
				require.Equal(t, place.step != "", errors.As(err, &step))
				if place.step != "" {
					require.Equal(t, place.step, step.Step)
				}
			})
		}
	}
}

// known is what the condition is taken for. RFC 6120 §4.9.2: what is not known is an undefined condition.
func known(condition string) string {
	if condition == "unheard-of" {
		return "undefined-condition"
	}
	return condition
}

// receive connects to a server that sends the stream error when it has come as far as reach, and returns what that ends with.
func receive(t *testing.T, reach func(p *peer) error, condition string) error {
	addr := listen(t, func(p *peer) error {
		if err := reach(p); err != nil {
			return err
		}
		content := ""
		if condition == "see-other-host" {
			content = "127.0.0.1:1" // where nobody listens
		}
		if err := p.say("<stream:error><" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-streams'>" + content + "</" + condition +
			"></stream:error></stream:stream>"); err != nil {
			return err
		}
		_, err := p.await("</stream:stream>") // RFC 6120 §4.4: it is answered
		return err
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := xmpp.Dial(ctx, jid.MustParse("victim@hostile.test"), &xmpp.Options{
		Addr: addr, AllowPlaintext: true, SASL: append(sasl.Password("victim", "secret", nil), sasl.Anonymous("")),
	})
	if err != nil {
		return err
	}
	<-s.Done()
	return s.Err()
}
