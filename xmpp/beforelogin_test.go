package xmpp_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// imStranger is the way to the features inside TLS, and a request behind them.
const imStranger = imTLS + `
> ` + imHeader + `<stream:features><register xmlns='http://jabber.org/features/iq-register'/>` + scrams + `</stream:features>
< <iq id='${ask}' type='set' to='im.example.com'><query xmlns='urn:x'><secret>Calliope</secret></query></iq>
`

// imAfter is the login that follows.
var imAfter = `
login juliet r0m30myr0m30` + imBound[strings.Index(imBound, "login juliet r0m30myr0m30")+len("login juliet r0m30myr0m30"):]

// askAsStranger sends the request of imStranger, with do.
func askAsStranger(do func(*stanza.IQ) (*stanza.IQ, error)) (*stanza.IQ, error) {
	payload, err := stanza.ParseElement("<query xmlns='urn:x'><secret>Calliope</secret></query>")
	if err != nil {
		return nil, err
	}
	return do(&stanza.IQ{Type: stanza.Set, To: capulet.Domain(), Payload: payload})
}

// What is asked before the login is answered, kept out of the trace, and followed by the login on the same stream.
func TestBeforeLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p := capuletOptions(), new(tape)
		o.Trace = p.trace()
		var late func(*stanza.IQ) (*stanza.IQ, error)
		o.BeforeLogin = func(ctx context.Context, offered xmpp.Features, do func(*stanza.IQ) (*stanza.IQ, error)) error {
			late = do
			require.True(t, offered.Has("http://jabber.org/features/iq-register"))
			elapse(5 * time.Minute) // a person thinks
			reply, err := askAsStranger(do)
			require.NoError(t, err)
			require.Equal(t, "pepper", reply.Payload.Text())
			return err
		}
		s, played, err := enact(t, imStranger+"> <iq id='${ask}' type='result' from='im.example.com'><a xmlns='urn:x'>pepper</a></iq>"+imAfter+imClose, capulet, o)
		require.NoError(t, err)
		require.NoError(t, s.Close())
		require.NoError(t, <-played)
		require.Contains(t, p.sent.String(), "<iq type='set'>[SASL]</iq>")
		require.Contains(t, p.received.String(), "<iq type='result'>[SASL]</iq>")
		require.NotContains(t, p.sent.String(), "Calliope")
		require.NotContains(t, p.received.String(), "pepper")
		_, err = askAsStranger(late)
		require.ErrorIs(t, err, xmpp.ErrClosed, "its time is over")
	})
}

// An error is the program's to judge; what is none ends the dialing.
func TestBeforeLoginAnswers(t *testing.T) {
	const conflict = "> <iq id='${ask}' type='error'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
	for name, c := range map[string]struct{ answer, says string }{
		"no address":      {"> <iq id='${ask}' type='result'/>", ""},
		"our own address": {"> <iq id='${ask}' type='result' from='juliet@im.example.com'/>", ""},
		"an error":        {conflict, "conflict"},
		"another id":      {"> <iq id='other' type='result'/>", `the id "other"`},
		"a request":       {"> <iq id='${ask}' type='set'><query xmlns='urn:x'/></iq>", `an iq of type "set"`},
		"a stranger":      {"> <iq id='${ask}' type='result' from='im.example.org'/>", `is from "im.example.org"`},
		"a message":       {"> <message/>", "<message "},
		"features again":  {"> <stream:features/>", "<features "},
		"success":         {"> <success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", "<success "},
		"too much":        {"> <iq id='${ask}' type='result'><x xmlns='urn:x'>" + strings.Repeat("x", 1<<20) + "</x></iq>", "policy-violation"},
		"a stream error":  {"> <stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>", "not-authorized"},
		"the end":         {"> </stream:stream>", "closed the stream"},
		"nothing":         {"silence 30s", xmpp.ErrPeerSilent.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := capuletOptions()
				o.BeforeLogin = func(_ context.Context, _ xmpp.Features, do func(*stanza.IQ) (*stanza.IQ, error)) error {
					_, err := askAsStranger(do)
					return err
				}
				script := imStranger + c.answer
				if c.says == "" {
					script += imAfter + imClose
				}
				s, played, err := enact(t, script, capulet, o)
				if c.says != "" {
					requireStep(t, xmpp.StepAuth, err)
					require.ErrorContains(t, err, strings.TrimPrefix(c.says, "xmpp: "))
					return
				}
				require.NoError(t, err)
				require.NoError(t, s.Close())
				require.NoError(t, <-played)
			})
		})
	}
}

// Its error is the end, and nothing of SASL has left; the stream is ended in order.
func TestBeforeLoginFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := capuletOptions()
		mine := errors.New("mine")
		o.BeforeLogin = func(context.Context, xmpp.Features, func(*stanza.IQ) (*stanza.IQ, error)) error { return mine }
		script, _, _ := strings.Cut(imStranger, "< <iq ")
		_, played, err := enact(t, script+"< </stream:stream>\n", capulet, o)
		require.ErrorIs(t, err, mine)
		requireStep(t, xmpp.StepAuth, err)
		require.NoError(t, <-played)
	})
}

// Without TLS it is not called, even where a login would be made: what a program says there may be a password.
func TestBeforeLoginInClear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := inClear(nil)
		o.BeforeLogin = func(context.Context, xmpp.Features, func(*stanza.IQ) (*stanza.IQ, error)) error {
			t.Error("called")
			return nil
		}
		script, _, _ := strings.Cut(loginScript, "login juliet")
		_, played, err := enact(t, script+"< </stream:stream>\n", juliet, o)
		require.ErrorContains(t, err, "for connections with TLS")
		require.NoError(t, <-played)
	})
}

// What is known of the server is not acted upon: the login would be there before it.
func TestBeforeLoginIsBeforeAGuess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := modern(t, xmpptest.Options{})
		o := &xmpp.Options{Store: xmpp.FileStore(t.TempDir())}
		login(t, srv, o)
		calls := 0
		o.BeforeLogin = func(_ context.Context, offered xmpp.Features, _ func(*stanza.IQ) (*stanza.IQ, error)) error {
			calls++
			require.True(t, offered.Has("urn:xmpp:sasl:2"))
			require.Zero(t, srv.Stats().LoginFailures)
			require.EqualValues(t, calls, srv.Stats().Logins)
			return nil
		}
		for range 3 {
			elapse(time.Second)
			login(t, srv, o)
		}
		require.Equal(t, 3, calls)
	})
}
